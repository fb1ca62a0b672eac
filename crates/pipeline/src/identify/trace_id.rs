//! Trace ids that the client did not send.
//!
//! 32 hex digits of a hash: of the idempotency key, so that a re-send is the same trace, else of fresh randomness.
use crate::door::IdSeed;
use sha2::{Digest, Sha256};

/// The id of the trace at `index` of its request.
pub fn derive_trace_id(seed: IdSeed, index: usize) -> String {
    let mut hash = Sha256::new();
    match seed {
        IdSeed::Random(bytes) => {
            hash.update(b"trace/random/");
            hash.update(bytes);
        }
        IdSeed::Stable(text) => {
            hash.update(b"trace/stable/");
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
    hash.update((index as u64).to_le_bytes());
    write_hex(&hash.finalize()[..16])
}

pub(super) fn write_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_names_the_same_traces() {
        let of = |key, index| derive_trace_id(IdSeed::Stable(key), index);
        assert_eq!(of("k", 0), of("k", 0));
        assert_ne!(of("k", 0), of("k", 1));
        assert_ne!(of("k", 0), of("l", 0));
        assert_eq!(of("k", 0).len(), 32);
        assert_ne!(
            derive_trace_id(IdSeed::Random([0; 16]), 0),
            derive_trace_id(IdSeed::Random([1; 16]), 0)
        );
    }
}
