//! What a page is about: a project, a period and a zone. The URL holds all of it.
//! Invariant: what cannot be read is refused, never guessed; a period has at most 366 days.
mod span;

pub use self::span::CHOICES;

use self::span::Span;
use crate::link::Link;
use cognobserve_model::account::Project;
use cognobserve_model::query::Period;
use cognobserve_model::time::{Day, MICROS_PER_QUARTER, Micros, Zone};
use thiserror::Error;

const HOUR: i64 = 4 * MICROS_PER_QUARTER;
const MAX_DAYS: i64 = 366;
pub const DEFAULT_CHOICE: &str = "30d";

/// A URL that does not say what to show.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct BadView(pub String);

/// Project, period and zone of a page.
#[derive(Clone, Debug)]
pub struct View {
    pub project: Project,
    pub zone: Zone,
    span: Span,
    zone_is_chosen: bool,
    now: Micros,
}

/// What one bar of a chart stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Hour,
    Day,
}

impl View {
    /// Reads `period`, or `from` and `to` (days, both included), and `tz`.
    pub fn read(
        pairs: &[(String, String)],
        project: Project,
        now: Micros,
    ) -> Result<View, BadView> {
        let find = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found
                .map(|(_, value)| value.as_str())
                .filter(|v| !v.is_empty())
        };
        let chosen = find("tz");
        let zone = match chosen {
            Some(name) => Zone::parse(name)
                .map_err(|_| BadView(format!("There is no time zone {name:?}.")))?,
            None => Zone::parse(&project.settings.time_zone).unwrap_or_else(|_| Zone::utc()),
        };
        let day = |name: &str, text: &str| {
            Day::parse(text)
                .map_err(|_| BadView(format!("{name}: {text:?} is not a day like 2026-01-31.")))
        };
        let span = match (find("from"), find("to"), find("period")) {
            (None, None, choice) => {
                let word = choice.unwrap_or(DEFAULT_CHOICE);
                Span::read_choice(word).ok_or_else(|| refuse_choice(word))?
            }
            (Some(from), to, _) => {
                let from = day("from", from)?;
                let to = to.map_or(Ok(zone.day_of(now)), |to| day("to", to))?;
                let days = to.since(from) + 1;
                if !(1..=MAX_DAYS).contains(&days) {
                    return Err(BadView(format!(
                        "A period has 1 to {MAX_DAYS} days, and its first day comes first."
                    )));
                }
                Span::Custom(from, to)
            }
            (None, Some(_), _) => return Err(BadView("A period needs a first day.".into())),
        };
        Ok(View {
            project,
            zone,
            span,
            zone_is_chosen: chosen.is_some(),
            now,
        })
    }

    pub fn now(&self) -> Micros {
        self.now
    }

    /// A page of the same project, period and zone.
    pub fn link(&self, path: impl Into<String>) -> Link {
        let mut link = Link::to(path).with("projectId", &self.project.id);
        link = match self.span {
            Span::Custom(from, to) => link.with("from", from).with("to", to),
            _ if self.choice() == DEFAULT_CHOICE => link,
            _ => link.with("period", self.choice()),
        };
        match self.zone_is_chosen {
            true => link.with("tz", self.zone.name()),
            false => link,
        }
    }

    /// The same link with one of [`CHOICES`] instead.
    pub fn with_choice(&self, link: &Link, choice: &str) -> Link {
        let link = link
            .clone()
            .with("from", "")
            .with("to", "")
            .with("cursor", "");
        link.with("period", if choice == DEFAULT_CHOICE { "" } else { choice })
    }

    /// The same link with the longest period that there is, up to today.
    pub fn with_longest(&self, link: &Link) -> Link {
        let today = self.today();
        let link = link.clone().with("period", "").with("cursor", "");
        link.with("from", today.plus(1 - MAX_DAYS))
            .with("to", today)
    }

    /// How that one is called.
    pub fn longest_words(&self) -> String {
        format!("the last {MAX_DAYS} days")
    }

    /// What it has before and after this period.
    pub fn rest_of_longest(&self) -> Vec<Period> {
        let Period { from, to } = self.period();
        let first = self.zone.start_of(self.today().plus(1 - MAX_DAYS));
        let last = self.zone.start_of(self.today().plus(1));
        let stretches = [(Some(first), from), (to, Some(last))];
        let stretches = stretches.into_iter().filter(|(from, to)| from < to);
        stretches.map(|(from, to)| Period { from, to }).collect()
    }

    /// The word of the chosen period; `custom` if it is none of [`CHOICES`].
    pub fn choice(&self) -> &'static str {
        self.span.word()
    }

    /// How the period is called, after `of` or by itself: `the last 30 days`, `November 2026`.
    pub fn words(&self) -> String {
        match self.span {
            Span::Hours(hours) => format!("the last {hours} hours"),
            Span::Days(days) => format!("the last {days} days"),
            Span::Week => "this week so far".into(),
            Span::LastWeek => {
                let (from, to) = self.days();
                format!("the week of {}", self.name_days(from, to))
            }
            Span::Month => format!("{} so far", self.name_month(self.days().0)),
            Span::LastMonth => self.name_month(self.days().0),
            Span::Custom(from, to) => self.name_days(from, to),
        }
    }

    /// When something was, in a sentence: `in the last 30 days`, `from Nov 16 to 22, 2026`.
    pub fn within(&self) -> String {
        let words = self.words();
        match self.span {
            Span::Custom(from, to) if from == to => format!("on {words}"),
            Span::Custom(..) => format!("from {words}"),
            Span::Week => words,
            _ => format!("in {words}"),
        }
    }

    /// The period as a sentence of its own begins.
    pub fn headline(&self) -> String {
        capitalise(&self.words())
    }

    /// First and last day, for the fields of a custom period.
    pub fn days(&self) -> (Day, Day) {
        self.span.days(self.today())
    }

    fn today(&self) -> Day {
        self.zone.day_of(self.now)
    }

    /// `Nov 16, 2026`, `Nov 16 to 22, 2026`, `Oct 30 to Nov 2, 2026`, or with both years.
    fn name_days(&self, from: Day, to: Day) -> String {
        let write = |day: Day, form: &str| self.zone.write(self.zone.start_of(day), form);
        let same = |form: &str| write(from, form) == write(to, form);
        let last = write(to, "%b %-d, %Y");
        if from == to {
            return last;
        }
        if same("%Y %m") {
            return format!("{} to {}", write(from, "%b %-d"), write(to, "%-d, %Y"));
        }
        let form = if same("%Y") { "%b %-d" } else { "%b %-d, %Y" };
        format!("{} to {last}", write(from, form))
    }

    /// `October 2026`, of any of its days.
    fn name_month(&self, day: Day) -> String {
        self.zone.write(self.zone.start_of(day), "%B %Y")
    }

    pub fn zone_name(&self) -> &str {
        self.zone.name()
    }

    pub fn unit(&self) -> Unit {
        let (from, to) = self.days();
        match self.span {
            Span::Hours(_) => Unit::Hour,
            _ if to.since(from) < 2 => Unit::Hour,
            _ => Unit::Day,
        }
    }

    /// Where the bars of a chart begin and end: one more than there are bars.
    pub fn edges(&self) -> Vec<Micros> {
        if self.unit() == Unit::Hour {
            let Period { from, to } = self.period();
            let (from, to) = (from.map_or(0, |at| at.0), to.map_or(0, |at| at.0));
            let hours = (from..to).step_by(HOUR as usize).map(Micros);
            return hours.chain([Micros(to)]).collect();
        }
        let (from, to) = self.days();
        let days = 0..=to.since(from) + 1;
        days.map(|n| self.zone.start_of(from.plus(n))).collect()
    }

    /// All that the page counts.
    pub fn period(&self) -> Period {
        let (from, to) = match self.span {
            Span::Hours(hours) => {
                let end = (self.now.0.div_euclid(HOUR) + 1) * HOUR;
                (Micros(end - hours * HOUR), Micros(end))
            }
            _ => {
                let (from, to) = self.days();
                (self.zone.start_of(from), self.zone.start_of(to.plus(1)))
            }
        };
        Period {
            from: Some(from),
            to: Some(to),
        }
    }

    /// The stretch before, as much of it as has passed of this one: a morning is compared
    /// with mornings, a week or month so far with the same days of the one before.
    pub fn previous(&self) -> Period {
        let Period { from, to } = self.period();
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        let quarter_after_now =
            (self.now.0.div_euclid(MICROS_PER_QUARTER) + 1) * MICROS_PER_QUARTER;
        let passed = to.0.min(quarter_after_now.max(from.0)) - from.0;
        let today = self.today();
        let day_before = self.span.first_day_before(today);
        let before = match self.span {
            Span::Hours(hours) => Micros(from.0 - hours * HOUR),
            _ => self.zone.start_of(day_before),
        };
        let end = match self.span {
            Span::LastMonth | Span::LastWeek => from.0,
            // By the calendar: days on which clocks change are days, too.
            Span::Month | Span::Week => {
                let day = day_before.plus(today.since(self.days().0));
                let of_today = quarter_after_now - self.zone.start_of(today).0;
                self.zone.start_of(day).0 + of_today
            }
            _ => before.0 + passed,
        };
        Period {
            from: Some(before),
            to: Some(Micros(end.min(from.0))),
        }
    }

    /// The stretch before, in words: `Sep 24 to Oct 23`, with the time where no day ends, `Oct 1 until 09:15`.
    pub fn previous_words(&self) -> String {
        if self.span == Span::LastMonth {
            return self.name_month(self.span.first_day_before(self.today()));
        }
        let Period { from, to } = self.previous();
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        let begins_day = |at: Micros| self.zone.start_of(self.zone.day_of(at)) == at;
        let last = match begins_day(to) {
            true => self.zone.write(Micros(to.0 - 1), "%b %-d"),
            false => self.zone.write(to, "%b %-d, %H:%M"),
        };
        if begins_day(from) && self.zone.day_of(from) == self.zone.day_of(to) {
            return self.zone.write(to, "%b %-d until %H:%M");
        }
        let first = match begins_day(from) {
            true => self.zone.write(from, "%b %-d"),
            false => self.zone.write(from, "%b %-d, %H:%M"),
        };
        if first == last {
            return first;
        }
        format!("{first} to {last}")
    }

    /// What a download of something is called: `shop-users-2026-11-01..2026-11-22.csv`.
    pub fn file_name(&self, what: &str, ending: &str) -> String {
        let name = name_download(&self.project, what);
        let (first, last) = self.days();
        let hours = match self.span {
            Span::Hours(hours) => format!("last-{hours}-hours-"),
            _ => String::new(),
        };
        format!("{name}-{hours}{first}..{last}.{ending}")
    }

    /// Whether new data can fall into it, so that the page refreshes itself.
    pub fn is_live(&self) -> bool {
        self.period().contains(self.now)
    }
}

/// How the name of a download begins: `shop-users`. Letters, digits and `-` only and at most 121
/// of them, so that no file system and no header minds.
pub fn name_download(project: &Project, what: &str) -> String {
    let tame = |text: &str| {
        let dash = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let text: String = text.chars().take(60).map(dash).collect();
        let parts = text.split('-').filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("-")
    };
    let name = Some(tame(&project.name)).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| "project".into());
    format!("{name}-{}", tame(what))
}

/// With a capital letter.
pub fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn refuse_choice(word: &str) -> BadView {
    let known = CHOICES.map(|(word, _)| word).join(", ");
    BadView(format!(
        "There is no period {word:?}: say one of {known}, or from and to."
    ))
}

#[cfg(test)]
mod tests;
