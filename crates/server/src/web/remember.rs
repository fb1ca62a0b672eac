//! Remembers in a cookie which project was looked at last. It opens nothing: whoever has it must
//! be a member all the same.
use crate::auth::cookie::read_cookies;
use crate::auth::page::PROJECT_COOKIE;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Longest id that is remembered.
const MAX_BYTES: usize = 64;

/// After a page of a project was shown.
pub async fn remember_project(request: Request, next: Next) -> Response {
    let shown = find_project(&request);
    let mut response = next.run(request).await;
    if let Some(project) = shown.filter(|_| response.status() == StatusCode::OK) {
        let cookie =
            format!("{PROJECT_COOKIE}={project}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// The project in the query, unless the cookie says the same.
fn find_project(request: &Request) -> Option<String> {
    let query = request.uri().query()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, id) = pairs.find(|(name, _)| name == "projectId")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let is_id = !id.is_empty() && id.len() <= MAX_BYTES && id.bytes().all(is_plain);
    let is_known = read_cookies(request.headers(), PROJECT_COOKIE).any(|known| known == id);
    (is_id && !is_known).then(|| id.into_owned())
}
