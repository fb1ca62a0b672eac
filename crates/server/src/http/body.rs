//! JSON bodies of the API (not of ingest): small, cleaned, then opened field by field.
use super::problem::{Code, FieldError, Problem};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use cognobserve_wire::json::{Kind, Raw, sanitize};
use http_body_util::BodyExt;
use std::borrow::Cow;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Largest body of an API call. A thousand ids of 255 characters fit.
const MAX_BYTES: usize = 2 << 20;

/// Time for all of a body that is small.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of a refused body is read before the answer, and for how long.
const DISCARD_BYTES: usize = 256 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// A whole body of at most `max_bytes`, for which nobody is waited for longer than it can take.
///
/// # Errors
/// 415 if it is compressed, 413, 400, or 503 if it did not arrive in time.
pub async fn read_small_body(
    body: Body,
    headers: &HeaderMap,
    max_bytes: usize,
) -> Result<Bytes, Problem> {
    let coding = headers.get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        discard_body(body, headers).await;
        let detail = "Send the body without Content-Encoding.";
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    read_packed_body(body, headers, max_bytes).await
}

/// The same of a body as it came, however it is compressed.
///
/// # Errors
/// 413, 400, or 503 if it did not arrive in time.
pub async fn read_packed_body(
    body: Body,
    headers: &HeaderMap,
    max_bytes: usize,
) -> Result<Bytes, Problem> {
    timeout(PATIENCE, collect(body, headers, max_bytes))
        .await
        .unwrap_or_else(|_| {
            let detail = "The body did not arrive in time; send it again.";
            Err(Problem::new(Code::Overloaded, detail))
        })
}

async fn collect(mut body: Body, headers: &HeaderMap, max_bytes: usize) -> Result<Bytes, Problem> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::invalid("", "The body could not be read."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > max_bytes {
            discard_body(body, headers).await;
            let detail = "The body is too large.";
            return Err(Problem::new(Code::PayloadTooLarge, detail));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

/// Reads on without keeping anything; a client that waits for `100 Continue` sends nothing.
pub async fn discard_body(mut body: Body, headers: &HeaderMap) {
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let until = Instant::now() + DISCARD_TIME;
    let mut left = DISCARD_BYTES;
    while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

/// A body of JSON text: UTF-8, no NUL, no lone surrogate, not nested too deep.
#[derive(Debug)]
pub struct JsonBody(String);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<JsonBody, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "Send JSON with Content-Type: application/json.",
            ));
        }
        let (parts, body) = request.into_parts();
        JsonBody::of(&read_small_body(body, &parts.headers, MAX_BYTES).await?)
    }
}

/// Whether the body is said to be JSON; without a word about it, it is.
pub fn is_json(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::CONTENT_TYPE) || is_said_json(headers)
}

/// Whether the body is said to be JSON in so many words: what a form of another site cannot do.
pub fn is_said_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return false;
    };
    let essence = value
        .to_str()
        .unwrap_or("")
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The fields of an object body; of repeated keys the last counts.
#[derive(Debug)]
pub struct Fields<'a> {
    members: Vec<(Cow<'a, str>, Raw<'a>)>,
    errors: Vec<FieldError>,
}

impl JsonBody {
    /// Cleans the text; what cannot be JSON at all is refused.
    pub fn of(bytes: &[u8]) -> Result<JsonBody, Problem> {
        let clean = sanitize(bytes).map_err(|error| Problem::invalid("", error.to_string()))?;
        Ok(JsonBody(clean.text().to_owned()))
    }

    /// Opens the body, which must be an object.
    pub fn fields(&self) -> Result<Fields<'_>, Problem> {
        let raw: Raw = serde_json::from_str(&self.0)
            .map_err(|error| Problem::invalid("", format!("not valid JSON: {error}")))?;
        let members = raw
            .members()
            .ok_or_else(|| Problem::invalid("", "must be an object"))?;
        Ok(Fields {
            members,
            errors: Vec::new(),
        })
    }
}

