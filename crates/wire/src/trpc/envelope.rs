//! What a call comes to, in tRPC's shapes.
//!
//! In a stream every line is one thing that superjson seals as a whole; in a batch each call is
//! sealed by itself.
use super::superjson;
use serde::Serialize;

/// What a status is called by tRPC, with the number that JSON-RPC has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub http: u16,
    pub code: i32,
    pub name: &'static str,
}

const STATUSES: [Status; 14] = [
    Status {
        http: 400,
        code: -32600,
        name: "BAD_REQUEST",
    },
    Status {
        http: 401,
        code: -32001,
        name: "UNAUTHORIZED",
    },
    Status {
        http: 403,
        code: -32003,
        name: "FORBIDDEN",
    },
    Status {
        http: 404,
        code: -32004,
        name: "NOT_FOUND",
    },
    Status {
        http: 405,
        code: -32005,
        name: "METHOD_NOT_SUPPORTED",
    },
    Status {
        http: 408,
        code: -32008,
        name: "TIMEOUT",
    },
    Status {
        http: 409,
        code: -32009,
        name: "CONFLICT",
    },
    Status {
        http: 412,
        code: -32012,
        name: "PRECONDITION_FAILED",
    },
    Status {
        http: 413,
        code: -32013,
        name: "PAYLOAD_TOO_LARGE",
    },
    Status {
        http: 415,
        code: -32015,
        name: "UNSUPPORTED_MEDIA_TYPE",
    },
    Status {
        http: 422,
        code: -32022,
        name: "UNPROCESSABLE_CONTENT",
    },
    Status {
        http: 429,
        code: -32029,
        name: "TOO_MANY_REQUESTS",
    },
    Status {
        http: 503,
        code: -32603,
        name: "SERVICE_UNAVAILABLE",
    },
    Status {
        http: 500,
        code: -32603,
        name: "INTERNAL_SERVER_ERROR",
    },
];

impl Status {
    /// What is not in tRPC's list is a failure of the server.
    pub fn of(http: u16) -> Status {
        let found = STATUSES.iter().find(|status| status.http == http);
        *found.unwrap_or(&STATUSES[STATUSES.len() - 1])
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub status: Status,
    pub message: String,
    /// The stable word for it, and the fields that are wrong, as JSON text.
    pub details: Option<String>,
}

impl Failure {
    pub fn new(http: u16, message: impl Into<String>) -> Failure {
        Failure {
            status: Status::of(http),
            message: message.into(),
            details: None,
        }
    }
}

/// How a client writes what it sends, and reads what it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    Superjson,
    /// Of what was refused unread: an error is written so that either client finds its own.
    Unknown,
}

/// What a call came to: the JSON text that it answers, or why not.
pub type Outcome = Result<String, Failure>;

#[derive(Serialize)]
struct ErrorOut<'a> {
    message: &'a str,
    code: i32,
    data: DataOut<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DataOut<'a> {
    code: &'static str,
    http_status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a serde_json::value::RawValue>,
}

fn write_failure(failure: &Failure, path: Option<&str>) -> String {
    let problem = failure.details.as_deref();
    let out = ErrorOut {
        message: &failure.message,
        code: failure.status.code,
        data: DataOut {
            code: failure.status.name,
            http_status: failure.status.http,
            path,
            problem: problem.and_then(|text| serde_json::from_str(text).ok()),
        },
    };
    // Texts and numbers have no way to fail.
    serde_json::to_string(&out).unwrap_or_default()
}

/// One call's envelope; `path`: of its procedure.
pub fn write_one(outcome: &Outcome, path: Option<&str>, form: Form) -> String {
    match outcome {
        Ok(data) if form == Form::Superjson => {
            let sealed = superjson::seal(data, &[]);
            format!("{{\"result\":{{\"data\":{sealed}}}}}")
        }
        Ok(data) => format!("{{\"result\":{{\"data\":{data}}}}}"),
        Err(failure) => {
            let error = write_failure(failure, path);
            match form {
                Form::Plain => format!("{{\"error\":{error}}}"),
                Form::Superjson => format!("{{\"error\":{{\"json\":{error}}}}}"),
                Form::Unknown => {
                    let members = error.strip_suffix('}').unwrap_or_default();
                    format!("{{\"error\":{members},\"json\":{error}}}}}")
                }
            }
        }
    }
}

