//! Passwords: how long, how hashed (argon2id), how compared.
//!
//! Each hash takes 19 MiB, so only a few are made at a time. Comparing with nothing takes as long
//! as comparing with a hash. A password is never kept, logged or shown.
use crate::http::problem::{Code, Problem};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::Rng;
use rand::distr::Alphanumeric;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Characters, not bytes.
pub const MIN_CHARS: usize = 10;
/// So that nobody makes us hash a book.
pub const MAX_CHARS: usize = 256;
/// OWASP's first choice of small memory: 19 MiB, two rounds, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const ROUNDS: u32 = 2;
const LANES: u32 = 1;
/// Of one after the other that waits.
const MOST_AT_ONCE: usize = 4;
const PATIENCE: Duration = Duration::from_secs(10);

/// `Err` says what a password must be.
pub fn check_password(text: &str) -> Result<(), String> {
    let count = text.chars().take(MAX_CHARS + 1).count();
    match (MIN_CHARS..=MAX_CHARS).contains(&count) {
        true => Ok(()),
        false => Err(format!(
            "a password has {MIN_CHARS} to {MAX_CHARS} characters"
        )),
    }
}

/// Hashes as argon2 writes them; blocks for tens of milliseconds.
pub fn hash_blocking(password: &str) -> Option<String> {
    let hash = make_hasher()?.hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

fn make_hasher() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, ROUNDS, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Blocks; `false` also if the hash cannot be read.
fn verify_blocking(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok()
}

/// Of a password that nobody knows.
fn decoy() -> &'static str {
    static DECOY: OnceLock<String> = OnceLock::new();
    DECOY.get_or_init(|| {
        let random = rand::rng().sample_iter(Alphanumeric).take(43);
        let password: String = random.map(char::from).collect();
        hash_blocking(&password).unwrap_or_default()
    })
}

/// Hashes and compares, a few at a time, off the runtime's threads.
#[derive(Debug)]
pub struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Passwords(Semaphore::new(processors.min(MOST_AT_ONCE)))
    }
}

impl Passwords {
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let hash = self.run(move || hash_blocking(&password)).await?;
        hash.ok_or_else(|| Problem::new(Code::Internal, "The password could not be hashed."))
    }

    /// Whether it is the password of this hash; without one `false`, as slowly.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        self.run(move || match hash {
            Some(hash) => verify_blocking(&password, &hash),
            None => {
                verify_blocking(&password, decoy());
                false
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let busy = || Problem::new(Code::Overloaded, "Too many log in at once; try again.");
        let permit = tokio::time::timeout(PATIENCE, self.0.acquire()).await;
        let _permit = permit.map_err(|_| busy())?.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Problem::new(Code::Internal, "The server failed; the log says where."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let again = passwords.hash("correct horse".into()).await.unwrap();
        assert_ne!(hash, again, "each has its own salt");
        for (password, kept, is_right) in [
            ("correct horse", Some(hash.clone()), true),
            ("correct horsf", Some(hash.clone()), false),
            ("", Some(hash), false),
            ("correct horse", None, false),
            ("correct horse", Some("nonsense".to_owned()), false),
        ] {
            let found = passwords.verify(password.into(), kept).await.unwrap();
            assert_eq!(found, is_right, "{password:?}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(check_password("123456789").is_err());
        assert!(check_password("ääääääääää").is_ok());
        assert!(check_password(&"x".repeat(256)).is_ok());
        assert!(check_password(&"x".repeat(257)).is_err());
    }
}
