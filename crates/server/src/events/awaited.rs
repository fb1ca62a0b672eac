//! Events that came before the first trace of their session, as they do whenever a program tells both at once: they are
//! linked when that trace is there.
use cognobserve_model::event::{AwaitedSession, Position};
use cognobserve_model::id::{ProjectId, SessionId};
use cognobserve_model::time::{MICROS_PER_SECOND, Micros};
use cognobserve_ports::{Events, Reports, StoreError};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

const ROUND: Duration = Duration::from_secs(2);
const PAGE: usize = 1_000;
/// Of one round; the next one goes on there.
const MAX_PAGES: usize = 20;
/// So long a session is waited for.
const PATIENCE_MICROS: i64 = 15 * 60 * MICROS_PER_SECOND;

/// Links what can be, round by round; runs until it is dropped.
pub async fn link_awaited_sessions(events: Arc<dyn Events>, reports: Arc<dyn Reports>) {
    let (mut after, mut is_failing) = (0, false);
    loop {
        match link(&*events, &*reports, after, Micros::now()).await {
            Ok(next) => (after, is_failing) = (next, false),
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::warn!(%error, "cannot link events to their sessions");
                }
            }
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// One round from a position on; answers where the next one begins.
async fn link(
    events: &dyn Events,
    reports: &dyn Reports,
    mut after: Position,
    now: Micros,
) -> Result<Position, StoreError> {
    let mut known = HashMap::new();
    for _ in 0..MAX_PAGES {
        let page = events.list_awaited(after, PAGE).await?;
        let Some(last) = page.last().map(|it| it.position) else {
            return Ok(0);
        };
        let mut settled = Vec::new();
        for awaited in &page {
            let session = find(reports, awaited, &mut known).await?;
            let is_late = now.0.saturating_sub(awaited.arrived.0) > PATIENCE_MICROS;
            if session.is_some() || is_late {
                settled.push((awaited.position, session));
            }
        }
        if !settled.is_empty() {
            events.link_awaited(settled).await?;
        }
        after = last;
    }
    Ok(after)
}

async fn find(
    reports: &dyn Reports,
    awaited: &AwaitedSession,
    known: &mut HashMap<(ProjectId, String), Option<SessionId>>,
) -> Result<Option<SessionId>, StoreError> {
    let key = (awaited.project.clone(), awaited.external_id.clone());
    if let Some(found) = known.get(&key) {
        return Ok(found.clone());
    }
    let found = reports.resolve_session(&key.0, &key.1).await?;
    known.insert(key, found.clone());
    Ok(found)
}

#[cfg(test)]
#[path = "awaited_tests.rs"]
mod tests;
