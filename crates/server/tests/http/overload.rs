//! Limits and failing stores: 429 and 503 with `Retry-After`, nothing lost, nobody sunk.
use crate::app::App;
use async_trait::async_trait;
use axum::http::Method;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::piece::Batch;
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::report::{Deleted, Repriced};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_ports::reference::ReferenceStore;
use cognobserve_ports::{
    Actor, Committed, DeleteMode, ErrorKind, Ledger, Refusal, SessionPatch, StoreError,
};
use cognobserve_server::Limits;
use cognobserve_server::worker::QueueLimits;
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Lets groups through one permit at a time, and fails those with a poisoned trace.
struct Gate {
    store: Arc<ReferenceStore>,
    permits: Semaphore,
    kind: ErrorKind,
}

#[async_trait]
impl Ledger for Gate {
    fn pack(&self, batch: &mut Batch) {
        let panics = batch
            .pieces
            .iter()
            .any(|piece| piece.name.as_deref() == Some("panic"));
        assert!(!panics, "a defect");
    }
    async fn commit(
        &self,
        group: Vec<Batch>,
    ) -> Result<Vec<Result<Committed, Refusal>>, StoreError> {
        self.permits.acquire().await.unwrap().forget();
        let poisoned = |batch: &Batch| {
            batch
                .pieces
                .iter()
                .any(|piece| piece.name.as_deref() == Some("poison"))
        };
        if group.iter().any(poisoned) {
            return Err(StoreError::new(self.kind, "poisoned"));
        }
        self.store.commit(group).await
    }
    async fn last_arrival(&self) -> Result<Arrival, StoreError> {
        self.store.last_arrival().await
    }
    async fn patch_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        part: ProfilePart,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.store.patch_user(project, user, part, by).await
    }
    async fn delete_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        mode: DeleteMode,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        self.store.delete_user(project, user, mode, by).await
    }
    async fn resolve_users(
        &self,
        project: &ProjectId,
        ids: Vec<String>,
        create: bool,
    ) -> Result<Result<Vec<Option<UserId>>, Refusal>, StoreError> {
        self.store.resolve_users(project, ids, create).await
    }
    async fn lift_suppression(
        &self,
        project: &ProjectId,
        external_id: &str,
        by: &Actor,
    ) -> Result<bool, StoreError> {
        self.store.lift_suppression(project, external_id, by).await
    }
    async fn patch_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        patch: SessionPatch,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.store.patch_session(project, session, patch, by).await
    }
    async fn delete_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        by: &Actor,
    ) -> Result<Option<Deleted>, StoreError> {
        self.store.delete_session(project, session, by).await
    }
    async fn delete_trace(
        &self,
        project: &ProjectId,
        trace_id: &str,
        by: &Actor,
    ) -> Result<Option<()>, StoreError> {
        self.store.delete_trace(project, trace_id, by).await
    }
    async fn remove_expired_payloads(&self, now: Micros) -> Result<u64, StoreError> {
        self.store.remove_expired_payloads(now).await
    }
    async fn reprice(&self, project: &ProjectId, apply: bool) -> Result<Vec<Repriced>, StoreError> {
        self.store.reprice(project, apply).await
    }
}

async fn start(kind: ErrorKind, permits: usize, limits: QueueLimits) -> (Arc<App>, Arc<Gate>) {
    let store = Arc::new(ReferenceStore::new());
    let gate = Arc::new(Gate {
        store: store.clone(),
        permits: Semaphore::new(permits),
        kind,
    });
    let app = App::start_over(store, gate.clone(), limits, Limits::default()).await;
    (Arc::new(app), gate)
}

/// Submits without waiting for the answer.
fn submit(app: &Arc<App>, name: &str) -> tokio::task::JoinHandle<u16> {
    let (app, trace) = (app.clone(), json!({"trace_id": name, "name": name}));
    tokio::spawn(async move { app.post("/v1/traces", &trace).await.status.as_u16() })
}

