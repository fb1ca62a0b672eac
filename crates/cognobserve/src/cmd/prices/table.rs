//! Prices as CSV: one line per model and moment, and one more per tier of long prompts.
//! Invariant: what is written reads back as the same entries. Amounts carry their unit.
use anyhow::{Context, bail};
use cognobserve_model::price::{PriceEntry, Rates, Tier, format_price, parse_price};
use cognobserve_model::time::{Micros, Zone};

const HEADER: [&str; 8] = [
    "model",
    "effective_from",
    "above_prompt_tokens",
    "prompt",
    "completion",
    "cached",
    "cache_write",
    "reasoning",
];
const MAX_MODEL_CHARS: usize = 255;

type Prices = [Option<i64>; 5];

/// Reads a file with a header line; columns that are left out have no prices.
pub fn read_csv(text: &[u8]) -> anyhow::Result<Vec<PriceEntry>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text);
    let headers = reader.headers()?.clone();
    if let Some(unknown) = headers.iter().find(|name| !HEADER.contains(name)) {
        bail!(
            "there is no column {unknown:?}; the columns are {}",
            HEADER.join(", ")
        );
    }
    let mut entries: Vec<PriceEntry> = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |name: &str| {
            headers
                .iter()
                .position(|header| header == name)
                .and_then(|at| record.get(at))
                .unwrap_or_default()
        };
        add_line(&mut entries, cell).with_context(|| format!("line {line}"))?;
    }
    if entries.is_empty() {
        bail!("no price is in it: a header line and a line per price are expected");
    }
    Ok(entries)
}

fn add_line<'a>(
    entries: &mut Vec<PriceEntry>,
    cell: impl Fn(&str) -> &'a str,
) -> anyhow::Result<()> {
    let model = cell("model").to_lowercase();
    check_model(&model)?;
    let effective_from = match cell("effective_from") {
        "" => None,
        text => Some(Zone::utc().parse_instant(text)?.0),
    };
    let mut prices: Prices = [None; 5];
    for (price, name) in prices.iter_mut().zip(&HEADER[3..]) {
        let text = cell(name);
        if !text.is_empty() {
            *price = Some(parse_price(text).with_context(|| format!("{name}: {text:?}"))?);
        }
    }
    if prices == [None; 5] {
        bail!("no price is given for {model:?}");
    }
    let above: i64 = match cell("above_prompt_tokens") {
        "" | "0" => 0,
        text => text
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .with_context(|| format!("{text:?} is not a number of tokens"))?,
    };
    let same = entries
        .iter_mut()
        .find(|entry| entry.model == model && entry.effective_from == effective_from);
    match (same, above) {
        (Some(_), 0) => bail!("{model:?} has two prices for the same time"),
        (None, 0) => entries.push(PriceEntry {
            model,
            effective_from,
            rates: rates_of(prices),
        }),
        (None, _) => bail!("the tier of {model:?} must follow the line with its usual price"),
        (Some(entry), _) => {
            let is_above = entry
                .rates
                .tiers
                .last()
                .is_none_or(|last| last.above_prompt_tokens < above);
            if !is_above {
                bail!("the tiers of {model:?} must be in ascending order");
            }
            entry.rates.tiers.push(tier_of(above, prices));
        }
    }
    Ok(())
}

/// What [`read_csv`] reads.
pub fn write_csv(entries: &[PriceEntry]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for entry in entries {
        let from = entry
            .effective_from
            .map_or(String::new(), |at| Micros(at).to_string());
        let rates = &entry.rates;
        let base = [
            rates.prompt,
            rates.completion,
            rates.cached,
            rates.cache_write,
            rates.reasoning,
        ];
        writer.write_record(write_line(&entry.model, &from, String::new(), base))?;
        for tier in &rates.tiers {
            let prices = [
                tier.prompt,
                tier.completion,
                tier.cached,
                tier.cache_write,
                tier.reasoning,
            ];
            writer.write_record(write_line(
                &entry.model,
                &from,
                tier.above_prompt_tokens.to_string(),
                prices,
            ))?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn write_line(model: &str, from: &str, above: String, prices: Prices) -> Vec<String> {
    let prices = prices
        .iter()
        .map(|price| price.map_or(String::new(), format_price));
    [model.to_owned(), from.to_owned(), above]
        .into_iter()
        .chain(prices)
        .collect()
}

fn rates_of([prompt, completion, cached, cache_write, reasoning]: Prices) -> Rates {
    Rates {
        prompt,
        completion,
        cached,
        cache_write,
        reasoning,
        tiers: Vec::new(),
    }
}

fn tier_of(
    above_prompt_tokens: i64,
    [prompt, completion, cached, cache_write, reasoning]: Prices,
) -> Tier {
    Tier {
        above_prompt_tokens,
        prompt,
        completion,
        cached,
        cache_write,
        reasoning,
    }
}

pub fn check_model(model: &str) -> anyhow::Result<()> {
    let is_fine = !model.trim().is_empty()
        && model.chars().count() <= MAX_MODEL_CHARS
        && !model.chars().any(char::is_control);
    if !is_fine {
        bail!("{model:?} is no name of a model");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "model,effective_from,above_prompt_tokens,prompt,completion,cached,cache_write,reasoning
my-model,,,0.20 per Mtok,0.80 per Mtok,,,
my-model,2026-01-01T00:00:00.000000Z,,0.30 per Mtok,0.90 per Mtok,0.03 per Mtok,,
my-model,2026-01-01T00:00:00.000000Z,200000,0.60 per Mtok,1.80 per Mtok,,,
";

    #[test]
    fn what_is_written_reads_back() {
        let entries = read_csv(FILE.as_bytes()).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1].rates.tiers[0].above_prompt_tokens, 200_000);
        assert_eq!(entries[1].rates.cached, Some(30_000));
        assert_eq!(write_csv(&entries).unwrap(), FILE);
    }

    #[test]
    fn columns_may_be_left_out_and_dates_are_utc_days() {
        let entries =
            read_csv(b"prompt, model, effective_from\n$1/Mtok, A/B, 2026-02-01\n").unwrap();
        assert_eq!(entries[0].model, "a/b");
        assert_eq!(entries[0].effective_from, Some(1_769_904_000_000_000));
        assert_eq!(entries[0].rates.prompt, Some(1_000_000));
    }

    #[test]
    fn faults_name_their_line() {
        for (file, part) in [
            ("model,price\nm,1", "\"price\""),
            ("model,prompt\nm,1", "unit"),
            ("model,prompt\n,1 per Mtok", "no name"),
            ("model,prompt\nm,", "no price"),
            ("model,prompt\nm,1 per Mtok\nM,2 per Mtok", "line 3"),
            (
                "model,prompt,above_prompt_tokens\nm,1 per Mtok,100",
                "must follow",
            ),
            ("model,prompt,effective_from\nm,1 per Mtok,soon", "line 2"),
        ] {
            let error = format!("{:#}", read_csv(file.as_bytes()).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
    }
}
