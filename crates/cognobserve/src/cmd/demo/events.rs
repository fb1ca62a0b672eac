//! What the demo's end users do besides asking: product events, in the words that may leave any edition.
//! Invariant: they are stored as this edition stores any; with a provider to send them to none are made.
use super::dice::Dice;
use super::people::Person;
use super::visits::Visit;
use crate::assemble::Store;
use crate::telemetry::describe_installation;
use cognobserve_model::account::Project;
use cognobserve_model::id::UserId;
use cognobserve_model::time::Micros;
use cognobserve_server::config::Telemetry;
use cognobserve_telemetry::event::{DeveloperProfile, EndUserId, Event};
use cognobserve_telemetry::stored::{make_id, store};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Users asked for, and events stored, at a time.
const STEP: usize = 1_000;
const CLIENTS: [&str; 3] = ["typescript", "python", "rust"];

/// Stores about two events for each visit of somebody.
pub async fn add_events(
    into: &Store,
    project: &Project,
    telemetry: &Telemetry,
    people: &[Person],
    visits: &[Visit],
) -> anyhow::Result<()> {
    if !telemetry.is_enabled || !telemetry.targets.is_empty() {
        return Ok(());
    }
    let ids = find_ids(into, project, people).await?;
    let installation = describe_installation(into, telemetry);
    let (log, now) = (into.events(), Micros::now());
    let mut batch = Vec::with_capacity(STEP);
    for visit in visits {
        let Some(person) = visit.person.and_then(|index| people.get(index)) else {
            continue;
        };
        let user = ids.get(person.external_id.as_str());
        for (number, (name, properties)) in list_doings(visit).into_iter().enumerate() {
            let named = format!("demo-{:x}-{}-{number}", visit.seed, visit.at);
            let client = CLIENTS[visit.seed as usize % CLIENTS.len()];
            let event = Event {
                id: make_id(&installation, &project.id, Some(&named)),
                name: name.to_owned(),
                properties,
                end_user: user.map(|id| EndUserId::new(id.as_str())),
                developer: Some(project.developer.clone()),
                profile: DeveloperProfile {
                    client_type: Some(client.to_owned()),
                    ..DeveloperProfile::default()
                },
                session: None,
                at: Micros(visit.at),
            };
            batch.push(store(&event, project.id.clone(), now, &installation));
        }
        if batch.len() >= STEP {
            log.append_events(std::mem::take(&mut batch)).await?;
        }
    }
    log.append_events(batch).await?;
    Ok(())
}

/// Ours by external id; all of them are known from their traces.
async fn find_ids<'p>(
    store: &Store,
    project: &Project,
    people: &'p [Person],
) -> anyhow::Result<HashMap<&'p str, UserId>> {
    let mut ids = HashMap::with_capacity(people.len());
    for some in people.chunks(STEP) {
        let wanted = some.iter().map(|person| person.external_id.clone());
        let found = store.resolve_users(&project.id, wanted.collect(), false);
        let found = found
            .await?
            .map_err(|refused| anyhow::anyhow!("the demo's users cannot be found: {refused:?}"))?;
        let known = some.iter().zip(found);
        ids.extend(known.filter_map(|(person, id)| Some((person.external_id.as_str(), id?))));
    }
    Ok(ids)
}

/// What somebody did in a visit, by its seed.
pub(super) fn list_doings(visit: &Visit) -> Vec<(&'static str, Map<String, Value>)> {
    let mut dice = Dice::new(visit.seed ^ 0x6576_656e);
    let status = if visit.fails { "error" } else { "ok" };
    let feature = *dice.pick(&["chat", "chat", "search", "memory"]);
    let tokens = dice.skewed(700.0) as u64;
    let mut doings = vec![(
        "question_asked",
        json!({"feature": feature, "status": status, "total_tokens": tokens}),
    )];
    if dice.chance(0.5) {
        let kind = *dice.pick(&["text", "text", "document", "code", "image"]);
        let has_metadata = dice.chance(0.3);
        doings.push((
            "memory_created",
            json!({"type": kind, "has_metadata": has_metadata}),
        ));
    }
    if visit.fails || dice.chance(0.2) {
        let status = if visit.fails { "failed" } else { "success" };
        doings.push(("answer_rated", json!({"status": status})));
    }
    let unfold = |(name, properties): (_, Value)| match properties {
        Value::Object(properties) => (name, properties),
        _ => (name, Map::new()),
    };
    doings.into_iter().map(unfold).collect()
}
