//! The bodies that an OTLP exporter gets back, in the encoding that it spoke.
//! Invariant: an empty success is an empty protobuf message or `{}`; 64-bit numbers are text in JSON.
//! It must not choose HTTP status codes.

use prost::Message;
use serde::Serialize;

/// How a request came, and so how its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Encoding {
    /// The media type of answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }
    }
}

#[derive(Message, Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_success: Option<Partial>,
}

#[derive(Message, Serialize)]
#[serde(rename_all = "camelCase")]
struct Partial {
    #[prost(int64, tag = "1")]
    #[serde(serialize_with = "write_as_text", skip_serializing_if = "is_zero")]
    rejected_spans: i64,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "String::is_empty")]
    error_message: String,
}

#[derive(Message, Serialize)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

fn write_as_text<S: serde::Serializer>(number: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The body of a 200. With nothing rejected and no message it is empty; a message with nothing rejected is a warning.
pub fn encode_accepted(encoding: Encoding, rejected_spans: u64, message: &str) -> Vec<u8> {
    let is_partial = rejected_spans > 0 || !message.is_empty();
    let answer = Accepted {
        partial_success: is_partial.then(|| Partial {
            rejected_spans: i64::try_from(rejected_spans).unwrap_or(i64::MAX),
            error_message: message.to_owned(),
        }),
    };
    encode(encoding, &answer)
}

/// The body of an error: `google.rpc.Status` with a gRPC code (3 invalid, 8 exhausted, 14 unavailable, 16 unauthenticated).
pub fn encode_status(encoding: Encoding, code: i32, message: &str) -> Vec<u8> {
    let status = Status {
        code,
        message: message.to_owned(),
    };
    encode(encoding, &status)
}

fn encode<T: Message + Serialize>(encoding: Encoding, answer: &T) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => answer.encode_to_vec(),
        // Text and numbers always serialise; an empty object is a valid answer in any case.
        Encoding::Json => serde_json::to_vec(answer).unwrap_or_else(|_| b"{}".to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;

    fn json(body: Vec<u8>) -> String {
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn success_is_empty() {
        assert!(encode_accepted(Encoding::Protobuf, 0, "").is_empty());
        assert_eq!(json(encode_accepted(Encoding::Json, 0, "")), "{}");
    }

    #[test]
    fn partial_success_says_how_many_and_why() {
        let body = encode_accepted(Encoding::Protobuf, 3, "span 0: bad");
        let read = ExportTraceServiceResponse::decode(body.as_slice()).unwrap();
        let partial = read.partial_success.unwrap();
        assert_eq!(
            (partial.rejected_spans, partial.error_message.as_str()),
            (3, "span 0: bad")
        );
        assert_eq!(
            json(encode_accepted(Encoding::Json, 3, "span 0: bad")),
            r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"span 0: bad"}}"#
        );
        assert_eq!(
            json(encode_accepted(Encoding::Json, 0, "careful")),
            r#"{"partialSuccess":{"errorMessage":"careful"}}"#
        );
    }

    #[test]
    fn errors_are_a_status() {
        let json_body = json(encode_status(Encoding::Json, 14, "later"));
        assert_eq!(json_body, r#"{"code":14,"message":"later"}"#);
        let body = encode_status(Encoding::Protobuf, 14, "later");
        assert_eq!(Status::decode(body.as_slice()).unwrap().code, 14);
        assert_eq!(Encoding::Json.content_type(), "application/json");
    }
}
