//! Costs against hand-worked sums and against plain big-integer arithmetic.

use super::*;
use crate::price::{PriceBook, Tier};
use proptest::prelude::*;

fn price(prompt: i64, completion: i64) -> Rates {
    Rates {
        prompt: Some(prompt),
        completion: Some(completion),
        ..Rates::default()
    }
}

fn use_tokens(prompt: i64, completion: i64) -> Usage {
    Usage {
        prompt: Some(prompt),
        completion: Some(completion),
        ..Usage::default()
    }
}

#[test]
fn a_single_cheap_token_is_not_lost() {
    let book = PriceBook::builtin();
    let mini = book.lookup("gpt-4o-mini", 0).unwrap();
    assert_eq!(cost_nanos(mini, &use_tokens(1, 0)), Some(150));
    assert_eq!(cost_nanos(mini, &use_tokens(1_000, 500)), Some(450_000));
}

#[test]
fn halves_go_to_the_even_nano_once_per_kind() {
    assert_eq!(cost_nanos(&price(500, 500), &use_tokens(1, 1)), Some(0));
    assert_eq!(cost_nanos(&price(1_500, 0), &use_tokens(1, 1)), Some(2));
    assert_eq!(cost_nanos(&price(2_500, 0), &use_tokens(1, 1)), Some(2));
    assert_eq!(cost_nanos(&price(501, 501), &use_tokens(1, 1)), Some(2));
    assert_eq!(cost_nanos(&price(499, 0), &use_tokens(3, 0)), Some(1));
}

#[test]
fn cached_tokens_are_charged_once_at_their_own_price() {
    let rates = Rates {
        cached: Some(1_000),
        cache_write: Some(12_000),
        reasoning: Some(30_000),
        ..price(10_000, 20_000)
    };
    let usage = Usage {
        prompt: Some(100),
        cached: Some(60),
        cache_write: Some(30),
        completion: Some(10),
        reasoning: Some(4),
        total: Some(110),
    };
    assert_eq!(
        cost_nanos(&rates, &usage),
        Some(10 * 10 + 60 + 30 * 12 + 6 * 20 + 4 * 30)
    );
}

#[test]
fn missing_prices_of_parts_fall_back_to_the_whole() {
    let usage = Usage {
        cached: Some(6),
        cache_write: Some(3),
        reasoning: Some(4),
        ..use_tokens(10, 10)
    };
    assert_eq!(cost_nanos(&price(1_000, 2_000), &usage), Some(30));
}

#[test]
fn parts_above_their_whole_are_clamped() {
    let rates = Rates {
        cached: Some(1_000),
        cache_write: Some(5_000),
        ..price(2_000, 3_000)
    };
    let usage = Usage {
        cached: Some(8),
        cache_write: Some(8),
        reasoning: Some(99),
        ..use_tokens(10, 1)
    };
    assert_eq!(cost_nanos(&rates, &usage), Some(8 + 2 * 5 + 3));
}

#[test]
fn parts_without_a_whole_are_charged() {
    let rates = Rates {
        cached: Some(1_000),
        ..price(2_000, 3_000)
    };
    let usage = Usage {
        cached: Some(5),
        reasoning: Some(2),
        ..Usage::default()
    };
    assert_eq!(cost_nanos(&rates, &usage), Some(11));
}

#[test]
fn the_tier_is_chosen_by_the_prompt() {
    let rates = Rates {
        tiers: vec![Tier {
            above_prompt_tokens: 10,
            prompt: Some(2_000),
            completion: Some(8_000),
            ..Tier::default()
        }],
        ..price(1_000, 4_000)
    };
    assert_eq!(cost_nanos(&rates, &use_tokens(10, 100)), Some(410));
    assert_eq!(cost_nanos(&rates, &use_tokens(11, 100)), Some(822));
    let cached = Usage {
        cached: Some(11),
        ..use_tokens(11, 0)
    };
    assert_eq!(cost_nanos(&rates, &cached), Some(22));
}

#[test]
fn a_total_alone_is_charged_only_without_a_completion_price() {
    let usage = Usage {
        total: Some(7),
        ..Usage::default()
    };
    let zeros = Usage {
        total: Some(7),
        ..use_tokens(0, 0)
    };
    let embedding = Rates {
        prompt: Some(1_000),
        ..Rates::default()
    };
    for usage in [usage, zeros] {
        assert_eq!(cost_nanos(&embedding, &usage), Some(7));
        assert_eq!(cost_nanos(&price(1_000, 0), &usage), Some(7));
        assert_eq!(cost_nanos(&price(1_000, 1), &usage), None);
        assert_eq!(cost_nanos(&Rates::default(), &usage), None);
    }
}

