//! The install secret and what it keys: opaque ids, lookup hashes, pseudonyms.
//!
//! Made once per store and kept in it. Public ids are a keyed permutation of the
//! ledger's numbers, so they need no index and tell nothing of order.
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// Derived from the install secret.
#[derive(Clone)]
pub struct Keys {
    secret: [u8; 32],
}

/// A store that has an install secret.
pub trait Keyed {
    fn derive_key(&self, purpose: &str) -> [u8; 32];
}

/// What a lookup hash is about; the same text under two kinds or projects does not collide.
#[derive(Clone, Copy)]
pub enum HashKind {
    Trace = 1,
    Session = 2,
}

const ROUNDS: u8 = 4;

impl Keys {
    pub fn new(secret: [u8; 32]) -> Keys {
        Keys { secret }
    }

    fn sip(&self, domain: u8) -> SipHasher13 {
        let mut key = [0; 16];
        key.copy_from_slice(&self.secret[..16]);
        key[15] ^= domain;
        SipHasher13::new_with_key(&key)
    }

    /// 64-bit keyed hash of an external id within a project.
    pub fn hash(&self, kind: HashKind, project_no: i64, id: &str) -> i64 {
        let mut sip = self.sip(kind as u8);
        sip.write_i64(project_no);
        sip.write(id.as_bytes());
        sip.finish() as i64
    }

    /// HMAC-SHA256 of a readable id, kind-tagged, as 64 hex characters.
    pub fn pseudonym(&self, kind: &str, project_no: i64, id: &str) -> String {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            return String::new();
        };
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(&project_no.to_be_bytes());
        mac.update(id.as_bytes());
        mac.finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// A key of its own for what is done outside of the store, which shows nothing of the secret.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            return [0; 32];
        };
        mac.update(b"derived/1\0");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// `prefix` + 16 hex digits for a number.
    pub fn obscure(&self, prefix: &str, no: i64) -> String {
        format!("{prefix}{:016x}", self.permute(no as u64, 0..ROUNDS))
    }

    /// The number of an obscured id; any 16 hex digits give one, so look it up.
    pub fn reveal(&self, prefix: &str, id: &str) -> Option<i64> {
        let hex = id.strip_prefix(prefix)?;
        let plain = hex.len() == 16 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !plain {
            return None;
        }
        let hidden = u64::from_str_radix(hex, 16).ok()?;
        // A Feistel network is undone by swapping the halves and running it backwards.
        let swapped = hidden.rotate_left(32);
        let plain = self.permute(swapped, (0..ROUNDS).rev()).rotate_left(32);
        Some(plain as i64)
    }

    fn permute(&self, value: u64, rounds: impl Iterator<Item = u8>) -> u64 {
        let (mut left, mut right) = ((value >> 32) as u32, value as u32);
        for round in rounds {
            let mut sip = self.sip(0x40 + round);
            sip.write_u32(right);
            (left, right) = (right, left ^ sip.finish() as u32);
        }
        u64::from(left) << 32 | u64::from(right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_for_others_are_each_their_own_and_last() {
        let derived = Keys::new([7; 32]).derive("telemetry");
        assert_eq!(Keys::new([7; 32]).derive("telemetry"), derived);
        assert_ne!(Keys::new([7; 32]).derive("another"), derived);
        assert_ne!(Keys::new([8; 32]).derive("telemetry"), derived);
        assert_ne!(derived, [7; 32]);
    }

    #[test]
    fn ids_go_both_ways_and_hide_their_order() {
        let keys = Keys::new([7; 32]);
        for no in (0..1000).chain([i64::MAX, 1 << 40]) {
            let id = keys.obscure("usr_", no);
            assert_eq!(keys.reveal("usr_", &id), Some(no));
            assert_eq!(keys.reveal("ses_", &id), None);
        }
        assert_ne!(
            keys.obscure("usr_", 1),
            Keys::new([8; 32]).obscure("usr_", 1)
        );
        assert_eq!(keys.reveal("usr_", "usr_00000000000000G0"), None);
    }
}
