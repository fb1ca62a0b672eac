//! Users with their profile and sums, as NDJSON or CSV.
//! Invariant: spreadsheets never run what a user wrote.
use crate::assemble::Store;
use cognobserve_model::account::Project;
use cognobserve_model::money::Dollars;
use cognobserve_model::query::{PageRequest, Period, SortOrder, UserPosition, UserQuery, UserSort};
use cognobserve_model::report::UserStats;
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};
use std::io::Write;

const PAGE: usize = 1_000;
const COLUMNS: [&str; 18] = [
    "externalId",
    "id",
    "name",
    "email",
    "metadata",
    "firstSeenAt",
    "lastSeenAt",
    "sessionCount",
    "traceCount",
    "spanCount",
    "promptTokens",
    "completionTokens",
    "totalTokens",
    "totalCostUsd",
    "unpricedSpanCount",
    "errorCount",
    "errorTraceCount",
    "avgLatencyMs",
];

pub async fn export_users(
    store: &Store,
    project: &Project,
    stats: Period,
    as_csv: bool,
    out: &mut impl Write,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let mut sheet = csv::Writer::from_writer(Vec::new());
    if as_csv {
        sheet.write_record(COLUMNS)?;
    }
    let mut after: Option<UserPosition> = None;
    loop {
        let query = UserQuery {
            search: None,
            last_seen_from: None,
            last_seen_to: None,
            sort: UserSort::FirstSeenAt,
            order: SortOrder::Asc,
            stats,
            active_only: false,
            metadata: Vec::new(),
            page: PageRequest {
                limit: PAGE,
                after: after.take(),
            },
        };
        let page = store.list_users(&project.id, query).await?;
        for user in &page.items {
            let row = describe(user)?;
            match as_csv {
                true => {
                    sheet.write_record(COLUMNS.iter().map(|column| write_cell(row.get(*column))))?
                }
                false => writeln!(out, "{}", Value::Object(row))?,
            }
            bar.inc(1);
        }
        if as_csv {
            sheet.flush()?;
            out.write_all(sheet.get_ref())?;
            sheet = csv::Writer::from_writer(Vec::new());
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

fn describe(stats: &UserStats) -> anyhow::Result<Map<String, Value>> {
    let (user, sum) = (&stats.user, &stats.measures);
    let metadata: Result<Map<String, Value>, serde_json::Error> = user
        .metadata
        .iter()
        .map(|(key, text)| Ok((key.clone(), serde_json::from_str(text)?)))
        .collect();
    let values = [
        json!(user.external_id),
        json!(user.id.as_str()),
        json!(user.name),
        json!(user.email),
        Value::Object(metadata?),
        json!(user.first_seen.to_string()),
        json!(user.last_seen.to_string()),
        json!(stats.session_count),
        json!(sum.trace_count),
        json!(sum.span_count),
        json!(sum.prompt_tokens),
        json!(sum.completion_tokens),
        json!(sum.total_tokens),
        json!(Dollars(sum.cost_nanos).to_string()),
        json!(sum.unpriced_span_count),
        json!(sum.error_count),
        json!(sum.error_trace_count),
        json!(sum.avg_latency_ms()),
    ];
    Ok(COLUMNS
        .iter()
        .map(|column| (*column).to_owned())
        .zip(values)
        .collect())
}

fn write_cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => defuse(text),
        Some(other) => other.to_string(),
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front.
fn defuse(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@']) || text.starts_with(char::is_control);
    if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_the_rest_is_kept() {
        assert_eq!(defuse("=1+1"), "'=1+1");
        assert_eq!(defuse("\tx"), "'\tx");
        assert_eq!(defuse("a=b"), "a=b");
        assert_eq!(write_cell(Some(&json!(-5))), "-5");
    }
}
