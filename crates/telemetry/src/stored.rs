//! Between an event as it was captured and as the log has it. In the cloud it is stored as given; in the open-source
//! edition what is stored is what may leave, so that no later setting and no copy of the store names anybody.
use crate::edition::Edition;
use crate::event::{Concealed, DeveloperProfile, EndUserId, Event, Logged};
use crate::route::{Installation, conceal};
use cognobserve_model::event::{EventId, StoredEvent, Who};
use cognobserve_model::id::{DeveloperId, ProjectId, UserId};
use cognobserve_model::time::Micros;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What an event is stored under: that of a client's own name for it, or a new one.
pub fn make_id(installation: &Installation, project: &ProjectId, given: Option<&str>) -> Uuid {
    match given {
        Some(given) => Uuid::from_bytes(installation.pseudonyms.of_event(project, given).0),
        None => Uuid::new_v4(),
    }
}

/// The event as this edition may keep it.
pub fn store(
    event: &Event,
    project: ProjectId,
    arrived: Micros,
    installation: &Installation,
) -> StoredEvent {
    let id = EventId(event.id.into_bytes());
    let at = event.at;
    let client_type = event.profile.client_type.as_deref();
    match installation.edition {
        Edition::Cloud => StoredEvent {
            id,
            project,
            who: Who::Known {
                // Empty where nobody is named, which only the program's own events may be.
                developer: event
                    .developer
                    .clone()
                    .unwrap_or_else(|| DeveloperId::new("")),
                end_user: event.end_user.as_ref().map(|id| UserId::new(id.as_str())),
            },
            name: event.name.clone(),
            session: event.session.clone(),
            awaited: None,
            client_type: client_type.map(str::to_owned),
            properties: write(&event.properties),
            at,
            arrived,
        },
        Edition::OpenSource => {
            let concealed = conceal(event, installation);
            let may_stay = |word: &&str| {
                let allowed = &installation.allowed;
                allowed
                    .pass(&concealed.name, "client_type", &Value::from(*word))
                    .is_some()
            };
            StoredEvent {
                id,
                project,
                who: Who::Concealed(concealed.primary_id.clone()),
                client_type: client_type.filter(may_stay).map(str::to_owned),
                session: None,
                awaited: None,
                properties: write(&concealed.properties),
                name: concealed.name,
                at,
                arrived,
            }
        }
    }
}

/// The event as it goes on to providers. What the log cannot say of a developer is looked up later.
pub fn restore(stored: StoredEvent) -> Logged {
    let id = Uuid::from_bytes(stored.id.0);
    let properties = serde_json::from_str(&stored.properties).unwrap_or_default();
    match stored.who {
        Who::Known {
            developer,
            end_user,
        } => Logged::Named(Event {
            id,
            name: stored.name,
            properties,
            end_user: end_user.map(|user| EndUserId::new(user.as_str())),
            developer: Some(developer).filter(|developer| !developer.as_str().is_empty()),
            profile: DeveloperProfile {
                client_type: stored.client_type,
                ..DeveloperProfile::default()
            },
            session: stored.session,
            at: stored.at,
        }),
        Who::Concealed(pseudonym) => Logged::Concealed(Concealed {
            id,
            name: stored.name,
            pseudonym,
            properties,
            at: stored.at,
        }),
    }
}

pub(crate) fn write(properties: &Map<String, Value>) -> String {
    // Texts, numbers and JSON have no way to fail.
    serde_json::to_string(properties).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
#[path = "stored_tests.rs"]
mod tests;
