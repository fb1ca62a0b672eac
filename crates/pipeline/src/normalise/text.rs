//! Names, messages and known words.
//!
//! Text is trimmed and bounded; what is too long is cut at a character, because a shortened name still names.
use crate::given::Given;
use crate::warning::{Notes, Place, Reason};

/// Longest name of a trace, span, session or model that is kept, in bytes.
pub const MAX_NAME_BYTES: usize = 1_024;
/// Longest status message that is kept, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 32 * 1_024;

/// Reads text, trimmed and cut to `max_bytes`; blank text is none.
pub fn read_text(
    given: Given,
    max_bytes: usize,
    place: Place,
    notes: &mut Notes,
) -> Option<String> {
    let text = match given {
        Given::Absent | Given::Null => return None,
        Given::Text(text) => text,
        Given::Int(_) | Given::Decimal(_) | Given::Float(_) | Given::Other => {
            notes.add(place, Reason::WrongType("a string"));
            return None;
        }
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    let kept = &trimmed[..trimmed.floor_char_boundary(max_bytes)];
    if kept.len() < trimmed.len() {
        notes.add(place, Reason::Truncated);
    }
    Some(if kept.len() == text.len() {
        text.into_owned()
    } else {
        kept.to_owned()
    })
}

/// Reads one of the known words of `parse`.
pub fn read_word<T>(given: Given, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Reason> {
    match given {
        Given::Absent | Given::Null => Ok(None),
        Given::Text(word) => parse(word.trim()).map(Some).ok_or(Reason::UnknownValue),
        _ => Err(Reason::UnknownValue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::span::Level;

    fn read(given: Given, max: usize) -> (Option<String>, usize) {
        let mut notes = Notes::default();
        let text = read_text(given, max, Place::of_trace("name"), &mut notes);
        (text, notes.finish().len())
    }

    #[test]
    fn trims_cuts_and_drops() {
        assert_eq!(
            read(Given::Text("  chat ".into()), 10),
            (Some("chat".into()), 0)
        );
        assert_eq!(read(Given::Text(" \t".into()), 10), (None, 0));
        assert_eq!(read(Given::Text("ééé".into()), 5), (Some("éé".into()), 1));
        assert_eq!(read(Given::Int(5), 10), (None, 1));
        assert_eq!(read(Given::Null, 10), (None, 0));
    }

    #[test]
    fn knows_words_in_any_case() {
        assert_eq!(
            read_word(Given::Text("error".into()), Level::parse),
            Ok(Some(Level::Error))
        );
        assert_eq!(
            read_word(Given::Text("FATAL".into()), Level::parse),
            Err(Reason::UnknownValue)
        );
        assert_eq!(
            read_word(Given::Int(3), Level::parse),
            Err(Reason::UnknownValue)
        );
        assert_eq!(read_word(Given::Absent, Level::parse), Ok(None));
    }
}
