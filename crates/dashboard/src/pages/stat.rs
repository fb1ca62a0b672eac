//! A figure with its name and its change: the cards on top of pages.
use crate::format::{Change, Figure, change};

pub struct Stat {
    pub label: &'static str,
    pub figure: Figure,
    pub change: Option<Change>,
    pub more: String,
}

impl Stat {
    pub fn new(label: &'static str, figure: Figure) -> Stat {
        Stat {
            label,
            figure,
            change: None,
            more: String::new(),
        }
    }

    /// Compares with the period before; `more_is_good` decides the colour.
    pub fn against(mut self, now: f64, before: f64, more_is_good: Option<bool>) -> Stat {
        self.change = change(now, before, more_is_good);
        self
    }

    /// A few words beneath.
    pub fn noting(mut self, more: impl Into<String>) -> Stat {
        self.more = more.into();
        self
    }
}
