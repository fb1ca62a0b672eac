//! A server for one test: a store, two projects, keys with every set of scopes.
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use cognobserve_model::account::{ProjectSettings, Scopes};
use cognobserve_model::id::ProjectId;
use cognobserve_ports::reference::ReferenceStore;
use cognobserve_ports::{Accounts, Actor, Ledger, NewKey, People};
use cognobserve_registry::Registry;
use cognobserve_server::auth::key::SecretKey;
use cognobserve_server::config::Roles;
use cognobserve_server::events::Telling;
use cognobserve_server::metrics::Metrics;
use cognobserve_server::worker::{ArrivalClock, LocalQueue, QueueLimits};
use cognobserve_server::{AppState, Limits, Ports, Site, build_router};
use cognobserve_sqlite::{Mode, SqliteStore};
use cognobserve_telemetry::anonymise::AllowList;
use cognobserve_telemetry::edition::Edition;
use cognobserve_telemetry::pseudonym::Pseudonyms;
use cognobserve_telemetry::route::Installation;
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

pub struct App {
    pub router: Router,
    pub state: Arc<AppState>,
    pub people: Arc<dyn People>,
    /// Where those who log in are kept.
    pub _home: TempDir,
    pub store: Arc<ReferenceStore>,
    pub queue: Arc<LocalQueue>,
    pub project: ProjectId,
    /// With all scopes.
    pub key: String,
    /// The like, of another project.
    pub other_key: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// Checks a problem's status, code and media type; gives the paths of its errors.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Vec<String> {
        let problem = self.expect(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(
            (problem["code"].as_str(), problem["status"].as_u64()),
            (Some(code), Some(status.into()))
        );
        assert_eq!(
            self.headers.contains_key("retry-after"),
            matches!(status, 429 | 503)
        );
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| error["path"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl App {
    pub async fn start() -> App {
        App::start_with(QueueLimits::default(), Limits::default()).await
    }

    pub async fn start_with(queue: QueueLimits, limits: Limits) -> App {
        let store = Arc::new(ReferenceStore::new());
        App::start_over(store.clone(), store, queue, limits).await
    }

    /// With another ledger before the same store.
    pub async fn start_over(
        store: Arc<ReferenceStore>,
        ledger: Arc<dyn Ledger>,
        queue: QueueLimits,
        limits: Limits,
    ) -> App {
        let metrics = Arc::new(Metrics::default());
        let queue = LocalQueue::start(ledger.clone(), queue, metrics.clone());
        let home = TempDir::new().unwrap();
        let people = open_people(&home);
        let ports = Ports {
            accounts: store.clone(),
            people: people.clone(),
            reports: store.clone(),
            ledger,
            events: store.clone(),
        };
        let state = AppState::new(
            ports,
            queue.clone(),
            limits,
            metrics,
            ArrivalClock::default(),
            Site::default(),
            make_telling(),
        );
        let project = store
            .create_project("default", "one", &Actor::Operator)
            .await
            .unwrap()
            .id;
        let other = store
            .create_project("default", "two", &Actor::Operator)
            .await
            .unwrap()
            .id;
        let (key, other_key) = (
            make_key(&store, &project, "ingest,read,admin").await,
            make_key(&store, &other, "ingest,read,admin").await,
        );
        App {
            router: build_router(state.clone(), &Roles::all()),
            state,
            people,
            _home: home,
            store,
            queue,
            project,
            key,
            other_key,
        }
    }

    /// What a process of these roles serves.
    pub fn router_of(&self, roles: &Roles) -> Router {
        build_router(self.state.clone(), roles)
    }

    /// A key of the first project.
    pub async fn key_with(&self, scopes: &str) -> String {
        make_key(&self.store, &self.project, scopes).await
    }

    pub async fn set(&self, change: impl FnOnce(&mut ProjectSettings)) {
        let mut settings = ProjectSettings::default();
        change(&mut settings);
        self.store
            .update_settings(&self.project, settings, &Actor::Operator)
            .await
            .unwrap();
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .unwrap()
            .to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    pub async fn call_as(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", key);
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string().into()),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call_as(&self.key, Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call_as(&self.key, Method::POST, path, Some(body))
            .await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call_as(&self.key, Method::PATCH, path, Some(body))
            .await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call_as(&self.key, Method::DELETE, path, None).await
    }

    /// Sends a trace that must be taken.
    pub async fn take(&self, trace: Value) -> Value {
        self.post("/v1/traces", &trace).await.expect(202)
    }

    /// Our id of a user.
    pub async fn user_id(&self, external_id: &str) -> String {
        let user = self
            .get(&format!("/v1/users/by-external-id/{external_id}"))
            .await
            .expect(200);
        user["id"].as_str().unwrap().to_owned()
    }
}

/// The cloud's, which knows whose events are; nothing is sent.
pub fn make_telling() -> Telling {
    let installation = Installation {
        edition: Edition::Cloud,
        version: "1.0.0".into(),
        os: "linux".into(),
        allowed: AllowList::default(),
        pseudonyms: Pseudonyms::of_process(&[7; 32]),
    };
    Telling::new(installation, true, Vec::new())
}

/// Those who log in, in a store of their own.
fn open_people(home: &TempDir) -> Arc<dyn People> {
    let store = SqliteStore::open(home.path(), Mode::Tool).unwrap();
    Arc::new(Registry::new(store))
}

async fn make_key(store: &ReferenceStore, project: &ProjectId, scopes: &str) -> String {
    let key = SecretKey::generate();
    let scopes = Scopes::parse(scopes).unwrap();
    let new = NewKey {
        hash: key.hash(),
        prefix: key.shown_prefix().to_owned(),
        name: scopes.to_string(),
        scopes,
        expires: None,
    };
    store
        .create_key(project, new, &Actor::Operator)
        .await
        .unwrap();
    key.reveal().to_owned()
}
