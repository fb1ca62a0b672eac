//! One procedure call: asked of the REST API with the caller's own headers, so that each call of a
//! batch is authorised and limited by itself.
use super::procedure::{Procedure, Target};
use crate::auth::address::Peer;
use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use cognobserve_wire::trpc::{Failure, Outcome};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

/// What a call came to, and when it may be tried again.
pub(super) struct Called {
    pub outcome: Outcome,
    pub retry_after: Option<HeaderValue>,
}

impl From<Failure> for Called {
    fn from(failure: Failure) -> Called {
        Called {
            outcome: Err(failure),
            retry_after: None,
        }
    }
}

/// `parts`: of the request that the call came in.
pub(super) async fn call(
    rest: &Router,
    parts: &Parts,
    procedure: &Procedure,
    target: Target,
) -> Called {
    let asked = match write_request(parts, target) {
        Ok(asked) => asked,
        Err(failure) => return failure.into(),
    };
    match rest.clone().oneshot(asked).await {
        Ok(response) => read_response(response, procedure).await,
        Err(never) => match never {},
    }
}

fn write_request(parts: &Parts, target: Target) -> Result<Request<Body>, Failure> {
    let body = target.body.map_or(Body::empty(), Body::from);
    let request = Request::builder()
        .method(target.method)
        .uri(target.uri)
        .body(body);
    let mut request = request.map_err(|_| Failure::new(400, "The input is too long."))?;
    *request.headers_mut() = keep_headers(&parts.headers);
    // Not the others: the path's parameters would be taken for those of the new path.
    if let Some(peer) = parts.extensions.get::<Peer>() {
        request.extensions_mut().insert(*peer);
    }
    Ok(request)
}

/// Without those that speak of the body's length or of the answer's form. That the body is JSON is
/// left for the caller to say: with a cookie, a change is only taken from who does.
fn keep_headers(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    for name in [
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONTENT_ENCODING,
        header::ACCEPT,
        header::ACCEPT_ENCODING,
    ] {
        kept.remove(name);
    }
    kept
}

#[derive(Deserialize)]
struct ProblemIn {
    detail: String,
    code: String,
    #[serde(default)]
    errors: Vec<FieldIn>,
}

#[derive(Deserialize, Serialize)]
struct FieldIn {
    path: String,
    message: String,
}

#[derive(Serialize)]
struct DetailsOut<'a, E> {
    code: &'a str,
    errors: &'a [E],
}

/// A problem's stable word and fields, as an error carries them.
pub(super) fn write_details(code: &str, errors: &[impl Serialize]) -> Option<String> {
    serde_json::to_string(&DetailsOut { code, errors }).ok()
}

async fn read_response(response: Response<Body>, procedure: &Procedure) -> Called {
    let (parts, body) = response.into_parts();
    let retry_after = parts.headers.get(header::RETRY_AFTER).cloned();
    let body = match body.collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(_) => return Failure::new(500, "The server failed.").into(),
    };
    let outcome = match parts.status.is_success() {
        true => Ok(body),
        false => Err(read_problem(parts.status, &body, procedure)),
    };
    Called {
        outcome,
        retry_after,
    }
}

fn read_problem(status: StatusCode, body: &str, procedure: &Procedure) -> Failure {
    let Ok(problem) = serde_json::from_str::<ProblemIn>(body) else {
        return Failure::new(status.as_u16(), "The server failed.");
    };
    let wrong = problem.errors.iter();
    let wrong: Vec<String> = wrong
        .map(|it| format!("{}: {}", it.path, it.message))
        .collect();
    let message = match status {
        StatusCode::NOT_FOUND => procedure.missing.to_owned(),
        _ if wrong.is_empty() => problem.detail.clone(),
        _ => wrong.join("; "),
    };
    Failure {
        details: write_details(&problem.code, &problem.errors),
        ..Failure::new(status.as_u16(), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_only_if_the_caller_says_so() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("text/csv"));
        headers.insert(header::COOKIE, HeaderValue::from_static("co_session=x"));
        let kept = keep_headers(&headers);
        assert!(!kept.contains_key(header::CONTENT_TYPE));
        assert!(!kept.contains_key(header::ACCEPT));
        assert_eq!(kept.get(header::COOKIE), headers.get(header::COOKIE));
    }
}
