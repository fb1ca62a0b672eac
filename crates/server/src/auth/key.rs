//! API keys: their format, their making, their hash.
//!
//! The key itself is shown once, to its maker; only its SHA-256 is stored or compared.
use cognobserve_model::account::KeyHash;
use rand::Rng;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};
use std::fmt;

/// What every API key starts with.
pub const KEY_PREFIX: &str = "co_sk_";
/// Base62 characters after the prefix: 256 bits.
pub const KEY_RANDOM_CHARS: usize = 43;
/// Characters of a key that are kept for recognising it.
const SHOWN_CHARS: usize = KEY_PREFIX.len() + 4;

/// A well-formed key, in clear. Printing it needs [`SecretKey::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// A new random key.
    pub fn generate() -> SecretKey {
        let random = rand::rng().sample_iter(Alphanumeric).take(KEY_RANDOM_CHARS);
        SecretKey(KEY_PREFIX.chars().chain(random.map(char::from)).collect())
    }

    /// Takes a key over from outside; `None` unless it is `co_sk_` and 43 base62 characters.
    pub fn parse(text: &str) -> Option<SecretKey> {
        is_well_formed(text).then(|| SecretKey(text.to_owned()))
    }

    /// The key itself, for its maker's eyes only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> KeyHash {
        hash_key(&self.0)
    }

    /// The first characters, by which a key is recognised in lists.
    pub fn shown_prefix(&self) -> &str {
        &self.0[..SHOWN_CHARS]
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Whether the text can be a key at all.
pub fn is_well_formed(text: &str) -> bool {
    let random = text.strip_prefix(KEY_PREFIX).unwrap_or("").as_bytes();
    random.len() == KEY_RANDOM_CHARS && random.iter().all(u8::is_ascii_alphanumeric)
}

/// SHA-256 of the key's text.
pub fn hash_key(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_keys_are_well_formed_and_differ() {
        let (one, other) = (SecretKey::generate(), SecretKey::generate());
        assert_ne!(one, other);
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.reveal().len(), 49);
        assert_eq!(SecretKey::parse(one.reveal()), Some(one.clone()));
        assert!(one.reveal().starts_with(one.shown_prefix()));
        assert!(!format!("{one:?}").contains(&one.reveal()[6..]));
    }

    #[test]
    fn other_texts_are_no_keys() {
        let good = format!("co_sk_{}", "a".repeat(43));
        assert!(is_well_formed(&good));
        for bad in [
            "",
            "co_sk_",
            &good[..48],
            &format!("{good}a"),
            &good.replace("co_sk_", "co_st_"),
            &good.replace("aaa", "a-a"),
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
