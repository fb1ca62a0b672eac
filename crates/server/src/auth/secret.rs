//! Secrets that are given out once: of log-ins, session tokens, links, and forms.
//!
//! Each has 256 random bits; only its SHA-256 is stored. Showing one needs [`Issued::reveal`].
use cognobserve_model::people::SecretHash;
use rand::Rng;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fmt::Write;
use subtle::ConstantTimeEq;

/// What every session token starts with.
pub const TOKEN_PREFIX: &str = "co_st_";
/// Base62 characters of any secret, after its prefix.
pub const RANDOM_CHARS: usize = 43;
/// Characters of a token that are kept for recognising it.
const SHOWN_CHARS: usize = TOKEN_PREFIX.len() + 4;

/// A new secret, for its owner's eyes only.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued(String);

impl Issued {
    /// Of a log-in or a link: letters and digits alone.
    pub fn generate() -> Issued {
        Issued::with_prefix("")
    }

    /// A session token.
    pub fn generate_token() -> Issued {
        Issued::with_prefix(TOKEN_PREFIX)
    }

    fn with_prefix(prefix: &str) -> Issued {
        let random = rand::rng().sample_iter(Alphanumeric).take(RANDOM_CHARS);
        Issued(prefix.chars().chain(random.map(char::from)).collect())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> SecretHash {
        hash_secret(&self.0)
    }

    /// The first characters of a token, by which it is recognised in lists.
    pub fn shown_prefix(&self) -> &str {
        &self.0[..SHOWN_CHARS]
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issued(…)")
    }
}

/// SHA-256 of a secret's text.
pub fn hash_secret(text: &str) -> SecretHash {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether the text can be the secret of a log-in or a link.
pub fn is_well_formed(text: &str) -> bool {
    text.len() == RANDOM_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether the text can be a session token.
pub fn is_token(text: &str) -> bool {
    text.strip_prefix(TOKEN_PREFIX).is_some_and(is_well_formed)
}

/// What a form must send back: only who has the cookie can know it, and it does not tell the cookie.
pub fn derive_form_token(cookie: &str) -> String {
    let digest = Sha256::digest(format!("form token of {cookie}"));
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String has no failure.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether the form's token is the cookie's, in constant time.
pub fn matches_form_token(given: &str, cookie: &str) -> bool {
    given
        .as_bytes()
        .ct_eq(derive_form_token(cookie).as_bytes())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_form_and_differ() {
        let (one, other) = (Issued::generate(), Issued::generate());
        assert!(is_well_formed(one.reveal()) && !is_token(one.reveal()));
        assert_ne!(one.hash(), other.hash());
        let token = Issued::generate_token();
        assert!(is_token(token.reveal()) && !is_well_formed(token.reveal()));
        assert!(token.reveal().starts_with(token.shown_prefix()));
        assert!(!format!("{token:?}").contains(&token.reveal()[6..]));
        assert!(!is_token("co_st_") && !is_token(&format!("co_sk_{}", one.reveal())));
    }

    #[test]
    fn a_form_token_belongs_to_one_cookie() {
        let (one, other) = (Issued::generate(), Issued::generate());
        let token = derive_form_token(one.reveal());
        assert!(matches_form_token(&token, one.reveal()));
        assert!(!matches_form_token(&token, other.reveal()));
        assert!(!matches_form_token("", one.reveal()));
        assert!(!matches_form_token(&token[..63], one.reveal()));
    }
}
