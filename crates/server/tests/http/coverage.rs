//! What users of the list rely on and no other file looks at: defaults, whole shapes,
//! paging over deletions, changes at once, and one question to the store per request.
use crate::app::{App, make_telling};
use async_trait::async_trait;
use axum::http::Method;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{
    CostQuery, DayRange, Page, PageRequest, Period, SessionFilter, TimePosition, TraceFilter,
    UserKey, UserPosition, UserQuery,
};
use cognobserve_model::report::{
    CostReport, DayStats, Inventory, SessionStats, Summary, Suppressions, TraceDetail,
    TraceSummary, UnpricedModel, UserChart, UserCounts, UserDetail, UserName, UserStats,
    Verification,
};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Reports, StoreError};
use cognobserve_server::config::Roles;
use cognobserve_server::metrics::Metrics;
use cognobserve_server::worker::ArrivalClock;
use cognobserve_server::{AppState, Limits, Ports, Site, build_router};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn external_ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    let ids = items.iter().map(|user| user["externalId"].as_str());
    ids.map(|id| id.unwrap().to_owned()).collect()
}

/// Users u-000 …, each with one trace in a session, a minute apart, the last the latest.
async fn start_with_users(count: usize) -> App {
    let app = App::start().await;
    let traces: Vec<Value> = (0..count)
        .map(|n| {
            json!({"trace_id": format!("t-{n:03}"), "name": "chat", "user_id": format!("u-{n:03}"), "session_id": format!("s-{n:03}"),
                "timestamp": 1_780_000_000_000_i64 + 60_000 * n as i64, "spans": [{"span_id": "s", "name": "call", "total_cost": 0.5}]})
        })
        .collect();
    let answer = app
        .post("/v1/traces/batch", &json!({"traces": traces}))
        .await;
    assert_eq!(answer.expect(202)["error_count"], 0);
    app
}

