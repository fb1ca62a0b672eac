//! What is settled about telemetry when the server starts; shared by its door, its answers and its sinks.
use cognobserve_model::id::ProjectId;
use cognobserve_telemetry::delivery::Counts;
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::gate::{Bell, Gate};
use cognobserve_telemetry::route::Installation;
use std::sync::Arc;

/// Clones share gate, bell and counts.
#[derive(Clone)]
pub struct Telling {
    pub installation: Arc<Installation>,
    /// Whether events may be captured and sent.
    pub gate: Gate,
    /// Rung when events were stored.
    pub bell: Bell,
    pub counts: Arc<Counts>,
    /// Whom events are sent to.
    pub providers: Vec<Provider>,
    /// Whose events those of other installations are; `None`: none are taken.
    pub proxy: Option<ProjectId>,
}

impl Telling {
    pub fn new(installation: Installation, is_enabled: bool, providers: Vec<Provider>) -> Telling {
        Telling {
            installation: Arc::new(installation),
            gate: Gate::new(is_enabled),
            bell: Bell::default(),
            counts: Arc::default(),
            providers,
            proxy: None,
        }
    }

    /// Whether events are stored without the people they are of.
    pub fn is_anonymous(&self) -> bool {
        self.installation.edition == Edition::OpenSource
    }
}