impl<'a> Fields<'a> {
    pub fn get(&self, name: &str) -> Raw<'a> {
        self.members
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map_or(Raw::ABSENT, |(_, raw)| *raw)
    }

    pub fn refuse(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError {
            path: path.into(),
            message: message.into(),
        });
    }

    /// A text to be set, `Some(None)` to be cleared by `null`, or absent.
    pub fn text(&mut self, name: &str) -> Option<Option<String>> {
        let raw = self.get(name);
        match raw.kind() {
            Kind::Absent => None,
            Kind::Null => Some(None),
            Kind::String => Some(raw.as_str().map(Cow::into_owned)),
            kind => {
                self.refuse(
                    name,
                    format!("must be a string or null, not {}", kind.name()),
                );
                None
            }
        }
    }

    /// Keys to be set to a JSON text, or deleted by `null`; empty if absent.
    pub fn metadata(&mut self, name: &str) -> Vec<(String, Option<String>)> {
        let raw = self.get(name);
        if raw.kind() == Kind::Absent {
            return Vec::new();
        }
        let Some(members) = raw.members() else {
            self.refuse(
                name,
                format!("must be an object, not {}", raw.kind().name()),
            );
            return Vec::new();
        };
        let mut keys: Vec<(String, Option<String>)> = Vec::with_capacity(members.len());
        for (key, value) in members {
            let text = value
                .is_given()
                .then(|| value.text().unwrap_or("null").to_owned());
            match keys.iter_mut().find(|(known, _)| *known == key) {
                Some(slot) => slot.1 = text,
                None => keys.push((key.into_owned(), text)),
            }
        }
        keys
    }

    /// All that was found wrong, as one problem.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid_fields(self.errors))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream::{self, StreamExt};
    use std::convert::Infallible;

    async fn open(
        content_type: &str,
        body: impl Into<axum::body::Body>,
    ) -> Result<JsonBody, Problem> {
        let request = Request::builder()
            .header("content-type", content_type)
            .body(body.into())
            .unwrap();
        JsonBody::from_request(request, &()).await
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_without_end() {
        let headers = HeaderMap::new();
        let sent = Bytes::from_static(b"{");
        let never = stream::once(async { Ok::<_, Infallible>(sent) }).chain(stream::pending());
        let read = read_small_body(Body::from_stream(never), &headers, 10).await;
        assert_eq!(read.unwrap_err().code, Code::Overloaded);
        let large = read_small_body(Body::from("more than ten"), &headers, 10).await;
        assert_eq!(large.unwrap_err().code, Code::PayloadTooLarge);
        let whole = read_small_body(Body::from("0123456789"), &headers, 10).await;
        assert_eq!(whole.unwrap(), "0123456789");
    }

    #[tokio::test]
    async fn small_bodies_are_not_compressed() {
        for (coding, is_taken) in [("identity", true), ("gzip", false), ("surprise", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, coding.parse().unwrap());
            let read = read_small_body(Body::from("{}"), &headers, 10).await;
            let code = read.map_err(|problem| problem.code);
            let refused = Err(Code::UnsupportedMediaType);
            assert_eq!(code.is_ok(), is_taken, "{coding}");
            assert!(is_taken || code == refused, "{coding}");
        }
    }

    #[tokio::test]
    async fn fields_are_set_cleared_or_absent() {
        let body = open(
            "application/json; charset=utf-8",
            r#"{"name":null,"email":"a@b.c","x":1,"metadata":{"a":null,"b":[1.0],"b":2}}"#,
        )
        .await
        .unwrap();
        let mut fields = body.fields().unwrap();
        assert_eq!(fields.text("name"), Some(None));
        assert_eq!(fields.text("email"), Some(Some("a@b.c".into())));
        assert_eq!(fields.text("other"), None);
        assert_eq!(
            fields.metadata("metadata"),
            [("a".into(), None), ("b".into(), Some("2".into()))]
        );
        fields.text("x");
        fields.metadata("email");
        let problem = fields.finish().unwrap_err();
        assert_eq!(
            problem
                .errors
                .iter()
                .map(|e| e.path.as_str())
                .collect::<Vec<_>>(),
            ["x", "email"]
        );
    }

    #[tokio::test]
    async fn other_bodies_are_refused() {
        for (content_type, body, code) in [
            ("text/plain", "{}", Code::UnsupportedMediaType),
            ("application/json", "[]", Code::InvalidRequest),
            ("application/json", "{", Code::InvalidRequest),
            ("application/json", "", Code::InvalidRequest),
        ] {
            let problem = match open(content_type, body).await {
                Ok(body) => body.fields().unwrap_err(),
                Err(problem) => problem,
            };
            assert_eq!(problem.code, code, "{content_type} {body}");
        }
        let large = format!("\"{}\"", "x".repeat(MAX_BYTES));
        assert_eq!(
            open("application/json", large).await.unwrap_err().code,
            Code::PayloadTooLarge
        );
    }
}
