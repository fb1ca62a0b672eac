//! The tRPC door: `/api/trpc/users.list` and its kin, single or in batches, answered at once or as
//! they come. It knows names and envelopes; all else is the REST API's.
mod call;
mod procedure;

use crate::auth::check_known;
use crate::http::body::{is_json, read_small_body};
use crate::http::problem::{Code, Problem, add_failure_headers};
use crate::state::AppState;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::any;
use call::{Called, call, write_details};
use cognobserve_wire::json::sanitize;
use cognobserve_wire::trpc::{
    Failure, Form, Input, read_input, split_batch, write_batch, write_line, write_one,
    write_opening,
};
use futures_util::stream::{self, Stream, StreamExt};
use procedure::{PROCEDURES, Procedure};
use std::any::Any;
use std::convert::Infallible;
use std::sync::Arc;

const MAX_CALLS: usize = 50;
/// Largest body, and longest input in a URL.
const MAX_BYTES: usize = 2 << 20;
/// The same of a body whose sender is not known.
const MAX_STRANGERS_BYTES: usize = 64 << 10;
/// Calls of a batch that are answered at a time; changes are made one after the other.
const AT_A_TIME: usize = 8;

/// Whether a path is one of tRPC's, called or not.
pub fn is_below(path: &str) -> bool {
    let rest = path.strip_prefix("/api/trpc");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The name of every procedure, and whether it changes anything.
pub fn list_procedures() -> impl Iterator<Item = (&'static str, bool)> {
    PROCEDURES.iter().map(|it| (it.name, it.is_mutation))
}

/// Every path below `/api/trpc`; `rest` answers the calls.
pub fn routes(rest: Router) -> Router<Arc<AppState>> {
    let rest = Arc::new(rest);
    let handler = any(
        async move |State(state): State<Arc<AppState>>,
                    names: Result<Path<String>, PathRejection>,
                    request: Request| {
            // Without a name, or with one that no text is: no procedure is called so.
            let names = names.map_or_else(|_| String::new(), |Path(names)| names);
            answer(&state, Arc::clone(&rest), names, request).await
        },
    );
    Router::new()
        .route("/api/trpc", handler.clone())
        .route("/api/trpc/", handler.clone())
        .route("/api/trpc/{*procedures}", handler)
}

/// A panic in tRPC's shape.
pub fn answer_panic(_: Box<dyn Any + Send>) -> Response<Body> {
    tracing::error!("a handler panicked");
    let words = "The server failed; the log says where.";
    refuse(&Problem::new(Code::Internal, words))
}

/// A path below `/api/trpc` in a process that serves none of it.
pub fn answer_unserved(why: String) -> Response<Body> {
    refuse(&Problem::new(Code::NotFound, why))
}

/// A call as it was sent.
struct Sent {
    name: String,
    form: Form,
    input: Result<Input, Failure>,
}

struct Query {
    is_batch: bool,
    input: Option<String>,
}

fn read_query(uri: &Uri) -> Query {
    let mut query = Query {
        is_batch: false,
        input: None,
    };
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()) {
        match &*name {
            "batch" => query.is_batch = value == "1",
            "input" => query.input = Some(value.into_owned()),
            _ => {}
        }
    }
    query
}

/// `names`: of the procedures, as the path has them.
async fn answer(
    state: &AppState,
    rest: Arc<Router>,
    names: String,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let query = read_query(&parts.uri);
    let names: Vec<String> = match query.is_batch {
        true => names.split(',').map(str::to_owned).collect(),
        false => vec![names],
    };
    if names.len() > MAX_CALLS {
        let words = format!("A batch has at most {MAX_CALLS} calls.");
        return refuse(&Problem::new(Code::InvalidRequest, words));
    }
    let text = match read_text(state, &parts, body, query.input).await {
        Ok(text) => text,
        Err(problem) => return refuse(&problem),
    };
    let sent = read_calls(names, text.as_deref(), query.is_batch);
    let is_stream = query.is_batch
        && parts
            .headers
            .get("trpc-accept")
            .is_some_and(|form| form == "application/jsonl");
    match is_stream {
        true => answer_as_they_come(rest, parts, sent),
        false => answer_at_once(&rest, &parts, sent, query.is_batch).await,
    }
}

