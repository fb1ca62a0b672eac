//! Against the real server, if COGNOBSERVE_TEST_BIN names its binary: what is said arrives, and is counted.

mod support;

use std::time::Duration;

use cognobserve_sdk::{
    Config, Event, Level, Observe, Usage, User, init, log, observe, observe_stream, observe_sync,
    start_trace, track, with_session, with_user, with_user_sync,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use support::fixtures::read_answer;
use support::real_server::{KEY, RealServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_arrives_and_is_counted() {
    let Some(server) = RealServer::start() else {
        eprintln!("COGNOBSERVE_TEST_BIN is not set: left out");
        return;
    };
    let client = init(Config::new().api_key(KEY).endpoint(&server.url));

    let options = || Observe::new("chat-completion").generation();
    let answer = || async { Ok::<_, String>(read_answer("openai-chat")) };
    observe(
        options().user_id("user-123").session("session-456"),
        answer(),
    )
    .await
    .unwrap();

    let jane = User::new("user-456")
        .name("Jane Roe")
        .email("jane@acme.com")
        .attribute("plan", "enterprise");
    let pieces = read_answer("openai-stream").as_array().unwrap().clone();
    let ask = async {
        observe_stream(Observe::new("ask").generation(), stream::iter(pieces))
            .count()
            .await;
    };
    with_user(jane, with_session("session-789", ask)).await;

    let visitors = (0..10).map(|number| {
        tokio::spawn(with_user(
            format!("visitor-{number}"),
            observe(options(), answer()),
        ))
    });
    for visitor in visitors {
        visitor.await.unwrap().unwrap();
    }

    let trace = start_trace(
        Observe::new("by hand")
            .user_id("user-321")
            .metadata("kind", "nightly"),
    );
    let llm = trace.start_span(Observe::new("llm").generation());
    llm.set_model("my-model")
        .set_usage(Usage::tokens(100, 50))
        .set_cost(0.25)
        .end();
    trace.scope_sync(|| log("noted", json!({"key": "a"}), Level::Warning));
    trace.start_span("broken").set_error("time-out").end();
    trace.end();

    let failed = observe_sync(Observe::new("pay").user_id("user-123"), || {
        Err::<(), _>("no credit")
    });
    for _ in 0..2 {
        let event = Event::new("memory_created").user_id("fan-1").id("m-1");
        track(event, json!({"type": "text"}));
        assert!(client.flush(Duration::from_secs(30)));
    }
    with_user_sync("user-123", || track("memory_read", ()));
    assert!(failed.is_err() && client.flush(Duration::from_secs(30)));
    let stats = client.event_stats();
    assert_eq!((stats.sent, stats.dropped, stats.refused), (3, 0, 0));
    let counted = json!([
        {"key": "memory_created", "count": 1},
        {"key": "memory_read", "count": 1}
    ]);
    let counts = server.read("/v1/events/count?groupBy=event");
    assert_eq!(counts["rows"], counted);
    let stats = client.stats();
    assert_eq!((stats.dropped, stats.refused, stats.waiting), (0, 0, 0));

    let user = server.find_user("user-123");
    assert_eq!(
        [
            &user["traceCount"],
            &user["totalTokens"],
            &user["errorCount"]
        ],
        [2, 15, 1]
    );
    // 8 prompt tokens and 4 cached ones, 3 completion tokens, by the price book.
    let cost = user["totalCost"].as_f64().unwrap();
    assert!(
        (cost - (8.0 * 2.5e-6 + 4.0 * 1.25e-6 + 3.0 * 1e-5)).abs() < 1e-12,
        "{cost}"
    );
    assert_eq!(user["sessions"][0]["externalId"], "session-456");
    let user = server.find_user("user-456");
    assert_eq!(
        (&user["name"], &user["email"]),
        (&json!("Jane Roe"), &json!("jane@acme.com"))
    );
    assert_eq!(
        (&user["metadata"], &user["totalTokens"]),
        (&json!({"plan": "enterprise"}), &json!(15))
    );
    let user = server.find_user("user-321");
    assert_eq!(
        (
            &user["totalTokens"],
            &user["totalCost"],
            &user["errorCount"]
        ),
        (&json!(150), &json!(0.25), &json!(1))
    );
    let visitors = server.read("/v1/users?search=visitor-");
    let items = visitors["items"].as_array().unwrap();
    assert_eq!(
        (
            items.len(),
            items.iter().filter(|one| one["totalTokens"] == 15).count()
        ),
        (10, 10)
    );
    assert_eq!(
        server.read("/v1/me")["recentWarnings"],
        Value::Array(vec![])
    );
}
