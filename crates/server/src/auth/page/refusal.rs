//! What a browser gets instead of the page that it asked for.
use super::next::encode_query;
use super::theme::find_theme;
use crate::http::problem::{Code, Problem, add_failure_headers};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use cognobserve_dashboard::Frame;
use cognobserve_dashboard::pages::problem;
use cognobserve_ports::StoreError;

/// Why there is no such page for this visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somewhere else it goes on.
    Redirect(String),
    /// A page with words.
    Problem(Problem),
}

impl Refusal {
    /// Nobody is logged in: come back after that.
    pub fn ask_to_log_in(path_and_query: &str) -> Refusal {
        match path_and_query {
            "/" => Refusal::Redirect("/login".into()),
            _ => Refusal::Redirect(encode_query("/login", "next", path_and_query)),
        }
    }

    /// The same for what is missing and what is another workspace's.
    pub fn not_found() -> Refusal {
        Problem::new(
            Code::NotFound,
            "There is no such page, or it is in a workspace that you are not a member of.",
        )
        .into()
    }

    /// 401 for a form whose log-in is no more.
    pub fn ended() -> Refusal {
        let detail = "Log in again, and repeat what you did: nothing was changed.";
        Problem::new(Code::Unauthorized, detail).into()
    }

    pub fn forbidden(detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
        Problem::new(Code::Forbidden, detail).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        Refusal::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        Refusal::Problem(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Refusal::Redirect(path) => redirect(&path),
            Refusal::Problem(problem) => {
                let code = problem.code;
                let mut response = render_message(code.status(), title_of(code), &problem.detail);
                if code != Code::Unauthorized {
                    add_failure_headers(response.headers_mut(), code, problem.retry_after_s);
                }
                response
            }
        }
    }
}

fn title_of(code: Code) -> &'static str {
    match code {
        Code::Unauthorized => "You are logged out",
        Code::Forbidden => "You may not do this",
        Code::NotFound => "Nothing is here",
        Code::RateLimited => "Too many attempts",
        _ => code.title(),
    }
}

/// 303: the browser goes there with GET.
pub fn redirect(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    // Paths of ours are percent-encoded.
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, place);
    response
}

/// What a page of words says; the answer carries it, for whoever puts a frame around it.
#[derive(Clone, Debug)]
pub struct Words {
    pub title: String,
    pub detail: String,
}

/// A page of a title and a sentence, for whoever comes, logged in or not.
pub fn render_message(status: StatusCode, title: &str, detail: &str) -> Response {
    let frame = Frame::bare(title).with_theme(find_theme());
    let mut response = match problem::render(frame, status.as_u16(), detail) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, format!("{title}\n{detail}\n")).into_response(),
    };
    response.extensions_mut().insert(Words {
        title: title.to_owned(),
        detail: detail.to_owned(),
    });
    response
}
