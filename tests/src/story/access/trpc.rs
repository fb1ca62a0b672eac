//! Procedures with a log-in's cookie: another site may make a browser ask, but change nothing; and
//! what is refused before any procedure is called.
use crate::harness::client::encode;
use crate::harness::person::{Person, SAME_ORIGIN};
use crate::harness::sample::trace;
use crate::harness::{Answer, Server};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");
const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
const ELSEWHERE: (&str, &str) = ("origin", "https://evil.example");

/// A project with one user, and its owner at a browser.
struct Scene {
    server: Server,
    owner: Person,
    project: String,
    user: String,
}

impl Scene {
    fn open() -> Scene {
        let server = Server::start();
        let owner = Person::set_up(&server);
        let client = server.client();
        client.post("/v1/traces", &trace("t", "u")).expect(202);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let project = text(&client.read("/v1/me")["project"]["id"]);
        let user = text(&client.read("/v1/users/by-external-id/u")["id"]);
        Scene {
            server,
            owner,
            project,
            user,
        }
    }

    fn rename(&self, name: &str) -> Value {
        json!({"projectId": self.project, "id": self.user, "name": name})
    }

    fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let path = format!("/api/trpc/{path}");
        self.owner.send("POST", &path, headers, &body.to_string())
    }

    fn get(&mut self, path: &str, headers: &[(&str, &str)], input: &Value) -> Answer {
        let sign = if path.contains('?') { '&' } else { '?' };
        let input = encode(&input.to_string());
        let path = format!("/api/trpc/{path}{sign}input={input}");
        self.owner.send("GET", &path, headers, "")
    }

    #[track_caller]
    fn expect_name(&self, name: &Value) {
        let user = self.server.client().read("/v1/users/by-external-id/u");
        assert_eq!(user["name"], *name);
    }
}

/// Fails unless a call was refused, with this code of tRPC.
#[track_caller]
fn expect_refusal(answer: &Value, status: u16, code: &str) {
    let data = &answer["error"]["data"];
    assert_eq!(data["httpStatus"], status, "{answer}");
    assert_eq!(data["code"], code, "{answer}");
    assert!(answer["error"]["message"].is_string(), "{answer}");
}

#[test]
fn another_site_changes_nothing_with_our_cookie() {
    let mut scene = Scene::open();
    let change = scene.rename("Mallory");
    let delete = json!({"projectId": scene.project, "id": scene.user});
    for headers in [
        vec![JSON],
        vec![JSON, CROSS_SITE],
        vec![JSON, ("sec-fetch-site", "same-site")],
        vec![JSON, ("sec-fetch-site", "none")],
        vec![JSON, ELSEWHERE],
        vec![JSON, ("origin", "null")],
        vec![SAME_ORIGIN],
        vec![],
    ] {
        for (name, input) in [("users.update", &change), ("users.delete", &delete)] {
            let answer = scene.post(name, &headers, input).expect(403).json();
            expect_refusal(&answer, 403, "FORBIDDEN");
        }
        let both = json!({"0": change, "1": delete});
        let path = "users.update,users.delete?batch=1";
        let answer = scene.post(path, &headers, &both).expect(403).json();
        expect_refusal(&answer[0], 403, "FORBIDDEN");
        expect_refusal(&answer[1], 403, "FORBIDDEN");
    }
    // What a form can say of its body.
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
    ] {
        for site in [SAME_ORIGIN, CROSS_SITE] {
            let headers = [("content-type", kind), site];
            let answer = scene.post("users.update", &headers, &change).expect(415);
            expect_refusal(&answer.json(), 415, "UNSUPPORTED_MEDIA_TYPE");
        }
    }
    scene.expect_name(&Value::Null);

    let headers = [JSON, SAME_ORIGIN];
    let change = scene.rename("Ann");
    let changed = scene.post("users.update", &headers, &change).expect(200);
    assert_eq!(changed.json()["result"]["data"]["name"], "Ann");
    let token = scene.owner.find_token("/account");
    let headers = [SAME_ORIGIN, ("x-form-token", token.as_str())];
    let change = scene.rename("Bea");
    scene.post("users.update", &headers, &change).expect(200);
    scene.expect_name(&json!("Bea"));
}

