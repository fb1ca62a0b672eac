//! Events of somebody who is erased between being found and the append of their event.
use crate::app::App;
use cognobserve_model::id::UserId;
use cognobserve_ports::Events;
use serde_json::json;

#[tokio::test]
async fn who_is_erased_after_they_were_found_is_nobody() {
    let app = App::start().await;
    app.take(json!({"name": "x", "user_id": "ann"})).await;
    let ann = app.user_id("ann").await;
    // As far as an erasure has come when it has forgotten the events: the ledger still finds the person.
    let user = UserId::new(ann.clone());
    let forgotten = app.store.forget_end_user(&app.project, &user, "sha256:-");
    forgotten.await.unwrap();
    let event = |n: u32, user: &str| json!({"event": "seen", "user_id": user, "event_id": format!("e{n}"), "properties": {"type": "planted"}});
    let body = json!({"events": [event(1, "ann"), event(2, "bob"), event(3, "ann")]});
    for _ in 0..2 {
        let answer = app.post("/v1/events", &body).await.expect(202);
        let items = answer["results"].as_array().unwrap();
        assert!(
            items.iter().all(|item| item["stored"] == json!(true)),
            "{answer}"
        );
    }
    let stored = app.store.read_events(0, 10).await.unwrap();
    assert_eq!(stored.len(), 3, "each is counted, once");
    let all = format!("{stored:?}");
    assert!(!all.contains(&ann), "{all}");
    assert_eq!(all.matches("planted").count(), 1, "bob's alone: {all}");
}
