//! Which of an app's spans the layer takes, and whose it takes them for.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use cognobserve_sdk::{
    Observe, ScopeExt, User, current_span, get_user, observe, observe_sync, set_user, with_user,
    with_user_sync,
};
use serde_json::{Value, json};
use support::examples::{run, say};
use support::real_server::RealServer;
use support::subscribed::{names, start, traces};
use tracing::field::Empty;
use tracing::{Instrument, debug_span, error, info_span};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tasks_for_fifty_users_never_mix() {
    let stage = start(|config| config);
    let pause = |millis: u64| tokio::time::sleep(Duration::from_millis(millis));
    let tasks: Vec<_> = (0..50u64)
        .map(|number| {
            let work = async move {
                for round in 0..4 {
                    pause((number * 7 + round * 3) % 5).await;
                    assert_eq!(get_user().unwrap().id(), format!("user-{number}"));
                    let inner = info_span!("inner", owner = number);
                    let call = async move {
                        pause((number + round) % 3).await;
                        let call = Observe::new("observed").input(number);
                        observe(call, tokio::task::yield_now()).await;
                        let chat =
                            info_span!("chat", gen_ai.usage.input_tokens = number, owner = number);
                        tokio::spawn(pause(1).instrument(chat)).await.unwrap();
                        if round == 2 {
                            error!("of {number}");
                        }
                    };
                    call.instrument(inner).await;
                }
            };
            let id = format!("user-{number}");
            tokio::spawn(work.instrument(info_span!("request", user.id = id, owner = number)))
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut spans_of: HashMap<String, usize> = HashMap::new();
    for trace in traces(&stage) {
        let user = trace["user_id"].as_str().unwrap().to_owned();
        let number: u64 = user.strip_prefix("user-").unwrap().parse().unwrap();
        assert_eq!(trace["metadata"], json!({"owner": number}));
        for span in trace["spans"].as_array().unwrap() {
            match span["name"].as_str().unwrap() {
                "request" => assert!(span["level"].is_null()),
                "observed" => assert_eq!(span["input"], number),
                "inner" => {
                    assert_eq!(span["metadata"], json!({"owner": number}));
                    let message = &span["status_message"];
                    assert!(message.is_null() || *message == format!("of {number}"));
                }
                "chat" => assert_eq!(span["usage"], json!({"prompt_tokens": number})),
                other => panic!("{other}"),
            }
            *spans_of.entry(user.clone()).or_default() += 1;
        }
    }
    assert_eq!(spans_of.len(), 50);
    // A request, and in each of four rounds three more.
    assert!(spans_of.values().all(|count| *count == 13), "{spans_of:?}");
    assert!(stage.warnings().is_empty(), "{:?}", stage.warnings());
}

#[test]
fn a_span_that_names_nobody_and_no_model_is_left_alone() {
    let stage = start(|config| config);
    info_span!("plain", count = 1).in_scope(|| error!("nobody's"));
    with_user_sync("u", || info_span!("plain").in_scope(|| ()));
    debug_span!("known", session.id = "s").in_scope(|| ());
    let traces = traces(&stage);
    assert_eq!(traces.len(), 1);
    assert_eq!(
        (&traces[0]["name"], &traces[0]["user_id"]),
        (&json!("known"), &Value::Null)
    );
}

#[test]
fn an_id_that_comes_late_names_the_whole_trace() {
    let stage = start(|config| config);
    let span = info_span!(
        "request",
        user.id = Empty,
        user.email = Empty,
        session.id = Empty
    );
    span.in_scope(|| {
        info_span!("before").in_scope(|| ());
        stage.flush();
        let log_in = info_span!("log in");
        span.record("user.id", tracing::field::debug(Some("john")));
        span.record("user.email", "john@acme.com");
        span.record("session.id", "s-1");
        assert_eq!(log_in.in_scope(get_user).unwrap().id(), "john");
        observe_sync(Observe::new("after"), || ());
    });
    drop(span);
    let traces = traces(&stage);
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[0]["trace_id"], traces[1]["trace_id"]);
    assert_eq!(
        (names(&traces[0]), &traces[0]["user_id"]),
        (vec!["before"], &Value::Null)
    );
    assert_eq!(names(&traces[1]), ["request", "log in", "after"]);
    assert_eq!(
        traces[1]["user"],
        json!({"id": "john", "email": "john@acme.com"})
    );
    assert_eq!(traces[1]["session_id"], "s-1");
}

#[test]
fn somebody_else_who_is_named_within_or_late_has_a_trace_of_their_own() {
    let stage = start(|config| config);
    let outer = info_span!("admin", user.id = "admin-1", kind = "import");
    let (inner, late) = outer.in_scope(|| {
        let inner = info_span!("welcome", user.id = "user-1");
        inner.in_scope(|| info_span!("write").in_scope(|| ()));
        let late = info_span!("step", user.id = Empty, try_number = 2);
        late.in_scope(|| {
            let begun = info_span!("begun before");
            late.record("user.id", "user-2");
            assert_eq!(get_user().unwrap().id(), "user-2");
            info_span!("begun after").in_scope(|| ());
            drop(begun);
        });
        (inner, late)
    });
    drop((inner, late));
    // And of the first span itself.
    outer.record("user.id", "admin-2");
    outer.in_scope(|| info_span!("last").in_scope(|| ()));
    drop(outer);

    let traces = traces(&stage);
    let find = |user: &str| {
        traces
            .iter()
            .find(|trace| trace["user_id"] == user)
            .unwrap()
    };
    assert_eq!(traces.len(), 4);
    let (first, welcome) = (find("admin-1"), find("user-1"));
    assert_eq!(names(welcome), ["welcome", "write"]);
    assert_eq!(welcome["metadata"]["parent_trace_id"], first["trace_id"]);
    assert_eq!(names(first), ["begun before"]);
    let step = find("user-2");
    // The span that was parted is the younger one on the wire, and began earlier.
    assert_eq!(names(step), ["step", "begun after"]);
    assert_eq!(step["metadata"]["parent_trace_id"], first["trace_id"]);
    assert_eq!(step["metadata"]["try_number"], 2);
    assert_eq!(names(find("admin-2")), ["admin", "last"]);
    assert_eq!(find("admin-2")["metadata"]["kind"], "import");
}

#[tokio::test]
async fn scopes_of_the_sdk_and_spans_of_the_app_are_one_row() {
    let stage = start(|config| config);
    set_user("global");
    let john = User::new("john").attribute("plan", "pro");
    with_user(john, async {
        let call = info_span!("call", session.id = "s");
        async {
            observe(Observe::new("observed"), async {
                let deep = info_span!("deep");
                deep.in_scope(|| drop(current_span().unwrap().set_metadata("seen", 1).clone()));
            })
            .await;
            with_user("nina", async {
                observe(Observe::new("hers"), async {}).await
            })
            .await;
            with_user(None, async { assert!(get_user().is_none()) }).await;
        }
        .instrument(call)
        .await;
    })
    .await;
    set_user(None);
    let traces = traces(&stage);
    assert_eq!(traces.len(), 2);
    let (hers, his) = (&traces[0], &traces[1]);
    assert_eq!(
        (names(hers), &hers["user_id"]),
        (vec!["hers"], &json!("nina"))
    );
    assert_eq!(hers["session_id"], "s");
    assert_eq!(names(his), ["call", "observed", "deep"]);
    assert_eq!(his["user"], json!({"id": "john", "plan": "pro"}));
    assert_eq!(
        his["spans"][2]["parent_span_id"],
        his["spans"][1]["span_id"]
    );
    assert_eq!(his["spans"][2]["metadata"], json!({"seen": 1}));
}

#[test]
fn scopes_are_restored_in_whatever_order_they_are_left() {
    let stage = start(|config| config);
    let (john, nina) = (
        info_span!("john", user.id = "john"),
        info_span!("nina", user.id = "nina"),
    );
    let who = || get_user().map(|user| user.id().to_owned());
    let first = john.enter();
    let second = nina.enter();
    assert_eq!(who().as_deref(), Some("nina"));
    drop(first);
    assert_eq!(who().as_deref(), Some("nina"));
    with_user_sync("u", move || {
        drop(second);
        assert_eq!(who().as_deref(), Some("u"));
    });
    assert_eq!(who(), None);
    observe_sync(Observe::new("after"), || ());
    drop((john, nina));
    let traces = traces(&stage);
    let after = traces
        .iter()
        .find(|trace| trace["name"] == "after")
        .unwrap();
    assert_eq!((traces.len(), &after["user_id"]), (3, &Value::Null));
}

#[tokio::test]
async fn scopes_are_handed_on_to_tasks_and_parents_that_are_named() {
    let stage = start(|config| config);
    let outer = info_span!("outer", user.id = "u");
    let handed = outer.in_scope(|| observe(Observe::new("task"), async {}).in_current_scope());
    tokio::spawn(handed).await.unwrap();
    let unrecorded = debug_span!(parent: &outer, "between");
    info_span!(parent: &unrecorded, "child").in_scope(|| ());
    error!(parent: &unrecorded, "broken");
    outer.in_scope(|| info_span!(parent: None, "own", session.id = "s").in_scope(|| ()));
    drop((unrecorded, outer));
    let traces = traces(&stage);
    assert_eq!((traces.len(), names(&traces[0])), (2, vec!["own"]));
    assert_eq!(traces[0]["user_id"], "u");
    assert_eq!(names(&traces[1]), ["outer", "task", "child"]);
    assert_eq!(traces[1]["spans"][0]["status_message"], "broken");
}

#[test]
fn the_example_arrives_at_the_real_server() {
    let Some(server) = RealServer::start() else {
        eprintln!("COGNOBSERVE_TEST_BIN is not set: left out");
        return;
    };
    let output = run("tracing_layer", &server.url, &[]);
    assert_eq!(say(&output), ("sent: true\n".into(), String::new()));
    let users = server.read("/v1/users?search=traced-");
    let users = users["items"].as_array().unwrap();
    assert_eq!(users.len(), 10);
    for user in users {
        let id = user["externalId"].as_str().unwrap();
        let has_failed = id == "traced-9";
        let tokens = if has_failed { 0 } else { 15 };
        assert_eq!(
            (&user["traceCount"], &user["totalTokens"]),
            (&json!(1), &json!(tokens)),
            "{id}"
        );
        assert_eq!(user["errorCount"], u8::from(has_failed), "{id}");
        assert_eq!(user["metadata"], json!({"plan": "pro"}));
    }
    let user = server.find_user("traced-3");
    assert_eq!(user["sessions"][0]["externalId"], "chat-3");
    assert!(user["totalCost"].as_f64().unwrap() > 0.0);
    let warnings = &server.read("/v1/me")["recentWarnings"];
    assert_eq!(*warnings, Value::Array(vec![]));
}
