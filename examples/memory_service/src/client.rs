//! What this service asks of CognObserve: whose credential it is, which end user an id names, and to take events.
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Request;

const PATIENCE: Duration = Duration::from_secs(10);

/// As the caller sent it; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    header: &'static str,
    secret: String,
    /// Of a session token, which has none of its own.
    project: Option<String>,
}

/// Whoever calls.
pub struct Caller {
    pub developer_id: String,
    /// CognObserve's id; `None`: the request names nobody, or nobody who is known.
    pub end_user_id: Option<String>,
}

/// No caller is known: with this status and sentence.
pub type Refusal = (StatusCode, String);

#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
}

impl Credential {
    pub fn read(headers: &HeaderMap) -> Option<Credential> {
        let get = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (header, secret) = ["x-api-key", "x-session-token"]
            .into_iter()
            .find_map(|name| Some((name, get(name)?)))?;
        Some(Credential {
            header,
            secret: secret.to_owned(),
            project: get("x-project-id").map(str::to_owned),
        })
    }
}

impl Client {
    pub fn new(base: &str) -> Client {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0);
        Client {
            agent: config.build().into(),
            base: base.trim_end_matches('/').to_owned(),
        }
    }

    /// The developer by the credential, the end user by the developer's own id of them, who is made on `create` if nobody
    /// knows them; with a session token the account is both.
    ///
    /// # Errors
    /// What CognObserve refuses with a 4xx; 503 without its answer.
    pub async fn identify(
        &self,
        credential: &Credential,
        user: Option<&str>,
        create: bool,
    ) -> Result<Caller, Refusal> {
        let me = self.ask(credential, "/v1/me", None).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut end_user_id = text(&me["endUserId"]);
        if let (None, Some(user)) = (&end_user_id, user) {
            let wanted = json!({"externalIds": [user], "create": create});
            let found = self.ask(credential, "/v1/users/resolve", Some(wanted));
            end_user_id = text(&found.await?["users"][user]);
        }
        Ok(Caller {
            developer_id: text(&me["developerId"]).unwrap_or_default(),
            end_user_id,
        })
    }

    async fn ask(
        &self,
        credential: &Credential,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Refusal> {
        let (status, answer) = self.call(credential, path, body).await;
        match status {
            200 => Ok(answer),
            400..=499 => {
                let why = answer["detail"].as_str().unwrap_or("refused").to_owned();
                Err((StatusCode::from_u16(status).unwrap_or_default(), why))
            }
            _ => Err((
                StatusCode::SERVICE_UNAVAILABLE,
                "who calls cannot be asked".to_owned(),
            )),
        }
    }

    /// Status (0: no answer) and JSON of a GET, or of a POST if there is a body.
    pub async fn call(
        &self,
        credential: &Credential,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = body.as_ref().map_or("GET", |_| "POST");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(credential.header, &credential.secret)
            .header("content-type", "application/json")
            .header("x-cognobserve-client", "api");
        if let Some(project) = &credential.project {
            request = request.header("x-project-id", project);
        }
        let agent = self.agent.clone();
        let called = tokio::task::spawn_blocking(move || {
            let bytes = body.map(|body| body.to_string().into_bytes());
            let request = request.body(bytes.unwrap_or_default()).ok()?;
            let mut answer = agent.run(request).ok()?;
            let json = answer.body_mut().read_json().unwrap_or_default();
            Some((answer.status().as_u16(), json))
        });
        called.await.ok().flatten().unwrap_or_default()
    }
}
