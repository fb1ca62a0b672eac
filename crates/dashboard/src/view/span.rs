//! The stretch of time that a URL names: hours up to now, days up to today, a week, a month, days of
//! one's own.
//! Invariant: months, weeks (from Monday on, as in ISO 8601) and days are those of a calendar; how long they are is for a zone to say.
use cognobserve_model::time::{Day, Micros, Zone};

/// The periods to pick from; the word is what the URL says.
pub const CHOICES: [(&str, &str); 8] = [
    ("24h", "24 hours"),
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("90d", "90 days"),
    ("week", "This week"),
    ("last-week", "Last week"),
    ("month", "This month"),
    ("last-month", "Last month"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// The hours up to now.
    Hours(i64),
    /// Calendar days up to today.
    Days(i64),
    /// The days from Monday up to today.
    Week,
    /// The whole week before, from Monday to Sunday.
    LastWeek,
    /// The calendar month up to today.
    Month,
    /// The whole calendar month before.
    LastMonth,
    /// Both included.
    Custom(Day, Day),
}

impl Span {
    /// One of [`CHOICES`].
    pub fn read_choice(word: &str) -> Option<Span> {
        Some(match word {
            "24h" => Span::Hours(24),
            "7d" => Span::Days(7),
            "30d" => Span::Days(30),
            "90d" => Span::Days(90),
            "week" => Span::Week,
            "last-week" => Span::LastWeek,
            "month" => Span::Month,
            "last-month" => Span::LastMonth,
            _ => return None,
        })
    }

    /// The word of [`CHOICES`] that names it; `custom` if none does.
    pub fn word(self) -> &'static str {
        let mut words = CHOICES.iter().map(|(word, _)| *word);
        let found = words.find(|word| Span::read_choice(word) == Some(self));
        found.unwrap_or("custom")
    }

    /// First and last day, both included.
    pub fn days(self, today: Day) -> (Day, Day) {
        match self {
            Span::Hours(_) => (today.plus(-1), today),
            Span::Days(days) => (today.plus(1 - days), today),
            Span::Week => (monday_of(today), today),
            Span::LastWeek => {
                let monday = monday_of(today);
                (monday.plus(-7), monday.plus(-1))
            }
            Span::Month => (today.first_of_month(), today),
            Span::LastMonth => {
                let last = today.first_of_month().plus(-1);
                (last.first_of_month(), last)
            }
            Span::Custom(from, to) => (from, to),
        }
    }

    /// The first day of the stretch before: of as many days, of a week or month the one before.
    pub fn first_day_before(self, today: Day) -> Day {
        let (first, last) = self.days(today);
        match self {
            Span::Week | Span::LastWeek => first.plus(-7),
            Span::Month | Span::LastMonth => first.plus(-1).first_of_month(),
            _ => first.plus(-(last.since(first) + 1)),
        }
    }
}

/// The Monday of its week.
fn monday_of(day: Day) -> Day {
    // 1970-01-01 was a Thursday.
    let thursday = Zone::utc().day_of(Micros(0));
    day.plus(-(day.since(thursday) + 3).rem_euclid(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_read_and_named() {
        for (word, _) in CHOICES {
            assert_eq!(Span::read_choice(word).map(Span::word), Some(word));
        }
        assert_eq!(Span::read_choice("8d"), None);
        let day = Day::parse("2026-11-22").unwrap();
        assert_eq!(Span::Custom(day, day).word(), "custom");
    }

    #[test]
    fn weeks_and_months_are_those_of_the_calendar() {
        let days = |span: Span, today: &str| {
            let today = Day::parse(today).unwrap();
            let (first, last) = span.days(today);
            let before = span.first_day_before(today);
            [first, last, before].map(|day| day.to_string())
        };
        for (span, today, expected) in [
            // A Sunday, the Monday after it, and a week that is in two years.
            (
                Span::Week,
                "2026-11-22",
                ["2026-11-16", "2026-11-22", "2026-11-09"],
            ),
            (
                Span::Week,
                "2026-11-23",
                ["2026-11-23", "2026-11-23", "2026-11-16"],
            ),
            (
                Span::LastWeek,
                "2026-11-22",
                ["2026-11-09", "2026-11-15", "2026-11-02"],
            ),
            (
                Span::LastWeek,
                "2027-01-05",
                ["2026-12-28", "2027-01-03", "2026-12-21"],
            ),
            (
                Span::Month,
                "2026-11-22",
                ["2026-11-01", "2026-11-22", "2026-10-01"],
            ),
            (
                Span::Month,
                "2026-01-01",
                ["2026-01-01", "2026-01-01", "2025-12-01"],
            ),
            (
                Span::LastMonth,
                "2026-01-31",
                ["2025-12-01", "2025-12-31", "2025-11-01"],
            ),
            (
                Span::LastMonth,
                "2024-03-31",
                ["2024-02-01", "2024-02-29", "2024-01-01"],
            ),
        ] {
            assert_eq!(days(span, today), expected);
        }
    }
}