#[test]
fn tokens_without_a_price_have_no_cost_and_no_tokens_cost_nothing() {
    let only_prompt = Rates {
        prompt: Some(1_000),
        ..Rates::default()
    };
    assert_eq!(cost_nanos(&only_prompt, &use_tokens(3, 1)), None);
    assert_eq!(cost_nanos(&only_prompt, &use_tokens(3, 0)), Some(3));
    assert_eq!(cost_nanos(&Rates::default(), &use_tokens(0, 0)), Some(0));
    assert_eq!(cost_nanos(&Rates::default(), &Usage::default()), Some(0));
}

#[test]
fn a_cost_beyond_the_range_is_unknown() {
    let dear = price(i64::MAX, i64::MAX);
    assert_eq!(cost_nanos(&dear, &use_tokens(i64::MAX, i64::MAX)), None);
    assert_eq!(cost_nanos(&dear, &use_tokens(1_000, 0)), Some(i64::MAX));
    let huge = Usage {
        cached: Some(i64::MAX),
        cache_write: Some(i64::MAX),
        ..Usage::default()
    };
    assert_eq!(cost_nanos(&dear, &huge), None);
    assert_eq!(cost_nanos(&price(0, 0), &use_tokens(-5, i64::MIN)), Some(0));
}

/// Rounded to even by comparing doubled distances, not by remainder tricks.
fn round_naively(picos: i128) -> i128 {
    let below = picos / 1_000;
    let (down, up) = (picos - below * 1_000, (below + 1) * 1_000 - picos);
    match down.cmp(&up) {
        std::cmp::Ordering::Less => below,
        std::cmp::Ordering::Greater => below + 1,
        std::cmp::Ordering::Equal => below + below % 2,
    }
}

prop_compose! {
    fn any_rates()(
        prices in proptest::array::uniform5(proptest::option::weighted(0.8, 0..=5_000_000_i64)),
        tier in proptest::option::of((0..4_000_i64, proptest::array::uniform5(
            proptest::option::of(0..=5_000_000_i64),
        ))),
    ) -> Rates {
        let [prompt, completion, cached, cache_write, reasoning] = prices;
        let tiers = tier.into_iter().map(|(above_prompt_tokens, prices)| {
            let [prompt, completion, cached, cache_write, reasoning] = prices;
            Tier { above_prompt_tokens, prompt, completion, cached, cache_write, reasoning }
        });
        Rates { prompt, completion, cached, cache_write, reasoning, tiers: tiers.collect() }
    }
}

proptest! {
    #[test]
    fn every_kind_is_charged_once(
        rates in any_rates(),
        plain in 0..5_000_i64,
        cached in 0..3_i64,
        cache_write in 0..2_000_i64,
        plain_completion in 0..5_000_i64,
        reasoning in 0..2_000_i64,
    ) {
        let prompt = plain + cached + cache_write;
        let usage = Usage {
            prompt: Some(prompt),
            completion: Some(plain_completion + reasoning),
            total: None,
            cached: Some(cached),
            cache_write: Some(cache_write),
            reasoning: Some(reasoning),
        };
        let tier = rates.tiers.first().filter(|tier| prompt > tier.above_prompt_tokens);
        let pick = |own: Option<i64>, of_tier: fn(&Tier) -> Option<i64>| tier.and_then(of_tier).or(own);
        let for_prompt = pick(rates.prompt, |t| t.prompt);
        let for_completion = pick(rates.completion, |t| t.completion);
        let kinds = [
            (plain, for_prompt),
            (cached, pick(rates.cached, |t| t.cached).or(for_prompt)),
            (cache_write, pick(rates.cache_write, |t| t.cache_write).or(for_prompt)),
            (plain_completion, for_completion),
            (reasoning, pick(rates.reasoning, |t| t.reasoning).or(for_completion)),
        ];
        let is_priced = kinds.iter().all(|(tokens, price)| *tokens == 0 || price.is_some());
        let expected = is_priced.then(|| {
            kinds.iter().map(|(n, p)| round_naively(i128::from(*n) * i128::from(p.unwrap_or(0)))).sum::<i128>()
        });
        prop_assert_eq!(cost_nanos(&rates, &usage).map(i128::from), expected);
    }

    #[test]
    fn rounding_is_to_the_nearest_even(picos in 0..=i128::from(i64::MAX)) {
        prop_assert_eq!(round_to_nanos(picos), round_naively(picos));
    }

    #[test]
    fn any_usage_is_priced_without_panic(
        rates in any_rates(),
        tokens in proptest::array::uniform6(proptest::option::of(proptest::num::i64::ANY)),
    ) {
        let [prompt, completion, total, cached, reasoning, cache_write] = tokens;
        let _ = cost_nanos(&rates, &Usage { prompt, completion, total, cached, reasoning, cache_write });
    }
}
