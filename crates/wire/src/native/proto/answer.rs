//! The answers of `cognobserve.v1.IngestService`, as messages.
//! Invariant: field numbers are those of the .proto file; a test reads them with code generated from it.

use prost::Message;

/// `IngestTraceResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct TraceAnswer {
    #[prost(string, tag = "1")]
    pub trace_id: String,
    #[prost(string, repeated, tag = "2")]
    pub span_ids: Vec<String>,
    #[prost(bool, tag = "3")]
    pub success: bool,
    #[prost(message, repeated, tag = "4")]
    pub warnings: Vec<WarningAnswer>,
    #[prost(message, optional, tag = "5")]
    pub error: Option<ItemError>,
}

/// `Warning`.
#[derive(Clone, PartialEq, Message)]
pub struct WarningAnswer {
    #[prost(string, tag = "1")]
    pub code: String,
    #[prost(string, tag = "2")]
    pub path: String,
    #[prost(string, tag = "3")]
    pub message: String,
}

/// `ItemError`.
#[derive(Clone, PartialEq, Message)]
pub struct ItemError {
    #[prost(string, tag = "1")]
    pub code: String,
    #[prost(string, tag = "2")]
    pub message: String,
    #[prost(string, tag = "3")]
    pub path: String,
}

/// `IngestBatchResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct BatchAnswer {
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<TraceAnswer>,
    #[prost(int32, tag = "2")]
    pub success_count: i32,
    #[prost(int32, tag = "3")]
    pub error_count: i32,
}

/// `HealthResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct HealthAnswer {
    #[prost(string, tag = "1")]
    pub status: String,
    #[prost(string, tag = "2")]
    pub version: String,
    #[prost(string, repeated, tag = "3")]
    pub warnings: Vec<String>,
}
