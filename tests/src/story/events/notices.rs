//! Pages of events and developers say that nothing more is stored, and why.
use super::{find_developer, send};
use crate::harness::person::Person;
use crate::harness::{Server, Setup};
use serde_json::json;

const OFF: &str = "Telemetry is switched off, so that no further event";
const OUT: &str = "has opted out of telemetry, so that no further event";

/// Which of the two each page of the project says, by its path.
fn read_notices(server: &Server, owner: &mut Person, paths: &[String]) -> Vec<(bool, bool)> {
    let me = server.client().read("/v1/me");
    let project = me["project"]["id"].as_str().unwrap().to_owned();
    let mut read = |path: &String| {
        let page = owner.open(&format!("{path}?projectId={project}"));
        let page = page.expect(200).text();
        (page.contains(OFF), page.contains(OUT))
    };
    paths.iter().map(&mut read).collect()
}

#[test]
fn pages_say_that_nothing_more_is_stored_and_why() {
    for edition in ["cloud", "opensource"] {
        let setup = || Setup::new().setting("COGNOBSERVE_EDITION", edition);
        let server = setup().start();
        let mut owner = Person::set_up(&server);
        let mut paths = vec!["/events".to_owned(), "/developers".to_owned()];
        if edition == "cloud" {
            paths.push(format!("/developers/{}", find_developer(&server)));
        }
        let mut expect = |off, out| {
            let told = read_notices(&server, &mut owner, &paths);
            assert_eq!(told, vec![(off, out); paths.len()], "{edition}");
        };
        expect(false, false);
        server.run(&["telemetry", "disable"]).expect_success();
        expect(false, true);
        server.run(&["telemetry", "enable"]).expect_success();
        send(&server.client(), json!([{"event": "a", "user_id": "ann"}]));
        expect(false, false);
        server.run(&["telemetry", "disable"]).expect_success();
        expect(false, true);

        let server = setup().setting("DO_NOT_TRACK", "1").start();
        let mut owner = Person::set_up(&server);
        let told = read_notices(&server, &mut owner, &paths[..2]);
        assert_eq!(told, [(true, false); 2], "{edition}");
    }
}
