//! What is said of a span's price: where it is from, what adds up to it, what is missing.
use super::*;
use crate::pages::samples;
use cognobserve_model::price::{PriceEntry, Rates, Tier};

fn own(model: &str, from: Option<i64>, rates: Rates) -> PriceEntry {
    PriceEntry {
        model: model.into(),
        effective_from: from,
        rates,
    }
}

/// The sample's call: 600 prompt, 600 cached and 150 completion tokens of gpt-4o.
fn explain(book: &PriceBook, change: impl FnOnce(&mut SpanDetail)) -> Priced {
    let mut trace = samples::trace("t");
    let span = trace.spans.iter_mut().find(|it| it.id == "plan").unwrap();
    change(span);
    let today = Today {
        book,
        time: Micros(0),
    };
    Priced::new(&samples::project_view(), span, &today)
}

fn list(priced: &Priced) -> Vec<String> {
    let line = |it: &Line| format!("{} {} {} {}", it.kind, it.tokens, it.price, it.amount);
    priced.lines.iter().map(line).collect()
}

#[test]
fn amounts_of_each_kind_add_up_to_the_cost() {
    let priced = explain(&PriceBook::builtin(), |it| {
        it.model = Some("openai/GPT-4o-2024-08-06".into());
    });
    assert_eq!(
        list(&priced),
        [
            "prompt 600 $2.50 $0.001500000",
            "cached 600 $1.25 $0.000750000",
            "completion 150 $10.00 $0.001500000",
        ]
    );
    let (name, source) = priced.entry.unwrap();
    assert!("openai/gpt-4o-2024-08-06".contains(&name) && source == "built-in price");
    assert_eq!(priced.sum.as_deref(), Some("$0.003750000"));
    assert_eq!(priced.words, "by the price book");
    assert!(priced.note.is_empty() && priced.set.is_none());
}

#[test]
fn an_own_price_says_from_when_and_what_it_was_before() {
    let rates = Rates {
        prompt: Some(1_000_000),
        completion: Some(2_000_000),
        tiers: vec![Tier {
            above_prompt_tokens: 1_199,
            completion: Some(3_000_000),
            ..Tier::default()
        }],
        ..Rates::default()
    };
    let from = Some(1_750_000_000_000_000);
    let book = PriceBook::with_overrides([own("gpt-4o", from, rates)]);
    let priced = explain(&book, |_| ());
    let (_, source) = priced.entry.as_ref().unwrap();
    let expected = "this project’s price, from 2025-06-15 15:06, for prompts above 1,199 tokens";
    assert_eq!(source, expected);
    assert_eq!(priced.sum.as_deref(), Some("$0.001650000"));
    assert!(priced.note.contains("priced at $0.003750000 when it came"));
    let gone = explain(&book, |it| it.model = Some("acme-7b".into()));
    assert!(gone.note.contains("no price today") && gone.lines.is_empty());
}

#[test]
fn what_is_missing_is_named() {
    let unpriced = |book: &PriceBook, change: fn(&mut SpanDetail)| {
        let priced = explain(book, |it| {
            it.pricing = Pricing::Unpriced;
            change(it);
        });
        let link = priced.set.as_ref().map(Link::to_string);
        (priced.words, link.unwrap_or_default(), priced.note)
    };
    let builtin = PriceBook::builtin();
    let (words, link, _) = unpriced(&builtin, |it| it.model = Some("acme 7b".into()));
    assert_eq!(words, "no price for this model");
    assert_eq!(link, "/settings/prices?projectId=prj_1&model=acme+7b#model");
    let (words, link, _) = unpriced(&builtin, |it| it.model = None);
    assert!(words.contains("names no model") && link.is_empty());
    let (words, link, _) = unpriced(&builtin, |it| {
        it.usage = cognobserve_model::usage::Usage {
            total: Some(9),
            ..Default::default()
        };
    });
    assert!(words.contains("only a total") && !link.is_empty());
    let (words, link, note) = unpriced(&builtin, |_| ());
    assert!(words == "no price when it came" && link.is_empty() && note.contains("repriced"));
    let rates = Rates {
        prompt: Some(1),
        ..Rates::default()
    };
    let book = PriceBook::with_overrides([own("gpt-4o", None, rates)]);
    let (words, link, _) = unpriced(&book, |_| ());
    assert_eq!(words, "no price for completion tokens of this model");
    assert!(!link.is_empty());
}

#[test]
fn what_the_book_did_not_decide_has_no_lines() {
    for (pricing, counted, words) in [
        (Pricing::Client(7), true, "as the client said"),
        (
            Pricing::Book(7),
            false,
            "counted on another span of this trace",
        ),
        (Pricing::Nothing, true, ""),
    ] {
        let priced = explain(&PriceBook::builtin(), |it| {
            (it.pricing, it.counted) = (pricing, counted);
        });
        assert_eq!(priced.words, words);
        assert!(priced.lines.is_empty() && priced.entry.is_none());
    }
    let free = explain(&PriceBook::builtin(), |it| {
        (it.pricing, it.usage) = (Pricing::Book(0), Default::default());
    });
    assert_eq!(free.words, "no tokens");
}
