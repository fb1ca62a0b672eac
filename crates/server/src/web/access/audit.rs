//! `GET /audit`: who did what in the workspace, a page at a time.
use crate::auth::page::list_projects;
use crate::auth::{Inside, ManageProject};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer, frame_project};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::format::exact;
use cognobserve_dashboard::pages::access::audit::{AuditPage, AuditRow, render};
use cognobserve_dashboard::pages::pager::{Pager, Place, TRAIL};
use cognobserve_model::people::{AuditEntry, Member};
use cognobserve_model::time::Zone;
use std::sync::Arc;

const LINES: usize = 50;

pub async fn show_audit(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    mut params: Params,
) -> Answer {
    let before = params.read("before", "a number", |text| text.parse::<i64>().ok());
    let place = Place::read(params.text("before"), params.text(TRAIL));
    params.finish()?;
    let workspace = inside.project.workspace.clone();
    let people = &state.people;
    let mut lines = people.list_audit(&workspace, before, LINES + 1).await?;
    let has_more = lines.len() > LINES;
    lines.truncate(LINES);
    let members = people.list_members(&workspace).await?;
    let projects = list_projects(&state, &inside.visit.visitor).await?;
    let zone = &inside.project.settings.time_zone;
    let zone = Zone::parse(zone).unwrap_or_else(|_| Zone::utc());
    let frame = frame_project(&state, &inside, "Audit log", Nav::Settings).await?;
    let last = lines.last().map(|line| line.no);
    let next = last.filter(|_| has_more).map(|last| last.to_string());
    let pages = Pager::new("before", &frame.link("/audit"), &place, true, next);
    let describe = |line: AuditEntry| AuditRow {
        at: exact(line.at, &zone),
        actor: name_actor(&line.actor, &members),
        action: line.action,
        detail: line.detail,
        project: line.project.map_or(String::new(), |id| {
            let mut known = projects.iter();
            let known = known.find(|project| project.id == id);
            known.map_or_else(|| id.to_string(), |project| project.name.clone())
        }),
    };
    let page = AuditPage {
        workspace,
        rows: lines.into_iter().map(describe).collect(),
        pages,
        frame,
    };
    answer(StatusCode::OK, render(&page))
}

/// A member's e-mail; anything else as the log has it.
pub(super) fn name_actor(actor: &str, members: &[Member]) -> String {
    let mut known = members.iter().map(|member| &member.account);
    let known = known.find(|account| account.id.as_str() == actor);
    match (known, actor) {
        (Some(account), _) => account.email.clone(),
        (None, "operator") => "command line".to_owned(),
        (None, other) => other.to_owned(),
    }
}