/// A batch's answer, of envelopes in the calls' order.
pub fn write_batch(envelopes: &[String]) -> String {
    format!("[{}]", envelopes.join(","))
}

/// The first line of a stream: a promise for each call.
pub fn write_opening(calls: usize, is_superjson: bool) -> String {
    let promises: Vec<String> = (0..calls)
        .map(|at| format!("\"{at}\":[[0],[null,0,{at}]]"))
        .collect();
    end_line(format!("{{{}}}", promises.join(",")), &[], is_superjson)
}

/// The line that keeps the promise of a call.
pub fn write_line(at: usize, outcome: &Outcome, path: Option<&str>, is_superjson: bool) -> String {
    let kept = match outcome {
        Ok(data) => format!("{{\"result\":{{\"data\":{data}}}}}"),
        Err(failure) => format!("{{\"error\":{}}}", write_failure(failure, path)),
    };
    let line = format!("[{at},0,[[{kept}]]]");
    end_line(line, &["2", "0", "0", "result", "data"], is_superjson)
}

fn end_line(line: String, place: &[&str], is_superjson: bool) -> String {
    match is_superjson {
        true => superjson::seal(&line, place) + "\n",
        false => line + "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"{"items":[{"id":"u1","lastSeenAt":"2026-01-01T00:00:00.000000Z","nextAt":"x","metadata":{"createdAt":"y"}}],"nextCursor":null}"#;

    fn missing() -> Outcome {
        Err(Failure::new(404, "User not found"))
    }

    #[test]
    fn envelopes_are_those_of_trpc() {
        let done = Ok(USER.to_owned());
        assert_eq!(
            write_one(&done, None, Form::Plain),
            format!("{{\"result\":{{\"data\":{USER}}}}}")
        );
        let sealed = write_one(&done, None, Form::Superjson);
        let expected = format!(
            r#"{{"result":{{"data":{{"json":{USER},"meta":{{"values":{{"items.0.lastSeenAt":["Date"]}},"v":1}}}}}}}}"#
        );
        assert_eq!(sealed, expected);
        let error = r#"{"message":"User not found","code":-32004,"data":{"code":"NOT_FOUND","httpStatus":404,"path":"users.get"}}"#;
        let path = Some("users.get");
        assert_eq!(
            write_one(&missing(), path, Form::Plain),
            format!(r#"{{"error":{error}}}"#)
        );
        assert_eq!(
            write_one(&missing(), path, Form::Superjson),
            format!(r#"{{"error":{{"json":{error}}}}}"#)
        );
        let members = error.strip_suffix('}').unwrap();
        assert_eq!(
            write_one(&missing(), path, Form::Unknown),
            format!(r#"{{"error":{members},"json":{error}}}}}"#)
        );
        assert_eq!(write_batch(&["1".into(), "2".into()]), "[1,2]");
    }

    #[test]
    fn lines_of_a_stream_are_sealed_as_a_whole() {
        assert_eq!(
            write_opening(2, false),
            "{\"0\":[[0],[null,0,0]],\"1\":[[0],[null,0,1]]}\n"
        );
        assert_eq!(
            write_opening(1, true),
            "{\"json\":{\"0\":[[0],[null,0,0]]}}\n"
        );
        let line = write_line(1, &Ok(USER.to_owned()), None, true);
        let expected = format!(
            r#"{{"json":[1,0,[[{{"result":{{"data":{USER}}}}}]]],"meta":{{"values":{{"2.0.0.result.data.items.0.lastSeenAt":["Date"]}},"v":1}}}}"#
        );
        assert_eq!(line, expected + "\n");
        let failed = write_line(0, &missing(), Some("users.get"), true);
        assert!(
            failed.starts_with(r#"{"json":[0,0,[[{"error":{"message":"#),
            "{failed}"
        );
    }

    #[test]
    fn details_are_carried_along() {
        let failure = Failure {
            details: Some(r#"{"code":"invalid_request"}"#.into()),
            ..Failure::new(400, "no")
        };
        let text = write_one(&Err(failure), None, Form::Plain);
        assert!(
            text.contains(r#""problem":{"code":"invalid_request"}"#),
            "{text}"
        );
        assert_eq!(Status::of(418).name, "INTERNAL_SERVER_ERROR");
        assert_eq!(Status::of(503).http, 503);
    }
}
