//! Traces as they go out in lists.
use crate::api::json::{JsonOut, MetadataOut, TimeOut};
use cognobserve_model::measures::micros_to_ms;
use cognobserve_model::money::Dollars;
use cognobserve_model::report::{SessionRef, SpanSummary, TraceSummary};
use serde::Serialize;
use utoipa::ToSchema;

pub use super::detail::{SpanDetailOut, TraceDetailOut};

/// A trace: one request of the AI app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Trace)]
pub struct TraceOut {
    #[serde(flatten)]
    pub head: TraceHead,
    /// The first 100 by start.
    pub spans: Vec<SpanOut>,
}

/// What lists and details have in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceHead {
    /// The client's trace id.
    pub id: String,
    pub name: String,
    pub timestamp: TimeOut,
    pub user_id: Option<String>,
    pub external_user_id: Option<String>,
    pub session_id: Option<String>,
    pub session: Option<SessionRefOut>,
    #[schema(value_type = MetadataOut)]
    pub metadata: JsonOut,
    /// From the first start to the last end; null while no span has ended.
    pub latency_ms: Option<f64>,
    pub span_count: i64,
    pub error_count: i64,
    pub total_tokens: i64,
    /// Of what has a price, see `unpricedSpanCount`.
    pub total_cost: f64,
    pub total_cost_usd: String,
    /// Spans with tokens and no known price: their cost is missing above.
    pub unpriced_span_count: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SessionRef)]
pub struct SessionRefOut {
    pub id: String,
    pub external_id: String,
    pub name: Option<String>,
}

impl From<SessionRef> for SessionRefOut {
    fn from(session: SessionRef) -> SessionRefOut {
        SessionRefOut {
            id: session.id.to_string(),
            external_id: session.external_id,
            name: session.name,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Span)]
pub struct SpanOut {
    /// The client's span id.
    pub id: String,
    pub name: String,
    pub level: &'static str,
    pub total_tokens: i64,
    /// Null: without cost, or unpriced.
    pub total_cost: Option<f64>,
}

impl From<SpanSummary> for SpanOut {
    fn from(span: SpanSummary) -> SpanOut {
        SpanOut {
            id: span.id,
            name: span.name,
            level: span.level.as_str(),
            total_tokens: span.total_tokens,
            total_cost: span.cost_nanos.map(|nanos| Dollars(nanos.into()).to_f64()),
        }
    }
}

impl From<TraceSummary> for TraceOut {
    fn from(mut trace: TraceSummary) -> TraceOut {
        let spans = std::mem::take(&mut trace.spans);
        TraceOut {
            head: trace.into(),
            spans: spans.into_iter().map(SpanOut::from).collect(),
        }
    }
}

impl From<TraceSummary> for TraceHead {
    fn from(trace: TraceSummary) -> TraceHead {
        let (user_id, external_user_id) = trace
            .user
            .map(|user| (user.id.to_string(), user.external_id))
            .unzip();
        TraceHead {
            id: trace.id,
            name: trace.name,
            timestamp: TimeOut(trace.time),
            user_id,
            external_user_id: external_user_id.flatten(),
            session_id: trace.session.as_ref().map(|session| session.id.to_string()),
            session: trace.session.map(SessionRefOut::from),
            metadata: JsonOut::of(trace.metadata),
            latency_ms: trace.latency_micros.map(micros_to_ms),
            span_count: trace.measures.span_count,
            error_count: trace.measures.error_count,
            total_tokens: trace.measures.total_tokens,
            total_cost: Dollars(trace.measures.cost_nanos).to_f64(),
            total_cost_usd: Dollars(trace.measures.cost_nanos).to_string(),
            unpriced_span_count: trace.measures.unpriced_span_count,
        }
    }
}
