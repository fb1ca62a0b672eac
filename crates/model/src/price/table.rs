//! The text form of a price table: one model a line, tab-separated.
//!
//! `model prompt completion cached cache_write reasoning [tiers]`, prices in whole
//! pico-dollars per token, `-` for none; tiers are `>N:` and the same five prices with
//! commas, separated by spaces. `#` begins a comment line. Reading accepts exactly
//! what writing gives; dates are not part of it.

use super::book::PriceEntry;
use super::rates::{Rates, Tier};

/// Why a line is not a row of a price table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("line {line}: expected a model, five prices and at most one column of tiers")]
    Columns { line: usize },
    #[error("line {line}: {text:?} is not a whole number of pico-dollars, nor `-`")]
    Price { line: usize, text: String },
    #[error("line {line}: {text:?} is not a tier like `>200000:1,2,-,-,-`, above the one before")]
    Tier { line: usize, text: String },
}

/// Reads a whole table; comment lines and empty lines are passed over.
///
/// # Errors
/// The first line that is no row, with its number from 1.
pub fn parse_table(text: &str) -> Result<Vec<PriceEntry>, TableError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(index, line)| parse_row(line, index + 1))
        .collect()
}

/// Reads one row; `line` is only for the error.
///
/// # Errors
/// If it is not what [`format_row`] gives.
pub fn parse_row(row: &str, line: usize) -> Result<PriceEntry, TableError> {
    let mut columns = row.split('\t');
    let model = columns.next().filter(|model| !model.is_empty());
    let model = model.ok_or(TableError::Columns { line })?.to_owned();
    let [prompt, completion, cached, cache_write, reasoning] = parse_prices(&mut columns, line)?;
    let tiers = match columns.next() {
        Some(text) => parse_tiers(text, line)?,
        None => Vec::new(),
    };
    if columns.next().is_some() {
        return Err(TableError::Columns { line });
    }
    let rates = Rates {
        prompt,
        completion,
        cached,
        cache_write,
        reasoning,
        tiers,
    };
    Ok(PriceEntry {
        model,
        effective_from: None,
        rates,
    })
}

/// One row, without a line end. `effective_from` is left out.
pub fn format_row(entry: &PriceEntry) -> String {
    let rates = &entry.rates;
    let base = [
        rates.prompt,
        rates.completion,
        rates.cached,
        rates.cache_write,
        rates.reasoning,
    ];
    let mut row = format!("{}\t{}", entry.model, format_prices(base, "\t"));
    for (index, tier) in rates.tiers.iter().enumerate() {
        let prices = [
            tier.prompt,
            tier.completion,
            tier.cached,
            tier.cache_write,
            tier.reasoning,
        ];
        row.push(if index == 0 { '\t' } else { ' ' });
        row += &format!(
            ">{}:{}",
            tier.above_prompt_tokens,
            format_prices(prices, ",")
        );
    }
    row
}

type Prices = [Option<i64>; 5];

fn parse_prices<'a>(
    texts: &mut impl Iterator<Item = &'a str>,
    line: usize,
) -> Result<Prices, TableError> {
    let mut prices = [None; 5];
    for price in &mut prices {
        let text = texts.next().ok_or(TableError::Columns { line })?;
        if text != "-" {
            let wrong = || TableError::Price {
                line,
                text: text.to_owned(),
            };
            *price = Some(parse_count(text).ok_or_else(wrong)?);
        }
    }
    Ok(prices)
}

fn parse_tiers(text: &str, line: usize) -> Result<Vec<Tier>, TableError> {
    let mut tiers: Vec<Tier> = Vec::new();
    for text in text.split(' ') {
        let wrong = || TableError::Tier {
            line,
            text: text.to_owned(),
        };
        let (above, prices) = text
            .strip_prefix('>')
            .and_then(|t| t.split_once(':'))
            .ok_or_else(wrong)?;
        let above_prompt_tokens = parse_count(above).ok_or_else(wrong)?;
        if tiers
            .last()
            .is_some_and(|last| last.above_prompt_tokens >= above_prompt_tokens)
        {
            return Err(wrong());
        }
        let mut texts = prices.split(',');
        let [prompt, completion, cached, cache_write, reasoning] = parse_prices(&mut texts, line)?;
        if texts.next().is_some() {
            return Err(wrong());
        }
        tiers.push(Tier {
            above_prompt_tokens,
            prompt,
            completion,
            cached,
            cache_write,
            reasoning,
        });
    }
    Ok(tiers)
}

/// Digits only: `i64::from_str` would take a sign too.
fn parse_count(text: &str) -> Option<i64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn format_prices(prices: Prices, separator: &str) -> String {
    prices
        .map(|price| price.map_or_else(|| "-".to_owned(), |p| p.to_string()))
        .join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row_reads_as_it_is_written() {
        let row =
            "gemini-2.5-pro\t1250000\t10000000\t125000\t-\t-\t>200000:2500000,15000000,250000,-,-";
        let entry = parse_row(row, 1).unwrap();
        assert_eq!(entry.rates.prompt, Some(1_250_000));
        assert_eq!(entry.rates.tiers[0].above_prompt_tokens, 200_000);
        assert_eq!(format_row(&entry), row);
    }

    #[test]
    fn comments_and_empty_lines_are_passed_over_and_lines_counted() {
        assert_eq!(parse_table("# x\n\nm\t1\t-\t-\t-\t-\n").unwrap().len(), 1);
        let wrong = parse_table("# x\n\nm\t1\t-\t-\t-").unwrap_err();
        assert_eq!(wrong, TableError::Columns { line: 3 });
    }

    #[test]
    fn malformed_rows_are_refused() {
        for row in [
            "m",
            "\t1\t1\t-\t-\t-",
            "m\t1\t1\t-\t-\t-\t\t",
            "m\t1\t1\t-\t-\t-\t",
            "m\t1.5\t1\t-\t-\t-",
            "m\t+1\t1\t-\t-\t-",
            "m\t-1\t1\t-\t-\t-",
            "m\t\t1\t-\t-\t-",
            "m\t9223372036854775808\t1\t-\t-\t-",
            "m\t1\t1\t-\t-\t-\t200000:1,1,-,-,-",
            "m\t1\t1\t-\t-\t-\t>9:1,1,-,-",
            "m\t1\t1\t-\t-\t-\t>9:1,1,-,-,-,-",
            "m\t1\t1\t-\t-\t-\t>9:1,1,-,-,- >9:1,1,-,-,-",
        ] {
            assert!(parse_row(row, 1).is_err(), "{row:?}");
        }
    }

    fn any_price() -> impl Strategy<Value = Option<i64>> {
        proptest::option::of(0..=i64::MAX)
    }

    proptest! {
        #[test]
        fn any_entry_survives_the_text(
            model in "[a-z0-9./:@-]{1,20}",
            base in [any_price(), any_price(), any_price(), any_price(), any_price()],
            tiers in proptest::collection::btree_map(0..=i64::MAX, (any_price(), any_price()), 0..4),
        ) {
            let [prompt, completion, cached, cache_write, reasoning] = base;
            let tiers = tiers.into_iter().map(|(above_prompt_tokens, (prompt, reasoning))| {
                Tier { above_prompt_tokens, prompt, reasoning, ..Tier::default() }
            });
            let rates = Rates { prompt, completion, cached, cache_write, reasoning, tiers: tiers.collect() };
            let entry = PriceEntry { model, effective_from: None, rates };
            prop_assert_eq!(parse_row(&format_row(&entry), 1), Ok(entry));
        }
    }
}
