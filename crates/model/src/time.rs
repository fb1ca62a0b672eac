//! Instants to the microsecond, and calendar days in an IANA zone.
//!
//! A day is the half-open stretch between the first instants of two consecutive calendar
//! days, so that every instant belongs to exactly one day in every zone.
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// µs since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Micros(pub i64);

pub const MICROS_PER_SECOND: i64 = 1_000_000;
pub const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
pub const MICROS_PER_QUARTER: i64 = 15 * 60 * MICROS_PER_SECOND;
pub const MICROS_PER_DAY: i64 = 24 * 60 * 60 * MICROS_PER_SECOND;
/// Event times before 2000-01-01 are absent, with a warning.
pub const EARLIEST: Micros = Micros(946_684_800 * MICROS_PER_SECOND);
/// Later than this is far beyond any clock; keeps arithmetic from overflowing.
pub const LATEST: Micros = Micros(253_370_764_800 * MICROS_PER_SECOND);
/// A span longer than this has no duration.
pub const LONGEST_SPAN_MICROS: i64 = 30 * MICROS_PER_DAY;

impl Micros {
    /// The clock of this machine.
    pub fn now() -> Micros {
        Micros(Timestamp::now().as_microsecond())
    }

    /// Number of the UTC day since 1970.
    pub fn day(self) -> i64 {
        self.0.div_euclid(MICROS_PER_DAY)
    }

    /// Number of the quarter of an hour since 1970: zones differ by quarters.
    pub fn quarter(self) -> i64 {
        self.0.div_euclid(MICROS_PER_QUARTER)
    }
}

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ`, the only form in which times go out.
impl std::fmt::Display for Micros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// A text that is not a time, a date or a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("not an RFC 3339 time")]
    NotATime,
    #[error("not a date (YYYY-MM-DD)")]
    NotADate,
    #[error("not an IANA time zone")]
    NotAZone,
}

/// Reads RFC 3339 with any offset and up to nanoseconds, truncated to the µs.
pub fn parse_rfc3339(text: &str) -> Result<Micros, TimeError> {
    let at: Timestamp = text.trim().parse().map_err(|_| TimeError::NotATime)?;
    let nanos = at.as_nanosecond();
    i64::try_from(nanos.div_euclid(1000))
        .map(Micros)
        .map_err(|_| TimeError::NotATime)
}

/// An IANA time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// Looks an IANA name up (`Europe/Berlin`).
    pub fn parse(name: &str) -> Result<Zone, TimeError> {
        if name.is_empty() || name.len() > 64 {
            return Err(TimeError::NotAZone);
        }
        TimeZone::get(name)
            .map(Zone)
            .map_err(|_| TimeError::NotAZone)
    }

    /// The zone's IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The calendar day that an instant belongs to.
    pub fn day_of(&self, at: Micros) -> Day {
        let at = at.0.clamp(EARLIEST.0 - 366 * MICROS_PER_DAY, LATEST.0);
        let instant = Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        let day = Day(instant.to_zoned(self.0.clone()).date());
        // A clock that is set back over midnight shows the old date again: the stretch
        // after the new day's first instant belongs to the new day.
        let next = day.plus(1);
        if self.start_of(next).0 <= at {
            next
        } else {
            day
        }
    }

    /// The first instant of a calendar day.
    pub fn start_of(&self, day: Day) -> Micros {
        day.0
            .to_zoned(self.0.clone())
            .and_then(|start| start.start_of_day())
            .map(|start| Micros(start.timestamp().as_microsecond()))
            .unwrap_or(LATEST)
    }

    /// Writes an instant as the clocks of this zone show it, in the words of `strftime`.
    pub fn write(&self, at: Micros, pattern: &str) -> String {
        let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.0.clone()).strftime(pattern).to_string()
    }

    /// Reads a time or a date; a date is the first instant of its day in this zone.
    pub fn parse_instant(&self, text: &str) -> Result<Micros, TimeError> {
        if text.len() == 10 {
            return Day::parse(text).map(|day| self.start_of(day));
        }
        parse_rfc3339(text)
    }
}

/// A calendar day, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    pub fn parse(text: &str) -> Result<Day, TimeError> {
        let plain = text.len() == 10 && text.as_bytes()[4] == b'-';
        if !plain {
            return Err(TimeError::NotADate);
        }
        text.parse().map(Day).map_err(|_| TimeError::NotADate)
    }

    /// Days from `earlier` to this one; negative if that is later.
    pub fn since(self, earlier: Day) -> i64 {
        (self.0 - earlier.0).get_days().into()
    }

    /// The first day of its calendar month.
    pub fn first_of_month(self) -> Day {
        Day(self.0.first_of_month())
    }

    /// The day `days` later (earlier if negative).
    pub fn plus(self, days: i64) -> Day {
        let span: Span = days.clamp(-400_000, 400_000).days();
        Day(self.0.saturating_add(span))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_to_the_microsecond() {
        let at = parse_rfc3339("2026-11-22T01:02:03.123456789+05:45").unwrap();
        assert_eq!(at.to_string(), "2026-11-21T19:17:03.123456Z");
        assert_eq!(
            parse_rfc3339("1999-12-31T23:59:59.9999999Z").unwrap().0 + 1,
            EARLIEST.0
        );
        assert!(parse_rfc3339("yesterday").is_err());
        assert!(parse_rfc3339("2026-11-22").is_err());
        assert_eq!(Micros(0).to_string(), "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn days_tile_time_in_odd_zones() {
        for name in [
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "America/St_Johns",
            "Pacific/Apia",
            "UTC",
            "America/Sao_Paulo",
        ] {
            let zone = Zone::parse(name).unwrap();
            let mut day = zone.day_of(EARLIEST);
            for _ in 0..10_000 {
                let (start, next) = (zone.start_of(day), zone.start_of(day.plus(1)));
                assert!(start <= next, "{name} {day}");
                assert_eq!(start.0 % MICROS_PER_QUARTER, 0, "{name} {day}");
                if start < next {
                    assert_eq!(zone.day_of(start), day, "{name}");
                    assert_eq!(zone.day_of(Micros(next.0 - 1)), day, "{name} {day}");
                }
                day = day.plus(1);
            }
        }
    }

    #[test]
    fn only_real_zones_and_dates_are_read() {
        assert!(Zone::parse("Mars/Olympus").is_err());
        assert!(Day::parse("2026-02-30").is_err());
        assert!(Day::parse("20260210").is_err());
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(
            berlin.parse_instant("2026-03-29").unwrap().to_string(),
            "2026-03-28T23:00:00.000000Z"
        );
    }
}
