//! Settings of a project, and its prices.
use super::{Html, PageError};
use crate::format::{self, Moment};
use crate::frame::Frame;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::account::ProjectSettings;
use cognobserve_model::price::{PriceBook, PriceEntry, format_price};
use cognobserve_model::time::Micros;

/// The settings as a form holds them.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub time_zone: String,
    pub retention_payload_days: String,
    pub captures: bool,
    pub max_spans_per_second: String,
    pub max_users: String,
    /// Field and message.
    pub faults: Vec<(&'static str, String)>,
}

impl Typed {
    pub fn of(settings: &ProjectSettings) -> Typed {
        let text = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        Typed {
            time_zone: settings.time_zone.clone(),
            retention_payload_days: text(settings.retention_payload_days.map(u64::from)),
            captures: settings.capture == cognobserve_model::account::Capture::Full,
            max_spans_per_second: text(settings.max_spans_per_second.map(u64::from)),
            max_users: text(settings.max_users),
            faults: Vec::new(),
        }
    }

    fn fault(&self, field: &str) -> Option<&str> {
        let found = self.faults.iter().find(|(name, _)| *name == field);
        found.map(|(_, message)| message.as_str())
    }
}

/// Whether product events are captured.
#[derive(Clone, Copy, Debug)]
pub struct Capturing {
    /// As the workspace has chosen.
    pub is_wanted: bool,
    /// As the installation is set.
    pub is_possible: bool,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    typed: Typed,
    capturing: Capturing,
    capture: Link,
    id: String,
    created: Moment,
    action: Link,
    delete: Link,
    frame: Frame,
}

/// `typed`: `None` shows what is stored.
pub fn render(frame: Frame, typed: Option<Typed>, capturing: Capturing) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let page = SettingsPage {
        typed: typed.unwrap_or_else(|| Typed::of(&view.project.settings)),
        id: view.project.id.to_string(),
        created: format::exact(view.project.created, &view.zone),
        action: view.link("/settings"),
        capture: view.link("/settings/telemetry"),
        capturing,
        delete: view.link("/projects/delete"),
        frame,
    };
    Ok(page.render()?)
}

/// A price as a form holds it: dollars for a million tokens.
#[derive(Clone, Debug, Default)]
pub struct TypedPrice {
    pub model: String,
    pub from: String,
    pub prompt: String,
    pub completion: String,
    pub cached: String,
    pub cache_write: String,
    pub reasoning: String,
    pub faults: Vec<(&'static str, String)>,
}

/// A field of the form: what it is called, what it says and what is wrong with it.
struct RateField<'a> {
    name: &'static str,
    text: &'static str,
    value: &'a str,
    hint: &'static str,
    fault: Option<&'a str>,
}

impl TypedPrice {
    fn list_rates(&self) -> Vec<RateField<'_>> {
        let field = |name, text, value, hint| RateField {
            name,
            text,
            value,
            hint,
            fault: self.fault(name),
        };
        vec![
            field("prompt", "Prompt", self.prompt.as_str(), "2.50"),
            field("completion", "Completion", &self.completion, "10.00"),
            field("cached", "Cached prompt", &self.cached, "as prompt"),
            field("cacheWrite", "Cache write", &self.cache_write, "as prompt"),
            field("reasoning", "Reasoning", &self.reasoning, "as completion"),
        ]
    }

    fn fault(&self, field: &str) -> Option<&str> {
        let found = self.faults.iter().find(|(name, _)| *name == field);
        found.map(|(_, message)| message.as_str())
    }
}

/// Built-in prices that are shown at once.
const LISTED: usize = 50;

struct PriceRow {
    model: String,
    from: String,
    /// As [`PriceEntry::effective_from`], for the form that removes it.
    from_micros: String,
    prompt: String,
    completion: String,
    cached: String,
    cache_write: String,
    reasoning: String,
    has_tiers: bool,
}

