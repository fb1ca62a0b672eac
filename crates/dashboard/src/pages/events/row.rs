//! A row of the list of events.
use super::Ask;
use super::source::{Source, people_of};
use crate::format::{self, Moment};
use crate::link::{Link, segment};
use crate::pages::owner::Owner;
use crate::pages::row::{session_link, user_link};
use crate::view::View;
use cognobserve_model::event::StoredEvent;
use cognobserve_model::id::UserId;
use cognobserve_model::report::UserName;
use std::collections::HashMap;
use std::fmt::Write;

/// Longest text of properties in a row; the API has all of it.
const PROPERTY_CHARS: usize = 600;

pub struct EventRow {
    pub id: String,
    pub name: String,
    /// Those of the same name.
    pub link: Link,
    /// As JSON; empty without any.
    pub properties: String,
    pub user: Owner,
    pub developer: Option<(String, Link)>,
    pub session: Option<(String, Link)>,
    pub client: String,
    pub time: Moment,
}

impl EventRow {
    /// The rows of one table; `users`: what their end users are called.
    pub fn list(
        source: &Source<'_>,
        view: &View,
        events: &[&StoredEvent],
        users: &HashMap<UserId, UserName>,
    ) -> Vec<EventRow> {
        let row = |event: &&StoredEvent| EventRow::new(source, view, event, users);
        events.iter().map(row).collect()
    }

    fn new(
        source: &Source<'_>,
        view: &View,
        event: &StoredEvent,
        users: &HashMap<UserId, UserName>,
    ) -> EventRow {
        let (developer, end_user) = people_of(event);
        let session = event.session.as_ref();
        let same = Ask {
            event: event.name.clone(),
            ..Ask::default()
        };
        let properties = match event.properties.trim() {
            "{}" => String::new(),
            text => format::shorten(text, PROPERTY_CHARS),
        };
        EventRow {
            id: event.id.0.iter().fold(String::new(), |mut id, byte| {
                // Writing to memory has no failure.
                let _ = write!(id, "{byte:02x}");
                id
            }),
            name: event.name.clone(),
            link: same.link(view, "/events"),
            properties,
            user: name_user(source, view, end_user, users),
            developer: developer.map(|id| {
                let text = source.names.call(id.as_str()).to_owned();
                (text, developer_link(view, id.as_str()))
            }),
            session: session.map(|id| (id.clone(), session_link(view, id))),
            client: event.client_type.clone().unwrap_or_default(),
            time: format::moment(event.at, view.now(), &view.zone),
        }
    }
}

pub fn developer_link(view: &View, id: &str) -> Link {
    view.link(format!("/developers/{}", segment(id)))
}

/// By the name that the list of users shows; an account that is its own end user by its own.
pub fn name_user(
    source: &Source<'_>,
    view: &View,
    id: Option<&UserId>,
    users: &HashMap<UserId, UserName>,
) -> Owner {
    let Some(id) = id else {
        return Owner {
            text: "no end user".to_owned(),
            title: String::new(),
            link: None,
        };
    };
    let Some(user) = users.get(id) else {
        return Owner {
            text: source.names.call(id.as_str()).to_owned(),
            title: String::new(),
            link: None,
        };
    };
    let name = user.name.as_ref().or(user.email.as_ref());
    Owner {
        text: name.unwrap_or(&user.external_id).clone(),
        title: name.map(|_| user.external_id.clone()).unwrap_or_default(),
        link: Some(user_link(view, id.as_str())),
    }
}
