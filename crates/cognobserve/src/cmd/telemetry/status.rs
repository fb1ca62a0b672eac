//! `telemetry status`: how far each provider is, out of the store.
use super::super::output::{print_json, print_line, print_table};
use crate::assemble::Store;
use anyhow::Context;
use cognobserve_server::config::Telemetry;
use cognobserve_telemetry::courier::Progress;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub async fn show(store: &Store, telemetry: &Telemetry, is_json: bool) -> anyhow::Result<()> {
    let events = store.events();
    let mut sinks: BTreeMap<String, Progress> = BTreeMap::new();
    for target in &telemetry.targets {
        sinks.insert(target.provider.as_str().to_owned(), Progress::default());
    }
    for (name, written) in events.list_progress().await? {
        // Empty: it was served, and nothing was written down yet.
        if !written.is_empty() {
            let progress = serde_json::from_str(&written)
                .with_context(|| format!("cannot read how far {name} is"))?;
            sinks.insert(name, progress);
        }
    }
    // After the progress, so that nothing is settled which is not counted.
    let stored = events.count_stored().await?;
    let is_configured = |name: &str| {
        let mut targets = telemetry.targets.iter();
        targets.any(|target| target.provider.as_str() == name)
    };
    if is_json {
        let describe =
            |(name, it): (&String, &Progress)| describe(name, it, stored, is_configured(name));
        return print_json(&json!({
            "enabled": telemetry.is_enabled,
            "edition": telemetry.edition.as_str(),
            "stored": stored,
            "sinks": sinks.iter().map(describe).collect::<Vec<Value>>(),
        }));
    }
    let switch = if telemetry.is_enabled { "on" } else { "off" };
    let edition = telemetry.edition.as_str();
    print_line(&format!(
        "telemetry: {switch}; edition: {edition}; events stored: {stored}"
    ))?;
    if sinks.is_empty() {
        return print_line("no provider is configured: nothing leaves");
    }
    let rows = sinks.iter().map(|(name, it)| {
        let dropped = it
            .dropped
            .iter()
            .map(|(why, count)| format!("{why}: {count}"));
        let state = match (&it.stopped, is_configured(name)) {
            (_, false) => "not configured any more",
            (Some(why), true) => why,
            (None, true) => "",
        };
        vec![
            name.clone(),
            it.sent.to_string(),
            it.retried.to_string(),
            stored.saturating_sub(it.settled()).to_string(),
            dropped.collect::<Vec<_>>().join(", "),
            state.to_owned(),
        ]
    });
    let headers = ["PROVIDER", "SENT", "RETRIED", "WAITING", "DROPPED", "STATE"];
    print_table(&headers, &[1, 2, 3], rows)
}

fn describe(name: &str, it: &Progress, stored: u64, is_configured: bool) -> Value {
    json!({
        "provider": name,
        "configured": is_configured,
        "sent": it.sent,
        "retried": it.retried,
        "dropped": it.dropped,
        "waiting": stored.saturating_sub(it.settled()),
        "stopped": it.stopped,
    })
}
