//! How much there is: what all projects hold, and which ids of one are suppressed.
use super::super::state::{Fate, ProjectRecord, State};
use super::super::tally::sum_traces;
use cognobserve_model::report::{Inventory, ProjectCounts, Suppression, Suppressions};

pub fn count_projects(state: &State) -> Inventory {
    let mut projects: Vec<ProjectCounts> = state.projects.iter().map(count_project).collect();
    projects.sort_by(|a, b| (&a.workspace, &a.name).cmp(&(&b.workspace, &b.name)));
    Inventory {
        workspaces: state.workspaces.len() as i64,
        projects,
    }
}

fn count_project(record: &ProjectRecord) -> ProjectCounts {
    let counted = record.count_traces();
    let sums = sum_traces(counted.iter());
    let living = record.users.iter().filter(|user| user.fate == Fate::Living);
    let sessions = record.sessions.iter().filter(|session| !session.removed);
    ProjectCounts {
        project: record.project.id.clone(),
        workspace: record.project.workspace.clone(),
        name: record.project.name.clone(),
        users: living.count() as i64,
        sessions: sessions.count() as i64,
        traces: sums.trace_count,
        spans: sums.span_count,
        last_trace: counted.iter().map(|trace| trace.time).max(),
    }
}

pub fn list_suppressions(record: &ProjectRecord, limit: usize) -> Suppressions {
    let mut latest: Vec<Suppression> = record.suppressed.values().cloned().collect();
    latest.sort_by_key(|suppression| std::cmp::Reverse(suppression.at));
    let count = latest.len() as i64;
    latest.truncate(limit);
    Suppressions { count, latest }
}
