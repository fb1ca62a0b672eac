//! `telemetry explain`: the bytes that each provider would be sent.
use super::super::output::{print_json, print_line};
use super::given::warn;
use crate::assemble::Store;
use crate::telemetry::{Owners, describe_installation};
use cognobserve_model::account::Project;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::time::Micros;
use cognobserve_pipeline::{AcceptedEvent, Place, Reason, Warning};
use cognobserve_server::config::{Target, Telemetry};
use cognobserve_telemetry::delivery::Developers;
use cognobserve_telemetry::edition::Edition;
use cognobserve_telemetry::event::{DeveloperProfile, EndUserId, Event};
use cognobserve_telemetry::explain::{Explained, explain as explain_to};
use cognobserve_telemetry::route::Installation;
use cognobserve_telemetry::stored::make_id;
use serde_json::{Value, json};

/// Stands for somebody who is not in the ledger yet; capturing the event would make them.
const NEW_USER: &str = "usr_0000000000000000";

/// Under what circumstances the event would come in.
pub struct Asked<'a> {
    pub telemetry: &'a Telemetry,
    pub project: &'a Project,
    /// `X-Cognobserve-Client`.
    pub client_type: Option<String>,
    pub now: Micros,
}

pub async fn explain(
    store: &Store,
    asked: Asked<'_>,
    event: AcceptedEvent,
    is_json: bool,
) -> anyhow::Result<()> {
    event.warnings.iter().for_each(warn);
    let (telemetry, project) = (asked.telemetry, asked.project);
    let reason = if !telemetry.is_enabled {
        Some("telemetry is switched off")
    } else if store.events().has_opted_out(&project.id).await? {
        Some("the project's developer has opted out")
    } else if telemetry.targets.is_empty() {
        Some("telemetry.providers names no provider")
    } else {
        None
    };
    if let Some(reason) = reason {
        eprintln!("nothing would be sent: {reason}");
        return if is_json {
            print_json(&json!([]))
        } else {
            Ok(())
        };
    }
    let installation = describe_installation(store, telemetry);
    let event = make_event(store, &installation, &asked, event).await?;
    let told = telemetry.targets.iter().map(Target::sink);
    let told = told.map(|sink| explain_to(&event, &project.id, &sink, &installation, asked.now));
    match is_json {
        true => print_json(&told.map(|it| describe(&it)).collect()),
        false => told.into_iter().try_for_each(|it| show(&it)),
    }
}

async fn make_event(
    store: &Store,
    installation: &Installation,
    asked: &Asked<'_>,
    event: AcceptedEvent,
) -> anyhow::Result<Event> {
    let project = asked.project;
    let end_user = match &event.user {
        Some(user) => {
            let key = UserKey::External(user.clone());
            let found = store.find_user(&project.id, &key, Period::ALL).await?;
            let id = found.map(|it| EndUserId::new(it.stats.user.id.as_str()));
            Some(id.unwrap_or_else(|| {
                eprintln!(
                    "the ledger does not know this user: {NEW_USER} stands for them (of who was erased the event says nothing)"
                );
                EndUserId::new(NEW_USER)
            }))
        }
        None => None,
    };
    // Elsewhere events have no session.
    let wanted = event
        .session
        .filter(|_| asked.telemetry.edition == Edition::Cloud);
    let session = match &wanted {
        Some(session) => store.resolve_session(&project.id, session).await?,
        None => None,
    };
    if wanted.is_some() && session.is_none() {
        warn(&Warning {
            place: Place::of_trace("session_id"),
            reason: Reason::UnknownSession,
        });
    }
    Ok(Event {
        id: make_id(installation, &project.id, event.event_id.as_deref()),
        at: event.at.unwrap_or(asked.now),
        end_user,
        developer: Some(project.developer.clone()),
        profile: DeveloperProfile {
            email: Owners(store.clone()).find_email(&project.developer).await?,
            client_type: asked.client_type.clone(),
            ..DeveloperProfile::default()
        },
        session: session.map(|session| session.as_str().to_owned()),
        name: event.name,
        properties: event.properties,
    })
}

fn show(told: &Explained) -> anyhow::Result<()> {
    let packed = if told.is_packed {
        " (packed with gzip)"
    } else {
        ""
    };
    print_line(&format!(
        "{}: POST {}{packed}",
        told.provider.as_str(),
        told.url
    ))?;
    print_line(&String::from_utf8_lossy(&told.body))?;
    let dropped: Vec<&str> = told.dropped.iter().map(String::as_str).collect();
    let dropped = match dropped.is_empty() {
        true => "nothing".to_owned(),
        false => dropped.join(", "),
    };
    print_line(&format!("stays here: {dropped}"))
}

fn describe(told: &Explained) -> Value {
    json!({
        "provider": told.provider.as_str(),
        "url": told.url,
        "gzip": told.is_packed,
        "body": String::from_utf8_lossy(&told.body),
        "dropped": told.dropped,
    })
}
