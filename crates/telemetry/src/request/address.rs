//! Which addresses events may be sent to: by TLS, or not beyond this machine, unless somebody allowed it.
use std::net::IpAddr;

/// Reads the address that a provider's paths are put behind; answers it without a slash at its end.
///
/// # Errors
/// A sentence about what is wrong. An address with a password is not repeated.
pub fn read_base(text: &str, allows_plain: bool) -> Result<String, String> {
    let is_plain = text.starts_with("http://");
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or_else(|| "must begin with https://".to_owned())?;
    let authority = rest.split('/').next().unwrap_or_default();
    let is_odd = |letter: char| {
        letter.is_whitespace() || letter.is_control() || matches!(letter, '?' | '#' | '@' | '\\')
    };
    if authority.is_empty() || rest.contains(is_odd) {
        return Err(
            "must be like https://host, without a name, a password and a question".to_owned(),
        );
    }
    if is_plain && !allows_plain && !is_loopback(authority) {
        return Err(format!(
            "{text:?} is neither https:// nor on this machine; telemetry.plain_http allows it"
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_local = |address: IpAddr| address.is_loopback();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_leave_by_tls_or_not_at_all() {
        for fine in [
            "https://api2.amplitude.com/",
            "https://eu.example:8443/base",
            "http://127.0.0.1:9",
            "http://localhost:9/x/",
            "http://[::1]:9",
        ] {
            assert_eq!(
                read_base(fine, false).as_deref(),
                Ok(fine.trim_end_matches('/'))
            );
        }
        for elsewhere in [
            "http://10.0.0.7",
            "http://example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com:80",
        ] {
            let refused = read_base(elsewhere, false).unwrap_err();
            assert!(refused.contains("plain_http"), "{refused}");
            assert!(read_base(elsewhere, true).is_ok(), "{elsewhere}");
        }
        for odd in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///x",
            "https://u:secret@example.com",
            "http://127.0.0.1@example.com",
            "https://example.com?q",
            "https://exa mple.com",
        ] {
            let refused = read_base(odd, true).unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
