//! What clients of the door read: acknowledgements and failures, in their own dialect.
use super::decode::{Failure, Reply, Told};
use super::format::{Dialect, Format};
use crate::grpc::{answer_bytes, answer_message, answer_status};
use crate::http::problem::{Code, Problem, add_failure_headers};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cognobserve_pipeline::{Fault, Warning};
use cognobserve_ports::Committed;
use cognobserve_wire::native::proto::{BatchAnswer, ItemError, TraceAnswer, WarningAnswer};
use cognobserve_wire::otlp::{Encoding, encode_accepted, encode_status};
use serde::Serialize;

/// The most of partial success's message.
const MAX_MESSAGE_BYTES: usize = 2_000;
/// Code of the warning about spans beyond what a trace may hold.
const TOO_MANY_SPANS: &str = "too_many_spans";

/// A warning made after the commit, or one of the pipeline's.
#[derive(Serialize)]
#[serde(untagged)]
enum WarningOut {
    Door(Warning),
    Ledger {
        code: &'static str,
        path: &'static str,
        message: String,
    },
}

#[derive(Serialize)]
struct TraceOut {
    trace_id: Option<String>,
    span_ids: Vec<String>,
    success: bool,
    warnings: Vec<WarningOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
}

#[derive(Serialize)]
struct BatchOut {
    results: Vec<TraceOut>,
    success_count: usize,
    error_count: usize,
}

/// The acknowledgement of a committed batch.
pub fn answer_committed(format: Format, reply: Reply, committed: &Committed) -> Response {
    let is_grpc = format == Format::Grpc;
    match reply {
        Reply::Trace(told) => {
            let out = tell(told, committed);
            match is_grpc {
                true => answer_message(StatusCode::ACCEPTED, &write_trace(out)),
                false => answer_json(&out),
            }
        }
        Reply::Batch(items) => {
            let results: Vec<TraceOut> = items
                .into_iter()
                .map(|item| match item {
                    Ok(told) => tell(told, committed),
                    Err(refused) => TraceOut {
                        trace_id: refused.trace_id,
                        span_ids: Vec::new(),
                        success: false,
                        warnings: refused.warnings.into_iter().map(WarningOut::Door).collect(),
                        error: Some(refused.fault),
                    },
                })
                .collect();
            let success_count = results.iter().filter(|result| result.success).count();
            let out = BatchOut {
                error_count: results.len() - success_count,
                success_count,
                results,
            };
            match is_grpc {
                true => answer_message(StatusCode::ACCEPTED, &write_batch(out)),
                false => answer_json(&out),
            }
        }
        Reply::Otlp { encoding, accepted } => {
            let refused: usize = committed.refused_spans.iter().map(|(_, count)| count).sum();
            let refusals = committed
                .refused_spans
                .iter()
                .map(|(_, count)| say_refused(*count));
            let explanation = Some(accepted.explanation).filter(|text| !text.is_empty());
            let parts: Vec<String> = explanation.into_iter().chain(refusals).collect();
            let message = cut(parts.join("; "));
            let body =
                encode_accepted(encoding, accepted.rejected.count + refused as u64, &message);
            match is_grpc {
                true => answer_bytes(StatusCode::OK, &body),
                false => otlp_response(StatusCode::OK, encoding, body),
            }
        }
    }
}

/// As a message, what is JSON elsewhere.
fn write_trace(out: TraceOut) -> TraceAnswer {
    let write_warning = |warning| match warning {
        WarningOut::Door(warning) => WarningAnswer {
            code: warning.code().to_owned(),
            path: warning.place.to_string(),
            message: warning.reason.to_string(),
        },
        WarningOut::Ledger {
            code,
            path,
            message,
        } => WarningAnswer {
            code: code.to_owned(),
            path: path.to_owned(),
            message,
        },
    };
    TraceAnswer {
        trace_id: out.trace_id.unwrap_or_default(),
        span_ids: out.span_ids,
        success: out.success,
        warnings: out.warnings.into_iter().map(write_warning).collect(),
        error: out.error.map(|fault| ItemError {
            code: fault.code().to_owned(),
            message: fault.message,
            path: fault.path,
        }),
    }
}

fn write_batch(out: BatchOut) -> BatchAnswer {
    // A batch has 10,000 traces at most.
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    BatchAnswer {
        success_count: count(out.success_count),
        error_count: count(out.error_count),
        results: out.results.into_iter().map(write_trace).collect(),
    }
}

fn tell(told: Told, committed: &Committed) -> TraceOut {
    let mut warnings: Vec<WarningOut> = told.warnings.into_iter().map(WarningOut::Door).collect();
    let refused = committed
        .refused_spans
        .iter()
        .filter(|(trace_id, _)| *trace_id == told.trace_id);
    warnings.extend(refused.map(|(_, count)| WarningOut::Ledger {
        code: TOO_MANY_SPANS,
        path: "spans",
        message: say_refused(*count),
    }));
    TraceOut {
        trace_id: Some(told.trace_id),
        span_ids: told.span_ids,
        success: true,
        warnings,
        error: None,
    }
}

fn say_refused(count: usize) -> String {
    format!("{count} spans were left out: their trace has as many as it may")
}

/// At most so many bytes, at a character's end.
fn cut(mut text: String) -> String {
    if text.len() > MAX_MESSAGE_BYTES {
        let end = text.floor_char_boundary(MAX_MESSAGE_BYTES);
        text.truncate(end);
    }
    text
}

fn answer_json(out: &impl Serialize) -> Response {
    // Structs of texts and numbers have no way to fail.
    let body = serde_json::to_vec(out).unwrap_or_default();
    (
        StatusCode::ACCEPTED,
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )],
        body,
    )
        .into_response()
}

fn otlp_response(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response {
    (
        status,
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static(encoding.content_type()),
        )],
        body,
    )
        .into_response()
}

/// A refusal in the client's dialect; what would be a 500 is a 503 here.
pub fn answer_failure(dialect: Dialect, problem: Problem) -> Response {
    let problem = problem.on_ingest();
    let encoding = match dialect {
        Dialect::Native => return problem.into_response(),
        Dialect::Grpc => return answer_status(&problem),
        Dialect::Otlp(encoding) => encoding,
    };
    let body = encode_status(encoding, grpc_code(problem.code), &problem.detail);
    let mut response = otlp_response(problem.code.status(), encoding, body);
    add_failure_headers(response.headers_mut(), problem.code, problem.retry_after_s);
    response
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        answer_failure(self.dialect, self.problem)
    }
}

/// The gRPC code nearest to ours.
fn grpc_code(code: Code) -> i32 {
    match code {
        Code::InvalidRequest
        | Code::ProjectRequired
        | Code::UnsupportedMediaType
        | Code::PayloadTooLarge => 3,
        Code::NotFound => 5,
        Code::Forbidden | Code::AnonymousEdition => 7,
        Code::RateLimited => 8,
        Code::MethodNotAllowed => 12,
        Code::Internal => 13,
        Code::Overloaded => 14,
        Code::Unauthorized => 16,
    }
}
