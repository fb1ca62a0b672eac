//! Opaque cursors: a position in a list, tied to what was asked.
//!
//! A cursor that was made for another list, project, sort or filter is refused, so that
//! paging can't silently skip or repeat. It must not contain row numbers or secrets.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::fmt::Debug;

/// External ids have up to 255 characters of up to 4 bytes; longer is none of ours.
const MAX_CURSOR_CHARS: usize = 4096;

/// The fingerprint of a question without its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tie([u8; 8]);

impl Tie {
    /// Ties to a list's name and everything that decides its order and content. Debug
    /// texts may change between versions: then an old cursor is refused, nothing worse.
    pub fn new(list: &str, question: impl Debug) -> Tie {
        let hash = Sha256::digest(format!("{list}\0{question:?}"));
        let mut tie = [0; 8];
        tie.copy_from_slice(&hash[..8]);
        Tie(tie)
    }
}

/// Writes the position as a cursor.
pub fn write_cursor(tie: Tie, position: &impl Serialize) -> String {
    // Positions are numbers and texts: writing them to memory has no failure.
    let mut bytes = tie.0.to_vec();
    bytes.extend(postcard::to_stdvec(position).unwrap_or_default());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`write_cursor`] wrote for the same question; `None` for anything else.
pub fn read_cursor<P: DeserializeOwned>(tie: Tie, text: &str) -> Option<P> {
    if text.len() > MAX_CURSOR_CHARS {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let rest = bytes.strip_prefix(&tie.0)?;
    let (position, rest) = postcard::take_from_bytes(rest).ok()?;
    rest.is_empty().then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::query::{CostPosition, UserPosition};
    use proptest::prelude::*;

    #[test]
    fn a_cursor_fits_only_its_own_question() {
        let position = UserPosition {
            value: Some(-5),
            name: "\u{10000}".repeat(255),
            external_id: "ä".repeat(255),
        };
        let cursor = write_cursor(Tie::new("users", ("prj_a", 1)), &position);
        assert_eq!(
            read_cursor(Tie::new("users", ("prj_a", 1)), &cursor),
            Some(position)
        );
        assert_eq!(
            read_cursor::<UserPosition>(Tie::new("users", ("prj_b", 1)), &cursor),
            None
        );
        assert_eq!(
            read_cursor::<UserPosition>(Tie::new("traces", ("prj_a", 1)), &cursor),
            None
        );
        let tail = format!("{cursor}AA");
        assert_eq!(
            read_cursor::<UserPosition>(Tie::new("users", ("prj_a", 1)), &tail),
            None
        );
    }

    proptest! {
        #[test]
        fn every_position_comes_back(cost_nanos in any::<i128>(), key in ".{0,40}") {
            let tie = Tie::new("costs", "");
            let position = CostPosition { cost_nanos, key };
            let cursor = write_cursor(tie, &position);
            prop_assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(read_cursor(tie, &cursor), Some(position));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,60}") {
            let _ = read_cursor::<UserPosition>(Tie::new("users", ""), &text);
        }
    }
}
