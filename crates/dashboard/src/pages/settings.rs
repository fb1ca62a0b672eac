//! Settings of a project, and its prices.
use super::{Html, PageError};
use crate::format::{self, Moment};
use crate::frame::Frame;
use crate::link::Link;
use askama::Template;
use cognobserve_model::account::ProjectSettings;
use cognobserve_model::price::{PriceEntry, format_price};
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

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    typed: Typed,
    id: String,
    created: Moment,
    action: Link,
    delete: Link,
    frame: Frame,
}

/// `typed`: `None` shows what is stored.
pub fn render(frame: Frame, typed: Option<Typed>) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let page = SettingsPage {
        typed: typed.unwrap_or_else(|| Typed::of(&view.project.settings)),
        id: view.project.id.to_string(),
        created: format::exact(view.project.created, &view.zone),
        action: view.link("/settings"),
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

struct PriceRow {
    model: String,
    from: String,
    /// As [`PriceEntry::effective_from`], for the form that removes it.
    from_micros: String,
    prompt: String,
    completion: String,
    cached: String,
    has_tiers: bool,
}

#[derive(Template)]
#[template(path = "prices.html")]
struct PricesPage {
    rows: Vec<PriceRow>,
    typed: TypedPrice,
    /// Models without a price, and where one is set.
    unpriced: Vec<(String, Link)>,
    action: Link,
    remove: Link,
    frame: Frame,
}

pub fn render_prices(
    frame: Frame,
    prices: &[PriceEntry],
    unpriced: Vec<String>,
    typed: TypedPrice,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let row = |entry: &PriceEntry| PriceRow {
        model: entry.model.clone(),
        from: match entry.effective_from {
            None => "always".into(),
            Some(at) => view.zone.write(Micros(at), "%Y-%m-%d %H:%M"),
        },
        from_micros: entry
            .effective_from
            .map(|at| at.to_string())
            .unwrap_or_default(),
        prompt: write_rate(entry.rates.prompt),
        completion: write_rate(entry.rates.completion),
        cached: write_rate(entry.rates.cached),
        has_tiers: !entry.rates.tiers.is_empty(),
    };
    let page = PricesPage {
        rows: prices.iter().map(row).collect(),
        typed,
        unpriced: unpriced
            .into_iter()
            .map(|model| {
                (
                    model.clone(),
                    view.link("/settings/prices").with("model", model),
                )
            })
            .collect(),
        action: view.link("/settings/prices"),
        remove: view.link("/settings/prices/remove"),
        frame,
    };
    Ok(page.render()?)
}

/// Dollars for a million tokens.
fn write_rate(picos: Option<i64>) -> String {
    let Some(picos) = picos else {
        return "–".into();
    };
    let text = format_price(picos);
    format!("${}", text.split(' ').next().unwrap_or_default())
}
