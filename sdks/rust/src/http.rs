//! One request and its answer, by a small blocking client. No redirects, no proxy, a limit to what is read.

use std::time::Duration;

use ureq::Agent;

use crate::say::redact;

const MOST_ANSWER: u64 = 8 * 1024 * 1024;

/// What came back. Status 0: nothing did, and `error` says why.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: String,
    pub(crate) body: Vec<u8>,
    pub(crate) error: String,
}

impl Answer {
    /// For warnings: never the text of an answer, which may quote what was sent.
    pub(crate) fn describe(&self) -> String {
        if self.status == 0 {
            self.error.clone()
        } else {
            format!("status {}", self.status)
        }
    }
}

pub(crate) fn make_agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_idle_connections(1)
        .user_agent(concat!("cognobserve-rust/", env!("CARGO_PKG_VERSION")));
    config.build().new_agent()
}

pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    pub(crate) key: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) is_gzip: bool,
    pub(crate) timeout: Duration,
}

pub(crate) fn post(agent: &Agent, request: &Request<'_>) -> Answer {
    try_post(agent, request).unwrap_or_else(|error| Answer {
        error: redact(&error.to_string()),
        ..Answer::default()
    })
}

fn try_post(agent: &Agent, request: &Request<'_>) -> Result<Answer, ureq::Error> {
    let mut post = agent
        .post(request.url)
        .header("content-type", "application/json")
        .header("x-api-key", request.key)
        .header("x-cognobserve-client", "rust");
    if request.is_gzip {
        post = post.header("content-encoding", "gzip");
    }
    let post = post.config().timeout_global(Some(request.timeout)).build();
    let mut answer = post.send(request.body)?;
    let retry_after = answer
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok());
    let retry_after = retry_after.unwrap_or_default().to_owned();
    // One that breaks off is none.
    let body = answer
        .body_mut()
        .with_config()
        .limit(MOST_ANSWER)
        .read_to_vec()?;
    Ok(Answer {
        status: answer.status().as_u16(),
        retry_after,
        body,
        error: String::new(),
    })
}
