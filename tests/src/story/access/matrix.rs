//! Every route against everybody: no credential, keys of each scope, each role by log-in and by
//! token, and strangers from another workspace.
use super::table::{Gate, ROWS, Row};
use crate::harness::openapi::{FIRST_PROJECT, Route, make_key, read_routes};
use crate::harness::person::{Person, SAME_ORIGIN};
use crate::harness::{Client, Server};
use cognobserve_model::account::{Scope, Scopes};
use cognobserve_model::people::Role;
use cognobserve_server::auth::power::Power;
use cognobserve_server::web::list_pages;
use std::collections::BTreeSet;

/// A caller with a name for messages.
enum Caller {
    Nobody,
    Key(Client, Scopes),
    Cookie(Person, Role),
    Token(Role, String),
    /// A log-in or a token of somebody in another workspace alone.
    Stranger(Person, Option<String>),
}

#[test]
fn the_table_has_every_route() {
    let server = Server::start();
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for page in list_pages() {
        known.insert((page.method.to_owned(), page.path.to_owned()));
    }
    for route in read_routes(&server.client()) {
        known.insert((route.method, route.path));
    }
    // Served beside the lists.
    for path in ["/docs", "/openapi.json", "/assets/{version}/{name}"] {
        known.insert(("GET".to_owned(), path.to_owned()));
    }
    let table: BTreeSet<(String, String)> = ROWS
        .iter()
        .map(|row| (row.method.to_owned(), row.path.to_owned()))
        .collect();
    assert_eq!(table.len(), ROWS.len(), "a route is there twice");
    let missing: Vec<_> = known.difference(&table).collect();
    let gone: Vec<_> = table.difference(&known).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in the table: {missing:?}; not in the router: {gone:?}"
    );
}