impl PriceRow {
    fn new(view: &View, entry: &PriceEntry) -> PriceRow {
        let rates = &entry.rates;
        let micros = entry.effective_from.map(|at| at.to_string());
        PriceRow {
            model: entry.model.clone(),
            from: begins(view, entry.effective_from),
            from_micros: micros.unwrap_or_default(),
            prompt: write_rate(rates.prompt),
            completion: write_rate(rates.completion),
            cached: write_rate(rates.cached),
            cache_write: write_rate(rates.cache_write),
            reasoning: write_rate(rates.reasoning),
            has_tiers: !rates.tiers.is_empty(),
        }
    }
}

/// The built-in prices whose name holds what is searched, with the one that a model of exactly
/// this name would be priced by; and how many more there are.
fn find_builtin(view: &View, search: &str) -> (Vec<PriceRow>, usize) {
    let book = PriceBook::builtin();
    let needle = search.to_lowercase();
    let by_rules = book.find(&needle, 0).map(|found| found.entry);
    let by_rules = by_rules.filter(|entry| !entry.model.contains(&needle));
    let named = book.list_builtin().into_iter();
    let named = named.filter(|entry| entry.model.contains(&needle));
    let mut found: Vec<&PriceEntry> = by_rules.into_iter().chain(named).collect();
    let more = found.len().saturating_sub(LISTED);
    found.truncate(LISTED);
    let rows = found.into_iter().map(|entry| PriceRow::new(view, entry));
    (rows.collect(), more)
}

#[derive(Template)]
#[template(path = "prices.html")]
struct PricesPage {
    rows: Vec<PriceRow>,
    /// Of the built-in ones; with how many more there are, if any.
    builtin: Vec<PriceRow>,
    more: String,
    search: String,
    kept: Vec<(String, String)>,
    typed: TypedPrice,
    /// Models without a price, and where one is set.
    unpriced: Vec<(String, Link)>,
    action: Link,
    remove: Link,
    frame: Frame,
}

/// `search`: of a built-in price.
pub fn render_prices(
    frame: Frame,
    prices: &[PriceEntry],
    unpriced: Vec<String>,
    typed: TypedPrice,
    search: String,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let here = view.link("/settings/prices");
    let unpriced = unpriced.into_iter().map(|model| {
        let link = here.clone().with("model", &model);
        (model, link)
    });
    let (builtin, more) = find_builtin(&view, &search);
    let page = PricesPage {
        rows: prices.iter().map(|it| PriceRow::new(&view, it)).collect(),
        builtin,
        more: match more {
            0 => String::new(),
            more => format::group(more as i64),
        },
        kept: here.fields().to_vec(),
        search,
        typed,
        unpriced: unpriced.collect(),
        action: here,
        remove: view.link("/settings/prices/remove"),
        frame,
    };
    Ok(page.render()?)
}

/// When a price begins.
pub(super) fn begins(view: &View, from: Option<i64>) -> String {
    match from {
        None => "always".into(),
        Some(at) => view.zone.write(Micros(at), "%Y-%m-%d %H:%M"),
    }
}

/// Dollars for a million tokens.
pub(super) fn write_rate(picos: Option<i64>) -> String {
    let Some(picos) = picos else {
        return "–".into();
    };
    let text = format_price(picos);
    format!("${}", text.split(' ').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples::project_view;

    #[test]
    fn built_in_prices_are_found_by_a_part_of_a_name_or_by_the_rules() {
        let view = project_view();
        let (rows, more) = find_builtin(&view, "GPT-4o");
        assert!(
            rows.iter()
                .any(|row| row.model == "gpt-4o" && row.prompt == "$2.50")
        );
        assert!(rows.iter().all(|row| row.model.contains("gpt-4o")) && more < 100);
        let (rows, more) = find_builtin(&view, "acme/gpt-4o-2031-01-02");
        let names: Vec<&str> = rows.iter().map(|row| row.model.as_str()).collect();
        assert_eq!((names, more), (vec!["gpt-4o"], 0));
        let (rows, more) = find_builtin(&view, "");
        let all = PriceBook::builtin().list_builtin().len();
        assert_eq!((rows.len(), more), (LISTED, all - LISTED));
        assert!(find_builtin(&view, "no such model").0.is_empty());
    }
}
