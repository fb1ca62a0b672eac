//! The neutral span that both OTLP encodings are read into.
//! Invariant: ids are lower-case hex of the right length and not all zeros; times are nanoseconds since 1970, 0 = not given.
//! It must not know what an attribute means.

use std::borrow::Cow;
use std::sync::Arc;

use super::Attributes;

/// One span of an OTLP request.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpSpan<'a> {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; `None` for a root.
    pub parent_span_id: Option<String>,
    /// May be empty.
    pub name: Cow<'a, str>,
    /// Client, server and so on.
    pub kind: SpanKind,
    /// Nanoseconds since 1970, 0 = not given.
    pub start_ns: u64,
    /// Nanoseconds since 1970, 0 = not given.
    pub end_ns: u64,
    /// In the order sent, those without a value left out.
    pub attributes: Attributes<'a>,
    /// In the order sent.
    pub events: Vec<OtlpEvent<'a>>,
    /// Outcome.
    pub status_code: StatusCode,
    /// Text beside the outcome; may be empty.
    pub status_message: Cow<'a, str>,
    /// Shared by the spans of one process.
    pub resource: Arc<Attributes<'a>>,
    /// Shared by the spans of one instrumentation.
    pub scope: Arc<Scope<'a>>,
}

/// Something that happened within a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OtlpEvent<'a> {
    /// Like `exception`.
    pub name: Cow<'a, str>,
    /// Nanoseconds since 1970, 0 = not given.
    pub time_ns: u64,
    /// In the order sent.
    pub attributes: Attributes<'a>,
}

/// The instrumentation that made a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope<'a> {
    /// Like `langfuse-sdk`; may be empty.
    pub name: Cow<'a, str>,
    /// May be empty.
    pub version: Cow<'a, str>,
    /// In the order sent.
    pub attributes: Attributes<'a>,
}

/// OTLP's span kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SpanKind {
    /// Not given or unknown.
    #[default]
    Unspecified,
    /// Within the process.
    Internal,
    /// Answers a remote call.
    Server,
    /// Makes a remote call.
    Client,
    /// Puts a message.
    Producer,
    /// Takes a message.
    Consumer,
}

impl SpanKind {
    /// From the number on the wire.
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => SpanKind::Internal,
            2 => SpanKind::Server,
            3 => SpanKind::Client,
            4 => SpanKind::Producer,
            5 => SpanKind::Consumer,
            _ => SpanKind::Unspecified,
        }
    }

    /// From the name that some JSON encoders write, like `SPAN_KIND_CLIENT`.
    pub fn from_name(name: &str) -> Self {
        match name.strip_prefix("SPAN_KIND_").unwrap_or(name) {
            "INTERNAL" => SpanKind::Internal,
            "SERVER" => SpanKind::Server,
            "CLIENT" => SpanKind::Client,
            "PRODUCER" => SpanKind::Producer,
            "CONSUMER" => SpanKind::Consumer,
            _ => SpanKind::Unspecified,
        }
    }
}

/// OTLP's outcome of a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StatusCode {
    /// Not given or unknown.
    #[default]
    Unset,
    /// Explicitly fine.
    Ok,
    /// Failed.
    Error,
}

impl StatusCode {
    /// From the number on the wire.
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => StatusCode::Ok,
            2 => StatusCode::Error,
            _ => StatusCode::Unset,
        }
    }

    /// From the name that some JSON encoders write, like `STATUS_CODE_ERROR`.
    pub fn from_name(name: &str) -> Self {
        match name.strip_prefix("STATUS_CODE_").unwrap_or(name) {
            "OK" => StatusCode::Ok,
            "ERROR" => StatusCode::Error,
            _ => StatusCode::Unset,
        }
    }
}
