//! Whether a request that changes something comes from a page of ours.
//!
//! Browsers say it in `Sec-Fetch-Site`; over plain http, where they don't, in `Origin`. Who says
//! neither is refused: only requests that carry a cookie are asked.
use crate::state::Site;
use axum::http::{HeaderMap, Uri, header};

/// Whether the browser says that the request was made by a page of this server.
pub fn is_same_origin(headers: &HeaderMap, site: &Site) -> bool {
    if let Some(said) = headers.get("sec-fetch-site") {
        return said.as_bytes() == b"same-origin";
    }
    let origin = headers.get(header::ORIGIN);
    let Some(origin) = origin.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    if read_origin(&site.public_url).is_some_and(|ours| ours.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let (Ok(uri), Some(host)) = (origin.parse::<Uri>(), host) else {
        return false;
    };
    // Behind https a page of plain http is another's.
    let is_downgraded = site.is_https() && uri.scheme_str() != Some("https");
    let authority = uri.authority().map(axum::http::uri::Authority::as_str);
    !is_downgraded && authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// Scheme, host and port of a URL, as browsers write them.
fn read_origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let standard = match scheme {
        "https" => 443,
        _ => 80,
    };
    let authority = match authority.port_u16() {
        Some(port) if port == standard => authority.host(),
        _ => authority.as_str(),
    };
    Some(format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours(public_url: &str, pairs: &[(&'static str, &str)]) -> bool {
        let site = Site {
            public_url: public_url.into(),
            ..Site::default()
        };
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        is_same_origin(&headers, &site)
    }

    #[test]
    fn only_pages_of_ours_are() {
        let url = "https://observe.example:443/base";
        for (headers, expected) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "none")], false),
            (
                vec![
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://observe.example"),
                ],
                false,
            ),
            (vec![("origin", "https://observe.example")], true),
            (vec![("origin", "http://observe.example")], false),
            (vec![("origin", "https://evil.example")], false),
            (vec![("origin", "null")], false),
            (
                vec![("origin", "https://inner:4100"), ("host", "inner:4100")],
                true,
            ),
            (
                vec![("origin", "http://inner:4100"), ("host", "inner:4100")],
                false,
            ),
            (vec![("host", "observe.example")], false),
            (vec![], false),
        ] {
            assert_eq!(is_ours(url, &headers), expected, "{headers:?}");
        }
        let host = ("host", "192.168.0.7:4100");
        let origin = ("origin", "http://192.168.0.7:4100");
        assert!(is_ours("http://127.0.0.1:4100", &[host, origin]));
        let other = ("origin", "http://192.168.0.7:4101");
        assert!(!is_ours("http://127.0.0.1:4100", &[host, other]));
    }
}
