//! Edition and provider decide under which id an event leaves and with which properties. Callers know of neither.
use crate::anonymise::{AllowList, anonymise, clean_name, keep_given};
use crate::edition::{Edition, Provider};
use crate::event::Event;
use crate::pseudonym::Pseudonyms;
use cognobserve_model::time::Micros;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Ours: what a caller puts there is overwritten or left out.
const DEVELOPER_ID: &str = "developer_id";
const END_USER_ID: &str = "end_user_id";

/// What is the same for all events of an installation.
#[derive(Clone, Debug)]
pub struct Installation {
    pub edition: Edition,
    pub version: String,
    /// As `std::env::consts::OS` has it.
    pub os: String,
    pub allowed: AllowList,
    pub pseudonyms: Pseudonyms,
}

/// An event as one provider may know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub id: Uuid,
    pub name: String,
    /// What the provider counts people by.
    pub primary_id: String,
    /// Whether nobody is known by it.
    pub is_anonymous: bool,
    pub properties: Map<String, Value>,
    pub at: Micros,
    /// Keys of which something stays here.
    pub dropped: BTreeSet<String>,
}

/// Whether people are named: in the cloud, to Amplitude, and nowhere else.
pub fn is_identified(edition: Edition, provider: Provider) -> bool {
    matches!((edition, provider), (Edition::Cloud, Provider::Amplitude))
}

pub fn route(event: &Event, provider: Provider, installation: &Installation) -> Outgoing {
    match is_identified(installation.edition, provider) {
        true => identify(event, installation),
        false => conceal(event, installation),
    }
}

/// The developer first, their end user beside.
fn identify(event: &Event, installation: &Installation) -> Outgoing {
    let developer = event.developer.as_ref().map(|id| id.as_str());
    let end_user = event.end_user.as_ref().map(|id| id.as_str());
    let anonymous = installation.pseudonyms.anonymous();
    let mut kept = keep_given(&event.properties);
    kept.properties.shift_remove(DEVELOPER_ID);
    kept.properties.shift_remove(END_USER_ID);
    let profile = &event.profile;
    let known = [
        (END_USER_ID, end_user.filter(|_| developer.is_some())),
        (DEVELOPER_ID, developer),
        ("session_id", event.session.as_deref()),
        ("email", profile.email.as_deref()),
        ("country", profile.country.as_deref()),
        ("client_type", profile.client_type.as_deref()),
    ];
    for (key, value) in known {
        if let Some(value) = value {
            kept.properties.insert(key.to_owned(), value.into());
        }
    }
    Outgoing {
        id: event.id,
        name: clean_name(&event.name).to_owned(),
        primary_id: developer.or(end_user).unwrap_or(anonymous).to_owned(),
        is_anonymous: developer.is_none() && end_user.is_none(),
        properties: kept.properties,
        at: event.at,
        dropped: kept.dropped,
    }
}

/// A pseudonym, and what says nothing of anybody.
fn conceal(event: &Event, installation: &Installation) -> Outgoing {
    let pseudonyms = &installation.pseudonyms;
    let primary_id = match (&event.end_user, &event.developer) {
        (Some(end_user), _) => pseudonyms.of_end_user(end_user),
        (None, Some(developer)) => pseudonyms.of_developer(developer),
        (None, None) => pseudonyms.anonymous().to_owned(),
    };
    let mut kept = anonymise(&event.name, &event.properties, &installation.allowed);
    let ours = [
        ("edition", installation.edition.as_str()),
        ("os", &installation.os),
        ("version", &installation.version),
    ];
    for (key, value) in ours {
        kept.properties.insert(key.to_owned(), value.into());
    }
    Outgoing {
        id: event.id,
        name: clean_name(&event.name).to_owned(),
        primary_id,
        is_anonymous: true,
        properties: kept.properties,
        at: event.at,
        dropped: kept.dropped,
    }
}
