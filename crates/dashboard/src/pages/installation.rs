//! How much there is in all projects, for the operator: counts, and when the last trace was.
//! Invariant: nothing of what a project is about: no user, no cost.
mod developers;

use super::Html;
use super::events::source::DeveloperNames;
use super::stat::Stat;
use crate::format::{self, CountUnit, Figure, Moment};
use crate::frame::Frame;
use crate::link::Link;
use askama::Template;
use cognobserve_model::report::{Inventory, ProjectCounts};
use cognobserve_model::time::{Micros, Zone};
use cognobserve_ports::{Events, Reports};
use developers::DeveloperRow;

/// What the page is asked of.
pub struct Source<'a> {
    pub reports: &'a dyn Reports,
    /// `None`: events are stored without the people they are of.
    pub events: Option<&'a dyn Events>,
    /// What developers are called: by their workspaces.
    pub names: DeveloperNames,
    /// How many people can log in.
    pub accounts: u64,
}

struct ProjectRow {
    workspace: String,
    name: String,
    /// `None`: they are no member there.
    link: Option<Link>,
    users: Figure,
    sessions: Figure,
    traces: Figure,
    spans: Figure,
    last: Option<Moment>,
}

#[derive(Template)]
#[template(path = "installation.html")]
struct InstallationPage {
    /// What all projects hold.
    held: Vec<Stat>,
    /// Who and what holds it.
    holders: Vec<Stat>,
    rows: Vec<ProjectRow>,
    /// `None`: nobody can say.
    developers: Option<Vec<DeveloperRow>>,
    frame: Frame,
}

pub async fn render(source: &Source<'_>, frame: Frame, now: Micros) -> Html {
    let inventory = source.reports.count_projects().await?;
    let developers = match source.events {
        Some(events) => Some(developers::read(events, &source.names, now).await?),
        None => None,
    };
    let units = ProjectUnits::of(&inventory.projects);
    let rows = inventory.projects.iter();
    let page = InstallationPage {
        held: list_held(&inventory),
        holders: list_holders(&inventory, source.accounts),
        rows: rows
            .map(|counts| ProjectRow::new(&frame, counts, &units, now))
            .collect(),
        developers,
        frame,
    };
    Ok(page.render()?)
}

fn list_held(inventory: &Inventory) -> Vec<Stat> {
    let projects = inventory.projects.iter();
    let sum = |of: fn(&ProjectCounts) -> i64| format::count(projects.clone().map(of).sum());
    vec![
        Stat::new("End users", sum(|counts| counts.users)),
        Stat::new("Sessions", sum(|counts| counts.sessions)),
        Stat::new("Traces", sum(|counts| counts.traces)),
        Stat::new("Spans", sum(|counts| counts.spans)),
    ]
}

fn list_holders(inventory: &Inventory, accounts: u64) -> Vec<Stat> {
    let count = |number: u64| format::count(i64::try_from(number).unwrap_or(i64::MAX));
    vec![
        Stat::new("Accounts", count(accounts)),
        Stat::new("Workspaces", format::count(inventory.workspaces)),
        Stat::new("Projects", count(inventory.projects.len() as u64)),
    ]
}

/// What each column is counted in.
struct ProjectUnits {
    users: CountUnit,
    sessions: CountUnit,
    traces: CountUnit,
    spans: CountUnit,
}

impl ProjectUnits {
    fn of(projects: &[ProjectCounts]) -> ProjectUnits {
        let unit = |read: fn(&ProjectCounts) -> i64| CountUnit::of(projects.iter().map(read));
        ProjectUnits {
            users: unit(|it| it.users),
            sessions: unit(|it| it.sessions),
            traces: unit(|it| it.traces),
            spans: unit(|it| it.spans),
        }
    }
}

impl ProjectRow {
    fn new(frame: &Frame, counts: &ProjectCounts, units: &ProjectUnits, now: Micros) -> ProjectRow {
        let mut own = frame.who.iter().flat_map(|who| &who.projects);
        let is_own = own.any(|project| project.id == counts.project);
        ProjectRow {
            workspace: counts.workspace.clone(),
            name: counts.name.clone(),
            link: is_own.then(|| Link::to("/").with("projectId", &counts.project)),
            users: units.users.write(counts.users),
            sessions: units.sessions.write(counts.sessions),
            traces: units.traces.write(counts.traces),
            spans: units.spans.write(counts.spans),
            last: counts
                .last_trace
                .map(|at| format::moment(at, now, &Zone::utc())),
        }
    }
}
