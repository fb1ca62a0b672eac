//! Prices, changes and unpriced models, as tables and as JSON.
use crate::cmd::output::{print_line, print_table};
use cognobserve_model::money::Dollars;
use cognobserve_model::price::{PriceEntry, format_price};
use cognobserve_model::report::{Repriced, UnpricedModel};
use cognobserve_model::time::Micros;
use serde_json::{Value, json};

pub fn print_entries(entries: &[PriceEntry]) -> anyhow::Result<()> {
    let headers = [
        "MODEL",
        "FROM",
        "PROMPT TOKENS",
        "PROMPT",
        "COMPLETION",
        "CACHED",
        "CACHE WRITE",
        "REASONING",
    ];
    let price = |picos: Option<i64>| {
        picos.map_or_else(
            || "-".to_owned(),
            |picos| format_price(picos).replace(" per Mtok", ""),
        )
    };
    let rows = entries.iter().flat_map(|entry| {
        let from = entry
            .effective_from
            .map_or("ever".to_owned(), |at| Micros(at).to_string());
        let rates = &entry.rates;
        let base = [
            rates.prompt,
            rates.completion,
            rates.cached,
            rates.cache_write,
            rates.reasoning,
        ]
        .map(price);
        let mut rows =
            vec![[vec![entry.model.clone(), from, "any".into()], base.to_vec()].concat()];
        rows.extend(rates.tiers.iter().map(|tier| {
            let prices = [
                tier.prompt,
                tier.completion,
                tier.cached,
                tier.cache_write,
                tier.reasoning,
            ]
            .map(price);
            [
                vec![
                    String::new(),
                    String::new(),
                    format!("> {}", tier.above_prompt_tokens),
                ],
                prices.to_vec(),
            ]
            .concat()
        }));
        rows
    });
    print_table(&headers, &[2, 3, 4, 5, 6, 7], rows)?;
    print_line("dollars per million tokens")
}

pub fn describe_entries(entries: &[PriceEntry]) -> Value {
    let price = |picos: Option<i64>| picos.map(format_price);
    let items = entries.iter().map(|entry| {
        let rates = &entry.rates;
        let tiers = rates.tiers.iter().map(|tier| {
            json!({
                "abovePromptTokens": tier.above_prompt_tokens, "prompt": price(tier.prompt), "completion": price(tier.completion),
                "cached": price(tier.cached), "cacheWrite": price(tier.cache_write), "reasoning": price(tier.reasoning),
            })
        });
        json!({
            "model": entry.model, "effectiveFrom": entry.effective_from.map(|at| Micros(at).to_string()),
            "prompt": price(rates.prompt), "completion": price(rates.completion), "cached": price(rates.cached),
            "cacheWrite": price(rates.cache_write), "reasoning": price(rates.reasoning), "tiers": tiers.collect::<Vec<Value>>(),
        })
    });
    Value::Array(items.collect())
}

pub fn print_changes(changes: &[Repriced], applied: bool) -> anyhow::Result<()> {
    print_table(
        &["USER", "SPANS", "BEFORE", "AFTER", "DIFFERENCE"],
        &[1, 2, 3, 4],
        changes.iter().map(|change| {
            let (before, after) = (change.before_nanos, change.after_nanos);
            vec![
                name_of(change),
                change.spans.to_string(),
                money(before),
                money(after),
                money(after - before),
            ]
        }),
    )?;
    let difference: i128 = changes
        .iter()
        .map(|change| change.after_nanos - change.before_nanos)
        .sum();
    let spans: i64 = changes.iter().map(|change| change.spans).sum();
    let verb = if applied { "were" } else { "would be" };
    print_line(&format!(
        "{spans} spans of {} users {verb} priced anew, {} in all",
        changes.len(),
        money(difference)
    ))
}

pub fn describe_changes(changes: &[Repriced], applied: bool) -> Value {
    let difference: i128 = changes
        .iter()
        .map(|change| change.after_nanos - change.before_nanos)
        .sum();
    let users = changes.iter().map(|change| {
        json!({
            "userId": change.user.as_ref().map(|user| user.id.as_str()),
            "externalId": change.user.as_ref().and_then(|user| user.external_id.as_deref()),
            "spans": change.spans,
            "beforeUsd": Dollars(change.before_nanos).to_string(),
            "afterUsd": Dollars(change.after_nanos).to_string(),
        })
    });
    json!({"applied": applied, "differenceUsd": Dollars(difference).to_string(), "users": users.collect::<Vec<Value>>()})
}

fn name_of(change: &Repriced) -> String {
    match &change.user {
        None => "(no user)".into(),
        Some(user) => user
            .external_id
            .clone()
            .unwrap_or_else(|| "(erased)".into()),
    }
}

pub fn print_unpriced(models: &[UnpricedModel]) -> anyhow::Result<()> {
    if models.is_empty() {
        return print_line("every span with tokens has a price");
    }
    print_table(
        &["MODEL", "SPANS", "TOKENS"],
        &[1, 2],
        models.iter().map(|model| {
            let name = model.model.clone().unwrap_or_else(|| "(no model)".into());
            vec![
                name,
                model.span_count.to_string(),
                model.total_tokens.to_string(),
            ]
        }),
    )
}

pub fn describe_unpriced(models: &[UnpricedModel]) -> Value {
    let describe = |model: &UnpricedModel| json!({"model": model.model, "spanCount": model.span_count, "totalTokens": model.total_tokens});
    models.iter().map(describe).collect()
}

fn money(nanos: i128) -> String {
    Dollars(nanos).to_string()
}
