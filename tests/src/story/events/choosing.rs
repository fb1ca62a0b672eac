//! A developer's own no, said on the page of settings.
use super::send;
use crate::harness::person::{Person, SAME_ORIGIN};
use crate::harness::{Server, Setup};
use serde_json::{Value, json};

fn store_one(server: &Server) -> Value {
    let answer = server.client().post("/v1/events", &json!({"event": "e"}));
    answer.expect(202).json()["results"][0].clone()
}

fn is_ticked(person: &mut Person, page: &str) -> bool {
    let text = person.open(page).expect(200).text();
    let (_, rest) = text
        .split_once("name=\"events\" value=\"on\"")
        .expect("a box");
    rest.split('>').next().expect("its end").contains("checked")
}

#[test]
fn an_admin_says_no_on_the_page_of_settings_and_takes_it_back() {
    for edition in ["cloud", "opensource"] {
        let server = Setup::new().setting("COGNOBSERVE_EDITION", edition).start();
        let mut owner = Person::set_up(&server);
        let me = server.client().read("/v1/me");
        let project = me["project"]["id"].as_str().expect("an id").to_owned();
        let of = |path: &str| format!("{path}?projectId={project}");
        let (page, action) = (of("/settings"), of("/settings/telemetry"));
        let choice = ("choice", "product-events");
        let mut admin = Person::join(&server, "admin@acme.example", "default", "ADMIN");
        assert!(is_ticked(&mut admin, &page), "{edition}");

        admin.submit(&page, &action, &[choice]).expect(303);
        assert!(!is_ticked(&mut admin, &page), "{edition}");
        let result = store_one(&server);
        assert_eq!(result["stored"], false, "{edition}: {result}");
        assert_eq!(result["warnings"][0]["code"], "opted_out");
        // As for the command, and for all projects of the workspace.
        let status = server.client().read("/v1/telemetry/status");
        assert_eq!(status["optedOut"], true);

        let mut member = Person::join(&server, "member@acme.example", "default", "MEMBER");
        assert!(!is_ticked(&mut member, &page), "who reads sees it");
        let yes = [choice, ("events", "on")];
        member.submit("/account", &action, &yes).expect(403);
        admin.post(&action, &[SAME_ORIGIN], &yes).expect(403);
        admin
            .submit(&page, &action, &[("events", "on")])
            .expect(400);
        assert!(!is_ticked(&mut admin, &page), "{edition}");

        admin.submit(&page, &action, &yes).expect(303);
        assert!(is_ticked(&mut admin, &page), "{edition}");
        send(&server.client(), json!([{"event": "e"}]));
        let audit = owner.open(&of("/audit")).expect(200).text();
        for word in [
            "telemetry.disable",
            "telemetry.enable",
            "admin@acme.example",
        ] {
            assert!(audit.contains(word), "{edition}: {word}");
        }
    }
}

#[test]
fn the_page_says_when_the_installation_captures_nothing() {
    let server = Setup::new().setting("DO_NOT_TRACK", "1").start();
    let mut owner = Person::set_up(&server);
    let text = owner.follow("/settings").expect(200).text();
    assert!(text.contains("Telemetry is switched off in this installation"));
}
