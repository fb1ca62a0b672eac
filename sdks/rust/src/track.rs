//! Product events: what an app tells beside its traces. Written at the call; what is too large is left out, warned about once.

use std::borrow::Cow;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::Value;

use crate::client::Inner;
use crate::clients::get_client;
use crate::config::Content;
use crate::encode::{self, Written, write};
use crate::ids;
use crate::say::{harmless, warn_once};
use crate::scope::{choose_person, complete, get_scope, read_session};
use crate::user::{Person, User};
use crate::wire::{WireEvent, write_event};

/// In bytes, as the server takes them.
const MOST_NAME: usize = 255;
const MOST_PROPERTIES: usize = 64 * 1024;

/// What has happened, and what is said of it beside its properties: for [`track`], where a name alone does not do.
#[derive(Clone, Debug)]
#[must_use]
pub struct Event {
    name: String,
    id: Option<String>,
    user_id: Option<String>,
    user: Option<User>,
    session: Option<String>,
    timestamp: Option<SystemTime>,
}

impl Event {
    /// An event of this name, such as `memory_created`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            id: None,
            user_id: None,
            user: None,
            session: None,
            timestamp: None,
        }
    }

    /// An id of your own: what is told twice under one id counts once. By default one is made.
    pub fn id(mut self, id: impl ToString) -> Self {
        self.id = Some(id.to_string());
        self
    }

    /// Whose it is, by id. Wins over all scopes.
    pub fn user_id(mut self, id: impl ToString) -> Self {
        self.user_id = Some(id.to_string());
        self
    }

    /// Whose it is. Wins over all scopes. The profile is not sent with an event.
    pub fn user(mut self, user: User) -> Self {
        self.user = Some(user);
        self
    }

    /// The session that it belongs to.
    pub fn session(mut self, id: impl ToString) -> Self {
        self.session = Some(id.to_string());
        self
    }

    /// When it happened; by default now.
    pub fn timestamp(mut self, at: SystemTime) -> Self {
        self.timestamp = Some(at);
        self
    }
}

impl From<&str> for Event {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Event {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// Tells that something has happened. Never waits, in immediate mode either.
///
/// ```no_run
/// use cognobserve_sdk::{Event, track};
/// use serde_json::json;
/// track("memory_created", json!({"type": "text", "has_metadata": true}));
/// track(Event::new("logout").user_id("user-123"), ());
/// ```
///
/// It is the end user's whom the event names, else the scope's or the global one; so is its session. Properties are
/// anything that serialises to an object, of at most 64 KiB; `()` for none.
pub fn track(event: impl Into<Event>, properties: impl Serialize) {
    let client = get_client();
    if !client.is_recording() {
        return;
    }
    let event = event.into();
    let Some(name) = read_name(&event.name) else {
        client.miss_event();
        return;
    };
    let scope = get_scope();
    let own = Person::read(event.user.as_ref(), event.user_id.as_deref());
    let person = choose_person(complete(own, &scope), &scope);
    let session = read_session(event.session.as_deref()).or(scope.session);
    let own_id = event.id.filter(|id| !id.trim().is_empty());
    let properties = read_properties(&client, &properties);
    client.take_event(write_event(&WireEvent {
        name: &name,
        id: &own_id.unwrap_or_else(ids::make_trace_id),
        at: event.timestamp.unwrap_or_else(SystemTime::now),
        user_id: person.as_ref().and_then(|person| person.id.as_deref()),
        session: session.as_deref(),
        properties: properties.as_deref(),
    }));
}

fn read_name(name: &str) -> Option<Cow<'_, str>> {
    let name = name.trim();
    if name.is_empty() {
        warn_once(
            "event name",
            "an event without a name was tracked: it is not sent",
        );
        return None;
    }
    if name.len() > MOST_NAME {
        warn_once(
            "long event name",
            &format!("the name of an event is longer than {MOST_NAME} bytes: it is cut"),
        );
    }
    Some(name[..name.floor_char_boundary(MOST_NAME)].into())
}

/// As they are sent; `None` if there is nothing to send of them.
fn read_properties(client: &Inner, properties: &impl Serialize) -> Option<Vec<u8>> {
    let mask = client.settings.mask.as_ref();
    let most = if mask.is_some() {
        encode::MOST_READ
    } else {
        MOST_PROPERTIES
    };
    let mut written = write(properties, most);
    if let (Some(mask), Written::Whole(bytes)) = (mask, &written)
        && is_object(bytes)
    {
        let plain: Value = serde_json::from_slice(bytes).ok()?;
        let masked = harmless("the mask", || mask(plain, Content::Properties))?;
        written = write(&masked, MOST_PROPERTIES);
    }
    let bytes = match written {
        Written::Whole(bytes) if bytes.len() <= MOST_PROPERTIES => bytes,
        _ => {
            warn_once(
                "large properties",
                "the properties of an event are larger than 64 KiB: it is sent without them",
            );
            return None;
        }
    };
    if !is_object(&bytes) && !matches!(bytes.as_slice(), b"null" | b"{}") {
        warn_once(
            "properties",
            "the properties of an event, or what the mask makes of them, are no object: it is sent without them",
        );
    }
    is_object(&bytes).then_some(bytes)
}

/// One that has a key.
fn is_object(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'{') && bytes != b"{}"
}
