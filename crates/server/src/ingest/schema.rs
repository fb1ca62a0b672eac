//! The native wire format and its answers, for the OpenAPI document alone.
//!
//! Reading is done in the wire crate, more leniently than is promised here.
use crate::api::json::{JsonOut, MetadataOut};
use serde::Serialize;
use utoipa::ToSchema;

/// One trace, or a piece of one.
#[derive(Debug, ToSchema)]
#[schema(as = TraceIn)]
pub struct TraceIn {
    /// Up to 255 bytes; made if missing.
    pub trace_id: Option<String>,
    /// Needed unless `trace_id` is given.
    pub name: Option<String>,
    /// RFC 3339 or epoch milliseconds; else the earliest span's start.
    pub timestamp: Option<String>,
    pub metadata: Option<MetadataOut>,
    /// The developer's id of the conversation.
    pub session_id: Option<String>,
    pub session: Option<SessionIn>,
    /// The developer's id of the end user, up to 255 bytes; a number is taken as its text.
    pub user_id: Option<String>,
    pub user: Option<UserIn>,
    pub spans: Option<Vec<SpanIn>>,
}

/// Many traces.
#[derive(Debug, ToSchema)]
#[schema(as = BatchIn)]
pub struct BatchIn {
    #[schema(max_items = 10000)]
    pub traces: Vec<TraceIn>,
}

#[derive(Debug, ToSchema)]
#[schema(as = SessionIn)]
pub struct SessionIn {
    pub id: Option<String>,
    pub name: Option<String>,
    pub metadata: Option<MetadataOut>,
}

/// What is known of the end user; any other key is metadata.
#[derive(Debug, ToSchema)]
#[schema(as = UserIn)]
pub struct UserIn {
    pub id: Option<String>,
    /// null clears.
    pub name: Option<String>,
    /// null clears.
    pub email: Option<String>,
    /// Merged by key; null deletes a key.
    pub metadata: Option<MetadataOut>,
}

/// One step of a trace.
#[derive(Debug, ToSchema)]
#[schema(as = SpanIn)]
pub struct SpanIn {
    /// Up to 255 bytes; derived from the content if missing.
    pub span_id: Option<String>,
    pub parent_span_id: Option<String>,
    pub name: Option<String>,
    /// `generation`, `embedding`, `reranker` (calls of a model), `span`, `event`, `agent`, `tool`, `chain`, `retriever`,
    /// `guardrail` or `evaluator`.
    #[schema(rename = "type")]
    pub kind: Option<String>,
    /// RFC 3339 with a zone, or epoch milliseconds.
    pub start_time: Option<String>,
    /// RFC 3339 with a zone, or epoch milliseconds.
    pub end_time: Option<String>,
    pub input: Option<JsonOut>,
    pub output: Option<JsonOut>,
    pub metadata: Option<MetadataOut>,
    pub model: Option<String>,
    pub model_parameters: Option<MetadataOut>,
    /// The provider's id of the response: spans with the same one and the same model count once.
    pub response_id: Option<String>,
    pub usage: Option<UsageIn>,
    /// Dollars.
    pub cost: Option<CostIn>,
    /// Dollars; a decimal text is exact.
    pub total_cost: Option<f64>,
    /// `DEBUG`, `DEFAULT`, `WARNING` or `ERROR`.
    pub level: Option<String>,
    pub status_message: Option<String>,
}

#[derive(Debug, ToSchema)]
#[schema(as = UsageIn)]
pub struct UsageIn {
    /// Includes cached and cache-write tokens.
    pub prompt_tokens: Option<i64>,
    /// Includes reasoning tokens.
    pub completion_tokens: Option<i64>,
    pub total_tokens: Option<i64>,
    pub cached_tokens: Option<i64>,
    pub cache_write_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
}

#[derive(Debug, ToSchema)]
#[schema(as = CostIn)]
pub struct CostIn {
    pub input: Option<f64>,
    pub output: Option<f64>,
    pub total: Option<f64>,
}

/// Something that was left out or changed; the rest was taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Warning)]
pub struct WarningDoc {
    pub code: String,
    pub path: String,
    pub message: String,
}

/// Why a trace of a batch was not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ItemError)]
pub struct ItemErrorDoc {
    pub code: String,
    pub message: String,
    pub path: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TraceAnswer)]
pub struct TraceAnswer {
    pub trace_id: String,
    /// In the order sent, given or derived.
    pub span_ids: Vec<String>,
    pub success: bool,
    pub warnings: Vec<WarningDoc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchItem)]
pub struct BatchItemAnswer {
    /// null if it could not be read.
    pub trace_id: Option<String>,
    pub span_ids: Vec<String>,
    pub success: bool,
    pub warnings: Vec<WarningDoc>,
    /// Only without success.
    pub error: Option<ItemErrorDoc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchAnswer)]
pub struct BatchAnswer {
    /// In the order sent.
    pub results: Vec<BatchItemAnswer>,
    pub success_count: i64,
    pub error_count: i64,
}
