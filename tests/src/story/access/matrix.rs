//! Every route and every procedure against everybody.
use super::callers::{Caller, Shown, Standing, gather, gather_strangers};
use super::table::{Gate, ROWS, Row};
use crate::harness::client::encode;
use crate::harness::openapi::{Route, read_routes};
use crate::harness::person::{Person, SAME_ORIGIN};
use crate::harness::{Answer, Server};
use cognobserve_model::account::Scope;
use cognobserve_model::people::Role;
use cognobserve_server::auth::power::Power;
use cognobserve_server::trpc::list_procedures;
use cognobserve_server::web::list_pages;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn the_table_has_every_route() {
    let server = Server::start_cloud();
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for page in list_pages() {
        known.insert((page.method.to_owned(), page.path.to_owned()));
    }
    for route in read_routes(&server.client()) {
        known.insert((route.method, route.path));
    }
    for (name, is_mutation) in list_procedures() {
        let method = if is_mutation { "POST" } else { "GET" };
        known.insert((method.to_owned(), format!("/api/trpc/{name}")));
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
    let server = Server::start_cloud();
    let project = find_project(&server);
    let mut wrong = Vec::new();
    for mut caller in gather(&server) {
        for row in ROWS {
            let answer = call(&server, &mut caller, row, &project);
            let expected = expect(&caller, row);
            let (status, name) = (answer.status, &caller.name);
            if status != expected {
                let what = format!("{status}, not {expected}");
                wrong.push(format!("{} {} as {name}: {what}", row.method, row.path));
            } else if matches!(row.gate, Gate::Call(_)) {
                let fault = find_fault(row, &answer);
                wrong.extend(fault.map(|fault| format!("{} as {name}: {fault}", row.path)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whoever is not of its workspace cannot tell a project from none.
#[test]
fn a_foreign_project_is_as_good_as_none() {
    let server = Server::start_cloud();
    let project = find_project(&server);
    let none = "prj_000000000000000000000000";
    let mut wrong = Vec::new();
    for mut stranger in gather_strangers(&server) {
        for row in ROWS {
            let mut ask = |project| {
                let mut answer = call(&server, &mut stranger, row, project);
                answer.headers.remove("date");
                // Says whether the form had arrived as a whole when it was refused unread: of the
                // wire, not of the page.
                answer.headers.remove("connection");
                // A log-in leads back to what was asked for.
                for value in answer.headers.values_mut() {
                    *value = value.replace(project, "it");
                }
                let body = answer.text().replace(project, "it");
                (answer.status, answer.headers, answer.cookies, body)
            };
            let (foreign, missing) = (ask(&project), ask(none));
            let is_inside = matches!(row.gate, Gate::Api(_) | Gate::Call(_) | Gate::Inside(_));
            if is_inside && foreign != missing {
                let name = &stranger.name;
                wrong.push(format!("{} as {name}: {foreign:?} {missing:?}", row.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The id of the first project.
pub fn find_project(server: &Server) -> String {
    let me = server.client().read("/v1/me");
    me["project"]["id"].as_str().unwrap().to_owned()
}

/// What the table says for this caller.
fn expect(caller: &Caller, row: &Row) -> u16 {
    let refused = match row.method {
        "GET" => 303,
        _ => 401,
    };
    let is_in = caller.is_logged_in();
    match (row.gate, &caller.standing) {
        (Gate::Public, _) => row.done,
        (Gate::Api(_) | Gate::Call(_), Standing::Nobody) => 401,
        (Gate::Api(_) | Gate::Call(_), Standing::Stranger) => 404,
        (Gate::Guest(of_login), _) if is_in => of_login,
        (Gate::Guest(_), _) => row.done,
        (Gate::Visit | Gate::Operator | Gate::Inside(_), _) if !is_in => refused,
        (Gate::Visit, _) => row.done,
        // The first account, which set the installation up.
        (Gate::Operator, Standing::Powerful(Power::Member(Role::Owner))) => row.done,
        (Gate::Operator, _) | (Gate::Inside(_), Standing::Stranger) => 404,
        (Gate::Api(right) | Gate::Call(right) | Gate::Inside(right), standing) => match standing {
            Standing::Powerful(power) if power.may(right) => row.done,
            _ => 403,
        },
    }
}

fn call(server: &Server, caller: &mut Caller, row: &Row, project: &str) -> Answer {
    let json = [("content-type", "application/json")];
    let form = [("content-type", "application/x-www-form-urlencoded")];
    if let Gate::Call(_) = row.gate {
        let input = write_input(row.path, project);
        return match row.method {
            "GET" => {
                let path = format!("{}?input={}", row.path, encode(&input));
                caller.send(server, "GET", &path, &[], "")
            }
            _ => caller.send(server, "POST", row.path, &json, &input),
        };
    }
    let parts = row.path.split('/');
    let parts = parts.map(|part| if part.starts_with('{') { "none" } else { part });
    let query = match row.path {
        "/v1/costs" => "&groupBy=user",
        _ => "",
    };
    let path = parts.collect::<Vec<_>>().join("/");
    let path = format!("{path}?projectId={project}{query}");
    if row.method == "GET" {
        return caller.send(server, "GET", &path, &[], "");
    }
    if matches!(row.gate, Gate::Api(_) | Gate::Public) {
        let (method, path_in) = (row.method.to_owned(), row.path.to_owned());
        let route = Route {
            method,
            path: path_in,
        };
        let body = route.body().map(|body| body.to_string());
        return caller.send(server, row.method, &path, &json, &body.unwrap_or_default());
    }
    match &mut caller.shown {
        Shown::Browser(person) => submit(person, row.path, &path),
        _ => caller.send(server, "POST", &path, &form, ""),
    }
}

fn submit(person: &mut Person, page: &str, path: &str) -> Answer {
    let mut person = match page {
        // Logging out must not end the log-in that the other rows need.
        "/logout" => person.log_in_again(),
        _ => person.clone(),
    };
    let token = person.find_token("/account");
    person.post(path, &[SAME_ORIGIN], &[("formToken", &token)])
}

/// What a procedure needs to know, with ids of nothing.
fn write_input(path: &str, project: &str) -> String {
    let mut input = json!({"projectId": project});
    let ids: &[&str] = match path {
        // All sessions, not those of a user.
        "/api/trpc/sessions.list" => &[],
        _ => &["id", "userId", "externalId", "name"],
    };
    for id in ids {
        input[id] = json!("none");
    }
    input.to_string()
}

/// What of an answer is not as tRPC has it.
fn find_fault(row: &Row, answer: &Answer) -> Option<String> {
    let body = answer.json();
    let code = match answer.status {
        200 => None,
        401 => Some("UNAUTHORIZED"),
        403 => Some("FORBIDDEN"),
        _ => Some("NOT_FOUND"),
    };
    let is_right = match code {
        None => body["result"]["data"].is_object(),
        Some(code) => {
            let data = &body["error"]["data"];
            data["code"] == code
                && data["httpStatus"] == answer.status
                && row.path.strip_prefix("/api/trpc/") == data["path"].as_str()
        }
    };
    let is_right = is_right && answer.header("content-type") == "application/json";
    (!is_right).then(|| body.to_string())
}

#[test]
fn the_table_knows_every_scope() {
    assert_eq!(Scope::ALL.len(), 3, "gather callers with the new one");
    assert_eq!(Role::ALL.len(), 4, "gather callers with the new one");
}
