//! A stage whose program traces: the layer is subscribed once, as in an app.

use std::sync::Once;

use cognobserve_sdk::{Config, TracingLayer};
use serde_json::Value;
use tracing_subscriber::prelude::*;

use super::{Stage, start as start_stage};

pub fn start(change: impl FnOnce(Config) -> Config) -> Stage {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        tracing_subscriber::registry()
            .with(TracingLayer::new())
            .init();
    });
    start_stage(change)
}

pub fn traces(stage: &Stage) -> Vec<Value> {
    stage.flush();
    stage.server.traces()
}

pub fn names(trace: &Value) -> Vec<&str> {
    let spans = trace["spans"].as_array().unwrap();
    spans
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect()
}
