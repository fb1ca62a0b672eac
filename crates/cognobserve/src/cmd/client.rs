//! Asking a running server: one blocking call at a time.
//! Invariant: the key goes to the given endpoint only (no redirects) and is never printed.
use anyhow::{Context, bail};
use cognobserve_server::config::{ClientSettings, Sources, read_client};
use serde_json::Value;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(120);
/// A batch may be answered 429 or 503 while the server is busy.
const TRIES: u32 = 8;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Where the server is, and the key.
#[derive(Clone, Debug, clap::Args)]
pub struct ClientArgs {
    /// The server [env: COGNOBSERVE_ENDPOINT] [default: http://127.0.0.1:4100]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// The API key [env: COGNOBSERVE_API_KEY]
    #[arg(long, global = true, value_name = "KEY")]
    pub key: Option<String>,
}

pub struct Client {
    agent: ureq::Agent,
    endpoint: String,
    key: String,
}

/// An answer that is no success.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.describe())]
pub struct Refused {
    pub status: u16,
    pub body: Value,
}

impl Refused {
    fn describe(&self) -> String {
        let text = |key: &str| self.body.get(key).and_then(Value::as_str);
        let reason = text("detail")
            .or_else(|| text("title"))
            .unwrap_or("no reason given");
        let mut message = format!("the server answered {}: {reason}", self.status);
        for error in self
            .body
            .get("errors")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let of = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
            let line = format!("{}: {}", of("path"), of("message"));
            // One error alone is the detail already.
            if line != reason {
                message += &format!("\n  {line}");
            }
        }
        message
    }
}

impl Client {
    pub fn connect(args: &ClientArgs) -> anyhow::Result<Client> {
        let sources = Sources::of_process(None, Vec::new());
        let ClientSettings { endpoint, api_key } =
            read_client(args.url.clone(), args.key.clone(), &sources);
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            bail!("{endpoint:?} is not a URL: it must start with http:// or https://");
        }
        let key = api_key.context("an API key is needed: --key or COGNOBSERVE_API_KEY")?;
        let config = ureq::Agent::config_builder();
        let config = config
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT));
        Ok(Client {
            agent: config.build().into(),
            endpoint,
            key: key.expose().to_owned(),
        })
    }

    pub fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        let mut request = self.agent.get(format!("{}{path}", self.endpoint));
        for (name, value) in query {
            request = request.query(name, value);
        }
        self.read(request.header("X-API-Key", &self.key).call())
    }

    pub fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.agent.patch(format!("{}{path}", self.endpoint));
        let request = request
            .header("X-API-Key", &self.key)
            .header("Content-Type", "application/json");
        self.read(request.send(body.to_string()))
    }

    pub fn delete(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        let mut request = self.agent.delete(format!("{}{path}", self.endpoint));
        for (name, value) in query {
            request = request.query(name, value);
        }
        self.read(request.header("X-API-Key", &self.key).call())
    }

    /// Posts JSON text; waits and tries again while the server is too busy.
    pub fn post_patiently(&self, path: &str, body: &str) -> anyhow::Result<Value> {
        let mut wait = Duration::from_millis(500);
        for attempt in 1.. {
            let request = self.agent.post(format!("{}{path}", self.endpoint));
            let request = request
                .header("X-API-Key", &self.key)
                .header("Content-Type", "application/json");
            let result = self.read(request.send(body));
            let is_passing = match &result {
                Ok(_) => false,
                Err(error) => match error.downcast_ref::<Refused>() {
                    Some(refused) => matches!(refused.status, 429 | 502 | 503 | 504),
                    None => error.downcast_ref::<ureq::Error>().is_some(),
                },
            };
            if !is_passing || attempt == TRIES {
                return result;
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        bail!("the server did not take the data")
    }

    fn read(
        &self,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> anyhow::Result<Value> {
        let mut response = response.with_context(|| format!("cannot reach {}", self.endpoint))?;
        let text = response
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()?;
        let status = response.status();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        match status.is_success() {
            true => Ok(body),
            false => Err(Refused {
                status: status.as_u16(),
                body,
            }
            .into()),
        }
    }
}

/// A text as one segment of a path.
pub fn encode_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                encoded.push(byte.into())
            }
            // `.` and `..` alone would be taken for steps of the path.
            b'.' if text.len() > 2 => encoded.push('.'),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_safe_in_a_path() {
        assert_eq!(encode_segment("a/b c?é"), "a%2Fb%20c%3F%C3%A9");
        assert_eq!(encode_segment(".."), "%2E%2E");
        assert_eq!(encode_segment("john@acme.com"), "john%40acme.com");
    }
}
