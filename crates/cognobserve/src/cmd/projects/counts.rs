//! `projects counts`: how much all projects hold, without a word of what it is.
use crate::assemble::Store;
use crate::cmd::output::{print_json, print_table};
use cognobserve_model::report::{Inventory, ProjectCounts};
use serde_json::{Value, json};

pub async fn print(store: &Store, is_json: bool) -> anyhow::Result<()> {
    let inventory = store.count_projects().await?;
    let accounts = store.people().count_accounts().await?;
    match is_json {
        true => print_json(&describe(&inventory, accounts)),
        false => print_counts(&inventory),
    }
}

fn describe(inventory: &Inventory, accounts: u64) -> Value {
    let project = |counts: &ProjectCounts| {
        json!({
            "id": counts.project.as_str(),
            "name": counts.name,
            "workspace": counts.workspace,
            "userCount": counts.users,
            "sessionCount": counts.sessions,
            "traceCount": counts.traces,
            "spanCount": counts.spans,
            "lastTraceAt": counts.last_trace.map(|at| at.to_string()),
        })
    };
    let projects: Vec<Value> = inventory.projects.iter().map(project).collect();
    json!({
        "accountCount": accounts,
        "workspaceCount": inventory.workspaces,
        "projects": projects,
    })
}

fn print_counts(inventory: &Inventory) -> anyhow::Result<()> {
    let headers = [
        "WORKSPACE",
        "PROJECT",
        "USERS",
        "SESSIONS",
        "TRACES",
        "SPANS",
        "LAST TRACE",
    ];
    let row = |counts: &ProjectCounts| {
        vec![
            counts.workspace.clone(),
            counts.name.clone(),
            counts.users.to_string(),
            counts.sessions.to_string(),
            counts.traces.to_string(),
            counts.spans.to_string(),
            counts.last_trace.map_or("none".into(), |at| at.to_string()),
        ]
    };
    print_table(&headers, &[2, 3, 4, 5], inventory.projects.iter().map(row))
}
