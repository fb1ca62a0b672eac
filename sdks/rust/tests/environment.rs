//! The examples, told by the environment alone.

mod support;

use serde_json::{Value, json};
use support::examples::{run, say};
use support::real_server::{KEY, RealServer};
use support::receiver::Receiver;

#[test]
fn a_program_that_ends_has_sent_what_it_recorded() {
    let server = Receiver::start(0);
    let (out, err) = say(&run(
        "many_users",
        &format!("{}/behind/a/path/", server.url()),
        &[],
    ));
    assert_eq!((out.as_str(), err.as_str()), ("10 answers\n", ""));
    assert_eq!(server.traces().len(), 10);
    let requests = server.requests();
    assert!(
        requests[0]
            .head
            .starts_with("post /behind/a/path/v1/traces/batch ")
    );
    assert!(
        requests[0]
            .head
            .contains(&format!("x-api-key: {}\r\n", KEY.to_lowercase()))
    );
}

#[test]
fn the_environment_is_heard() {
    let server = Receiver::start(0);
    let url = server.url();
    for word in ["true", "1", "YES", " on "] {
        let (out, err) = say(&run("global_user", &url, &[("COGNOBSERVE_DISABLED", word)]));
        assert_eq!((out.as_str(), err.as_str()), ("short\n", ""));
    }
    assert!(server.requests().is_empty());

    let more = [
        ("COGNOBSERVE_CAPTURE_CONTENT", "no"),
        ("COGNOBSERVE_DEBUG", "1"),
    ];
    let (_, err) = say(&run("global_user", &url, &more));
    assert!(
        err.contains("sends to") && err.contains("1 traces with 4 spans: status 202"),
        "{err}"
    );
    assert!(!err.contains(KEY) && !err.contains("report"), "{err}");
    let spans = server.spans();
    assert!(
        spans
            .iter()
            .all(|span| span["input"].is_null() && span["output"].is_null())
    );

    let (out, err) = say(&run("global_user", &url, &[("COGNOBSERVE_API_KEY", " ")]));
    assert_eq!((out.as_str(), err.lines().count()), ("short\n", 1));
    assert!(err.contains("no API key"));
}

#[test]
fn the_password_of_an_endpoint_is_never_said() {
    let mut server = Receiver::start(0);
    let url = format!("http://somebody:hunter2@127.0.0.1:{}", server.port);
    let debug = [("COGNOBSERVE_DEBUG", "1")];
    let (_, err) = say(&run("global_user", &url, &debug));
    let said = format!("sends to http://***@127.0.0.1:{}\n", server.port);
    assert!(err.contains(&said), "{err}");
    server.stop();
    let (_, unheard) = say(&run("global_user", &url, &debug));
    for said in [err, unheard] {
        assert!(
            !said.contains("hunter2") && !said.contains("somebody"),
            "{said}"
        );
    }
}

#[test]
fn the_examples_arrive_at_the_real_server() {
    let Some(server) = RealServer::start() else {
        eprintln!("COGNOBSERVE_TEST_BIN is not set: left out");
        return;
    };
    assert_eq!(say(&run("many_users", &server.url, &[])).0, "10 answers\n");
    assert!(
        say(&run("by_hand", &server.url, &[]))
            .0
            .starts_with("sent: true Stats { sent: 2,")
    );
    assert_eq!(
        say(&run("global_user", &server.url, &[])),
        ("short\n".into(), String::new())
    );
    let user = server.find_user("user-789");
    assert_eq!(
        (&user["name"], &user["totalTokens"], &user["totalCost"]),
        (&json!("Global User"), &json!(150), &json!(0.25))
    );
    assert_eq!(server.find_user("user-321")["errorCount"], 1);
    assert_eq!(server.find_user("visitor-3")["totalTokens"], 15);
    assert_eq!(
        server.read("/v1/me")["recentWarnings"],
        Value::Array(vec![])
    );
}
