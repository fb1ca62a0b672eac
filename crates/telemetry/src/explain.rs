//! What a provider would be sent of an event, without a network: the way through the log, as a sink takes it.
use crate::edition::Provider;
use crate::event::{Event, Logged};
use crate::request::Sink;
use crate::route::{Installation, route, route_logged};
use crate::stored::{restore, store};
use cognobserve_model::id::ProjectId;
use cognobserve_model::time::Micros;
use std::collections::BTreeSet;

/// Of one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub provider: Provider,
    pub url: String,
    /// Before it is packed, where it is.
    pub body: Vec<u8>,
    pub is_packed: bool,
    /// Keys of which something stays here.
    pub dropped: BTreeSet<String>,
}

/// The request that this sink would send now if the event were all that waits.
pub fn explain(
    event: &Event,
    project: &ProjectId,
    sink: &Sink,
    installation: &Installation,
    now: Micros,
) -> Explained {
    let mut logged = restore(store(event, project.clone(), now, installation));
    if let Logged::Named(logged) = &mut logged {
        // Looked up when it leaves.
        logged.profile = event.profile.clone();
    }
    let out = route_logged(&logged, sink.provider, installation);
    Explained {
        provider: sink.provider,
        url: sink.url(),
        body: sink.write_body(&[sink.write_event(&out)], installation, now),
        is_packed: sink.is_packed(),
        dropped: route(event, sink.provider, installation).dropped,
    }
}
