//! A blocking HTTP client that shows exactly what came back: status, headers, bytes.
//! It follows no redirects, unpacks nothing and retries nothing.
use super::profile::Backing;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::http::{Request, Uri};

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case; of repeated ones the last.
    pub headers: BTreeMap<String, String>,
    /// Each `Set-Cookie`.
    pub cookies: Vec<String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; fails the test if it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {} {}", self.status, self.text()))
    }

    /// Fails the test unless the status is the wanted one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Fails the test unless this is a problem document with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Answer {
        let answer = self.expect(status);
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{}",
            answer.text()
        );
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for field in ["type", "title"] {
            assert!(problem[field].is_string(), "{field} is missing: {problem}");
        }
        answer
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Talks to one server, with one key or none.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    key: Option<String>,
    /// What is behind the server, if reads are to see all that was acknowledged.
    behind: Option<Backing>,
}

impl Client {
    pub fn new(base: &str, key: Option<&str>) -> Client {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(120)))
            .build();
        Client {
            agent: config.new_agent(),
            base: base.to_owned(),
            key: key.map(str::to_owned),
            behind: None,
        }
    }

    /// Waits before each question until all that was acknowledged is booked.
    pub fn settled_by(self, behind: &Backing) -> Client {
        Client {
            behind: Some(behind.clone()),
            ..self
        }
    }

    /// The same server with another key.
    pub fn with_key(&self, key: &str) -> Client {
        Client {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same server without a key.
    pub fn anonymous(&self) -> Client {
        Client {
            key: None,
            ..self.clone()
        }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"")
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "POST",
            path,
            &[("content-type", "application/json")],
            body.to_string().as_bytes(),
        )
    }

    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "PATCH",
            path,
            &[("content-type", "application/json")],
            body.to_string().as_bytes(),
        )
    }

    /// A body as it is, called JSON.
    #[track_caller]
    pub fn post_text(&self, path: &str, body: &str) -> Answer {
        self.send(
            "POST",
            path,
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
    }

    /// GET that must answer 200 with JSON.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        self.get(path).expect(200).json()
    }

    /// Any request; a broken connection fails the test.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let takes_in = method == "POST" && path.starts_with("/v1/traces");
        if let Some(behind) = self.behind.as_ref().filter(|_| !takes_in) {
            behind.settle();
        }
        match self.try_send(method, path, headers, body) {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    /// Any request; `Err` if there was no whole answer.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
        let url: Uri = format!("{}{path}", self.base)
            .parse()
            .map_err(|error| format!("{error}"))?;
        let mut request = Request::builder().method(method).uri(url);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = request.body(body).map_err(|error| error.to_string())?;
        let config = self
            .agent
            .configure_request(config)
            .allow_non_standard_methods(true)
            .build();
        let mut answer = self.agent.run(config).map_err(|error| error.to_string())?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies = cookies.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
        let cookies = cookies.collect();
        let status = answer.status().as_u16();
        let body = answer
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_vec()
            .map_err(|error| error.to_string())?;
        Ok(Answer {
            status,
            headers,
            cookies,
            body,
        })
    }
}

/// Percent-encodes a path segment or query value.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