/// The input, from the URL or, of a POST, from the body; clean JSON text. Of a stranger's
/// body only so much is read as shows in which form to refuse them.
async fn read_text(
    state: &AppState,
    parts: &Parts,
    body: Body,
    in_url: Option<String>,
) -> Result<Option<String>, Problem> {
    let bytes = match parts.method {
        Method::POST => {
            if !is_json(&parts.headers) {
                let words = "Send JSON with Content-Type: application/json.";
                return Err(Problem::new(Code::UnsupportedMediaType, words));
            }
            let known = check_known(&parts.headers, state).await;
            let most = match known {
                Ok(()) => MAX_BYTES,
                Err(_) => MAX_STRANGERS_BYTES,
            };
            let body = read_small_body(body, &parts.headers, most).await;
            // What is wrong with a stranger's body is not the first thing that is wrong.
            body.map_err(|problem| known.err().unwrap_or(problem))?
        }
        _ => in_url.unwrap_or_default().into(),
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let clean = sanitize(&bytes).map_err(|error| Problem::invalid("", error.to_string()))?;
    Ok(Some(clean.text().to_owned()))
}

fn read_calls(names: Vec<String>, text: Option<&str>, is_batch: bool) -> Vec<Sent> {
    let inputs = match is_batch {
        true => split_batch(text, names.len()),
        false => Ok(vec![text.map(str::to_owned)]),
    };
    let inputs: Vec<_> = match inputs {
        Ok(inputs) => inputs
            .iter()
            .map(|input| read_input(input.as_deref()))
            .collect(),
        Err(error) => vec![(Form::Unknown, Err(error)); names.len()],
    };
    let calls = names.into_iter().zip(inputs);
    let calls = calls.map(|(name, (form, input))| Sent {
        name,
        form,
        input: input.map_err(|error| Failure::new(400, error.to_string())),
    });
    calls.collect()
}

fn find(name: &str, method: &Method) -> Result<&'static Procedure, Failure> {
    let found = PROCEDURES.iter().find(|procedure| procedure.name == name);
    let procedure =
        found.ok_or_else(|| Failure::new(404, format!("No procedure found on path \"{name}\"")))?;
    let kind = if procedure.is_mutation {
        "mutation"
    } else {
        "query"
    };
    let fits = match *method {
        Method::POST => true,
        Method::GET | Method::HEAD => !procedure.is_mutation,
        _ => false,
    };
    fits.then_some(procedure).ok_or_else(|| {
        let words = format!("Unsupported {method}-request to {kind} procedure at path \"{name}\"");
        Failure::new(405, words)
    })
}

async fn make(rest: &Router, parts: &Parts, name: &str, input: Result<Input, Failure>) -> Called {
    let aimed =
        find(name, &parts.method).and_then(|procedure| Ok((procedure, (procedure.aim)(input?)?)));
    match aimed {
        Ok((procedure, target)) => call(rest, parts, procedure, target).await,
        Err(failure) => failure.into(),
    }
}

fn width(method: &Method) -> usize {
    if *method == Method::POST {
        1
    } else {
        AT_A_TIME
    }
}

async fn answer_at_once(
    rest: &Router,
    parts: &Parts,
    sent: Vec<Sent>,
    is_batch: bool,
) -> Response<Body> {
    let calls = stream::iter(sent).map(async |it| {
        let called = make(rest, parts, &it.name, it.input).await;
        let status = called
            .outcome
            .as_ref()
            .map_or_else(|failure| failure.status.http, |_| 200);
        let envelope = write_one(&called.outcome, Some(&it.name), it.form);
        (status, envelope, called.retry_after)
    });
    let made: Vec<_> = calls.buffered(width(&parts.method)).collect().await;
    let mut statuses = made.iter().map(|(status, ..)| *status);
    let first = statuses.next().unwrap_or(200);
    let status = if statuses.all(|status| status == first) {
        first
    } else {
        207
    };
    let retry_after = made
        .iter()
        .find_map(|(.., retry_after)| retry_after.clone());
    let mut envelopes: Vec<String> = made.into_iter().map(|(_, envelope, _)| envelope).collect();
    let body = match is_batch {
        true => write_batch(&envelopes),
        false => envelopes.pop().unwrap_or_default(),
    };
    let mut headers = HeaderMap::new();
    if let Some(retry_after) = retry_after {
        headers.insert(header::RETRY_AFTER, retry_after);
    }
    finish(status, headers, Body::from(body))
}

/// Lines in the order in which the calls end.
fn answer_as_they_come(rest: Arc<Router>, parts: Parts, sent: Vec<Sent>) -> Response<Body> {
    let is_superjson = sent.iter().any(|it| it.form == Form::Superjson);
    let opening = write_opening(sent.len(), is_superjson);
    let width = width(&parts.method);
    let parts = Arc::new(parts);
    let lines = stream::iter(sent).enumerate().map(move |(at, it)| {
        let (rest, parts) = (Arc::clone(&rest), Arc::clone(&parts));
        async move {
            let called = make(&rest, &parts, &it.name, it.input).await;
            write_line(at, &called.outcome, Some(&it.name), is_superjson)
        }
    });
    let lines = stream::once(async { opening }).chain(lines.buffer_unordered(width));
    finish(200, HeaderMap::new(), stream_body(lines))
}

fn stream_body(lines: impl Stream<Item = String> + Send + 'static) -> Body {
    Body::from_stream(lines.map(Ok::<_, Infallible>))
}

/// What is wrong before it is known in which form the client reads.
fn refuse(problem: &Problem) -> Response<Body> {
    let status = problem.code.status().as_u16();
    let failure = Failure {
        details: write_details(problem.code.as_str(), &problem.errors),
        ..Failure::new(status, &*problem.detail)
    };
    let body = write_one(&Err(failure), None, Form::Unknown);
    let mut headers = HeaderMap::new();
    add_failure_headers(&mut headers, problem.code, problem.retry_after_s);
    finish(status, headers, Body::from(body))
}

fn finish(status: u16, mut headers: HeaderMap, body: Body) -> Response<Body> {
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(
        header::VARY,
        HeaderValue::from_static("trpc-accept, accept"),
    );
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, headers, body).into_response()
}