#[tokio::test]
async fn without_a_word_a_list_has_the_fifty_latest() {
    let app = start_with_users(60).await;
    let page = app.get("/v1/users").await.expect(200);
    let latest: Vec<String> = (10..60).rev().map(|n| format!("u-{n:03}")).collect();
    assert_eq!(external_ids(&page), latest);
    let next = page["nextCursor"].as_str().unwrap();
    let rest = app.get(&format!("/v1/users?cursor={next}")).await;
    assert_eq!(external_ids(&rest.expect(200)).len(), 10);
    let most = app.get("/v1/users?limit=100").await.expect(200);
    assert_eq!(external_ids(&most).len(), 60);
    for n in 0..60 {
        app.take(json!({"trace_id": format!("x-{n}"), "name": "x", "user_id": "u-000"}))
            .await;
    }
    let user = app.user_id("u-000").await;
    let traces = app.get(&format!("/v1/users/{user}/traces")).await;
    assert_eq!(traces.expect(200)["items"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn the_slow_traces_of_a_user_who_complains_are_found() {
    let app = App::start().await;
    for (id, user, ms) in [
        ("slow", "anna", 9000),
        ("fast", "anna", 10),
        ("other", "bob", 9500),
    ] {
        let start = 1_780_000_000_000_i64;
        app.take(json!({"trace_id": id, "name": "chat", "user": {"id": user, "email": format!("{user}@acme.com")},
            "spans": [{"span_id": "s", "name": "call", "start_time": start, "end_time": start + ms}]})).await;
    }
    let found = app.get("/v1/users?search=ANNA@acme").await.expect(200);
    assert_eq!(external_ids(&found), ["anna"]);
    let user = found["items"][0]["id"].as_str().unwrap();
    let traces = app
        .get(&format!("/v1/traces?user={user}&minLatencyMs=5000"))
        .await;
    let traces = traces.expect(200);
    let traces = traces["items"].as_array().unwrap();
    assert_eq!(traces.len(), 1);
    assert_eq!(
        (
            &traces[0]["id"],
            &traces[0]["userId"],
            &traces[0]["latencyMs"]
        ),
        (&json!("slow"), &json!(user), &json!(9000.0))
    );
}

#[tokio::test]
async fn a_users_trace_has_its_user_session_and_spans() {
    let app = App::start().await;
    app.take(json!({"trace_id": "t", "name": "chat", "user_id": "anna", "session": {"id": "s-1", "name": "Onboarding"},
        "spans": [{"span_id": "s", "name": "call", "type": "generation", "level": "ERROR", "usage": {"prompt_tokens": 3, "completion_tokens": 4}, "total_cost": "0.25"}]})).await;
    let user = app.user_id("anna").await;
    let list = app.get(&format!("/v1/users/{user}/traces")).await;
    let list = list.expect(200);
    assert_eq!(list["nextCursor"], Value::Null);
    let trace = &list["items"][0];
    let session = app.get("/v1/sessions").await.expect(200)["items"][0].clone();
    assert_eq!(
        (&trace["userId"], &trace["sessionId"]),
        (&json!(user), &session["id"])
    );
    assert_eq!(
        trace["session"],
        json!({"id": session["id"], "externalId": "s-1", "name": "Onboarding"})
    );
    assert_eq!(
        trace["spans"],
        json!([{"id": "s", "name": "call", "level": "ERROR", "totalTokens": 7, "totalCost": 0.25}])
    );
}

#[tokio::test]
async fn a_day_of_analytics_has_every_measure() {
    let app = App::start().await;
    let now_ms = Micros::now().0 / 1000;
    app.take(json!({"trace_id": "t", "name": "chat", "user_id": "anna", "session_id": "s-1", "timestamp": now_ms,
        "spans": [{"span_id": "a", "name": "call", "type": "generation", "start_time": now_ms, "end_time": now_ms + 250, "usage": {"prompt_tokens": 3, "completion_tokens": 4}, "total_cost": "0.25"},
            {"span_id": "b", "name": "tool", "level": "ERROR"}]})).await;
    let user = app.user_id("anna").await;
    // Two days, so that a midnight in between does not matter.
    let days = app.get(&format!("/v1/users/{user}/analytics?days=2")).await;
    let days = days.expect(200);
    let days = days.as_array().unwrap();
    assert_eq!(days.len(), 2);
    let full = days.iter().find(|day| day["traceCount"] == 1).unwrap();
    for (field, value) in [
        ("spanCount", json!(2)),
        ("sessionCount", json!(1)),
        ("totalTokens", json!(7)),
        ("totalCost", json!(0.25)),
        ("totalCostUsd", json!("0.250000000")),
        ("errorCount", json!(1)),
        ("errorRate", json!(50.0)),
        ("errorTraceRate", json!(100.0)),
        ("avgLatencyMs", json!(250.0)),
        ("avgTraceLatencyMs", json!(250.0)),
    ] {
        assert_eq!(full[field], value, "{field}");
    }
    let empty = days.iter().find(|day| day["traceCount"] == 0).unwrap();
    for (field, value) in [
        ("totalTokens", json!(0)),
        ("totalCost", json!(0.0)),
        ("errorRate", json!(0.0)),
        ("avgLatencyMs", Value::Null),
    ] {
        assert_eq!(empty[field], value, "{field}");
    }
    for day in days {
        let date = day["date"].as_str().unwrap();
        assert!(date.len() == 10 && date.as_bytes()[7] == b'-', "{date}");
    }
}

#[tokio::test]
async fn a_summary_is_of_a_week_and_names_the_dearest_by_both_ids() {
    let app = start_with_users(2).await;
    let user = app.user_id("u-001").await;
    let patch = json!({"name": "Anna"});
    app.patch(&format!("/v1/users/{user}"), &patch)
        .await
        .expect(200);
    app.take(json!({"trace_id": "more", "name": "chat", "user_id": "u-001", "spans": [{"span_id": "s", "name": "call", "total_cost": 1}]})).await;
    for (user, days_ago) in [("recent", 6), ("stale", 8)] {
        let at_ms = Micros::now().0 / 1000 - days_ago * 86_400_000;
        app.take(json!({"trace_id": user, "name": "x", "user_id": user, "timestamp": at_ms}))
            .await;
    }
    let summary = app.get("/v1/users/summary").await.expect(200);
    assert_eq!(
        (
            &summary["totalUsers"],
            &summary["activeUsers"],
            &summary["newUsers"]
        ),
        (&json!(4), &json!(2), &json!(1)),
        "a week without a word"
    );
    assert_eq!(
        summary["topUsersByCost"][0],
        json!({"userId": user, "externalId": "u-001", "name": "Anna", "totalCost": 1.5, "totalCostUsd": "1.500000000"})
    );
}

#[tokio::test]
async fn paging_goes_on_when_rows_around_the_cursor_are_deleted() {
    for sort in ["lastSeenAt", "totalCost"] {
        let app = start_with_users(9).await;
        let base = format!("/v1/users?sortBy={sort}");
        let whole = external_ids(&app.get(&base).await.expect(200));
        let first = app.get(&format!("{base}&limit=4")).await.expect(200);
        assert_eq!(external_ids(&first), whole[..4]);
        // The last that was seen, and the first that was not.
        for gone in &whole[3..5] {
            let id = app.user_id(gone).await;
            app.delete(&format!("/v1/users/{id}")).await.expect(200);
        }
        let cursor = first["nextCursor"].as_str().unwrap();
        let rest = app.get(&format!("{base}&cursor={cursor}")).await;
        assert_eq!(external_ids(&rest.expect(200)), whole[5..], "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_user_at_once_are_all_kept() {
    let app = Arc::new(start_with_users(1).await);
    let path = format!("/v1/users/{}", app.user_id("u-000").await);
    let mut tasks = Vec::new();
    for n in 0..32 {
        let (app, path) = (app.clone(), path.clone());
        tasks.push(tokio::spawn(async move {
            let patch = json!({"metadata": {format!("key-{n}"): n}});
            app.patch(&path, &patch).await.expect(200);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let user = app.get(&path).await.expect(200);
    assert_eq!(user["metadata"].as_object().unwrap().len(), 32);
}

#[tokio::test]
async fn a_read_asks_the_store_once_however_much_there_is() {
    for users in [1, 100] {
        let app = start_with_users(users).await;
        let user = app.user_id("u-000").await;
        let reports = Arc::new(Counter {
            inner: app.store.clone(),
            questions: AtomicUsize::new(0),
        });
        let ports = Ports {
            accounts: app.store.clone(),
            people: app.people.clone(),
            reports: reports.clone(),
            ledger: app.store.clone(),
            events: app.store.clone(),
        };
        let state = AppState::new(
            ports,
            app.queue.clone(),
            Limits::default(),
            Arc::new(Metrics::default()),
            ArrivalClock::default(),
            Site::default(),
            make_telling(),
        );
        let app = App {
            router: build_router(state.clone(), &Roles::all()),
            state,
            ..app
        };
        for path in [
            "/v1/users?limit=100&sortBy=totalCost".to_owned(),
            "/v1/users/summary".to_owned(),
            format!("/v1/users/{user}"),
            format!("/v1/users/{user}/traces?limit=100"),
            format!("/v1/users/{user}/sessions?limit=100"),
            format!("/v1/users/{user}/analytics?days=366"),
            "/v1/traces?limit=100".to_owned(),
            "/v1/sessions?limit=100".to_owned(),
            "/v1/costs?groupBy=user".to_owned(),
        ] {
            reports.questions.store(0, Ordering::Relaxed);
            let answer = app.call_as(&app.key, Method::GET, &path, None).await;
            assert_eq!(answer.status, 200, "{path}");
            let questions = reports.questions.load(Ordering::Relaxed);
            assert_eq!(questions, 1, "{path} with {users} users");
        }
    }
}

/// Counts the questions that reach a store.
struct Counter {
    inner: Arc<dyn Reports>,
    questions: AtomicUsize,
}

impl Counter {
    fn ask(&self) -> &dyn Reports {
        self.questions.fetch_add(1, Ordering::Relaxed);
        &*self.inner
    }
}

type Asked<T> = Result<T, StoreError>;
type TimedPage<T> = Page<T, TimePosition>;

#[async_trait]
impl Reports for Counter {
    async fn list_users(
        &self,
        p: &ProjectId,
        q: UserQuery,
    ) -> Asked<Page<UserStats, UserPosition>> {
        self.ask().list_users(p, q).await
    }
    async fn find_user(&self, p: &ProjectId, k: &UserKey, s: Period) -> Asked<Option<UserDetail>> {
        self.ask().find_user(p, k, s).await
    }
    async fn list_traces(
        &self,
        p: &ProjectId,
        f: TraceFilter,
        page: PageRequest<TimePosition>,
    ) -> Asked<Option<TimedPage<TraceSummary>>> {
        self.ask().list_traces(p, f, page).await
    }
    async fn find_trace(&self, p: &ProjectId, id: &str) -> Asked<Option<TraceDetail>> {
        self.ask().find_trace(p, id).await
    }
    async fn list_sessions(
        &self,
        p: &ProjectId,
        f: SessionFilter,
        page: PageRequest<TimePosition>,
    ) -> Asked<Option<TimedPage<SessionStats>>> {
        self.ask().list_sessions(p, f, page).await
    }
    async fn find_session(&self, p: &ProjectId, s: &SessionId) -> Asked<Option<SessionStats>> {
        self.ask().find_session(p, s).await
    }
    async fn resolve_session(&self, p: &ProjectId, id: &str) -> Asked<Option<SessionId>> {
        self.ask().resolve_session(p, id).await
    }
    async fn read_timeline(
        &self,
        p: &ProjectId,
        s: &SessionId,
        page: PageRequest<TimePosition>,
    ) -> Asked<Option<TimedPage<TraceDetail>>> {
        self.ask().read_timeline(p, s, page).await
    }
    async fn analyse_user(
        &self,
        p: &ProjectId,
        k: &UserKey,
        r: DayRange,
    ) -> Asked<Option<Vec<DayStats>>> {
        self.ask().analyse_user(p, k, r).await
    }
    async fn summarise(&self, p: &ProjectId, since: Micros) -> Asked<Summary> {
        self.ask().summarise(p, since).await
    }
    async fn chart_project(&self, p: &ProjectId, edges: &[Micros]) -> Asked<Vec<Measures>> {
        self.ask().chart_project(p, edges).await
    }

    async fn name_users(&self, p: &ProjectId, users: &[UserId]) -> Asked<Vec<Option<UserName>>> {
        self.ask().name_users(p, users).await
    }

    async fn chart_users(
        &self,
        p: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Asked<Vec<Vec<Measures>>> {
        self.ask().chart_users(p, users, edges).await
    }

    async fn chart_trace_counts(
        &self,
        p: &ProjectId,
        users: &[UserId],
        edges: &[Micros],
    ) -> Asked<Vec<Vec<i64>>> {
        self.ask().chart_trace_counts(p, users, edges).await
    }

    async fn count_users(&self, p: &ProjectId, period: Period) -> Asked<UserCounts> {
        self.ask().count_users(p, period).await
    }

    async fn chart_user_counts(&self, p: &ProjectId, edges: &[Micros]) -> Asked<UserChart> {
        self.ask().chart_user_counts(p, edges).await
    }

    async fn cost_user_by_model(
        &self,
        p: &ProjectId,
        user: &UserKey,
        period: Period,
    ) -> Asked<Option<Vec<(Option<String>, Measures)>>> {
        self.ask().cost_user_by_model(p, user, period).await
    }

    async fn report_costs(&self, p: &ProjectId, q: CostQuery) -> Asked<CostReport> {
        self.ask().report_costs(p, q).await
    }
    async fn list_unpriced(&self, p: &ProjectId) -> Asked<Vec<UnpricedModel>> {
        self.ask().list_unpriced(p).await
    }
    async fn list_suppressions(&self, p: &ProjectId, limit: usize) -> Asked<Suppressions> {
        self.ask().list_suppressions(p, limit).await
    }
    async fn count_projects(&self) -> Asked<Inventory> {
        self.ask().count_projects().await
    }
    async fn verify(&self) -> Asked<Verification> {
        self.ask().verify().await
    }
    async fn check_ready(&self) -> Asked<Vec<String>> {
        self.ask().check_ready().await
    }
}
