//! Whose a call is, over tasks, threads, streams and failures.

mod support;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cognobserve_sdk::{
    Level, Observe, ScopeExt, User, current_span, current_trace, get_user, in_current_scope, log,
    observe, observe_stream, observe_sync, set_user, start_trace, trace, trace_sync, with_session,
    with_session_sync, with_user, with_user_sync,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use support::{Stage, start};

fn call(name: &str) {
    observe_sync(Observe::new(name), || ());
}

fn pick(stage: &Stage, field: &str) -> Vec<Value> {
    stage.flush();
    stage
        .server
        .traces()
        .iter()
        .map(|trace| trace[field].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tasks_for_fifty_users_never_mix() {
    let stage = start(|config| config);
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let id = format!("user-{number}");
            let work = async move {
                for round in 0..4 {
                    let name = format!("user-{number} {round}");
                    observe(Observe::new(name.clone()), async {
                        tokio::time::sleep(Duration::from_millis((number * 7 + round * 3) % 5))
                            .await;
                        assert_eq!(get_user().unwrap().id(), format!("user-{number}"));
                        let inner = format!("{name} inner");
                        let inner = async move {
                            tokio::task::yield_now().await;
                            observe(Observe::new(inner), async {
                                tokio::task::yield_now().await
                            })
                            .await;
                        };
                        tokio::spawn(inner.in_current_scope()).await.unwrap();
                    })
                    .await;
                    tokio::task::yield_now().await;
                }
            };
            tokio::spawn(with_user(id, work))
        })
        .collect();
    // Among them those that are nobody's, on the same threads.
    let nobodies: Vec<_> = (0..50)
        .map(|_| {
            tokio::spawn(async {
                for _ in 0..20 {
                    assert!(get_user().is_none() && current_span().is_none());
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks.into_iter().chain(nobodies) {
        task.await.unwrap();
    }
    assert!(get_user().is_none() && current_span().is_none());
    stage.flush();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for trace in stage.server.traces() {
        let user = trace["user_id"].as_str().unwrap().to_owned();
        let spans = trace["spans"].as_array().unwrap();
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[1]["parent_span_id"], spans[0]["span_id"]);
        for span in spans {
            assert_eq!(
                span["name"].as_str().unwrap().split(' ').next().unwrap(),
                user
            );
        }
        *counts.entry(user).or_default() += 1;
    }
    assert!(counts.len() == 50 && counts.values().all(|count| *count == 4));
}

#[tokio::test]
async fn futures_of_several_users_within_one_task_do_not_mix() {
    let stage = start(|config| config);
    let ask = |id: &'static str| {
        with_user(id, async move {
            for _ in 0..3 {
                tokio::task::yield_now().await;
                assert_eq!(get_user().unwrap().id(), id);
            }
            observe(Observe::new(id), tokio::task::yield_now()).await;
        })
    };
    tokio::join!(ask("a"), ask("b"), ask("c"));
    let names = pick(&stage, "name");
    assert_eq!((names.len(), names), (3, pick(&stage, "user_id")));
}

#[test]
fn the_first_of_own_scope_and_global_counts() {
    let stage = start(|config| config);
    set_user(User::new("global").name("G"));
    assert_eq!(get_user().unwrap().get("name").unwrap(), "G");
    with_user_sync("scope", || {
        call("1");
        observe_sync(Observe::new("2").user_id("own"), || ());
        observe_sync(Observe::new("3").user_id("global"), || ());
        observe_sync(Observe::new("4").user_id(" "), || ());
        with_user_sync("", || assert!(get_user().is_none()));
    });
    call("5");
    let users = pick(&stage, "user_id");
    assert_eq!(users, ["scope", "own", "global", "scope", "global"]);
    assert_eq!(
        stage.server.traces()[2]["user"],
        json!({"id": "global", "name": "G"})
    );
}

#[test]
fn a_user_as_the_app_writes_them() {
    let stage = start(|config| config);
    with_user_sync(
        User::new(7)
            .attribute("plan", None::<u8>)
            .attribute("seats", 3)
            .attribute("id", "x"),
        || call("a"),
    );
    with_user_sync(8_u64, || call("b"));
    with_user_sync(Some(User::new("c")), || call("c"));
    let differs = Observe::new("d")
        .user(User::new("one").name("One"))
        .user_id("two");
    observe_sync(differs, || ());
    assert_eq!(pick(&stage, "user_id"), ["7", "8", "c", "two"]);
    assert_eq!(
        stage.server.traces()[0]["user"],
        json!({"id": "7", "plan": null, "seats": 3})
    );
    assert_eq!(stage.server.traces()[3]["user"], Value::Null);
    assert_eq!(stage.warnings().len(), 1);
}

#[test]
fn sessions_reach_into_calls_within() {
    let stage = start(|config| config);
    with_session_sync("s-1", || {
        call("a");
        observe_sync(Observe::new("b").session("s-2"), || ());
        with_session_sync("", || call("c"));
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(with_user("u", with_session(5, async { call("d") })));
    assert_eq!(
        pick(&stage, "session_id"),
        [json!("s-1"), json!("s-2"), Value::Null, json!("5")]
    );
    assert_eq!(pick(&stage, "user_id")[3], "u");
}

#[tokio::test]
async fn trace_always_starts_one() {
    let stage = start(|config| config);
    observe(Observe::new("outer").user_id("u"), async {
        trace(Observe::new("inner"), async {
            log("noted", (), Level::Debug)
        })
        .await;
        current_trace().unwrap().set_metadata("key", 1);
        current_span().unwrap().set_metadata("span", [1, 2]);
    })
    .await;
    assert_eq!(pick(&stage, "name"), ["inner", "outer"]);
    assert_eq!(pick(&stage, "user_id"), ["u", "u"]);
    assert_eq!(pick(&stage, "metadata"), [Value::Null, json!({"key": 1})]);
    assert_eq!(stage.server.traces()[0]["spans"][1]["level"], "DEBUG");
}

#[test]
fn a_trace_has_an_id_of_your_own_if_you_like() {
    let stage = start(|config| config);
    trace_sync(Observe::new("own").id("req-1").user_id("u"), || {
        assert_eq!(current_trace().unwrap().id(), "req-1");
        observe_sync(Observe::new("within").id("req-2"), || ());
    });
    assert_eq!(start_trace(Observe::new("hand").id(7)).id(), "7");
    assert_eq!(start_trace(Observe::new("made").id(" ")).id().len(), 32);
    assert_eq!(pick(&stage, "trace_id")[..2], [json!("req-1"), json!("7")]);
    assert_eq!(stage.server.traces()[0]["spans"][1]["name"], "within");
}

#[test]
fn threads_are_handed_a_scope() {
    let stage = start(|config| config);
    observe_sync(Observe::new("outer").user_id("u"), || {
        std::thread::spawn(|| call("lost")).join().unwrap();
        std::thread::spawn(in_current_scope(|| call("kept")))
            .join()
            .unwrap();
    });
    assert_eq!(pick(&stage, "name"), ["lost", "outer"]);
    assert_eq!(stage.server.traces()[1]["spans"][1]["name"], "kept");
}

#[tokio::test]
async fn a_panic_and_a_cancelled_call_end_their_spans_and_the_scope() {
    let stage = start(|config| config);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        observe_sync(Observe::new("a"), || panic!("on purpose"))
    }));
    let _: Result<(), _> = panicked;
    assert!(current_span().is_none());
    let hanging = observe(Observe::new("b").user_id("u"), async {
        observe(Observe::new("c"), std::future::pending::<()>()).await;
    });
    tokio::time::timeout(Duration::from_millis(20), hanging)
        .await
        .unwrap_err();
    assert!(current_span().is_none());
    let task = tokio::spawn(observe(Observe::new("d"), async {
        panic!("on purpose") as ()
    }));
    task.await.unwrap_err();
    assert_eq!(pick(&stage, "name"), ["a", "b", "d"]);
    let spans = stage.server.spans();
    let levels: Vec<&Value> = spans.iter().map(|span| &span["level"]).collect();
    assert_eq!(
        levels,
        [&json!("ERROR"), &Value::Null, &Value::Null, &json!("ERROR")]
    );
    assert_eq!(spans[2]["parent_span_id"], spans[1]["span_id"]);
}

#[tokio::test]
async fn a_stream_belongs_to_where_it_was_made_and_ends_with_its_last_piece() {
    let stage = start(|config| config);
    let made = with_user("u", async {
        observe_stream(
            Observe::new("texts"),
            stream::iter(["Hel", "lo!"]).then(|piece| async move {
                tokio::task::yield_now().await;
                assert_eq!(get_user().unwrap().id(), "u");
                piece
            }),
        )
    })
    .await;
    assert_eq!(made.collect::<Vec<_>>().await, ["Hel", "lo!"]);
    let mut left = observe_stream(
        Observe::new("left"),
        stream::iter([json!({"a": 1}), json!(2)]),
    );
    left.next().await;
    drop(left);
    let failing = observe_stream(
        Observe::new("failing"),
        stream::iter([Ok("a"), Err("broke off")]),
    );
    assert_eq!(failing.count().await, 2);
    assert_eq!(
        pick(&stage, "user_id"),
        [json!("u"), Value::Null, Value::Null]
    );
    let spans = stage.server.spans();
    assert_eq!(spans[0]["output"], "Hello!");
    assert_eq!(spans[1]["output"], json!([{"a": 1}]));
    assert_eq!(
        (&spans[2]["output"], &spans[2]["status_message"]),
        (&json!("a"), &json!("broke off"))
    );
}

#[test]
fn what_is_logged_for_somebody_else_gets_a_trace_of_its_own() {
    let stage = start(|config| config);
    let mut origin = Value::Null;
    observe_sync(Observe::new("outer").user_id("a"), || {
        let (trace, span) = (current_trace().unwrap(), current_span().unwrap());
        origin = json!({"parent_trace_id": trace.id(), "parent_span_id": span.id()});
        with_user_sync("b", || log("b's", json!({"key": 1}), Level::Warning));
        with_user_sync("", || log("nobody's", (), Level::Default));
        with_user_sync("a", || log("a's", (), Level::Default));
    });
    start_trace(Observe::new("nobody's, too")).scope_sync(|| {
        with_user_sync("b", || log("b's again", (), Level::Default));
    });
    let named = |name: &str, user: Value| (json!(name), user);
    let expected = [
        named("b's", json!("b")),
        named("nobody's", Value::Null),
        named("outer", json!("a")),
        named("b's again", json!("b")),
    ];
    let names = pick(&stage, "name").into_iter();
    let found: Vec<_> = names.zip(pick(&stage, "user_id")).collect();
    assert_eq!(found[..4], expected);
    let traces = stage.server.traces();
    for trace in &traces[..2] {
        assert_eq!(trace["metadata"], origin);
    }
    let event = &traces[0]["spans"][0];
    assert_eq!(
        (&event["type"], &event["level"], &event["metadata"]),
        (&json!("event"), &json!("WARNING"), &json!({"key": 1}))
    );
    assert_eq!(traces[2]["spans"][1]["name"], "a's");
}
