//! `GET /events`, and what pages of events have in common: what they are asked of, and of whom they may be.
use crate::api::events::{read_group, refuse_people};
use crate::auth::page::{Refusal, redirect};
use crate::auth::{Inside, Read};
use crate::http::cursor::{Tie, write_cursor};
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, read_place, view_of};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::pages::events::source::{Capture, DeveloperNames, Source};
use cognobserve_dashboard::pages::events::{Ask, render};
use cognobserve_dashboard::pages::pager::Paging;
use cognobserve_dashboard::{Nav, View};
use cognobserve_model::event::EventGroup;
use cognobserve_model::id::{DeveloperId, UserId};
use cognobserve_model::query::Period;
use cognobserve_model::query::UserKey;
use std::sync::Arc;

/// Longest property, name or id, in bytes.
const MAX_BYTES: usize = 255;

/// What pages of events are asked of.
pub(super) async fn open_source<'s>(
    state: &'s AppState,
    inside: &Inside<Read>,
) -> Result<Source<'s>, Refusal> {
    let project = &inside.project;
    let members = state.people.list_members(&project.workspace).await?;
    let own = (project.developer.to_string(), project.workspace.clone());
    let names = members.into_iter().map(|member| {
        let account = member.account;
        (
            account.id.to_string(),
            account.name.unwrap_or(account.email),
        )
    });
    let telling = &state.telling;
    let opted_out = state.events.has_opted_out(&project.id).await?;
    Ok(Source {
        events: &*state.events,
        reports: &*state.reports,
        is_anonymous: telling.is_anonymous(),
        capture: match (telling.gate.is_open(), opted_out) {
            (false, _) => Capture::SwitchedOff,
            (true, true) => Capture::OptedOut,
            (true, false) => Capture::On,
        },
        names: DeveloperNames::new(names.chain([own])),
        base: &state.site.public_url,
    })
}

/// Reads the question of a page at `path`; 403 where it is about people and the edition knows none.
pub(super) fn read_ask(
    state: &AppState,
    params: &mut Params,
    view: &View,
    path: &str,
) -> Result<(Ask, Tie), Refusal> {
    let mut text = |name: &str| {
        let given = params.text(name).unwrap_or_default().trim().to_owned();
        if given.len() > MAX_BYTES {
            params.refuse(name, format!("must have at most {MAX_BYTES} bytes"));
        }
        given
    };
    let (event, developer, user) = (text("event"), text("developerId"), text("endUserId"));
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let expected = "event, developer, endUser or property.KEY";
    let mut ask = Ask {
        event,
        developer: given(developer).map(DeveloperId::new),
        end_user: given(user).map(UserId::new),
        group: params
            .read("groupBy", expected, read_group)
            .unwrap_or(EventGroup::Event),
        after: None,
    };
    let is_by_person = matches!(ask.group, EventGroup::Developer | EventGroup::EndUser);
    if is_by_person || ask.developer.is_some() || ask.end_user.is_some() {
        refuse_people(state)?;
    }
    let here = ask.link(view, path).to_string();
    let tie = Tie::new("events page", (&view.project.id, here));
    ask.after = params.page(tie).after;
    std::mem::take(params).finish()?;
    Ok((ask, tie))
}

/// A form's own field, put as the API calls it: an end user by the developer's id, a property by its name.
pub(super) async fn find_typed(
    state: &AppState,
    params: &mut Params,
    view: &View,
    path: &str,
) -> Result<Option<String>, Refusal> {
    let mut typed = |name| {
        let text = params.text(name).unwrap_or_default().trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    };
    let (user, property) = (typed("user"), typed("property"));
    if user.is_none() && property.is_none() {
        return Ok(None);
    }
    let (mut ask, _) = read_ask(state, params, view, path)?;
    if let Some(text) = user {
        let key = UserKey::External(text.clone());
        let found = state.reports.find_user(&view.project.id, &key, Period::ALL);
        let found = found.await?.map(|it| it.stats.user.id);
        ask.end_user = Some(found.unwrap_or_else(|| UserId::new(text)));
    }
    if let Some(key) = property {
        ask.group = EventGroup::Property(key);
    }
    Ok(Some(ask.link(view, path).to_string()))
}

pub async fn show_events(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Events", Nav::Events).await?;
    let place = read_place(&mut params);
    let view = view_of(&frame)?;
    if let Some(link) = find_typed(&state, &mut params, view, "/events").await? {
        return Ok(redirect(&link));
    }
    let (ask, tie) = read_ask(&state, &mut params, view, "/events")?;
    let source = open_source(&state, &inside).await?;
    let paging = Paging {
        place,
        write: &move |at| write_cursor(tie, at),
    };
    answer(StatusCode::OK, render(&source, frame, ask, &paging).await)
}
