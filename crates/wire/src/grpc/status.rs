//! What a failed call says beside its number: the message as a header value, and typed details (`google.rpc`).
//! Invariant: a message is ASCII that any client turns back into its text.

use prost::Message;
use std::fmt::Write;
use std::time::Duration;

/// One typed detail of a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail<'a> {
    /// `google.rpc.BadRequest`: fields and what is wrong with them.
    BadRequest(Vec<(&'a str, &'a str)>),
    /// `google.rpc.RetryInfo`: not before.
    Retry(Duration),
    /// `google.rpc.ErrorInfo`: the stable word.
    Reason(&'a str),
}

#[derive(Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<Violation>,
}

#[derive(Clone, PartialEq, Message)]
struct Violation {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    description: String,
}

#[derive(Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
}

/// Whose words the reasons are.
const DOMAIN: &str = "cognobserve";

/// `google.rpc.Status` with its details: the value of `grpc-status-details-bin`, before base64.
pub fn encode_details(code: i32, message: &str, details: &[Detail]) -> Vec<u8> {
    let status = Status {
        code,
        message: message.to_owned(),
        details: details.iter().map(encode_detail).collect(),
    };
    status.encode_to_vec()
}

/// `google.rpc.RetryInfo`: the value of `google.rpc.retryinfo-bin`, before base64, where some exporters look for it.
pub fn encode_retry(wait: Duration) -> Vec<u8> {
    let retry_delay = Delay {
        seconds: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        // Below 10^9, which fits.
        nanos: i32::try_from(wait.subsec_nanos()).unwrap_or(0),
    };
    let info = RetryInfo {
        retry_delay: Some(retry_delay),
    };
    info.encode_to_vec()
}

fn encode_detail(detail: &Detail) -> Any {
    let (name, value) = match detail {
        Detail::BadRequest(fields) => {
            let violation = |(field, description): &(&str, &str)| Violation {
                field: (*field).to_owned(),
                description: (*description).to_owned(),
            };
            let field_violations = fields.iter().map(violation).collect();
            (
                "BadRequest",
                BadRequest { field_violations }.encode_to_vec(),
            )
        }
        Detail::Retry(wait) => ("RetryInfo", encode_retry(*wait)),
        Detail::Reason(word) => {
            let info = ErrorInfo {
                reason: (*word).to_owned(),
                domain: DOMAIN.to_owned(),
            };
            ("ErrorInfo", info.encode_to_vec())
        }
    };
    Any {
        type_url: format!("type.googleapis.com/google.rpc.{name}"),
        value,
    }
}

/// A text as the value of `grpc-message`: what is not printable ASCII, and `%`, is percent-encoded.
pub fn encode_message(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            // Writing to memory has no way to fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_ascii() {
        assert_eq!(encode_message("100 % é\n~"), "100 %25 %C3%A9%0A~");
    }

    #[test]
    fn details_are_typed() {
        let details = [
            Detail::BadRequest(vec![("user_id", "too long")]),
            Detail::Retry(Duration::from_millis(1500)),
            Detail::Reason("invalid_request"),
        ];
        let status = encode_details(3, "m", &details);
        let status = Status::decode(status.as_slice()).unwrap();
        assert_eq!((status.code, status.message.as_str()), (3, "m"));
        let names: Vec<_> = status
            .details
            .iter()
            .map(|any| any.type_url.rsplit('.').next().unwrap())
            .collect();
        assert_eq!(names, ["BadRequest", "RetryInfo", "ErrorInfo"]);
        let request = BadRequest::decode(status.details[0].value.as_slice()).unwrap();
        assert_eq!(request.field_violations[0].field, "user_id");
        let retry = RetryInfo::decode(status.details[1].value.as_slice()).unwrap();
        let delay = retry.retry_delay.unwrap();
        assert_eq!((delay.seconds, delay.nanos), (1, 500_000_000));
    }
}
