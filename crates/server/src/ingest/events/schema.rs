//! Product events and what is answered, for the OpenAPI document and for writing the answer.
use crate::api::json::MetadataOut;
use crate::ingest::schema::{ItemErrorDoc, WarningDoc};
use cognobserve_pipeline::{Fault, Warning};
use serde::Serialize;
use utoipa::ToSchema;

/// One product event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventIn)]
pub struct EventIn {
    /// What happened, like `memory_created`; 1 to 255 bytes. Only `[a-z0-9_.]{1,64}` leaves this installation by name.
    pub event: String,
    /// Any JSON object, at most 64 KiB.
    pub properties: Option<MetadataOut>,
    /// The developer's id of the end user, up to 255 characters. With a session token the account is the end user.
    pub user_id: Option<String>,
    /// The developer's id of the conversation.
    pub session_id: Option<String>,
    /// RFC 3339 or epoch milliseconds; else the arrival.
    pub timestamp: Option<String>,
    /// Up to 255 bytes: an event with a known one is not stored again.
    pub event_id: Option<String>,
}

/// Many product events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventList)]
pub struct EventListIn {
    #[schema(max_items = 10000)]
    pub events: Vec<EventIn>,
}

/// One, or many under `events`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = EventsIn)]
pub enum EventsIn {
    One(EventIn),
    Many(EventListIn),
}

/// What became of one event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventItem)]
pub struct EventItemOut {
    /// As it was sent; null without.
    pub event_id: Option<String>,
    pub success: bool,
    /// Whether it is in the log: not if it is refused, the developer has opted out or telemetry is switched off.
    pub stored: bool,
    #[schema(value_type = Vec<WarningDoc>)]
    pub warnings: Vec<Warning>,
    /// Only without success.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ItemErrorDoc>)]
    pub error: Option<Fault>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventsAnswer)]
pub struct EventsAnswer {
    /// In the order sent.
    pub results: Vec<EventItemOut>,
    pub success_count: usize,
    pub error_count: usize,
}

/// An event as another installation tells it.
#[derive(Debug, ToSchema)]
#[schema(as = RelayedEvent)]
pub struct RelayedIn {
    pub event_name: String,
    pub properties: Option<MetadataOut>,
    /// A pseudonym; whatever it is, it is concealed again.
    pub user_id: Option<String>,
    /// Epoch milliseconds.
    pub timestamp: Option<i64>,
}

#[derive(Debug, ToSchema)]
#[schema(as = RelayedEvents)]
pub struct RelayIn {
    #[schema(max_items = 100)]
    pub events: Vec<RelayedIn>,
    /// Stands for whoever has no `user_id`.
    pub anonymous_id: Option<String>,
}
