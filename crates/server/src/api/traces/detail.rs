//! A trace as it goes out with everything.
use super::out::TraceHead;
use crate::api::json::{JsonOut, TimeOut};
use cognobserve_model::measures::micros_to_ms;
use cognobserve_model::money::Dollars;
use cognobserve_model::report::{SpanDetail, TraceDetail};
use serde::Serialize;
use utoipa::ToSchema;

/// A trace with all its spans.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TraceDetail)]
pub struct TraceDetailOut {
    #[serde(flatten)]
    pub head: TraceHead,
    /// When its first piece arrived.
    pub arrived_at: TimeOut,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub cached_tokens: i64,
    pub reasoning_tokens: i64,
    /// All of them, by start.
    pub spans: Vec<SpanDetailOut>,
}

impl From<TraceDetail> for TraceDetailOut {
    fn from(detail: TraceDetail) -> TraceDetailOut {
        let sums = &detail.summary.measures;
        TraceDetailOut {
            arrived_at: TimeOut(detail.arrived),
            prompt_tokens: sums.prompt_tokens,
            completion_tokens: sums.completion_tokens,
            cached_tokens: sums.cached_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            spans: detail.spans.into_iter().map(SpanDetailOut::from).collect(),
            head: detail.summary.into(),
        }
    }
}

/// A span with everything.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SpanDetail)]
pub struct SpanDetailOut {
    /// The client's span id.
    pub id: String,
    pub parent_span_id: Option<String>,
    pub name: String,
    /// `generation`, `span`, `event` and others.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub level: &'static str,
    pub status_message: Option<String>,
    pub start_time: Option<TimeOut>,
    pub end_time: Option<TimeOut>,
    pub latency_ms: Option<f64>,
    pub model: Option<String>,
    /// The provider's id of the response; of spans with the same one, one is counted.
    pub response_id: Option<String>,
    #[schema(value_type = Option<crate::api::json::MetadataOut>)]
    pub model_parameters: Option<JsonOut>,
    pub prompt_tokens: Option<i64>,
    pub completion_tokens: Option<i64>,
    pub cached_tokens: Option<i64>,
    pub reasoning_tokens: Option<i64>,
    pub cache_write_tokens: Option<i64>,
    pub total_tokens: i64,
    pub total_cost: Option<f64>,
    pub total_cost_usd: Option<String>,
    /// Where the cost comes from: `client`, `book`, `unpriced`, or null without usage and cost.
    pub cost_source: Option<&'static str>,
    /// false: its tokens and cost are counted on another span of the trace.
    pub counted: bool,
    pub input: Option<JsonOut>,
    pub output: Option<JsonOut>,
    pub metadata: Option<JsonOut>,
}

impl From<SpanDetail> for SpanDetailOut {
    fn from(span: SpanDetail) -> SpanDetailOut {
        let usage = span.usage.effective();
        let cost = span.pricing.nanos().map(|nanos| Dollars(nanos.into()));
        SpanDetailOut {
            id: span.id,
            parent_span_id: span.parent,
            name: span.name,
            kind: span.kind.as_str(),
            level: span.level.as_str(),
            status_message: span.status_message,
            start_time: span.start.map(TimeOut),
            end_time: span.end.map(TimeOut),
            latency_ms: span.latency_micros.map(micros_to_ms),
            model: span.model,
            response_id: span.response_id,
            model_parameters: span.model_parameters.map(JsonOut::of),
            prompt_tokens: usage.prompt,
            completion_tokens: usage.completion,
            cached_tokens: usage.cached,
            reasoning_tokens: usage.reasoning,
            cache_write_tokens: usage.cache_write,
            total_tokens: usage.total_tokens(),
            total_cost: cost.map(Dollars::to_f64),
            total_cost_usd: cost.map(|cost| cost.to_string()),
            cost_source: span.pricing.source(),
            counted: span.counted,
            input: span.input.map(JsonOut::of),
            output: span.output.map(JsonOut::of),
            metadata: span.metadata.map(JsonOut::of),
        }
    }
}
