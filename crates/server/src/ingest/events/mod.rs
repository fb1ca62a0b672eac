//! `POST /v1/events`: product events, one or many. The answer waits for the commit; a bad event fails alone.
mod answer;
mod plan;
pub mod schema;
mod take;

pub use take::ingest_events;

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::take::__path_ingest_events;
}
