//! What of a resource is kept: which service it was, not which machine and process.
//!
//! Host names, command lines and process owners are noise here and may be personal.
use super::content::write_value;
use cognobserve_wire::otlp::Attributes;

/// Starts of keys that are left out.
const NOISE: [&str; 6] = [
    "host.",
    "process.",
    "os.",
    "telemetry.",
    "user.",
    "enduser.",
];

/// The facts of a resource for the trace's metadata: key and JSON text.
pub fn describe_resource(resource: &Attributes) -> Vec<(String, String)> {
    let is_wanted = |key: &str| !NOISE.iter().any(|noise| key.starts_with(noise));
    resource
        .iter()
        .filter(|(key, _)| is_wanted(key))
        .map(|(key, value)| (key.to_owned(), write_value(value)))
        .collect()
}
