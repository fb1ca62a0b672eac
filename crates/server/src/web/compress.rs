//! Pages go out packed: a long list is a tenth of its size.
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Less is sent as it is.
const WORTH_IT_BYTES: u64 = 1_000;
/// Of a page; more is sent as it is.
const MAX_BYTES: u64 = 8 << 20;

/// Whether the client unpacks gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut words = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    words.any(|word| {
        let (name, weight) = word.split_once(';').unwrap_or((word, ""));
        name.trim().eq_ignore_ascii_case("gzip")
            && !weight.replace(' ', "").eq_ignore_ascii_case("q=0")
    })
}

/// Packs HTML that is there as a whole; a stream stays a stream.
pub async fn compress_page(request: Request, next: Next) -> Response {
    let takes = takes_gzip(request.headers());
    let mut response = next.run(request).await;
    let size = response.body().size_hint().exact();
    let is_worth_it = size.is_some_and(|size| (WORTH_IT_BYTES..=MAX_BYTES).contains(&size));
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_html = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !takes || !is_worth_it || !is_html {
        return response;
    }
    let body = std::mem::take(response.body_mut());
    // A body of known size is in memory already.
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 6), Compression::new(5));
    let packed = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    let Ok(packed) = packed else {
        *response.body_mut() = Body::from(bytes);
        return response;
    };
    *response.body_mut() = Body::from(packed);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_who_says_so() {
        let headers =
            |text: &str| HeaderMap::from_iter([(header::ACCEPT_ENCODING, text.parse().unwrap())]);
        for yes in ["gzip", "br, GZIP;q=0.5", "deflate,gzip , br"] {
            assert!(takes_gzip(&headers(yes)), "{yes}");
        }
        for no in ["br", "gzip;q=0", "xgzip", ""] {
            assert!(!takes_gzip(&headers(no)), "{no}");
        }
    }
}
