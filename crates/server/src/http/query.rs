//! Query parameters, read strictly: what is out of range, unknown or unreadable is a 400
//! that names every wrong parameter at once. Parameters nobody asks for are ignored.
//!
//! Nothing is clamped and nothing is guessed.
use super::cursor::{Tie, read_cursor};
use super::problem::{FieldError, Problem};
use crate::auth::Caller;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cognobserve_model::query::{PageRequest, Period, fold_search};
use cognobserve_model::time::{Micros, Zone};
use serde::de::DeserializeOwned;
use std::convert::Infallible;

/// Longest search text, in characters after trimming.
const MAX_SEARCH_CHARS: usize = 255;
pub const MAX_PAGE: usize = 100;
pub const DEFAULT_PAGE: usize = 50;

/// The parameters of one request, and what was found wrong with them so far.
#[derive(Debug, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params, Infallible> {
        Ok(Params::of(parts.uri.query().unwrap_or("")))
    }
}

impl Params {
    pub fn of(query: &str) -> Params {
        let pairs = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Params {
            pairs,
            errors: Vec::new(),
        }
    }

    /// All of them, as given.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Notes that a parameter is wrong.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError {
            path: name.to_owned(),
            message: message.into(),
        });
    }

    /// All that was found wrong, as one problem.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid_fields(self.errors))
        }
    }

    /// The parameter's text. Given twice with two values, it is refused.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self
            .pairs
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value);
        let first = values.next()?.clone();
        if values.any(|value| *value != first) {
            self.refuse(name, "given more than once");
        }
        Some(first)
    }

    /// Reads the parameter with `read`; `expected` completes "must be …".
    pub fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = read(&text);
        if value.is_none() {
            self.refuse(name, format!("must be {expected}"));
        }
        value
    }

    /// A whole number in a range.
    pub fn number(&mut self, name: &str, low: i64, high: i64) -> Option<i64> {
        let is_plain = |text: &str| !text.starts_with('+');
        self.read(
            name,
            &format!("a whole number from {low} to {high}"),
            |text| {
                text.parse()
                    .ok()
                    .filter(|n| is_plain(text) && (low..=high).contains(n))
            },
        )
    }

    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, "true or false", |text| text.parse().ok())
    }

    /// One of a list of words; exactly as they are written in the answers.
    pub fn word<T: Copy + 'static>(
        &mut self,
        name: &str,
        all: &'static [T],
        spell: fn(T) -> &'static str,
    ) -> Option<T> {
        let words: Vec<&str> = all.iter().map(|value| spell(*value)).collect();
        self.read(name, &format!("one of {}", words.join(", ")), |text| {
            all.iter().copied().find(|value| spell(*value) == text)
        })
    }

    /// A text to search for, folded; empty is none.
    pub fn search(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if text.trim().chars().count() > MAX_SEARCH_CHARS {
            self.refuse(
                name,
                format!("must have at most {MAX_SEARCH_CHARS} characters"),
            );
        }
        Some(fold_search(&text)).filter(|folded| !folded.is_empty())
    }

    /// The zone `tz`, in which dates are read; the project's without one.
    pub fn zone(&mut self, caller: &Caller) -> Zone {
        self.zone_or(&caller.project.settings.time_zone)
    }

    fn zone_or(&mut self, default: &str) -> Zone {
        self.read("tz", "an IANA time zone like Europe/Berlin", |text| {
            Zone::parse(text).ok()
        })
        .or_else(|| Zone::parse(default).ok())
        .unwrap_or_else(Zone::utc)
    }

    pub fn instant(&mut self, name: &str, zone: &Zone) -> Option<Micros> {
        self.read(name, "an RFC 3339 time or a date YYYY-MM-DD", |text| {
            // A `+` that was not escaped arrives as a space.
            let mended = (text.len() > 10).then(|| text.trim().replacen(' ', "+", 1));
            zone.parse_instant(text)
                .or_else(|e| mended.map_or(Err(e), |text| zone.parse_instant(&text)))
                .ok()
        })
    }

    /// Both ends of a range; the first must not be after the second.
    pub fn range(&mut self, from: &str, to: &str, zone: &Zone) -> Period {
        let period = Period {
            from: self.instant(from, zone),
            to: self.instant(to, zone),
        };
        if let (Some(first), Some(last)) = (period.from, period.to)
            && first > last
        {
            self.refuse(from, format!("must not be after {to}"));
        }
        period
    }

    /// `limit` (1 to 100, 50 without) and `cursor`.
    pub fn page<P: DeserializeOwned>(&mut self, tie: Tie) -> PageRequest<P> {
        self.page_up_to(tie, DEFAULT_PAGE, MAX_PAGE)
    }

    /// `limit` and `cursor` with other bounds.
    pub fn page_up_to<P: DeserializeOwned>(
        &mut self,
        tie: Tie,
        default: usize,
        most: usize,
    ) -> PageRequest<P> {
        let limit = self
            .number("limit", 1, most as i64)
            .and_then(|n| usize::try_from(n).ok());
        let after = self.read(
            "cursor",
            "a nextCursor of this list with the same sort and filter",
            |text| read_cursor(tie, text),
        );
        PageRequest {
            limit: limit.unwrap_or(default),
            after,
        }
    }

    /// All parameters `PREFIX.KEY=VALUE`, in the order given.
    pub fn prefixed(&self, prefix: &str) -> Vec<(String, String)> {
        let pairs = self.pairs.iter();
        pairs
            .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::query::{SortOrder, UserPosition, UserSort};

    #[test]
    fn reads_what_is_right() {
        let mut params = Params::of(
            "limit=7&sortBy=totalCost&search=%20J%C3%96HN%20&from=2026-03-29&to=2026-03-29T12:00:00+02:00&tz=Europe/Berlin&metadata.plan=pro&other=1",
        );
        let zone = params.zone_or("Asia/Tokyo");
        assert_eq!(params.number("limit", 1, 100), Some(7));
        assert_eq!(
            params.word("sortBy", UserSort::ALL, UserSort::as_str),
            Some(UserSort::TotalCost)
        );
        assert_eq!(params.search("search").as_deref(), Some("jöhn"));
        let period = params.range("from", "to", &zone);
        assert_eq!(
            period.from.unwrap().to_string(),
            "2026-03-28T23:00:00.000000Z"
        );
        assert_eq!(
            period.to.unwrap().to_string(),
            "2026-03-29T10:00:00.000000Z"
        );
        assert_eq!(
            params.prefixed("metadata."),
            [("plan".to_owned(), "pro".to_owned())]
        );
        assert!(params.finish().is_ok());
    }

    #[test]
    fn names_everything_that_is_wrong() {
        let mut params = Params::of(
            "limit=0&sortOrder=DESC&from=2026-02-02&to=2026-02-01&tz=Mars&cursor=x&a=1&a=2&days=+3&search=%20",
        );
        let zone = params.zone_or("UTC");
        let tie = Tie::new("users", ());
        params.page::<UserPosition>(tie);
        params.word("sortOrder", SortOrder::ALL, SortOrder::as_str);
        params.range("from", "to", &zone);
        params.text("a");
        params.number("days", 1, 366);
        assert_eq!(params.search("search"), None);
        let problem = params.finish().unwrap_err();
        let paths: Vec<&str> = problem.errors.iter().map(|e| e.path.as_str()).collect();
        assert_eq!(
            paths,
            ["tz", "limit", "cursor", "sortOrder", "from", "a", "days"]
        );
        assert_eq!(problem.errors[3].message, "must be one of asc, desc");
    }

    #[test]
    fn limits_are_not_clamped() {
        for bad in ["101", "-1", "1.5", "", "abc", "99999999999999999999"] {
            let mut params = Params::of(&format!("limit={bad}"));
            params.page::<UserPosition>(Tie::new("users", ()));
            assert!(params.finish().is_err(), "{bad}");
        }
        let mut params = Params::of(&format!("search={}", "x".repeat(256)));
        params.search("search");
        assert!(params.finish().is_err());
    }
}