#[test]
fn everybody_gets_what_they_may_and_nothing_else() {
    let server = Server::start();
    let project = server.client().read("/v1/me")["project"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut wrong = Vec::new();
    for mut caller in gather(&server) {
        for row in ROWS {
            let status = call(&server, &mut caller, row, &project);
            let expected = expect(&caller, row);
            if status != expected {
                wrong.push(format!(
                    "{} {} as {}: {status}, not {expected}",
                    row.method,
                    row.path,
                    caller.name()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One of each kind.
fn gather(server: &Server) -> Vec<Caller> {
    let mut owner = Person::set_up(server);
    let mut callers = vec![Caller::Nobody];
    for scopes in ["ingest", "read", "admin", "ingest,read,admin"] {
        let client = make_key(server, FIRST_PROJECT, scopes);
        callers.push(Caller::Key(client, Scopes::parse(scopes).unwrap()));
    }
    let token = owner.make_token();
    callers.push(Caller::Token(Role::Owner, token));
    callers.push(Caller::Cookie(owner, Role::Owner));
    for role in [Role::Viewer, Role::Member, Role::Admin] {
        let email = format!("{}@acme.example", role.as_str().to_lowercase());
        let mut person = Person::join(server, &email, FIRST_PROJECT, role.as_str());
        let token = person.make_token();
        callers.push(Caller::Token(role, token));
        callers.push(Caller::Cookie(person, role));
    }
    let other = ["projects", "create", "other", "--workspace", "other"];
    server.run(&other).expect_success();
    let mut stranger = Person::join(server, "stranger@other.example", "other", "OWNER");
    let token = stranger.make_token();
    callers.push(Caller::Stranger(stranger.clone(), Some(token)));
    callers.push(Caller::Stranger(stranger, None));
    callers
}

impl Caller {
    fn name(&self) -> String {
        match self {
            Caller::Nobody => "nobody".to_owned(),
            Caller::Key(_, scopes) => format!("key {scopes}"),
            Caller::Cookie(_, role) => format!("{} by log-in", role.as_str()),
            Caller::Token(role, _) => format!("{} by token", role.as_str()),
            Caller::Stranger(_, token) if token.is_some() => "stranger by token".to_owned(),
            Caller::Stranger(..) => "stranger by log-in".to_owned(),
        }
    }

    fn has_cookie(&self) -> bool {
        matches!(self, Caller::Cookie(..) | Caller::Stranger(_, None))
    }
}

/// What the table says for this caller.
fn expect(caller: &Caller, row: &Row) -> u16 {
    let power = match caller {
        Caller::Key(_, scopes) => Some(Power::Key(*scopes)),
        Caller::Cookie(_, role) => Some(Power::Member(*role)),
        Caller::Token(role, _) => Some(Power::Member((*role).min(Role::Member))),
        Caller::Nobody | Caller::Stranger(..) => None,
    };
    let refused = match row.method {
        "GET" => 303,
        _ => 401,
    };
    match (row.gate, caller) {
        (Gate::Public, _) => row.done,
        (Gate::Api(_), Caller::Nobody) => 401,
        (Gate::Api(_), Caller::Stranger(..)) => 404,
        (Gate::Guest(of_cookie), _) if caller.has_cookie() => of_cookie,
        (Gate::Guest(_), _) => row.done,
        (Gate::Visit | Gate::Operator | Gate::Inside(_), _) if !caller.has_cookie() => refused,
        (Gate::Visit, _) => row.done,
        // The first account, which set the installation up.
        (Gate::Operator, Caller::Cookie(_, Role::Owner)) => row.done,
        (Gate::Operator, _) | (Gate::Inside(_), Caller::Stranger(..)) => 404,
        (Gate::Api(right) | Gate::Inside(right), _) => match power {
            Some(power) if power.may(right) => row.done,
            _ => 403,
        },
    }
}

fn call(server: &Server, caller: &mut Caller, row: &Row, project: &str) -> u16 {
    let route = Route {
        method: row.method.to_owned(),
        path: row.path.to_owned(),
    };
    let path: Vec<&str> = row
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { "none" } else { part })
        .collect();
    let query = match row.path {
        "/v1/costs" => "&groupBy=user",
        _ => "",
    };
    let path = format!("{}?projectId={project}{query}", path.join("/"));
    let is_api = matches!(row.gate, Gate::Api(_) | Gate::Public);
    let (kind, body) = match (row.method, is_api) {
        ("GET", _) => ("", String::new()),
        (_, true) => {
            let body = route.body().map(|body| body.to_string());
            ("application/json", body.unwrap_or_default())
        }
        (_, false) => ("application/x-www-form-urlencoded", String::new()),
    };
    let mut headers = vec![SAME_ORIGIN];
    if !kind.is_empty() {
        headers.push(("content-type", kind));
    }
    let anonymous = server.client().anonymous();
    match caller {
        Caller::Nobody => {
            anonymous
                .send(row.method, &path, &headers, body.as_bytes())
                .status
        }
        Caller::Key(client, _) => {
            client
                .send(row.method, &path, &headers, body.as_bytes())
                .status
        }
        Caller::Token(_, token) | Caller::Stranger(_, Some(token)) => {
            headers.push(("x-session-token", token));
            anonymous
                .send(row.method, &path, &headers, body.as_bytes())
                .status
        }
        Caller::Cookie(person, _) | Caller::Stranger(person, None) => {
            if is_api || row.method == "GET" {
                return person.send(row.method, &path, &headers, &body).status;
            }
            let token = person.find_token("/account");
            // Logging out must not end the log-in that the other rows need.
            let mut person = match row.path {
                "/logout" => person.log_in_again(),
                _ => person.clone(),
            };
            let token = match row.path {
                "/logout" => person.find_token("/account"),
                _ => token,
            };
            person
                .post(&path, &[SAME_ORIGIN], &[("formToken", &token)])
                .status
        }
    }
}

#[test]
fn the_table_knows_every_scope() {
    assert_eq!(Scope::ALL.len(), 3, "gather callers with the new one");
    assert_eq!(Role::ALL.len(), 4, "gather callers with the new one");
}
