//! A figure with its name and its change: the cards on top of pages.
use crate::format::{self, Change, Figure, change};
use crate::glossary::explain;

pub struct Stat {
    pub label: &'static str,
    /// What it counts, if the name may be taken for something else.
    pub meaning: &'static str,
    pub figure: Figure,
    pub change: Option<Change>,
    /// The change in words, for the pointer and for who listens.
    pub compared: String,
    pub more: String,
}

impl Stat {
    pub fn new(label: &'static str, figure: Figure) -> Stat {
        Stat {
            label,
            meaning: explain(label),
            figure,
            change: None,
            compared: String::new(),
            more: String::new(),
        }
    }

    /// Compares with the period before; `more_is_good` decides the colour.
    pub fn against(mut self, now: f64, before: f64, more_is_good: Option<bool>) -> Stat {
        self.change = change(now, before, more_is_good);
        self
    }

    /// Says which period the change is against.
    pub fn before(mut self, words: &str) -> Stat {
        self.compared = self
            .change
            .as_ref()
            .map_or_else(String::new, |it| it.against(words));
        self
    }

    /// A few words beneath.
    pub fn noting(mut self, more: impl Into<String>) -> Stat {
        self.more = more.into();
        self
    }
}

/// Why an amount is at least what it says: `2 spans unpriced`; empty if every span has its price.
pub fn lack_prices(unpriced: i64) -> String {
    match unpriced {
        0 => String::new(),
        _ => format!("{} unpriced", format::plural(unpriced, "span")),
    }
}
