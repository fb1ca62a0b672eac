//! The built-in table, its known prices, and overrides by form and date.

use super::*;
use proptest::prelude::*;

fn entry(model: &str, effective_from: Option<i64>, prompt: i64) -> PriceEntry {
    let rates = Rates {
        prompt: Some(prompt),
        ..Rates::default()
    };
    PriceEntry {
        model: model.to_owned(),
        effective_from,
        rates,
    }
}

fn prompt_of(book: &PriceBook, model: &str, at_micros: i64) -> Option<i64> {
    book.lookup(model, at_micros)?.prompt
}

#[test]
fn the_builtin_table_is_well_formed_and_sorted() {
    let entries = parse_table(BUILTIN).unwrap();
    assert!(entries.len() > 3_000, "{} rows", entries.len());
    assert!(entries.is_sorted_by(|a, b| a.model < b.model));
    for entry in &entries {
        assert_eq!(entry.model, entry.model.to_lowercase());
        assert!(
            entry.rates.prompt.or(entry.rates.completion).is_some(),
            "{}",
            entry.model
        );
    }
    assert!(BUILTIN.len() < 300 * 1024);
}

#[test]
fn well_known_models_have_their_published_prices() {
    let book = PriceBook::builtin();
    for (model, prompt, completion) in [
        ("gpt-4o", 2_500_000, 10_000_000),
        ("gpt-4o-2024-08-06", 2_500_000, 10_000_000),
        ("GPT-4o", 2_500_000, 10_000_000),
        ("openai/gpt-4o", 2_500_000, 10_000_000),
        ("gpt-4o-2024-05-13", 5_000_000, 15_000_000),
        ("gpt-4o-mini", 150_000, 600_000),
        ("openrouter/OpenAI/gpt-4o-mini-2024-07-18", 150_000, 600_000),
        ("gpt-4-0613", 30_000_000, 60_000_000),
        ("gpt-4-0125-preview", 10_000_000, 30_000_000),
        ("claude-3-5-sonnet-20241022", 3_000_000, 15_000_000),
        ("claude-3-5-sonnet@20240620", 3_000_000, 15_000_000),
        ("anthropic/claude-3-5-sonnet-latest", 3_000_000, 15_000_000),
        ("text-embedding-3-small", 20_000, 0),
    ] {
        let rates = book.lookup(model, 0).unwrap_or_else(|| panic!("{model}"));
        assert_eq!(
            (rates.prompt, rates.completion),
            (Some(prompt), Some(completion)),
            "{model}"
        );
    }
    assert_eq!(book.lookup("gpt-4o", 0).unwrap().cached, Some(1_250_000));
    assert!(book.lookup("o1-preview", 0).is_some());
    assert_eq!(book.lookup("no-such-model", 0), None);
    assert_eq!(book.lookup("", 0), None);
}

#[test]
fn long_prompts_have_their_tier() {
    let book = PriceBook::builtin();
    let tier = &book.lookup("gemini/gemini-2.5-pro", 0).unwrap().tiers[0];
    assert_eq!(
        (tier.above_prompt_tokens, tier.prompt),
        (200_000, Some(2_500_000))
    );
}

#[test]
fn any_form_in_the_overrides_wins_over_the_exact_builtin() {
    let book = PriceBook::with_overrides([entry("gpt-4o", None, 7)]);
    assert_eq!(prompt_of(&book, "gpt-4o-2024-05-13", 0), Some(7));
    assert_eq!(prompt_of(&book, "azure/gpt-4o:eu", 0), Some(7));
    assert_eq!(prompt_of(&book, "gpt-4o-mini", 0), Some(150_000));
}

