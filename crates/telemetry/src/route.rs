//! Edition and provider decide under which id an event leaves and with which properties. Callers know of neither.
use crate::anonymise::scan::{find_sensitive, is_never_sent};
use crate::anonymise::{AllowList, anonymise, clean_name, keep_given};
use crate::edition::{Edition, Provider};
use crate::event::{Concealed, Event, Logged};
use crate::pseudonym::Pseudonyms;
use cognobserve_model::time::Micros;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Ours: what a caller puts there is overwritten or left out.
const DEVELOPER_ID: &str = "developer_id";
const END_USER_ID: &str = "end_user_id";
const EDITION: &str = "edition";
const OS: &str = "os";
const VERSION: &str = "version";
/// What an installation tells of itself.
pub(crate) const CONTEXT: [&str; 3] = [EDITION, OS, VERSION];
const MAX_CONTEXT_BYTES: usize = 32;
/// As `std::env::consts::OS` has them.
const SYSTEMS: [&str; 9] = [
    "linux",
    "macos",
    "windows",
    "freebsd",
    "netbsd",
    "openbsd",
    "dragonfly",
    "solaris",
    "illumos",
];

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

/// As [`route`] for what was stored; what was concealed stays so with every provider.
pub fn route_logged(event: &Logged, provider: Provider, installation: &Installation) -> Outgoing {
    match event {
        Logged::Named(event) => route(event, provider, installation),
        Logged::Concealed(event) => pass_on(event, installation),
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
    // Whoever sends the event says it, and may say anything.
    let client_type = profile.client_type.as_deref();
    let client_type = client_type.filter(|word| !is_never_sent(word));
    let known = [
        (END_USER_ID, end_user.filter(|_| developer.is_some())),
        (DEVELOPER_ID, developer),
        ("email", profile.email.as_deref()),
        ("country", profile.country.as_deref()),
        ("client_type", client_type),
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
pub(crate) fn conceal(event: &Event, installation: &Installation) -> Outgoing {
    let pseudonyms = &installation.pseudonyms;
    let primary_id = match (&event.end_user, &event.developer) {
        (Some(end_user), _) => pseudonyms.of_end_user(end_user),
        (None, Some(developer)) => pseudonyms.of_developer(developer),
        (None, None) => pseudonyms.anonymous().to_owned(),
    };
    let mut kept = anonymise(&event.name, &event.properties, &installation.allowed);
    for (key, value) in installation.context() {
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

/// Anonymises once more, so that a list that was shortened since holds; all else leaves as it was stored, and says
/// which edition, system and version it was captured by.
fn pass_on(event: &Concealed, installation: &Installation) -> Outgoing {
    let mut given = event.properties.clone();
    let captured = installation.context().map(|(key, ours)| {
        let stored = given.shift_remove(key);
        let told = stored
            .filter(|value| is_context(key, value))
            .unwrap_or_else(|| ours.into());
        (key, told)
    });
    let mut kept = anonymise(&event.name, &given, &installation.allowed);
    for (key, value) in captured {
        kept.properties.insert(key.to_owned(), value);
    }
    Outgoing {
        id: event.id,
        name: clean_name(&event.name).to_owned(),
        primary_id: event.pseudonym.clone(),
        is_anonymous: true,
        properties: kept.properties,
        at: event.at,
        dropped: kept.dropped,
    }
}

impl Installation {
    /// What is told of the installation itself.
    fn context(&self) -> [(&'static str, &str); 3] {
        [
            (EDITION, self.edition.as_str()),
            (OS, &self.os),
            (VERSION, &self.version),
        ]
    }
}

/// Whether a value is one that an installation says of itself.
pub(crate) fn is_context(key: &str, value: &Value) -> bool {
    let Some(word) = value.as_str() else {
        return false;
    };
    let is_part =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    let is_short = (1..=MAX_CONTEXT_BYTES).contains(&word.len()) && word.bytes().all(is_part);
    let is_of_key = match key {
        EDITION => [Edition::Cloud, Edition::OpenSource]
            .iter()
            .any(|edition| edition.as_str() == word),
        OS => SYSTEMS.contains(&word),
        _ => word.starts_with(|first: char| first.is_ascii_digit()),
    };
    is_short && is_of_key && find_sensitive(word).is_none()
}
