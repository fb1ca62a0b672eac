//! Numbers as people read them. What is shortened has its exact value beside it.
//! Invariant: a figure is text and exact title; templates escape both.
mod agent;
mod column;
mod money;

pub use self::agent::name_agent;
pub use self::column::CountUnit;
pub(crate) use self::money::{Sum, adds_up};
pub use self::money::{places, spent, spent_in, usd};

use cognobserve_model::time::{Micros, Zone};

/// A number to show, and the exact one to look up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    pub text: String,
    pub title: String,
}

impl Figure {
    /// For what is not known: no value rather than zero.
    pub fn none() -> Figure {
        Figure {
            text: "–".into(),
            title: "no data".into(),
        }
    }
}

/// `1,234,567`.
pub fn group(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whole below 100,000, else `123k`, `1.23M`.
pub fn count(number: i64) -> Figure {
    let title = group(number);
    let size = number.unsigned_abs() as f64;
    let text = match size {
        _ if size < 99_999.5 => title.clone(),
        _ if size < 999_500.0 => format!("{:.0}k", size / 1e3),
        _ if size < 999_500_000.0 => format!("{}M", three_digits(size / 1e6)),
        _ if size < 999_500_000_000.0 => format!("{}B", three_digits(size / 1e9)),
        _ => format!("{}T", three_digits(size / 1e12)),
    };
    let sign = if number < 0 && size >= 99_999.5 {
        "-"
    } else {
        ""
    };
    Figure {
        text: format!("{sign}{text}"),
        title,
    }
}

fn three_digits(value: f64) -> String {
    match value {
        _ if value < 9.995 => format!("{value:.2}"),
        _ if value < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// `1 trace`, `2 traces`.
pub fn plural(count: i64, word: &str) -> String {
    format!("{} {}", group(count), noun(count, word))
}

/// `trace` of one, `traces` of any other number.
pub fn noun(count: i64, word: &str) -> String {
    match count {
        1 => word.to_owned(),
        _ => format!("{word}s"),
    }
}

/// A share of a hundred.
pub fn percent(value: f64) -> Figure {
    let text = match value {
        _ if value == 0.0 => "0%".to_owned(),
        _ if value < 0.1 => "<0.1%".to_owned(),
        _ if value < 99.95 => format!("{value:.1}%"),
        _ => format!("{value:.0}%"),
    };
    Figure {
        text,
        title: format!("{value:.6}%"),
    }
}

/// Milliseconds, as ms, s, min or h.
pub fn millis(value: Option<f64>) -> Figure {
    let Some(ms) = value else {
        return Figure::none();
    };
    let text = match ms {
        _ if ms < 1.0 => format!("{ms:.2} ms"),
        _ if ms < 999.5 => format!("{ms:.0} ms"),
        _ if ms < 9_995.0 => format!("{:.2} s", ms / 1e3),
        _ if ms < 59_950.0 => format!("{:.1} s", ms / 1e3),
        _ if ms < 3_599_500.0 => format!("{:.1} min", ms / 6e4),
        _ => format!("{:.1} h", ms / 3.6e6),
    };
    Figure {
        text,
        title: format!("{ms:.3} ms"),
    }
}

/// A moment: how long ago for the eye, and the zone's clock to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub text: String,
    pub title: String,
    /// For machines.
    pub iso: String,
}

/// How long ago, by the minute; a date from a week on.
pub fn moment(at: Micros, now: Micros, zone: &Zone) -> Moment {
    const MINUTE: i64 = 60_000_000;
    let passed = now.0 - at.0;
    let text = match passed / MINUTE {
        ..0 => zone.write(at, "%b %-d, %H:%M"),
        0 => "now".to_owned(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes @ 60..1440 => format!("{} h ago", minutes / 60),
        minutes @ 1440..10080 => format!("{} d ago", minutes / 1440),
        _ if zone.write(at, "%Y") == zone.write(now, "%Y") => zone.write(at, "%b %-d"),
        _ => zone.write(at, "%b %-d, %Y"),
    };
    Moment {
        text,
        ..exact(at, zone)
    }
}

/// The zone's clock, to the second.
pub fn exact(at: Micros, zone: &Zone) -> Moment {
    Moment {
        text: zone.write(at, "%b %-d, %H:%M:%S"),
        title: zone.write(at, "%Y-%m-%d %H:%M:%S %Z"),
        iso: at.to_string(),
    }
}

/// How much more or less than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub text: String,
    /// `up`, `down` or `same`.
    pub direction: &'static str,
    /// Whether this way is the good one; `None` if there is no such thing.
    pub is_good: Option<bool>,
}

impl Change {
    /// The change in words that say what it is against: `12% more than in Sep 24 to Oct 23`.
    pub fn against(&self, before: &str) -> String {
        match self.direction {
            "same" => format!("the same as in {before}"),
            "up" if self.text.ends_with('×') => format!("{} as much as in {before}", self.text),
            "up" => format!("{} more than in {before}", self.text),
            _ => format!("{} less than in {before}", self.text),
        }
    }
}

/// `None`: there is nothing to compare with.
pub fn change(now: f64, before: f64, more_is_good: Option<bool>) -> Option<Change> {
    if before == 0.0 {
        return None;
    }
    let share = (now - before) / before.abs() * 100.0;
    let (direction, text) = match share {
        _ if share.abs() < 0.05 => ("same", "0%".to_owned()),
        _ if share.abs() >= 999.5 => ("up", format!("{:.0}×", now / before)),
        _ if share.abs() >= 9.95 => ("up", format!("{:.0}%", share.abs())),
        _ => ("up", format!("{:.1}%", share.abs())),
    };
    let direction = if direction == "up" && share < 0.0 {
        "down"
    } else {
        direction
    };
    let is_good = more_is_good
        .filter(|_| direction != "same")
        .map(|more| more == (direction == "up"));
    Some(Change {
        text,
        direction,
        is_good,
    })
}

/// Cuts a text after some characters.
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        for (number, text, title) in [
            (0, "0", "0"),
            (1_234, "1,234", "1,234"),
            (99_999, "99,999", "99,999"),
            (123_456, "123k", "123,456"),
            (1_234_567, "1.23M", "1,234,567"),
            (-12_345_678_901, "-12.3B", "-12,345,678,901"),
            (i64::MIN, "-9223372T", "-9,223,372,036,854,775,808"),
        ] {
            let figure = count(number);
            assert_eq!((figure.text.as_str(), figure.title.as_str()), (text, title));
        }
    }

    #[test]
    fn a_change_says_what_it_is_against() {
        let says = |now, before| change(now, before, None).unwrap().against("May 1 to May 7");
        assert_eq!(says(150.0, 100.0), "50% more than in May 1 to May 7");
        assert_eq!(says(95.0, 100.0), "5.0% less than in May 1 to May 7");
        assert_eq!(says(100.0, 100.0), "the same as in May 1 to May 7");
        assert_eq!(says(2_000.0, 100.0), "20× as much as in May 1 to May 7");
    }

    #[test]
    fn times_and_shares_read_well() {
        assert_eq!(millis(Some(0.25)).text, "0.25 ms");
        assert_eq!(millis(Some(1_234.0)).text, "1.23 s");
        assert_eq!(millis(Some(90_000.0)).text, "1.5 min");
        assert_eq!(millis(None), Figure::none());
        assert_eq!(
            (plural(1, "trace"), plural(1_000, "trace")),
            ("1 trace".into(), "1,000 traces".into())
        );
        assert_eq!(percent(2.345_678).text, "2.3%");
        assert_eq!(percent(100.0).text, "100%");
        let (now, zone) = (Micros(1_780_000_000_000_000), Zone::utc());
        assert_eq!(
            moment(Micros(now.0 - 120_000_000), now, &zone).text,
            "2 min ago"
        );
        assert_eq!(
            moment(Micros(now.0 - 3 * 86_400_000_000), now, &zone).text,
            "3 d ago"
        );
        assert_eq!(
            change(150.0, 100.0, Some(false)).unwrap().is_good,
            Some(false)
        );
        assert_eq!(change(50.0, 100.0, Some(false)).unwrap().direction, "down");
        assert_eq!(change(1.0, 0.0, None), None);
        assert_eq!(shorten("größer als", 4), "größ…");
    }
}
