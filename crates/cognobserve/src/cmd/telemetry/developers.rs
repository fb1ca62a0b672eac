//! `telemetry developers`: who has how many end users in the whole installation, for whoever runs it; out of the store.
use super::super::output::{print_json, print_table};
use crate::assemble::Store;
use cognobserve_model::event::developers::MAX_DEVELOPERS;
use cognobserve_model::event::{DeveloperSort, DeveloperStats, EventFilter};
use cognobserve_model::time::{Micros, Zone};
use cognobserve_server::config::Telemetry;
use cognobserve_telemetry::edition::Edition;
use serde_json::{Value, json};
use std::collections::HashMap;

#[derive(Debug, clap::Args)]
pub struct DevelopersArgs {
    /// uniqueEndUsers, eventCount or lastSeenAt
    #[arg(long, value_name = "FIELD", default_value = "uniqueEndUsers", value_parser = parse_sort)]
    sort_by: DeveloperSort,
    /// By events from this time or date on; dates are read in UTC
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<Micros>,
    /// By events up to, and without, this time or date
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<Micros>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=MAX_DEVELOPERS as i64))]
    limit: u32,
}

fn parse_sort(text: &str) -> Result<DeveloperSort, String> {
    let mut all = DeveloperSort::ALL.iter();
    let found = all.find(|sort| sort.as_str() == text);
    found
        .copied()
        .ok_or_else(|| "expected uniqueEndUsers, eventCount or lastSeenAt".into())
}

fn parse_time(text: &str) -> Result<Micros, String> {
    let read = Zone::utc().parse_instant(text);
    read.map_err(|error| error.to_string())
}

pub async fn list(
    store: &Store,
    telemetry: &Telemetry,
    args: DevelopersArgs,
    is_json: bool,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        telemetry.edition != Edition::OpenSource,
        "in the open-source edition events are stored without the people they are of: no developer can be asked for"
    );
    let filter = EventFilter {
        from: args.from,
        to: args.to,
        ..EventFilter::default()
    };
    let events = store.events();
    let limit = args.limit as usize;
    let found = events.list_developers(&filter, args.sort_by, limit).await?;
    let projects = store.list_projects().await?.into_iter();
    let workspaces: HashMap<String, String> = projects
        .map(|project| (project.developer.to_string(), project.workspace))
        .collect();
    let workspace_of = |it: &DeveloperStats| workspaces.get(it.developer.as_str());
    if is_json {
        let describe = |it: &DeveloperStats| describe(it, workspace_of(it));
        return print_json(&found.iter().map(describe).collect());
    }
    let headers = [
        "DEVELOPER",
        "WORKSPACE",
        "END USERS",
        "EVENTS",
        "FIRST EVENT",
        "LAST EVENT",
    ];
    let rows = found.iter().map(|it| {
        vec![
            it.developer.to_string(),
            workspace_of(it).cloned().unwrap_or_default(),
            it.unique_end_users.to_string(),
            it.event_count.to_string(),
            it.first_seen.to_string(),
            it.last_seen.to_string(),
        ]
    });
    print_table(&headers, &[2, 3], rows)
}

fn describe(it: &DeveloperStats, workspace: Option<&String>) -> Value {
    json!({
        "developerId": it.developer.as_str(),
        "workspace": workspace,
        "uniqueEndUsers": it.unique_end_users,
        "eventCount": it.event_count,
        "firstSeenAt": it.first_seen.to_string(),
        "lastSeenAt": it.last_seen.to_string(),
    })
}
