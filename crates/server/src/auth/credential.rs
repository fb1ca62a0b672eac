//! Finding the credential in a request. The first one present decides, even if it is wrong.
use super::key;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cognobserve_model::account::KeyHash;

/// The hash of the key that the request shows; `None` if it shows none, or no key at all
/// in the place that decides. Order: `X-API-Key`, then `Authorization`.
pub fn read_key_hash(headers: &HeaderMap, takes_basic: bool) -> Option<KeyHash> {
    let hash = |text: &str| key::is_well_formed(text).then(|| key::hash_key(text));
    if let Some(value) = headers.get("x-api-key") {
        return hash(value.to_str().ok()?.trim());
    }
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return hash(rest);
    }
    if takes_basic && scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        let (_, password) = decoded.split_once(':')?;
        return hash(password);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "co_sk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "co_sk_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn every_place_of_a_key_is_read() {
        let basic = format!("Basic {}", STANDARD.encode(format!("pk-anything:{A}")));
        for (name, value) in [
            ("x-api-key", A.to_owned()),
            ("authorization", format!("Bearer {A}")),
            ("authorization", format!("bearer  {A}")),
            ("authorization", basic),
        ] {
            assert_eq!(
                read_key_hash(&headers(&[(name, value.clone())]), true),
                Some(key::hash_key(A)),
                "{value}"
            );
        }
    }

    #[test]
    fn the_first_place_decides() {
        let both = headers(&[
            ("x-api-key", A.to_owned()),
            ("authorization", format!("Bearer {B}")),
        ]);
        assert_eq!(read_key_hash(&both, true), Some(key::hash_key(A)));
        let wrong_first = headers(&[
            ("x-api-key", "nonsense".into()),
            ("authorization", format!("Bearer {B}")),
        ]);
        assert_eq!(read_key_hash(&wrong_first, true), None);
    }

    #[test]
    fn basic_is_for_ingest_alone() {
        let basic = headers(&[(
            "authorization",
            format!("Basic {}", STANDARD.encode(format!("x:{A}"))),
        )]);
        assert_eq!(read_key_hash(&basic, false), None);
        for bad in ["Basic !!", "Basic eA==", "Bearer", A, "Digest x", ""] {
            assert_eq!(
                read_key_hash(&headers(&[("authorization", bad.into())]), true),
                None,
                "{bad}"
            );
        }
    }
}
