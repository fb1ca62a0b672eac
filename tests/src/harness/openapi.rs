//! The routes that a server says it has, ready to be called.
//! A route with a parameter unknown here fails the test: nobody may forget to try it.
use super::Client;
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub method: String,
    /// With parameters in braces.
    pub path: String,
}

/// Ids to be put into a route.
#[derive(Clone, Debug)]
pub struct Ids {
    pub user: String,
    pub external_user: String,
    pub session: String,
    pub trace: String,
    pub developer: String,
}

/// All routes of `/openapi.json`.
#[track_caller]
pub fn read_routes(client: &Client) -> Vec<Route> {
    let document = client.anonymous().read("/openapi.json");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                routes.push(Route {
                    method: method.to_uppercase(),
                    path: path.clone(),
                });
            }
        }
    }
    assert!(routes.len() >= 15, "{routes:?}");
    routes.sort();
    routes
}

impl Route {
    pub fn has_parameters(&self) -> bool {
        self.path.contains('{')
    }

    /// Whether anybody may call it.
    pub fn is_public(&self) -> bool {
        [
            "/healthz",
            "/readyz",
            "/metrics",
            "/openapi.json",
            "/docs",
            "/v1/telemetry/events",
            "/",
        ]
        .contains(&self.path.as_str())
    }

    /// The path with ids put in.
    #[track_caller]
    pub fn fill(&self, ids: &Ids) -> String {
        let mut filled = Vec::new();
        let mut noun = "";
        for part in self.path.split('/') {
            let Some(parameter) = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
            else {
                noun = part;
                filled.push(part.to_owned());
                continue;
            };
            let id = match (noun, parameter) {
                ("users", _) => &ids.user,
                ("by-external-id", _) => &ids.external_user,
                ("sessions", _) => &ids.session,
                ("traces", _) => &ids.trace,
                ("developers", _) => &ids.developer,
                _ => panic!("teach Route::fill what {{{parameter}}} is in {}", self.path),
            };
            filled.push(super::client::encode(id));
        }
        filled.join("/")
    }

    /// A query without which the route answers 400.
    pub fn query(&self) -> &'static str {
        if self.path == "/v1/costs" {
            "?groupBy=user"
        } else {
            ""
        }
    }

    /// A body that the route accepts.
    pub fn body(&self) -> Option<Value> {
        match (self.method.as_str(), self.path.as_str()) {
            ("GET" | "DELETE", _) => None,
            ("POST", "/v1/users/resolve") => Some(json!({"externalIds": ["somebody"]})),
            ("POST", "/v1/traces/batch") => Some(json!({"traces": []})),
            ("POST", "/v1/events") => Some(json!({"event": "x"})),
            ("POST", _) => Some(json!({"name": "x", "spans": []})),
            _ => Some(json!({"name": "changed"})),
        }
    }

    #[track_caller]
    pub fn call(&self, client: &Client, path: &str) -> super::Answer {
        let headers: &[(&str, &str)] = if self.body().is_some() {
            &[("content-type", "application/json")]
        } else {
            &[]
        };
        let body = self.body().map(|body| body.to_string()).unwrap_or_default();
        client.send(
            &self.method,
            &format!("{path}{}", self.query()),
            headers,
            body.as_bytes(),
        )
    }
}

/// A second project in the same store, and a client with a key of it.
#[track_caller]
pub fn make_project(server: &super::Server, name: &str, scopes: &str) -> Client {
    server.run(&["projects", "create", name]).expect_success();
    make_key(server, name, scopes)
}

/// The same, of another developer.
#[track_caller]
pub fn make_project_of(
    server: &super::Server,
    workspace: &str,
    name: &str,
    scopes: &str,
) -> Client {
    let create = ["projects", "create", name, "--workspace", workspace];
    server.run(&create).expect_success();
    make_key(server, name, scopes)
}

/// A client with a new key of a project.
#[track_caller]
pub fn make_key(server: &super::Server, project: &str, scopes: &str) -> Client {
    let made = server
        .run(&[
            "keys",
            "create",
            "--project",
            project,
            "--scopes",
            scopes,
            "--json",
        ])
        .expect_success()
        .json();
    assert_eq!(made["project"], project, "{made}");
    server
        .client()
        .with_key(made["key"].as_str().expect("the key"))
}

/// The project of the first key.
pub const FIRST_PROJECT: &str = "default";
