//! The service before a CognObserve that says whose a key is, and takes an event after the test, if ever.
use crate::client::{Client, Credential};
use crate::memories::Service;
use crate::telemetry::Telemetry;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::channel;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(5);

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn no_answer_waits_for_telemetry() {
    let asked = Arc::new(Notify::new());
    let tell = asked.clone();
    let hang = async move || {
        tell.notify_one();
        std::future::pending::<()>().await
    };
    let resolved = json!({"users": {"alice": "usr_1"}});
    let router = Router::new()
        .route(
            "/v1/me",
            get(async || Json(json!({"developerId": "dev_1"}))),
        )
        .route("/v1/users/resolve", post(async || Json(resolved)))
        .route("/v1/events", post(hang));
    let client = Client::new(&serve(router).await);
    let (telemetry, sender) = Telemetry::start(client.clone());
    let url = serve(Service::new(client, telemetry).into_router()).await;
    for round in 0..3 {
        let url = format!("{url}/v1/memories");
        let call = spawn_blocking(move || {
            let call = ureq::post(url).header("x-api-key", "k");
            let mut answer = call.send_json(json!({"content": "notes", "user_id": "alice"}))?;
            answer.body_mut().read_json::<Value>()
        });
        let answer = timeout(PATIENCE, call).await.expect("an answer");
        let memory = answer.unwrap().unwrap();
        assert_eq!(
            (&memory["developer_id"], &memory["end_user_id"]),
            (&json!("dev_1"), &json!("usr_1"))
        );
        if round == 0 {
            // From here on somebody waits for what hangs, and it is not who calls.
            let told = timeout(PATIENCE, asked.notified()).await;
            told.expect("the event is on its way");
        }
    }
    assert!(!sender.is_finished());
}

#[tokio::test]
async fn whose_deliveries_fail_holds_up_nobody_else() {
    let (taken, mut arrivals) = channel(100);
    let take = async move |headers: HeaderMap, Json(body): Json<Value>| {
        if headers["x-api-key"] == "bad" {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        for event in body["events"].as_array().unwrap() {
            taken.send(event["event"].clone()).await.unwrap();
        }
        StatusCode::OK
    };
    let client = Client::new(&serve(Router::new().route("/v1/events", post(take))).await);
    let (telemetry, sender) = Telemetry::start(client);
    let credential = |key: &str| {
        let headers = HeaderMap::from_iter([("x-api-key".parse().unwrap(), key.parse().unwrap())]);
        Credential::read(&headers).unwrap()
    };
    let track = |name: &str, key| telemetry.track(name, json!({}), None, &credential(key));
    // More than may wait of one.
    for _ in 0..1_200 {
        track("lost", "bad");
    }
    for name in ["a", "b", "c"] {
        track(name, "good");
        track("lost", "bad");
        let arrived = timeout(PATIENCE, arrivals.recv()).await;
        assert_eq!(
            arrived.expect("it does not wait for the other"),
            Some(json!(name))
        );
    }
    assert!(!sender.is_finished());
}
