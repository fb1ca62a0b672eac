//! Answers of calls: a message and OK, or the one table from a problem to a gRPC status.
//!
//! What can be tried again says when, in both places where exporters look; nothing else does.
use crate::http::panic::note_panic;
use crate::http::problem::{Code, Problem};
use crate::metrics::CountedAs;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cognobserve_wire::grpc::{Detail, encode_details, encode_frame, encode_message, encode_retry};
use http_body_util::{BodyExt, Full};
use prost::Message;
use std::any::Any;
use std::convert::Infallible;
use std::time::Duration;

pub(super) const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const RETRY: HeaderName = HeaderName::from_static("google.rpc.retryinfo-bin");
const ACCEPTED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("grpc-accept-encoding"),
    HeaderValue::from_static("identity,gzip,deflate,zstd"),
);
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
/// Longest message and details: heads have limits at clients, too, of 8 KiB and more.
const MAX_MESSAGE_BYTES: usize = 1_000;
const MAX_FIELDS: usize = 5;
const MAX_FIELD_BYTES: usize = 200;

/// The numbers of gRPC's codes.
fn number_code(code: Code) -> u16 {
    match code {
        Code::InvalidRequest | Code::ProjectRequired => 3,
        Code::NotFound => 5,
        Code::Forbidden | Code::AnonymousEdition => 7,
        // Without a time to come back it is for good: exporters of OTLP go by that.
        Code::RateLimited | Code::PayloadTooLarge => 8,
        Code::MethodNotAllowed | Code::UnsupportedMediaType => 12,
        Code::Internal => 13,
        Code::Overloaded => 14,
        Code::Unauthorized => 16,
    }
}

/// One message, then OK; counted as `counted`.
pub fn answer_message(counted: StatusCode, message: &impl Message) -> Response {
    answer_bytes(counted, &message.encode_to_vec())
}

/// The same with a message that is encoded already.
pub fn answer_bytes(counted: StatusCode, message: &[u8]) -> Response {
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from(0_u16))]);
    let body = Full::from(encode_frame(message)).with_trailers(std::future::ready(Some(Ok::<
        _,
        Infallible,
    >(
        trailers,
    ))));
    answer(counted, Body::new(body))
}

pub(super) fn answer(counted: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
    headers.extend([ACCEPTED]);
    response.extensions_mut().insert(CountedAs(counted));
    response
}

/// A status without a message.
pub fn answer_status(problem: &Problem) -> Response {
    let mut response = answer(problem.code.status(), Body::empty());
    response.headers_mut().extend(describe(problem));
    response
}

/// The status as headers or trailers.
pub(super) fn describe(problem: &Problem) -> HeaderMap {
    let number = number_code(problem.code);
    let detail = cut(&problem.detail, MAX_MESSAGE_BYTES);
    let mut details = vec![Detail::Reason(problem.code.as_str())];
    let fields = problem.errors.iter().take(MAX_FIELDS);
    let fields: Vec<(&str, &str)> = fields
        .map(|error| {
            let (path, message) = (&error.path, &error.message);
            (cut(path, MAX_FIELD_BYTES), cut(message, MAX_FIELD_BYTES))
        })
        .collect();
    if !fields.is_empty() {
        details.push(Detail::BadRequest(fields));
    }
    let wait = problem.retry_after_s.map(u64::from);
    let wait = wait.map(Duration::from_secs);
    details.extend(wait.map(Detail::Retry));
    let status = encode_details(number.into(), detail, &details);
    let mut headers = HeaderMap::from_iter([(STATUS, HeaderValue::from(number))]);
    let texts = [
        (MESSAGE, Some(encode_message(detail))),
        (DETAILS, Some(STANDARD_NO_PAD.encode(status))),
        (
            RETRY,
            wait.map(|wait| STANDARD_NO_PAD.encode(encode_retry(wait))),
        ),
    ];
    for (name, text) in texts {
        // Printable ASCII, so always a value.
        let value = text.and_then(|text| HeaderValue::from_str(&text).ok());
        headers.extend(value.map(|value| (name, value)));
    }
    headers
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// UNIMPLEMENTED: there is no such method.
pub fn answer_unknown(detail: &str) -> Response {
    let problem = Problem::new(Code::MethodNotAllowed, detail.to_owned());
    let mut response = answer_status(&problem);
    response
        .extensions_mut()
        .insert(CountedAs(StatusCode::NOT_FOUND));
    response
}

/// UNAVAILABLE: exporters drop a batch for good after INTERNAL.
pub fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    note_panic(&*panic);
    answer_status(&Problem::new(
        Code::Overloaded,
        "The call could not be answered; send it again.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::FieldError;

    #[test]
    fn what_can_be_retried_says_when() {
        for code in Code::ALL {
            let headers = describe(&Problem::new(code, "100 % é"));
            let can_retry = matches!(code, Code::RateLimited | Code::Overloaded);
            assert_eq!(headers.contains_key(RETRY), can_retry, "{code:?}");
            assert_eq!(headers[MESSAGE], "100 %25 %C3%A9");
            assert_ne!(headers[STATUS], "0");
        }
        let retry = &describe(&Problem::new(Code::RateLimited, "x").retry_after(7))[RETRY];
        let retry = STANDARD_NO_PAD.decode(retry).unwrap();
        assert_eq!(retry, encode_retry(Duration::from_secs(7)));
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let headers = describe(&Problem::new(Code::InvalidRequest, "é".repeat(5_000)));
        assert!(headers[MESSAGE].len() <= 3 * MAX_MESSAGE_BYTES);
        assert!(headers[DETAILS].len() <= 2 * MAX_MESSAGE_BYTES);
        let long = FieldError {
            path: "é".repeat(5_000),
            message: "é".repeat(5_000),
        };
        let headers = describe(&Problem::invalid_fields(vec![long; 100]));
        let bytes: usize = headers.values().map(HeaderValue::len).sum();
        assert!(bytes < 8_000, "{bytes}");
    }
}
