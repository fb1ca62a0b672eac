//! Tokens: whole, not negative, not absurd.
//!
//! Totals below their parts and parts above their whole are told here but kept: they are judged when all pieces of a
//! span are together, so that one piece and many give the same count.
use crate::given::Given;
use crate::warning::{Notes, Place, Reason};
use cognobserve_model::usage::{MAX_TOKENS, Usage};
use cognobserve_wire::json::Raw;
use cognobserve_wire::native::UsageIn;

/// Reads a number of tokens.
pub fn read_tokens(given: &Given) -> Result<Option<i64>, Reason> {
    let count = match given {
        Given::Absent | Given::Null => return Ok(None),
        Given::Int(count) => *count as f64,
        Given::Decimal(_) | Given::Float(_) => given.as_f64().ok_or(Reason::InvalidNumber)?,
        Given::Text(text) => text.trim().parse().map_err(|_| Reason::InvalidNumber)?,
        Given::Other => return Err(Reason::InvalidNumber),
    };
    if count < 0.0 {
        Err(Reason::NegativeNumber)
    } else if count > MAX_TOKENS as f64 {
        Err(Reason::NumberTooLarge)
    } else if count.fract() == 0.0 {
        // Whole and at most 2^40, so exact in both types.
        Ok(Some(count as i64))
    } else {
        Err(Reason::InvalidNumber)
    }
}

/// Reads the usage of the span at `index`.
pub fn read_usage(raw: Raw, index: usize, notes: &mut Notes) -> Usage {
    let Some(sent) = UsageIn::read(raw) else {
        if raw.is_given() {
            notes.add(
                Place::of_span(index, "usage"),
                Reason::WrongType("an object"),
            );
        }
        return Usage::default();
    };
    let mut read =
        |raw: Raw, field| notes.keep(Place::of_span(index, field), read_tokens(&raw.into()));
    let usage = Usage {
        prompt: read(sent.prompt_tokens, "usage.prompt_tokens"),
        completion: read(sent.completion_tokens, "usage.completion_tokens"),
        total: read(sent.total_tokens, "usage.total_tokens"),
        cached: read(sent.cached_tokens, "usage.cached_tokens"),
        reasoning: read(sent.reasoning_tokens, "usage.reasoning_tokens"),
        cache_write: read(sent.cache_write_tokens, "usage.cache_write_tokens"),
    };
    warn_of_contradictions(&usage, index, notes);
    usage
}

/// Tells what will not count as sent.
pub fn warn_of_contradictions(usage: &Usage, index: usize, notes: &mut Notes) {
    let effective = usage.effective();
    let mut warn = |is_same: bool, field, reason| {
        if !is_same {
            notes.add(Place::of_span(index, field), reason);
        }
    };
    warn(
        effective.total == usage.total,
        "usage.total_tokens",
        Reason::TotalTooSmall,
    );
    warn(
        effective.cached == usage.cached,
        "usage.cached_tokens",
        Reason::PartTooLarge,
    );
    warn(
        effective.cache_write == usage.cache_write,
        "usage.cache_write_tokens",
        Reason::PartTooLarge,
    );
    warn(
        effective.reasoning == usage.reasoning,
        "usage.reasoning_tokens",
        Reason::PartTooLarge,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Raw<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn takes_whole_numbers_only() {
        let read = |json| read_tokens(&raw(json).into());
        for (json, count) in [
            ("0", 0),
            ("12", 12),
            ("12.0", 12),
            ("1.2e1", 12),
            ("\"12\"", 12),
            ("1099511627776", MAX_TOKENS),
            ("-0.0", 0),
        ] {
            assert_eq!(read(json), Ok(Some(count)), "{json}");
        }
        for (json, reason) in [
            ("-1", Reason::NegativeNumber),
            ("-1e400", Reason::NegativeNumber),
            ("1099511627777", Reason::NumberTooLarge),
            ("1e400", Reason::NumberTooLarge),
            ("0.5", Reason::InvalidNumber),
            ("\"NaN\"", Reason::InvalidNumber),
            ("\"many\"", Reason::InvalidNumber),
            ("true", Reason::InvalidNumber),
            ("[]", Reason::InvalidNumber),
        ] {
            assert_eq!(read(json), Err(reason), "{json}");
        }
        assert_eq!(read("null"), Ok(None));
        assert_eq!(
            read_tokens(&Given::Float(f64::NAN)),
            Err(Reason::InvalidNumber)
        );
    }

    #[test]
    fn one_bad_field_costs_only_itself() {
        let mut notes = Notes::default();
        let usage = read_usage(
            raw(
                r#"{"prompt_tokens":-1,"completion_tokens":5,"total_tokens":4,"reasoning_tokens":9}"#,
            ),
            2,
            &mut notes,
        );
        assert_eq!(
            (usage.prompt, usage.completion, usage.total),
            (None, Some(5), Some(4))
        );
        let told: Vec<_> = notes
            .finish()
            .iter()
            .map(|w| (w.place.to_string(), w.code()))
            .collect();
        assert_eq!(
            told,
            [
                ("spans[2].usage.prompt_tokens".to_owned(), "negative_number"),
                ("spans[2].usage.total_tokens".to_owned(), "total_too_small"),
                (
                    "spans[2].usage.reasoning_tokens".to_owned(),
                    "part_too_large"
                ),
            ]
        );
    }

    #[test]
    fn usage_of_another_type_is_told() {
        let mut notes = Notes::default();
        assert!(!read_usage(raw("12"), 0, &mut notes).is_given());
        assert!(!read_usage(raw("null"), 0, &mut notes).is_given());
        assert_eq!(notes.finish().len(), 1);
    }
}
