//! What one event of the reference store says: whose it is, whether it is asked about, and by what it is grouped.
use cognobserve_model::event::{EventFilter, EventGroup, StoredEvent, Who};
use cognobserve_model::id::{DeveloperId, UserId};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

pub(super) fn developer_of(event: &StoredEvent) -> Option<&DeveloperId> {
    match &event.who {
        Who::Known { developer, .. } => Some(developer),
        Who::Concealed(_) => None,
    }
}

pub(super) fn user_of(event: &StoredEvent) -> Option<&UserId> {
    match &event.who {
        Who::Known { end_user, .. } => end_user.as_ref(),
        Who::Concealed(_) => None,
    }
}

/// Whom it is of, as they are forgotten by.
pub(super) fn whose(event: &StoredEvent) -> Option<&str> {
    match &event.who {
        Who::Known { end_user, .. } => end_user.as_ref().map(UserId::as_str),
        Who::Concealed(pseudonym) => Some(pseudonym),
    }
}

fn is_meant<T: PartialEq>(wanted: &Option<T>, found: Option<&T>) -> bool {
    wanted.is_none() || wanted.as_ref() == found
}

/// Whether an event is asked about.
pub(super) fn is_asked(event: &StoredEvent, filter: &EventFilter) -> bool {
    is_meant(&filter.project, Some(&event.project))
        && is_meant(&filter.developer, developer_of(event))
        && is_meant(&filter.end_user, user_of(event))
        && is_meant(&filter.name, Some(&event.name))
        && filter.from.is_none_or(|from| from <= event.at)
        && filter.to.is_none_or(|to| event.at < to)
}

fn find_property(properties: &str, name: &str) -> Option<String> {
    let all: BTreeMap<String, Box<RawValue>> = serde_json::from_str(properties).ok()?;
    let raw = all.get(name)?.get();
    Some(serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned()))
}

pub(super) fn key_of(event: &StoredEvent, group: &EventGroup) -> Option<String> {
    match group {
        EventGroup::Event => Some(event.name.clone()),
        EventGroup::Developer => developer_of(event).map(ToString::to_string),
        EventGroup::EndUser => user_of(event).map(ToString::to_string),
        EventGroup::Quarter => Some(event.at.quarter().to_string()),
        EventGroup::Property(name) => find_property(&event.properties, name),
    }
}
