//! `telemetry status`: how far each provider is, out of the store.
use super::super::output::{print_json, print_line, print_table};
use super::known::Known;
use crate::assemble::Store;
use anyhow::Context;
use cognobserve_telemetry::courier::Progress;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// Workspaces with an opt-out that are named.
const MOST_NAMED: usize = 100;

pub async fn show(store: &Store, known: &Known, is_json: bool) -> anyhow::Result<()> {
    let telemetry = &known.telemetry;
    let (opted_out, is_cut) = list_opted_out(store).await?;
    let origins =
        ["telemetry.enabled", "edition", "telemetry.providers"].map(|key| known.origin(key));
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
            "origins": {"enabled": origins[0], "edition": origins[1], "providers": origins[2]},
            "optedOut": opted_out,
            "moreOptedOut": is_cut,
            "sinks": sinks.iter().map(describe).collect::<Vec<Value>>(),
        }));
    }
    let switch = if telemetry.is_enabled { "on" } else { "off" };
    let edition = telemetry.edition.as_str();
    print_line(&format!(
        "telemetry: {switch}; edition: {edition}; events stored: {stored}"
    ))?;
    let [enabled, edition, providers] = &origins;
    print_line(&format!(
        "settings as this command reads them, not asked of the server: on or off by {enabled}, edition by {edition}, providers by {providers}"
    ))?;
    if !opted_out.is_empty() {
        let more = if is_cut { " and more" } else { "" };
        print_line(&format!("opted out: {}{more}", opted_out.join(", ")))?;
    }
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

/// Workspaces whose developer wants no events captured, by name, and whether there are more than these.
async fn list_opted_out(store: &Store) -> anyhow::Result<(Vec<String>, bool)> {
    let (events, mut seen, mut named) = (store.events(), HashSet::new(), Vec::new());
    for project in store.list_projects().await? {
        let is_new = seen.insert(project.workspace.clone());
        if is_new && events.has_opted_out(&project.id).await? {
            named.push(project.workspace);
        }
        if named.len() > MOST_NAMED {
            break;
        }
    }
    let is_cut = named.len() > MOST_NAMED;
    named.truncate(MOST_NAMED);
    named.sort();
    Ok((named, is_cut))
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
