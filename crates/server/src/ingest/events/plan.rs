//! Whose events they are: from the client's ids to ours, and to what the edition may keep of them.
//!
//! Invariant: who was erased stays so: their events are kept without what they say.
use crate::auth::Caller;
use crate::http::problem::Problem;
use crate::ingest::refusal::answer_refusal;
use crate::state::AppState;
use cognobserve_model::event::StoredEvent;
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{AcceptedEvent, Place, Reason, Warning};
use cognobserve_telemetry::event::{DeveloperProfile, EndUserId, Event};
use cognobserve_telemetry::stored::{make_id, store};
use std::collections::HashMap;

/// Users asked for at a time.
const USERS_AT_ONCE: usize = 1_000;
/// Different sessions of one request that are looked for; events of further ones wait for theirs.
const MAX_SESSIONS: usize = 1_000;

/// What all events of a request have in common.
pub struct Circumstances<'c> {
    pub caller: &'c Caller,
    pub now: Micros,
    /// `X-Cognobserve-Client`.
    pub client_type: Option<String>,
    pub idempotency_key: Option<String>,
}

/// Stored events in the order of `events`, with the position of each in the request; makes users who are not known yet.
///
/// # Errors
/// 429 if that would be too many users.
pub async fn plan(
    state: &AppState,
    given: &Circumstances<'_>,
    events: &mut [(usize, &mut AcceptedEvent)],
) -> Result<Vec<StoredEvent>, Problem> {
    let users = match &given.caller.end_user {
        Some(_) => HashMap::new(),
        None => find_users(state, given.caller, events).await?,
    };
    let sessions = find_sessions(state, given.caller, events).await?;
    let stored = events
        .iter_mut()
        .map(|(position, event)| make(state, given, &users, &sessions, *position, event));
    Ok(stored.collect())
}

/// An event of somebody who was erased after it was planned: counted without them.
pub fn plan_nobodys(
    state: &AppState,
    given: &Circumstances<'_>,
    position: usize,
    event: &mut AcceptedEvent,
) -> StoredEvent {
    make(
        state,
        given,
        &HashMap::new(),
        &HashMap::new(),
        position,
        event,
    )
}

/// Ours by external id; `None`: erased, and not to be known again.
async fn find_users(
    state: &AppState,
    caller: &Caller,
    events: &[(usize, &mut AcceptedEvent)],
) -> Result<HashMap<String, Option<UserId>>, Problem> {
    let mut wanted: Vec<String> = events
        .iter()
        .filter_map(|(_, it)| it.user.clone())
        .collect();
    wanted.sort();
    wanted.dedup();
    let mut users = HashMap::with_capacity(wanted.len());
    for create in [false, true] {
        for some in wanted.chunks(USERS_AT_ONCE) {
            let ledger = &state.ledger;
            let found = ledger.resolve_users(&caller.project.id, some.to_vec(), create);
            let found = found.await?.map_err(answer_refusal)?;
            users.extend(some.iter().cloned().zip(found));
        }
        // Most are known, and to look for them disturbs nobody who writes.
        wanted.retain(|id| users.get(id).is_none_or(Option::is_none));
    }
    Ok(users)
}

/// Ours by external id, where there is one. Anonymous events have none.
async fn find_sessions(
    state: &AppState,
    caller: &Caller,
    events: &[(usize, &mut AcceptedEvent)],
) -> Result<HashMap<String, Option<SessionId>>, Problem> {
    let mut sessions = HashMap::new();
    if state.telling.is_anonymous() {
        return Ok(sessions);
    }
    for session in events.iter().filter_map(|(_, it)| it.session.as_ref()) {
        if !sessions.contains_key(session) && sessions.len() < MAX_SESSIONS {
            let found = state.reports.resolve_session(&caller.project.id, session);
            sessions.insert(session.clone(), found.await?);
        }
    }
    Ok(sessions)
}

fn make(
    state: &AppState,
    given: &Circumstances,
    users: &HashMap<String, Option<UserId>>,
    sessions: &HashMap<String, Option<SessionId>>,
    position: usize,
    event: &mut AcceptedEvent,
) -> StoredEvent {
    let (caller, installation) = (given.caller, &state.telling.installation);
    let project = &caller.project.id;
    let mut warn = |field, reason| {
        let place = Place::of_trace(field);
        event.warnings.push(Warning { place, reason });
    };
    let end_user = match (&caller.end_user, &event.user) {
        (Some(account), user) => {
            if user.is_some() {
                warn("user_id", Reason::TokenDecides);
            }
            Some(EndUserId::new(account.as_str()))
        }
        (None, Some(user)) => users
            .get(user)
            .and_then(Option::as_ref)
            .map(|id| EndUserId::new(id.as_str())),
        (None, None) => None,
    };
    let is_erased = end_user.is_none() && event.user.is_some();
    let session = event
        .session
        .as_ref()
        .filter(|_| !state.telling.is_anonymous());
    let found = session.and_then(|session| sessions.get(session)?.as_ref());
    let awaited = session.filter(|_| found.is_none() && !is_erased).cloned();
    if awaited.is_some() {
        warn("session_id", Reason::UnknownSession);
    }
    let derived = given.idempotency_key.as_ref();
    // No id of a client's has a NUL in it.
    let derived = derived.map(|key| format!("{key}\0{position}"));
    let named = event.event_id.as_deref().or(derived.as_deref());
    let event = Event {
        id: make_id(installation, project, named),
        name: event.name.clone(),
        properties: match is_erased {
            true => serde_json::Map::new(),
            false => std::mem::take(&mut event.properties),
        },
        end_user,
        developer: Some(caller.developer.clone()),
        profile: DeveloperProfile {
            client_type: given.client_type.clone(),
            ..DeveloperProfile::default()
        },
        session: found.filter(|_| !is_erased).map(ToString::to_string),
        at: event.at.unwrap_or(given.now),
    };
    StoredEvent {
        awaited,
        ..store(&event, project.clone(), given.now, installation)
    }
}
