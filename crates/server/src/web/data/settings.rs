//! `/settings`: what a project keeps and how much of it.
use crate::auth::page::redirect;
use crate::auth::{Inside, ManageProject, Read, Submitted};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::Nav;
use cognobserve_dashboard::pages::settings::{Capturing, Typed, render};
use cognobserve_model::account::{Capture, ProjectSettings};
use cognobserve_model::id::ProjectId;
use cognobserve_model::time::Zone;
use cognobserve_ports::StoreError;
use std::sync::Arc;

const MAX_RETENTION_DAYS: u64 = 36_500;

pub async fn show_settings(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Settings", Nav::Settings).await?;
    let capturing = read_capturing(&state, &inside.project.id).await?;
    answer(StatusCode::OK, render(frame, None, capturing))
}

async fn read_capturing(state: &AppState, project: &ProjectId) -> Result<Capturing, StoreError> {
    Ok(Capturing {
        is_wanted: !state.events.has_opted_out(project).await?,
        is_possible: state.telling.gate.is_open(),
    })
}

pub async fn save_settings(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageProject>,
    params: Params,
    form: Submitted,
) -> Answer {
    let mut typed = Typed {
        time_zone: form.text("timeZone").to_owned(),
        retention_payload_days: form.text("retentionPayloadDays").to_owned(),
        captures: form.is_checked("capture"),
        max_spans_per_second: form.text("maxSpansPerSecond").to_owned(),
        max_users: form.text("maxUsers").to_owned(),
        faults: Vec::new(),
    };
    let frame = frame_page(&state, &inside, &params, "Settings", Nav::Settings).await?;
    let Some(settings) = read_settings(&mut typed) else {
        let capturing = read_capturing(&state, &inside.project.id).await?;
        let page = render(frame, Some(typed), capturing);
        return answer(StatusCode::UNPROCESSABLE_ENTITY, page);
    };
    state
        .accounts
        .update_settings(&inside.project.id, settings, &inside.actor)
        .await?;
    let back = view_of(&frame)?.link("/settings").with("done", "saved");
    Ok(redirect(&back.to_string()))
}

/// `None` after noting every fault.
fn read_settings(typed: &mut Typed) -> Option<ProjectSettings> {
    let mut faults = Vec::new();
    let mut number = |name, text: &str, most: u64| {
        if text.is_empty() {
            return None;
        }
        let read = text.parse::<u64>().ok().filter(|n| (1..=most).contains(n));
        if read.is_none() {
            faults.push((name, format!("A whole number from 1 to {most}, or empty.")));
        }
        read
    };
    let retention = number(
        "retentionPayloadDays",
        &typed.retention_payload_days,
        MAX_RETENTION_DAYS,
    );
    let spans = number(
        "maxSpansPerSecond",
        &typed.max_spans_per_second,
        u32::MAX.into(),
    );
    let users = number("maxUsers", &typed.max_users, i64::MAX as u64);
    if Zone::parse(&typed.time_zone).is_err() {
        faults.push(("timeZone", "There is no such time zone.".to_owned()));
    }
    typed.faults = faults;
    let small = |n: Option<u64>| n.and_then(|n| u32::try_from(n).ok());
    typed.faults.is_empty().then(|| ProjectSettings {
        retention_payload_days: small(retention),
        capture: if typed.captures {
            Capture::Full
        } else {
            Capture::None
        },
        time_zone: typed.time_zone.clone(),
        max_spans_per_second: small(spans),
        max_users: users,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_or_all_faults_are_said() {
        let mut typed = Typed {
            time_zone: "Asia/Tokyo".into(),
            captures: true,
            max_users: "5".into(),
            ..Typed::default()
        };
        let settings = read_settings(&mut typed).unwrap();
        assert_eq!(
            (settings.max_users, settings.retention_payload_days),
            (Some(5), None)
        );
        let mut wrong = Typed {
            time_zone: "Mars".into(),
            max_users: "-1".into(),
            retention_payload_days: "0".into(),
            ..Typed::default()
        };
        assert!(read_settings(&mut wrong).is_none());
        let names: Vec<&str> = wrong.faults.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["retentionPayloadDays", "maxUsers", "timeZone"]);
    }
}
