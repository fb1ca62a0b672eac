//! A user's external id: trimmed, NFC, case-sensitive, 1 to 255 characters, no junk.
//!
//! Every way in must use this one function, or one person becomes two. Session ids are written the same way.
use cognobserve_model::id::MAX_USER_ID_CHARS;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// What broken clients send when they have no id; whoever took them at their word would see one huge user.
const JUNK: [&str; 5] = ["null", "undefined", "none", "nan", "[object object]"];

/// An id of more than 255 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("longer than {MAX_USER_ID_CHARS} characters")]
pub struct IdTooLong;

/// The id as it is kept; `None` if the text is empty or junk, which means that no id was given.
pub fn normalise_user_id(text: &str) -> Result<Option<Cow<'_, str>>, IdTooLong> {
    let id = normalise(text);
    if is_junk(&id) {
        return Ok(None);
    }
    // No character takes more than four bytes: most ids need no counting.
    let fits = id.len() <= MAX_USER_ID_CHARS || id.chars().nth(MAX_USER_ID_CHARS).is_none();
    fits.then_some(Some(id)).ok_or(IdTooLong)
}

/// Trimmed and in NFC.
pub(super) fn normalise(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    if trimmed.is_ascii() || is_nfc_quick(trimmed.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.nfc().collect())
}

/// Whether a trimmed id says that there is none.
pub(super) fn is_junk(id: &str) -> bool {
    id.is_empty() || JUNK.iter().any(|junk| id.eq_ignore_ascii_case(junk))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_person_has_one_spelling() {
        let read = |text| normalise_user_id(text).unwrap().map(Cow::into_owned);
        assert_eq!(read(" user-1\n").as_deref(), Some("user-1"));
        assert_eq!(read("Jose\u{301}"), read("José"));
        assert_ne!(read("User-1"), read("user-1"));
        assert_eq!(read("0").as_deref(), Some("0"));
    }

    #[test]
    fn junk_is_nobody() {
        for junk in [
            "",
            "  ",
            "null",
            "NULL",
            "Undefined",
            "none",
            "None",
            "NaN",
            "[object Object]",
            " null ",
        ] {
            assert_eq!(normalise_user_id(junk), Ok(None), "{junk}");
        }
        assert!(normalise_user_id("nullable").unwrap().is_some());
    }

    #[test]
    fn length_counts_characters_after_trimming() {
        assert!(normalise_user_id(&format!(" {} ", "é".repeat(255))).is_ok());
        assert!(normalise_user_id(&"e\u{301}".repeat(255)).is_ok());
        assert_eq!(normalise_user_id(&"x".repeat(256)), Err(IdTooLong));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,40}|[ e\u{301}\u{e9}\u{1100}\u{1161}]{0,20}") {
            if let Ok(Some(once)) = normalise_user_id(&text) {
                let twice = normalise_user_id(&once).unwrap().unwrap();
                prop_assert_eq!(&twice, &once);
            }
        }
    }
}
