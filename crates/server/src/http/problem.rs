//! The one table from what went wrong to what a caller is told (RFC 9457).
//!
//! A problem never carries internal text or secrets: a store's failure is logged here,
//! once, and answered by its kind alone.
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cognobserve_ports::{ErrorKind, StoreError};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// The stable word for what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    InvalidRequest,
    ProjectRequired,
    Unauthorized,
    Forbidden,
    AnonymousEdition,
    NotFound,
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
    RateLimited,
    Overloaded,
    Internal,
}

impl Code {
    /// Every code, for the reference page.
    pub const ALL: [Code; 12] = [
        Code::InvalidRequest,
        Code::ProjectRequired,
        Code::Unauthorized,
        Code::Forbidden,
        Code::AnonymousEdition,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::PayloadTooLarge,
        Code::UnsupportedMediaType,
        Code::RateLimited,
        Code::Overloaded,
        Code::Internal,
    ];

    /// Status, word and title.
    fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Code::InvalidRequest => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "The request is malformed or invalid",
            ),
            Code::ProjectRequired => (
                StatusCode::BAD_REQUEST,
                "project_required",
                "The request must name a project",
            ),
            Code::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "A valid API key, session token or log-in is needed",
            ),
            Code::Forbidden => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "The caller may not do this",
            ),
            Code::AnonymousEdition => (
                StatusCode::FORBIDDEN,
                "anonymous_edition",
                "This edition knows nobody by events",
            ),
            Code::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is no such thing"),
            Code::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "The path does not take this method",
            ),
            Code::PayloadTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                "The request is too large",
            ),
            Code::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The media type or encoding is not understood",
            ),
            Code::RateLimited => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "The project sends too much",
            ),
            Code::Overloaded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "The server can't take this now",
            ),
            Code::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The server failed",
            ),
        }
    }

    pub fn status(self) -> StatusCode {
        self.row().0
    }

    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    pub fn title(self) -> &'static str {
        self.row().2
    }
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Name of the parameter, or a path into the body like `spans[3].name`.
    pub path: String,
    /// What is wrong with it, for humans.
    pub message: String,
}

/// Why a request is not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    pub detail: Cow<'static, str>,
    pub errors: Vec<FieldError>,
    /// When to try again, in seconds.
    pub retry_after_s: Option<u32>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Problem {
        let retry_after_s = matches!(code, Code::Overloaded | Code::RateLimited).then_some(1);
        Problem {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s,
        }
    }

    /// 400 about one field.
    pub fn invalid(path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem::invalid_fields(vec![FieldError {
            path: path.into(),
            message: message.into(),
        }])
    }

    /// 400 about all fields that are wrong.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Problem {
        let first = errors.first().filter(|e| !e.path.is_empty());
        let detail = first.map_or_else(
            || {
                errors
                    .first()
                    .map(|e| e.message.clone())
                    .unwrap_or_default()
            },
            |e| format!("{}: {}", e.path, e.message),
        );
        Problem {
            errors,
            ..Problem::new(Code::InvalidRequest, detail)
        }
    }

    /// 404, the same for what does not exist and for what belongs to another project.
    pub fn not_found() -> Problem {
        Problem::new(Code::NotFound, "Nothing is here under this id.")
    }

    pub fn retry_after(mut self, seconds: u32) -> Problem {
        self.retry_after_s = Some(seconds);
        self
    }

    /// On ingest a passing fault must be one that exporters retry: 503, never 500.
    pub fn on_ingest(self) -> Problem {
        match self.code {
            Code::Internal => Problem::new(
                Code::Overloaded,
                "The batch could not be stored; send it again.",
            ),
            _ => self,
        }
    }
}

/// Logs the failure with its sources, and keeps only its kind.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        let mut sources = Vec::new();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            sources.push(cause.to_string());
            source = cause.source();
        }
        match error.kind() {
            ErrorKind::NotFound => return Problem::not_found(),
            ErrorKind::Conflict => return Problem::new(Code::InvalidRequest, "It exists already."),
            ErrorKind::Unavailable => tracing::warn!(%error, ?sources, "store unavailable"),
            ErrorKind::TooNew | ErrorKind::Internal => {
                tracing::error!(%error, ?sources, "store failed")
            }
        }
        match error.kind() {
            ErrorKind::Unavailable => {
                Problem::new(Code::Overloaded, "The store does not answer; try again.")
            }
            _ => Problem::new(Code::Internal, "The store failed; the log says why."),
        }
    }
}

/// The body of `application/problem+json`.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    /// `invalid_request`, `project_required`, `unauthorized`, `forbidden`, `not_found`, `method_not_allowed`, `payload_too_large`,
    /// `unsupported_media_type`, `rate_limited`, `overloaded` or `internal`.
    code: &'static str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let out = ProblemOut {
            kind: "about:blank",
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            errors: &self.errors,
        };
        // Plain structs of strings have no way to fail.
        let body = serde_json::to_vec(&out).unwrap_or_default();
        let mut response = (self.code.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        add_failure_headers(headers, self.code, self.retry_after_s);
        response
    }
}

/// `Retry-After` and `WWW-Authenticate`, whatever the body's format.
pub fn add_failure_headers(
    headers: &mut axum::http::HeaderMap,
    code: Code,
    retry_after_s: Option<u32>,
) {
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if code == Code::Unauthorized {
        // Never Basic: a browser would ask its user for a password.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_problem_names_its_field_and_code() {
        let response = Problem::invalid("limit", "must be 1 to 100").into_response();
        assert_eq!(response.status(), 400);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let body = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "The request is malformed or invalid", "status": 400,
            "detail": "limit: must be 1 to 100", "code": "invalid_request",
            "errors": [{"path": "limit", "message": "must be 1 to 100"}],
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn store_failures_keep_their_words_to_themselves() {
        let error = StoreError::new(ErrorKind::Internal, "secret table")
            .with_source(std::io::Error::other("secret path"));
        let problem = Problem::from(error);
        assert_eq!(problem.code, Code::Internal);
        assert!(!problem.detail.contains("secret"));
        let problem = problem.on_ingest();
        assert_eq!(
            (problem.code, problem.retry_after_s),
            (Code::Overloaded, Some(1))
        );
        let gone = Problem::from(StoreError::new(ErrorKind::Unavailable, "disk full"));
        assert_eq!((gone.code, gone.retry_after_s), (Code::Overloaded, Some(1)));
    }

    #[test]
    fn what_can_be_retried_says_when() {
        for code in Code::ALL {
            let response = Problem::new(code, "x").into_response();
            let passing = matches!(response.status().as_u16(), 429 | 503);
            assert_eq!(
                response.headers().contains_key("retry-after"),
                passing,
                "{code:?}"
            );
            assert_eq!(
                response.headers().contains_key("www-authenticate"),
                code == Code::Unauthorized
            );
        }
    }
}
