//! Headers that every answer carries.
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    // Answers are about people and change with every trace.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Adds what is missing; a page may have set a policy of its own.
pub async fn add_security_headers(mut response: Response) -> Response {
    for (name, value) in SECURITY {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// What pages may load and send, and to whom.
const OF_PAGES: [(HeaderName, HeaderValue); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    // With `no-referrer` browsers send `Origin: null` with our own forms, too.
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds what pages need.
pub async fn add_page_headers(mut response: Response) -> Response {
    for (name, value) in OF_PAGES {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
