//! `telemetry explain`: the bytes that each provider would be sent.
use super::super::output::{print_json, print_line};
use super::given::Given;
use crate::assemble::Store;
use crate::telemetry::{Owners, describe_installation};
use cognobserve_model::account::Project;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::time::Micros;
use cognobserve_server::config::{Target, Telemetry};
use cognobserve_telemetry::delivery::Developers;
use cognobserve_telemetry::event::{DeveloperProfile, EndUserId, Event};
use cognobserve_telemetry::explain::{Explained, explain as explain_to};
use cognobserve_telemetry::route::Installation;
use cognobserve_telemetry::stored::make_id;
use serde_json::{Value, json};

/// Stands for somebody who is not in the ledger yet; capturing the event would make them.
const NEW_USER: &str = "usr_0000000000000000";

pub async fn explain(
    store: &Store,
    telemetry: &Telemetry,
    project: &Project,
    given: Given,
    is_json: bool,
) -> anyhow::Result<()> {
    let installation = describe_installation(store, telemetry);
    let now = Micros::now();
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
    let event = make_event(store, &installation, project, given, now).await?;
    let told = telemetry.targets.iter().map(Target::sink);
    let told = told.map(|sink| explain_to(&event, &project.id, &sink, &installation, now));
    match is_json {
        true => print_json(&told.map(|it| describe(&it)).collect()),
        false => told.into_iter().try_for_each(|it| show(&it)),
    }
}

async fn make_event(
    store: &Store,
    installation: &Installation,
    project: &Project,
    given: Given,
    now: Micros,
) -> anyhow::Result<Event> {
    let end_user = match given.user() {
        Some(user) => {
            let key = UserKey::External(user.to_owned());
            let found = store.find_user(&project.id, &key, Period::ALL).await?;
            let id = found.map(|it| EndUserId::new(it.stats.user.id.as_str()));
            Some(id.unwrap_or_else(|| {
                eprintln!("the ledger does not know this user yet: {NEW_USER} stands for them");
                EndUserId::new(NEW_USER)
            }))
        }
        None => None,
    };
    let session = match &given.session_id {
        Some(session) => store.resolve_session(&project.id, session).await?,
        None => None,
    };
    Ok(Event {
        id: make_id(installation, &project.id, given.event_id.as_deref()),
        at: given.at(now)?,
        end_user,
        developer: Some(project.developer.clone()),
        profile: DeveloperProfile {
            email: Owners(store.clone()).find_email(&project.developer).await?,
            ..DeveloperProfile::default()
        },
        session: session.map(|session| session.as_str().to_owned()),
        name: given.event,
        properties: given.properties,
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
