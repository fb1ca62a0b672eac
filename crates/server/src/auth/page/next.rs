//! Where to go after a log-in: a path of ours, never another site.
use axum::http::Uri;

/// Longest path that is gone back to.
const MAX_BYTES: usize = 2_000;

/// The path, if it is one of this server; else the front page.
pub fn read_next(given: &str) -> &str {
    match is_local(given) {
        true => given,
        false => "/",
    }
}

fn is_local(path: &str) -> bool {
    // Browsers read `\` as `/`, leave out tabs and line ends, and take `//host` for a host.
    let is_plain = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = path.starts_with('/') && !path.starts_with("//");
    is_plain
        && is_path
        && path.len() <= MAX_BYTES
        && path
            .parse::<Uri>()
            .is_ok_and(|uri| uri.authority().is_none() && uri.path().starts_with('/'))
}

/// A path with one parameter more.
pub fn encode_query(path: &str, name: &str, value: &str) -> String {
    let pair = form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{pair}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_back_to() {
        for fine in ["/", "/users?projectId=prj_1&search=a%20b", "/link/abc"] {
            assert_eq!(read_next(fine), fine);
        }
        for foreign in [
            "",
            "users",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: x=1",
            " /",
            "/ä",
        ] {
            assert_eq!(read_next(foreign), "/", "{foreign:?}");
        }
        assert_eq!(read_next(&format!("/{}", "a".repeat(3_000))), "/");
    }

    #[test]
    fn parameters_are_added() {
        assert_eq!(
            encode_query("/a", "next", "/b?c=d&e"),
            "/a?next=%2Fb%3Fc%3Dd%26e"
        );
        assert_eq!(encode_query("/a?x=1", "y", "2"), "/a?x=1&y=2");
    }
}
