//! Users, traces and days as tables. Reads the API's JSON; a missing field shows as a dash.
use crate::cmd::output::{print_line, print_table};
use serde_json::Value;

pub fn print_users(answer: &Value) -> anyhow::Result<()> {
    let headers = [
        "USER",
        "NAME",
        "E-MAIL",
        "TRACES",
        "TOKENS",
        "COST",
        "ERRORS",
        "LAST SEEN",
    ];
    print_table(
        &headers,
        &[3, 4, 5, 6],
        items(answer).iter().map(|user| {
            vec![
                text(user, "externalId"),
                text(user, "name"),
                text(user, "email"),
                text(user, "traceCount"),
                text(user, "totalTokens"),
                money(user),
                text(user, "errorCount"),
                time(user, "lastSeenAt"),
            ]
        }),
    )?;
    tell_of_more(answer)
}

pub fn print_user(user: &Value) -> anyhow::Result<()> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    row("user", text(user, "externalId"));
    row("id", text(user, "id"));
    row("name", text(user, "name"));
    row("e-mail", text(user, "email"));
    for (key, value) in user
        .get("metadata")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        row(&format!("metadata.{key}"), plain(value));
    }
    for (label, key) in [("first seen", "firstSeenAt"), ("last seen", "lastSeenAt")] {
        row(label, time(user, key));
    }
    for (label, key) in [
        ("sessions", "sessionCount"),
        ("traces", "traceCount"),
        ("failed traces", "errorTraceCount"),
        ("spans", "spanCount"),
        ("tokens", "totalTokens"),
        ("average latency (ms)", "avgLatencyMs"),
        ("unpriced spans", "unpricedSpanCount"),
    ] {
        row(label, text(user, key));
    }
    row("cost", money(user));
    print_table(&["FIELD", "VALUE"], &[], rows)?;
    let sessions = user
        .get("sessions")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if sessions.is_empty() {
        return Ok(());
    }
    print_table(
        &["SESSION", "NAME", "TRACES", "LAST SEEN"],
        &[2],
        sessions.iter().map(|session| {
            vec![
                text(session, "externalId"),
                text(session, "name"),
                text(session, "traceCount"),
                time(session, "lastSeenAt"),
            ]
        }),
    )
}

pub fn print_traces(answer: &Value) -> anyhow::Result<()> {
    let headers = [
        "TIME",
        "TRACE",
        "NAME",
        "SPANS",
        "ERRORS",
        "TOKENS",
        "COST",
        "LATENCY MS",
    ];
    print_table(
        &headers,
        &[3, 4, 5, 6, 7],
        items(answer).iter().map(|trace| {
            vec![
                time(trace, "timestamp"),
                text(trace, "id"),
                text(trace, "name"),
                text(trace, "spanCount"),
                text(trace, "errorCount"),
                text(trace, "totalTokens"),
                money(trace),
                text(trace, "latencyMs"),
            ]
        }),
    )?;
    tell_of_more(answer)
}

pub fn print_days(days: &Value) -> anyhow::Result<()> {
    let days = days.as_array().map(Vec::as_slice).unwrap_or_default();
    print_table(
        &["DAY", "TRACES", "TOKENS", "COST", "ERRORS"],
        &[1, 2, 3, 4],
        days.iter().map(|day| {
            vec![
                text(day, "date"),
                text(day, "traceCount"),
                text(day, "totalTokens"),
                money(day),
                text(day, "errorCount"),
            ]
        }),
    )
}

fn items(answer: &Value) -> &[Value] {
    answer
        .get("items")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn tell_of_more(answer: &Value) -> anyhow::Result<()> {
    if answer.get("nextCursor").is_some_and(Value::is_string) {
        print_line("there are more: raise --limit, or --limit 0 for all")?;
    }
    Ok(())
}

fn text(object: &Value, key: &str) -> String {
    object.get(key).map_or_else(|| "-".to_owned(), plain)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// To the second; the rest is in `--json`.
fn time(object: &Value, key: &str) -> String {
    let whole = text(object, key);
    whole
        .split_once('.')
        .map_or(whole.clone(), |(seconds, _)| seconds.replace('T', " "))
}

/// The exact amount without needless zeros, at least cents; and what is missing in it.
fn money(object: &Value) -> String {
    let exact = text(object, "totalCostUsd");
    let Some((dollars, decimals)) = exact.split_once('.') else {
        return exact;
    };
    let kept = decimals.trim_end_matches('0').len().max(2);
    let amount = format!("${dollars}.{}", &decimals[..kept.min(decimals.len())]);
    match object.get("unpricedSpanCount").and_then(Value::as_i64) {
        Some(unpriced) if unpriced > 0 => format!("{amount} + {unpriced} unpriced"),
        _ => amount,
    }
}