#[test]
fn a_link_that_is_followed_reads_and_never_changes() {
    let mut scene = Scene::open();
    let change = scene.rename("Mallory");
    let list = json!({"projectId": scene.project});
    for headers in [vec![], vec![CROSS_SITE], vec![SAME_ORIGIN, JSON]] {
        let read = scene.get("users.list", &headers, &list).expect(200);
        assert_eq!(read.json()["result"]["data"]["items"][0]["externalId"], "u");
        assert_eq!(read.header("access-control-allow-origin"), "");
        let changed = scene.get("users.update", &headers, &change).expect(405);
        expect_refusal(&changed.json(), 405, "METHOD_NOT_SUPPORTED");
        let both =
            json!({"0": list, "1": change, "2": {"id": scene.user, "projectId": scene.project}});
        let path = "users.list,users.update,users.delete?batch=1";
        let mixed = scene.get(path, &headers, &both).expect(207).json();
        assert!(mixed[0]["result"]["data"]["items"].is_array(), "{mixed}");
        expect_refusal(&mixed[1], 405, "METHOD_NOT_SUPPORTED");
        expect_refusal(&mixed[2], 405, "METHOD_NOT_SUPPORTED");
    }
    let path = format!(
        "/api/trpc/users.update?input={}",
        encode(&change.to_string())
    );
    for method in ["HEAD", "PUT", "PATCH", "DELETE"] {
        let headers = [SAME_ORIGIN, JSON, ("x-http-method-override", "POST")];
        scene.owner.send(method, &path, &headers, "").expect(405);
    }
    scene.expect_name(&Value::Null);
}

#[test]
fn every_call_of_a_batch_is_weighed_by_its_own_project() {
    let mut scene = Scene::open();
    let other = ["projects", "create", "other", "--workspace", "other"];
    scene.server.run(&other).expect_success();
    // The first account owns what there was when it was made, and nothing since.
    let list = scene.server.run(&["projects", "list", "--json"]);
    let list = list.expect_success().json();
    let mut projects = list.as_array().expect("projects").iter();
    let foreign = projects.find(|project| project["name"] == "other");
    let foreign = foreign.expect("the other")["id"].clone();
    let own = json!(scene.project);
    let path = "users.list,users.list,users.list?batch=1";
    let asked = json!({"0": {"projectId": own}, "1": {"projectId": foreign}, "2": {}});
    let answers = scene.get(path, &[], &asked).expect(207).json();
    assert!(
        answers[0]["result"]["data"]["items"].is_array(),
        "{answers}"
    );
    expect_refusal(&answers[1], 404, "NOT_FOUND");
    expect_refusal(&answers[2], 400, "BAD_REQUEST");
    assert_eq!(
        answers[2]["error"]["data"]["problem"]["code"],
        "project_required"
    );
    // Two that differ are none.
    let header = [("x-project-id", own.as_str().expect("an id"))];
    let answers = scene.get(path, &header, &asked).expect(207).json();
    assert!(
        answers[2]["result"]["data"]["items"].is_array(),
        "{answers}"
    );
    expect_refusal(&answers[1], 404, "NOT_FOUND");
    // An id stays in its place of the path.
    for id in [
        "../users",
        "x?projectId=y",
        "..",
        "%2e%2e/me",
        "by-external-id/u",
    ] {
        let asked = json!({"projectId": own, "id": id});
        let answer = scene.get("users.get", &[], &asked).expect(404).json();
        expect_refusal(&answer, 404, "NOT_FOUND");
    }
}

#[test]
fn the_first_credential_decides_and_large_bodies_are_refused() {
    let mut scene = Scene::open();
    let list = json!({"projectId": scene.project});
    let wrong = [("x-api-key", "co_sk_wrong")];
    let answer = scene.get("users.list", &wrong, &list).expect(401).json();
    expect_refusal(&answer, 401, "UNAUTHORIZED");
    let large = scene.rename(&"x".repeat(3 << 20));
    let headers = [JSON, SAME_ORIGIN];
    let answer = scene.post("users.update", &headers, &large).expect(413);
    expect_refusal(&answer.json(), 413, "PAYLOAD_TOO_LARGE");
    // Of a stranger's only the beginning is read.
    let anonymous = scene.server.client().anonymous();
    for path in ["users.update", "users.update,users.delete?batch=1"] {
        let path = format!("/api/trpc/{path}");
        let answer = anonymous.post(&path, &large).expect(401).json();
        expect_refusal(&answer, 401, "UNAUTHORIZED");
    }
    let both = json!({"0": scene.rename("x"), "1": {"id": "none"}});
    let path = "/api/trpc/users.update,users.delete?batch=1";
    let answers = anonymous.post(path, &both).expect(401).json();
    expect_refusal(&answers[0], 401, "UNAUTHORIZED");
    expect_refusal(&answers[1], 401, "UNAUTHORIZED");
    scene.expect_name(&Value::Null);
}
