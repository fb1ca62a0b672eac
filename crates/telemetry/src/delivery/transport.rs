//! One POST to a provider. Follows no redirects, goes nowhere without TLS unless it may, waits no longer than it is told, reads no more of an answer than it
//! needs, and logs neither bodies nor keys.
use crate::request::address::read_base;
use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Read, Write};
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use ureq::Agent;

/// Of a request, from the first connection to the last byte of the answer.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Positions of 2,000 events, each named twice, are far less.
const MOST_ANSWER_BYTES: u64 = 256 << 10;
/// Whoever asks to wait for longer is asked again after this.
const LONGEST_PAUSE_S: u64 = 3_600;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub url: String,
    /// JSON.
    pub body: Vec<u8>,
    /// Whether the receiver takes it packed.
    pub is_packed: bool,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub retry_after_s: Option<u64>,
    pub body: Vec<u8>,
}

/// Carries requests.
#[async_trait]
pub trait Transport: Send + Sync {
    /// # Errors
    /// A sentence about why there is no answer; it names nobody.
    async fn post(&self, request: Request) -> Result<Reply, String>;
}

/// By HTTP.
#[derive(Clone, Debug)]
pub struct Http {
    agent: Agent,
    allows_plain: bool,
}

impl Http {
    /// `allows_plain`: also without TLS to other machines.
    pub fn new(patience: Duration, allows_plain: bool) -> Http {
        let config = Agent::config_builder()
            .timeout_global(Some(patience))
            .timeout_connect(Some(patience / 2))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("cognobserve/", env!("CARGO_PKG_VERSION")));
        Http {
            agent: config.build().into(),
            allows_plain,
        }
    }
}

#[async_trait]
impl Transport for Http {
    async fn post(&self, request: Request) -> Result<Reply, String> {
        read_base(&request.url, self.allows_plain)?;
        let (tell, told) = oneshot::channel();
        let agent = self.agent.clone();
        // A thread of its own, and not one of the runtime's: the end of the process waits for those.
        let started = std::thread::Builder::new()
            .name("telemetry".into())
            .spawn(move || tell.send(post(&agent, &request)));
        started.map_err(|error| format!("cannot start a thread: {error}"))?;
        told.await
            .map_err(|_| "the request was given up".to_owned())?
    }
}

fn post(agent: &Agent, request: &Request) -> Result<Reply, String> {
    let sending = agent
        .post(&request.url)
        .header("Content-Type", "application/json");
    let answer = match request.is_packed {
        true => {
            let packed = pack(&request.body).map_err(|error| error.to_string())?;
            sending.header("Content-Encoding", "gzip").send(&packed[..])
        }
        false => sending.send(&request.body[..]),
    };
    let mut answer = answer.map_err(|error| error.to_string())?;
    let seconds = answer.headers().get("retry-after");
    let retry_after_s = seconds
        .and_then(|value| read_pause(value.to_str().ok()?.trim(), SystemTime::now()))
        .map(|seconds| seconds.min(LONGEST_PAUSE_S));
    let mut body = Vec::new();
    // What the status says holds, whatever becomes of the rest.
    let _ = answer
        .body_mut()
        .as_reader()
        .take(MOST_ANSWER_BYTES)
        .read_to_end(&mut body);
    Ok(Reply {
        status: answer.status().as_u16(),
        retry_after_s,
        body,
    })
}

/// `Retry-After`: seconds, or a date; in seconds from now.
fn read_pause(text: &str, now: SystemTime) -> Option<u64> {
    let until = |date: SystemTime| date.duration_since(now).unwrap_or_default().as_secs();
    let seconds = text.parse().ok();
    seconds.or_else(|| httpdate::parse_http_date(text).ok().map(until))
}

fn pack(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    packer.write_all(body)?;
    packer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_in_seconds_or_as_a_date() {
        let now = httpdate::parse_http_date("Sun, 01 Nov 2026 10:00:00 GMT").unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            ("Sun, 01 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sun, 01 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(read_pause(text, now), seconds, "{text}");
        }
    }
}
