//! A move whose destination does not keep what it is given.
use super::{make_tables, move_to, name_url};
use crate::harness::Server;
use cognobserve_servers::postgres;
use serde_json::{Value, json};

#[test]
fn an_event_that_did_not_come_along_is_noticed() {
    let mut old = Server::start_cloud();
    let events = json!({"events": [{"event": "a"}, {"event": "b"}, {"event": "c"}]});
    old.client().post("/v1/events", &events).expect(202);
    old.stop();
    for (change, there) in [("NULL", 2), ("NEW", 3)] {
        let schema = postgres().make_schema();
        make_tables(&schema);
        schema.execute(&format!(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.name = 'b' THEN NEW.properties = '{{\"n\":1}}'; RETURN {change}; END IF; RETURN NEW; END $$;
             CREATE TRIGGER spoiling BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION spoil()"
        ));
        let report = move_to(&name_url(&schema), old.data_dir()).expect_failure();
        let report: Value = serde_json::from_str(&report.out).expect("a report");
        let project = &report["projects"][0];
        assert_eq!(
            (&report["ok"], &project["same"]),
            (&json!(false), &json!(false))
        );
        let counts = (&project["source"]["events"], &project["target"]["events"]);
        assert_eq!(counts, (&json!(3), &json!(there)), "{report}");
    }
}
