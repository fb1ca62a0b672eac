//! OTLP traces: protobuf and JSON bodies, both read into one neutral span, and the answers that exporters expect.
//! Invariant: a span that can't be used is rejected alone and counted; only a body that can't be cut apart fails whole.
//! Attribute names have no meaning here: mapping them is the pipeline's work.

mod answer;
mod budget;
mod context;
mod detect;
mod id;
mod json;
mod json_span;
mod json_value;
mod protobuf;
mod protobuf_value;
mod span;
mod value;

pub use answer::{Encoding, encode_accepted, encode_status};
pub use budget::{MAX_NODES, MAX_SPANS};
pub use context::{Decoded, Rejected};
pub use detect::is_otlp_json;
pub use json::decode_json;
pub use protobuf::decode_protobuf;
pub use span::{OtlpEvent, OtlpSpan, Scope, SpanKind, StatusCode};
pub use value::{AttrValue, Attributes, MAX_VALUE_DEPTH};

use thiserror::Error;

/// Why an OTLP body can't be read at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OtlpError {
    /// Not JSON; the parser's words, with line and column.
    #[error("not valid JSON: {0}")]
    Json(String),
    /// Not an OTLP protobuf message.
    #[error("not a valid OTLP protobuf message: {0}")]
    Protobuf(&'static str),
    /// More spans or attributes than one request may have.
    #[error("more than {MAX_SPANS} spans or {MAX_NODES} attributes in one request")]
    TooLarge,
}

#[cfg(test)]
mod equality_tests;
#[cfg(test)]
mod golden_tests;
