//! How a span came to its cost: which price of the book, and tokens × price of each kind.
//! Invariant: the amounts are exact and add up to the sum beneath them; where that is not what the span was
//! booked with, the page says so.
use crate::format;
use crate::link::Link;
use crate::pages::settings::{begins, write_rate};
use crate::view::View;
use cognobserve_model::money::Dollars;
use cognobserve_model::price::{self, Charge, PriceBook, list_charges};
use cognobserve_model::report::SpanDetail;
use cognobserve_model::span::{Pricing, price_time};
use cognobserve_model::time::Micros;

/// Prices as they are today, for spans of one trace.
pub struct Today<'a> {
    pub book: &'a PriceBook,
    /// When the trace was.
    pub time: Micros,
}

#[derive(Default)]
pub struct Priced {
    /// In short, beside the cost.
    pub words: String,
    /// The model as the book calls it, and whose price it is.
    pub entry: Option<(String, String)>,
    pub lines: Vec<Line>,
    /// Of all lines, if each has a price.
    pub sum: Option<String>,
    /// How that differs from what was booked.
    pub note: String,
    /// Where the price that is missing is set.
    pub set: Option<Link>,
}

/// Tokens of one kind.
pub struct Line {
    pub kind: &'static str,
    pub tokens: String,
    /// For a million of them.
    pub price: String,
    pub amount: String,
}

impl Priced {
    pub fn new(view: &View, span: &SpanDetail, today: &Today) -> Priced {
        let say = |words: &str| Priced {
            words: words.to_owned(),
            ..Priced::default()
        };
        match span.pricing {
            _ if !span.counted => say("counted on another span of this trace"),
            Pricing::Nothing => say(""),
            Pricing::Client(_) => say("as the client said"),
            Pricing::Book(0) if !span.usage.effective().has_tokens() => say("no tokens"),
            Pricing::Book(booked) => Priced::of_book(view, span, today, Some(booked)),
            Pricing::Unpriced => Priced::of_book(view, span, today, None),
        }
    }

    fn of_book(view: &View, span: &SpanDetail, today: &Today, booked: Option<i64>) -> Priced {
        let at = price_time(span.start, span.end, today.time);
        let model = span.model.as_deref();
        let found = model.and_then(|model| today.book.find(model, at.0));
        let usage = span.usage.effective();
        let charges = found.map(|it| list_charges(&it.entry.rates, &usage));
        let charges: Vec<Charge> = charges.into_iter().flatten().collect();
        let charges: Vec<Charge> = charges.into_iter().filter(|it| it.tokens > 0).collect();
        let sum = charges
            .iter()
            .try_fold(0, |sum, it| Some(sum + it.nanos()?))
            .filter(|_| found.is_some());
        let lacks = sum.is_none();
        Priced {
            words: match (booked, found) {
                (Some(_), _) => "by the price book".to_owned(),
                (None, None) if model.is_none() => "no price: the span names no model".to_owned(),
                (None, None) => "no price for this model".to_owned(),
                (None, Some(_)) if lacks => name_missing(&charges),
                (None, Some(_)) => "no price when it came".to_owned(),
            },
            entry: found.map(|it| (it.entry.model.clone(), name_source(view, &it, &charges))),
            lines: charges.iter().map(Line::new).collect(),
            note: compare(booked.map(i128::from), sum),
            sum: sum.map(exact),
            set: model.filter(|_| lacks).map(|model| {
                view.link("/settings/prices")
                    .with("model", model)
                    .at("model")
            }),
        }
    }
}

impl Line {
    fn new(charge: &Charge) -> Line {
        Line {
            kind: charge.kind,
            tokens: format::group(charge.tokens),
            price: write_rate(charge.picos),
            amount: charge.nanos().map_or_else(|| "unpriced".into(), exact),
        }
    }
}

fn exact(nanos: i128) -> String {
    format!("${}", Dollars(nanos))
}

/// Which kinds of tokens the book has no price for.
fn name_missing(charges: &[Charge]) -> String {
    let missing = charges.iter().filter(|it| it.picos.is_none());
    let kinds: Vec<&str> = missing.map(|it| it.kind).collect();
    match kinds[..] {
        ["total"] => "no price: only a total of tokens is known, not how many of which kind".into(),
        _ => format!("no price for {} tokens of this model", kinds.join(" and ")),
    }
}

/// Whose price it is, from when on, and for which prompts.
fn name_source(view: &View, found: &price::Priced, charges: &[Charge]) -> String {
    let entry = found.entry;
    let mut words = match (found.is_own, entry.effective_from) {
        (false, _) => "built-in price".to_owned(),
        (true, None) => "this project’s price, for all time".to_owned(),
        (true, from) => format!("this project’s price, from {}", begins(view, from)),
    };
    let is_prompt = |it: &&Charge| !matches!(it.kind, "completion" | "reasoning");
    let prompt: i64 = charges.iter().filter(is_prompt).map(|it| it.tokens).sum();
    let mut tiers = entry.rates.tiers.iter();
    if let Some(tier) = tiers.rfind(|tier| prompt > tier.above_prompt_tokens) {
        let above = format::group(tier.above_prompt_tokens);
        words.push_str(&format!(", for prompts above {above} tokens"));
    }
    words
}

fn compare(booked: Option<i128>, today: Option<i128>) -> String {
    match (booked, today) {
        (Some(booked), Some(today)) if booked != today => format!(
            "Prices have changed since: it was priced at {} when it came.",
            exact(booked)
        ),
        (Some(booked), None) => format!(
            "Prices have changed since: it was priced at {} when it came, and has no price today.",
            exact(booked)
        ),
        (None, Some(_)) => {
            "Its price was set since: that is booked when the project is repriced.".into()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
#[path = "priced_tests.rs"]
mod tests;
