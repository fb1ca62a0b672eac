//! In which format a request comes, as far as its head tells, and how it wants its answer.
//!
//! JSON is native or OTLP; only its keys tell. Until they are known it is answered natively.
use crate::http::body::is_json;
use crate::http::problem::{Code, Problem};
use axum::http::{HeaderMap, header};
use cognobserve_wire::otlp::Encoding;

/// What the media type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Protobuf,
    /// A framed message; which one, the route says.
    Grpc,
}

/// How to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Our own JSON, problems as problem+json.
    Native,
    /// As the OTLP specification says, errors as `google.rpc.Status`.
    Otlp(Encoding),
    /// The message of the method, errors as a gRPC status.
    Grpc,
}

impl Format {
    /// Reads the media type; none at all is JSON, unknown ones are 415.
    pub fn read(headers: &HeaderMap) -> Result<Format, Problem> {
        if is_json(headers) {
            return Ok(Format::Json);
        }
        if is_protobuf(headers) {
            return Ok(Format::Protobuf);
        }
        Err(Problem::new(
            Code::UnsupportedMediaType,
            "Send application/json or application/x-protobuf.",
        ))
    }

    /// How to answer while only the media type is known.
    pub fn dialect(self) -> Dialect {
        match self {
            Format::Json => Dialect::Native,
            Format::Protobuf => Dialect::Otlp(Encoding::Protobuf),
            Format::Grpc => Dialect::Grpc,
        }
    }
}

/// Whether the body is said to be protobuf.
pub fn is_protobuf(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim();
    ["application/x-protobuf", "application/protobuf"]
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_choose_the_format() {
        let read = |kind: &str| {
            Format::read(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                kind.parse().unwrap(),
            )]))
        };
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.x+json",
        ] {
            assert_eq!(read(json), Ok(Format::Json), "{json}");
        }
        assert_eq!(read("application/x-protobuf"), Ok(Format::Protobuf));
        assert_eq!(read("application/protobuf; x=y"), Ok(Format::Protobuf));
        assert_eq!(Format::read(&HeaderMap::new()), Ok(Format::Json));
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/grpc",
            "",
        ] {
            assert_eq!(
                read(bad).unwrap_err().code,
                Code::UnsupportedMediaType,
                "{bad}"
            );
        }
    }
}
