//! Finding the credential in a request. The first one present decides, even if it is wrong: an
//! API key before a session token before the cookie of a log-in.
use super::cookie::Jar;
use super::{key, secret};
use crate::state::Site;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognobserve_model::account::KeyHash;
use cognobserve_model::people::SecretHash;

/// What the request shows of itself. None of it has been looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown<'h> {
    Nothing,
    /// Something that cannot be valid, in the place that decides.
    Wrong,
    Key(KeyHash),
    Token(SecretHash),
    /// The secret in the cookie of a log-in.
    Cookie(&'h str),
}

/// Reads the headers. Basic counts where it is taken, and is as if absent elsewhere: a proxy in
/// front may use it for itself.
pub fn read_credential<'h>(headers: &'h HeaderMap, site: &Site, takes_basic: bool) -> Shown<'h> {
    let as_key = |text: &str| match key::is_well_formed(text) {
        true => Shown::Key(key::hash_key(text)),
        false => Shown::Wrong,
    };
    let as_token = |text: &str| match secret::is_token(text) {
        true => Shown::Token(secret::hash_secret(text)),
        false => Shown::Wrong,
    };
    let text_of = |name| {
        let value = headers.get(name)?;
        Some(value.to_str().unwrap_or("").trim())
    };
    if let Some(text) = text_of("x-api-key") {
        return as_key(text);
    }
    let authorization = text_of(header::AUTHORIZATION.as_str()).map(read_authorization);
    let session_token = text_of("x-session-token");
    match (authorization, session_token) {
        (Some(Authorization::Bearer(text)), None) if text.starts_with(secret::TOKEN_PREFIX) => {
            as_token(text)
        }
        (Some(Authorization::Bearer(text)), _) if !text.starts_with(secret::TOKEN_PREFIX) => {
            as_key(text)
        }
        (Some(Authorization::Basic(text)), _) if takes_basic => {
            read_password(text).map_or(Shown::Wrong, |password| as_key(&password))
        }
        (Some(Authorization::Other), None) => Shown::Wrong,
        (_, Some(text)) => as_token(text),
        (_, None) => Jar::Login
            .read(headers, site)
            .map_or(Shown::Nothing, Shown::Cookie),
    }
}

enum Authorization<'h> {
    Bearer(&'h str),
    Basic(&'h str),
    Other,
}

fn read_authorization(value: &str) -> Authorization<'_> {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        Authorization::Bearer(rest)
    } else if scheme.eq_ignore_ascii_case("basic") {
        Authorization::Basic(rest)
    } else {
        Authorization::Other
    }
}

fn read_password(basic: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "co_sk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "co_sk_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const T: &str = "co_st_ttttttttttttttttttttttttttttttttttttttttttt";
    const COOKIE: &str = "co_session=ccccccccccccccccccccccccccccccccccccccccccc";

    fn read(pairs: &[(&'static str, &str)], takes_basic: bool) -> &'static str {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let site = Site::default();
        match read_credential(&headers, &site, takes_basic) {
            Shown::Nothing => "nothing",
            Shown::Wrong => "wrong",
            Shown::Key(hash) if hash == key::hash_key(A) => "key A",
            Shown::Key(hash) if hash == key::hash_key(B) => "key B",
            Shown::Token(hash) if hash == secret::hash_secret(T) => "token",
            Shown::Cookie("ccccccccccccccccccccccccccccccccccccccccccc") => "cookie",
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_place_of_a_credential_is_read() {
        let basic = format!("Basic {}", STANDARD.encode(format!("pk-anything:{A}")));
        for (name, value, found) in [
            ("x-api-key", A, "key A"),
            ("authorization", &format!("Bearer {A}"), "key A"),
            ("authorization", &format!("bearer  {A}"), "key A"),
            ("authorization", &basic, "key A"),
            ("authorization", &format!("Bearer {T}"), "token"),
            ("x-session-token", T, "token"),
            ("cookie", COOKIE, "cookie"),
            ("x-session-token", A, "wrong"),
            ("x-api-key", T, "wrong"),
            ("x-api-key", "", "wrong"),
        ] {
            assert_eq!(read(&[(name, value)], true), found, "{name}: {value}");
        }
        assert_eq!(read(&[], true), "nothing");
    }

    #[test]
    fn the_first_place_decides() {
        let (bearer, bearer_token) = (format!("Bearer {B}"), format!("Bearer {T}"));
        for (pairs, found) in [
            (vec![("x-api-key", A), ("authorization", &*bearer)], "key A"),
            (
                vec![("x-api-key", "x"), ("authorization", &*bearer)],
                "wrong",
            ),
            (vec![("x-api-key", "x"), ("cookie", COOKIE)], "wrong"),
            (
                vec![("authorization", &*bearer), ("x-session-token", T)],
                "key B",
            ),
            (vec![("x-session-token", T), ("cookie", COOKIE)], "token"),
            (
                vec![("x-session-token", "x"), ("authorization", &*bearer_token)],
                "wrong",
            ),
            (
                vec![("authorization", "Bearer x"), ("cookie", COOKIE)],
                "wrong",
            ),
        ] {
            assert_eq!(read(&pairs, true), found, "{pairs:?}");
        }
    }

    #[test]
    fn basic_is_for_ingest_alone() {
        let basic = format!("Basic {}", STANDARD.encode(format!("x:{A}")));
        assert_eq!(read(&[("authorization", &basic)], false), "nothing");
        let both = [("authorization", &*basic), ("cookie", COOKIE)];
        assert_eq!(read(&both, false), "cookie");
        assert_eq!(read(&both, true), "key A");
        for bad in ["Basic !!", "Basic eA==", "Bearer", A, "Digest x", ""] {
            assert_eq!(read(&[("authorization", bad)], true), "wrong", "{bad}");
        }
    }
}