async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_poisoned_batch_fails_alone() {
    let (app, gate) = start(ErrorKind::Internal, 0, QueueLimits::default()).await;
    let mut tasks = vec![submit(&app, "first")];
    settle().await;
    for name in ["a", "poison", "b", "c"] {
        tasks.push(submit(&app, name));
    }
    settle().await;
    gate.permits.add_permits(100);
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    assert_eq!(statuses, [202, 202, 503, 202, 202]);
    assert_eq!(
        app.get("/v1/traces").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let answer = app.post("/v1/traces", &json!({"name": "poison"})).await;
    answer.expect_problem(503, "overloaded");
    assert_eq!(app.queue.budget().used_bytes(), 0);
}

#[tokio::test]
async fn a_store_that_is_away_is_503_with_a_time_to_come_back() {
    let (app, _gate) = start(ErrorKind::Unavailable, 100, QueueLimits::default()).await;
    app.post("/v1/traces", &json!({"name": "poison"}))
        .await
        .expect_problem(503, "overloaded");
    app.take(json!({"name": "fine again"})).await;
}

#[tokio::test]
async fn a_panic_on_ingest_is_a_passing_fault() {
    let (app, _gate) = start(ErrorKind::Internal, 100, QueueLimits::default()).await;
    let large = json!({"name": "panic", "metadata": {"large": "x".repeat(300_000)}});
    for trace in [json!({"name": "panic"}), large] {
        let answer = app.post("/v1/traces", &trace).await;
        answer.expect_problem(503, "overloaded");
        assert!(answer.headers.contains_key("x-content-type-options"));
    }
    assert_eq!(app.queue.budget().used_bytes(), 0);
    assert!(
        app.get("/metrics")
            .await
            .text()
            .contains("area=\"ingest\",status=\"503\"} 2")
    );
}

#[tokio::test]
async fn the_loud_project_is_429_and_a_full_server_503() {
    let limits = QueueLimits {
        max_bytes: 150,
        project_max_bytes: 100,
        ..QueueLimits::default()
    };
    let (app, gate) = start(ErrorKind::Internal, 0, limits).await;
    let loud = submit(&app, &"x".repeat(30));
    settle().await;
    app.post("/v1/traces", &json!({"name": "y".repeat(30)}))
        .await
        .expect_problem(429, "rate_limited");
    let other = json!({"name": "z".repeat(80)});
    app.call_as(&app.other_key, Method::POST, "/v1/traces", Some(&other))
        .await
        .expect_problem(503, "overloaded");
    gate.permits.add_permits(100);
    assert_eq!(loud.await.unwrap(), 202);
    app.post("/v1/traces", &json!({"name": "y"}))
        .await
        .expect(202);
}

#[tokio::test]
async fn the_rate_of_spans_is_limited_per_project() {
    let app = App::start().await;
    app.set(|settings| settings.max_spans_per_second = Some(5))
        .await;
    let spans: Vec<_> = (0..50).map(|n| json!({"name": format!("s{n}")})).collect();
    app.take(json!({"name": "x", "spans": spans})).await;
    let answer = app.post("/v1/traces", &json!({"name": "y"})).await;
    answer.expect_problem(429, "rate_limited");
    let wait_s: u64 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((8..=10).contains(&wait_s), "{wait_s}");
    app.call_as(
        &app.other_key,
        Method::POST,
        "/v1/traces",
        Some(&json!({"name": "z"})),
    )
    .await
    .expect(202);
}

#[tokio::test]
async fn the_number_of_users_is_limited_per_project() {
    let app = App::start().await;
    app.set(|settings| settings.max_users = Some(1)).await;
    app.take(json!({"name": "x", "user_id": "first"})).await;
    app.take(json!({"name": "y", "user_id": "first"})).await;
    app.post("/v1/traces", &json!({"name": "z", "user_id": "second"}))
        .await
        .expect_problem(429, "rate_limited");
    app.post(
        "/v1/users/resolve",
        &json!({"externalIds": ["second"], "create": true}),
    )
    .await
    .expect_problem(429, "rate_limited");
    assert_eq!(
        app.get("/v1/users").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn after_draining_nothing_is_taken_and_readiness_says_so() {
    let app = App::start().await;
    app.get("/readyz").await.expect(200);
    app.queue.drain().await;
    app.post("/v1/traces", &json!({"name": "late"}))
        .await
        .expect_problem(503, "overloaded");
    app.get("/readyz").await.expect_problem(503, "overloaded");
}