#[test]
fn a_longer_form_wins_among_the_overrides() {
    let book = PriceBook::with_overrides([
        entry("gpt-4o", None, 1),
        entry("Azure/GPT-4o", None, 2),
        entry("gpt-4o-2024-05-13", None, 3),
    ]);
    assert_eq!(prompt_of(&book, "azure/gpt-4o", 0), Some(2));
    assert_eq!(prompt_of(&book, "azure/gpt-4o-2024-05-13", 0), Some(3));
    assert_eq!(prompt_of(&book, "azure/gpt-4o-2024-08-06", 0), Some(2));
    assert_eq!(prompt_of(&book, "openai/gpt-4o", 0), Some(1));
}

#[test]
fn the_newest_price_that_has_begun_holds() {
    let book = PriceBook::with_overrides([
        entry("m", Some(200), 3),
        entry("m", None, 1),
        entry("m", Some(100), 2),
    ]);
    for (at_micros, expected) in [
        (i64::MIN, 1),
        (99, 1),
        (100, 2),
        (199, 2),
        (200, 3),
        (i64::MAX, 3),
    ] {
        assert_eq!(
            prompt_of(&book, "m", at_micros),
            Some(expected),
            "at {at_micros}"
        );
    }
}

#[test]
fn a_price_that_has_not_begun_is_passed_over() {
    let book =
        PriceBook::with_overrides([entry("gpt-4o", Some(100), 7), entry("new", Some(100), 8)]);
    assert_eq!(prompt_of(&book, "gpt-4o", 99), Some(2_500_000));
    assert_eq!(prompt_of(&book, "gpt-4o", 100), Some(7));
    assert_eq!(prompt_of(&book, "new", 99), None);
}

#[test]
fn of_equal_moments_the_later_entry_holds() {
    let book = PriceBook::with_overrides([entry("m", Some(5), 1), entry("M", Some(5), 2)]);
    assert_eq!(prompt_of(&book, "m", 5), Some(2));
}

#[test]
fn names_outside_ascii_are_lower_cased_too() {
    let book = PriceBook::with_overrides([entry("MODÈLE", None, 4)]);
    assert_eq!(prompt_of(&book, "x/Modèle-Latest", 0), Some(4));
}

#[test]
fn lists_are_sorted() {
    let book = PriceBook::with_overrides([
        entry("b", None, 1),
        entry("a", Some(2), 1),
        entry("a", None, 1),
    ]);
    let listed: Vec<_> = book
        .list_overrides()
        .iter()
        .map(|e| (e.model.as_str(), e.effective_from))
        .collect();
    assert_eq!(listed, [("a", None), ("a", Some(2)), ("b", None)]);
    assert_eq!(
        book.list_builtin().len(),
        parse_table(BUILTIN).unwrap().len()
    );
}

#[test]
fn what_is_found_says_under_which_name_and_whose_it_is() {
    let book = PriceBook::with_overrides([entry("Mine", Some(5), 1)]);
    let found = book.find("acme/MINE-2024-05-13", 5).unwrap();
    assert!(found.is_own && found.entry.model == "mine" && found.entry.effective_from == Some(5));
    assert_eq!(book.find("mine", 4), None);
    assert!(!book.find("gpt-4o", 0).unwrap().is_own);
}

proptest! {
    #[test]
    fn dates_are_resolved_as_by_a_plain_scan(
        dates in proptest::collection::vec(proptest::option::of(-50..50_i64), 1..8),
        at_micros in -60..60_i64,
    ) {
        let entries = dates.iter().enumerate().map(|(i, date)| entry("m", *date, i as i64));
        let book = PriceBook::with_overrides(entries);
        let expected = (0_i64..)
            .zip(&dates)
            .filter(|(_, date)| date.is_none_or(|from| from <= at_micros))
            .max_by_key(|(index, date)| (**date, *index))
            .map(|(index, _)| index);
        prop_assert_eq!(prompt_of(&book, "m", at_micros), expected);
    }

    #[test]
    fn any_name_is_looked_up_without_panic(name in "\\PC{0,60}", at_micros in proptest::num::i64::ANY) {
        let book = PriceBook::with_overrides([entry("m", None, 1)]);
        let _ = book.lookup(&name, at_micros);
    }
}
