//! The price book: which rates hold for a model at a moment.
//!
//! A project's own prices (overrides) are asked with every form of the name before
//! the built-in table is asked with any. Lookup never allocates for a lower-case
//! name; it runs once per span.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use super::names::Forms;
use super::rates::Rates;
use super::table::parse_table;

/// Built by scripts/update-prices.py.
const BUILTIN: &str = include_str!("../../data/prices.tsv");

/// The prices of one model from one moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceEntry {
    /// Any case; matched in lower case.
    pub model: String,
    /// Microseconds since the Unix epoch, inclusive; `None` = since ever.
    pub effective_from: Option<i64>,
    pub rates: Rates,
}

/// A project's prices over the built-in ones. Cheap to make without overrides.
#[derive(Clone, Debug)]
pub struct PriceBook {
    overrides: Table,
    builtin: &'static Table,
}

/// The entry that holds for a model at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced<'a> {
    pub entry: &'a PriceEntry,
    /// Whether it is the project's, not of the built-in table.
    pub is_own: bool,
}

/// Entries by lower-case model, those of one model ascending by `effective_from`.
#[derive(Clone, Debug, Default)]
struct Table(HashMap<String, Vec<PriceEntry>>);

impl PriceBook {
    /// The built-in prices alone. The table is parsed on first use.
    pub fn builtin() -> PriceBook {
        PriceBook {
            overrides: Table::default(),
            builtin: builtin_table(),
        }
    }

    /// A project's prices over the built-in ones. Of two entries for the same model
    /// and moment the later in the list holds.
    pub fn with_overrides(entries: impl IntoIterator<Item = PriceEntry>) -> PriceBook {
        PriceBook {
            overrides: Table::of(entries),
            builtin: builtin_table(),
        }
    }

    /// The rates of a model at a moment (microseconds since the Unix epoch), or `None`
    /// if no form of its name has a price by then.
    ///
    /// Of the entries under one form the newest with `effective_from <= at_micros`
    /// holds; a form whose entries all begin later is passed over.
    pub fn lookup(&self, model: &str, at_micros: i64) -> Option<&Rates> {
        self.find(model, at_micros).map(|found| &found.entry.rates)
    }

    /// [`PriceBook::lookup`] with the whole entry, for those who ask where a price came from.
    pub fn find(&self, model: &str, at_micros: i64) -> Option<Priced<'_>> {
        let model = lower_case(model);
        let own = self.overrides.search(&model, at_micros);
        let found = own.or_else(|| self.builtin.search(&model, at_micros));
        found.map(|entry| Priced {
            entry,
            is_own: own.is_some(),
        })
    }

    /// The project's own entries, by model and `effective_from`.
    pub fn list_overrides(&self) -> Vec<&PriceEntry> {
        self.overrides.list()
    }

    /// The built-in entries, by model.
    pub fn list_builtin(&self) -> Vec<&'static PriceEntry> {
        self.builtin.list()
    }
}

impl Table {
    fn of(entries: impl IntoIterator<Item = PriceEntry>) -> Table {
        let mut by_model: HashMap<String, Vec<PriceEntry>> = HashMap::new();
        for mut entry in entries {
            if let Cow::Owned(lower) = lower_case(&entry.model) {
                entry.model = lower;
            }
            by_model.entry(entry.model.clone()).or_default().push(entry);
        }
        for entries in by_model.values_mut() {
            // Stable, and `None` sorts first: lookup goes from the end.
            entries.sort_by_key(|entry| entry.effective_from);
        }
        Table(by_model)
    }

    fn search(&self, model: &str, at_micros: i64) -> Option<&PriceEntry> {
        if self.0.is_empty() {
            return None;
        }
        Forms::of(model).find_map(|form| self.find(form, at_micros))
    }

    fn find(&self, form: &str, at_micros: i64) -> Option<&PriceEntry> {
        let entries = self.0.get(form)?;
        let holds = |entry: &&PriceEntry| entry.effective_from.is_none_or(|from| from <= at_micros);
        entries.iter().rev().find(holds)
    }

    fn list(&self) -> Vec<&PriceEntry> {
        let mut entries: Vec<&PriceEntry> = self.0.values().flatten().collect();
        entries.sort_by(|a, b| (&a.model, a.effective_from).cmp(&(&b.model, b.effective_from)));
        entries
    }
}

fn builtin_table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let entries = parse_table(BUILTIN);
        // Cannot fail: the text is part of the program, and a test parses all of it.
        Table::of(entries.expect("the built-in price table is well formed"))
    })
}

fn lower_case(model: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if model.bytes().all(is_plain) {
        Cow::Borrowed(model)
    } else {
        Cow::Owned(model.to_lowercase())
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
