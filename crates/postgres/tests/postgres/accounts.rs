//! Accounts when many change them at once, and when a process ends half way.
use cognobserve_model::account::{ProjectSettings, Scopes};
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::price::parse_row;
use cognobserve_ports::{Accounts, Actor, ErrorKind, NewKey};
use cognobserve_postgres::{PostgresStore, Settings};
use cognobserve_servers::{Schema, postgres};
use futures_util::future::join_all;

async fn open(schema: &Schema) -> PostgresStore {
    PostgresStore::open(&Settings::new(schema.url()))
        .await
        .unwrap()
}

/// A line of a table of prices.
const ROW: &str = "MODEL\t2500\t10000\t-\t-\t-";

fn new_key(hash: u8) -> NewKey {
    NewKey {
        hash: [hash; 32],
        prefix: "co_abc".into(),
        name: "n".into(),
        scopes: Scopes::DEFAULT,
        expires: None,
    }
}

/// Rows of everything that a project can have, straight into the tables.
fn fill(schema: &Schema, project: &ProjectId, traces: u32) {
    schema.execute(&format!(
        "CREATE TEMP TABLE p ON COMMIT DROP AS SELECT no FROM projects WHERE id = '{project}';
         INSERT INTO tracked_users (project_no, no, external_id, metadata, search_text, profile, created_at, updated_at)
            SELECT no, n, 'u' || n, '{{}}', 'u', '', 1, 1 FROM p, generate_series(1, 30) n;
         INSERT INTO tracked_user_totals (project_no, user_no, created_at, session_count, trace_count, error_trace_count,
                span_count, error_count, total_tokens, cost_nanos, ended_span_count, span_latency_micros, measures)
            SELECT no, n, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, '' FROM p, generate_series(0, 30) n;
         INSERT INTO trace_sessions (project_no, no, external_id, user_no, created_at, measures, profile)
            SELECT no, 100 + n, 's' || n, 1 + n % 30, n, '', '' FROM p, generate_series(1, 50) n;
         INSERT INTO traces (project_no, no, id, user_no, session_no, time, levels, booked, state)
            SELECT no, 1000 + n, 't' || n, 1 + n % 30, 101 + n % 50, n, 0, '', '' FROM p, generate_series(1, {traces}) n;
         INSERT INTO payloads (project_no, trace_no, no, body)
            SELECT no, 1000 + n, n, '\\x00' FROM p, generate_series(1, {traces}) n;
         INSERT INTO models (project_no, no, name) SELECT no, 1, 'm' FROM p;
         INSERT INTO suppressions (project_no, external_hash, user_no, at) SELECT no, 'h', 1, 1 FROM p;
         INSERT INTO user_days (project_no, day, band, sums) SELECT no, n, 0, '' FROM p, generate_series(1, 9) n;
         INSERT INTO project_quarters (project_no, quarter, measures) SELECT no, n, '' FROM p, generate_series(1, 9) n;
         INSERT INTO model_quarters (project_no, quarter, model_no, measures) SELECT no, n, 1, '' FROM p, generate_series(1, 9) n;
         UPDATE projects SET last_arrival = 77 WHERE id = '{project}'"
    ));
}

/// Tables that have rows of any project.
fn list_filled(schema: &Schema) -> Vec<String> {
    let tables = "SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'project_no' AND table_name <> 'audit' ORDER BY 1";
    let filled = |table: &String| schema.read(&format!("SELECT count(*) FROM {table}")) != ["0"];
    schema.read(tables).into_iter().filter(filled).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_however_many_ask() {
    let schema = postgres().make_schema();
    let (one, two) = (open(&schema).await, open(&schema).await);
    for round in 0..5 {
        let name = format!("p{round}");
        let asked = (0..16).map(|at| {
            let store = if at % 2 == 0 { &one } else { &two };
            store.create_project("w", &name, &Actor::Operator)
        });
        let answers = join_all(asked).await;
        let made = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(made, 1);
        for error in answers.into_iter().filter_map(Result::err) {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        }
    }
    assert_eq!(schema.read("SELECT count(*) FROM workspaces"), ["1"]);
    assert_eq!(schema.read("SELECT count(*) FROM projects"), ["5"]);
    let elsewhere = one
        .create_project("another", "p0", &Actor::Operator)
        .await
        .unwrap();
    assert_eq!(elsewhere.settings, ProjectSettings::default());
    let audited =
        "SELECT count(*) FROM audit WHERE action = 'project.create' AND actor = 'operator'";
    assert_eq!(schema.read(audited), ["6"]);
}

#[tokio::test]
async fn a_deleted_project_is_gone_at_once_and_its_rows_with_it() {
    let schema = postgres().make_schema();
    let store = open(&schema).await;
    let project = store
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    let kept = store
        .create_project("w", "kept", &Actor::Operator)
        .await
        .unwrap();
    store
        .create_key(&project.id, new_key(1), &Actor::Operator)
        .await
        .unwrap();
    fill(&schema, &project.id, 4_500);
    assert!(
        store
            .delete_project(&project.id, &Actor::Operator)
            .await
            .unwrap()
    );
    assert!(
        !store
            .delete_project(&project.id, &Actor::Operator)
            .await
            .unwrap()
    );
    assert_eq!(list_filled(&schema), Vec::<String>::new());
    assert_eq!(store.list_projects().await.unwrap(), [kept]);
    assert_eq!(store.authenticate(&[1; 32]).await.unwrap(), None);
    let arrival = "SELECT number FROM meta WHERE key = 'last_arrival'";
    assert_eq!(schema.read(arrival), ["77"]);
    let again = store
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    assert_ne!(again.id, project.id);
    assert!(
        store
            .delete_project(&again.id, &Actor::Operator)
            .await
            .unwrap()
    );
    assert_eq!(schema.read(arrival), ["77"], "it never goes back");
}

#[tokio::test]
async fn a_removal_that_was_cut_off_is_finished_when_opening() {
    let schema = postgres().make_schema();
    let store = open(&schema).await;
    let project = store
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    fill(&schema, &project.id, 2_500);
    let other = store
        .create_project("w", "other", &Actor::Operator)
        .await
        .unwrap();
    fill(&schema, &other.id, 10);
    // As a crash after the first stretch leaves it.
    schema.execute(&format!(
        "UPDATE projects SET deleted_at = 5, name = id WHERE id = '{}'; DELETE FROM traces WHERE no < 2000 AND project_no = 1",
        project.id
    ));
    assert_eq!(store.list_projects().await.unwrap().len(), 1);
    assert_eq!(store.find_project("p").await.unwrap(), None);
    assert_eq!(store.find_project(project.id.as_str()).await.unwrap(), None);
    let settings = ProjectSettings::default();
    assert_eq!(
        store
            .update_settings(&project.id, settings, &Actor::Operator)
            .await
            .unwrap(),
        None
    );
    let refused = [
        store
            .create_key(&project.id, new_key(1), &Actor::Operator)
            .await
            .unwrap_err(),
        store
            .put_prices(&project.id, Vec::new(), &Actor::Operator)
            .await
            .unwrap_err(),
        store.list_prices(&project.id).await.unwrap_err(),
    ];
    assert!(
        refused
            .iter()
            .all(|error| error.kind() == ErrorKind::NotFound)
    );
    let (one, two) = tokio::join!(open(&schema), open(&schema));
    drop((one, two));
    assert_eq!(schema.read("SELECT id FROM projects"), [other.id.as_str()]);
    assert_eq!(schema.read("SELECT count(*) FROM traces"), ["10"]);
    assert_eq!(schema.read("SELECT count(*) FROM tracked_users"), ["30"]);
}

#[tokio::test]
async fn keys_are_found_by_hash_and_revoked_once() {
    let schema = postgres().make_schema();
    let store = open(&schema).await;
    let project = store
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    let key = store
        .create_key(&project.id, new_key(1), &Actor::Operator)
        .await
        .unwrap();
    let refused = store
        .create_key(&project.id, new_key(1), &Actor::Operator)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let second = store
        .create_key(&project.id, new_key(2), &Actor::Operator)
        .await
        .unwrap();
    assert_eq!(
        store.list_keys(&project.id).await.unwrap(),
        [second, key.clone()]
    );
    let grant = store.authenticate(&[1; 32]).await.unwrap().unwrap();
    assert_eq!((&grant.key, &grant.project), (&key.id, &project));
    let revoked = store
        .revoke_key(&project.id, &key.id, &Actor::Operator)
        .await
        .unwrap()
        .unwrap();
    assert!(revoked.revoked.is_some());
    // Its use may be noted in between.
    let again = store.revoke_key(&project.id, &key.id, &Actor::Operator);
    let again = again.await.unwrap().map(|key| key.revoked);
    assert_eq!(again, Some(revoked.revoked));
    assert_eq!(store.authenticate(&[1; 32]).await.unwrap(), None);
    for nobody in ["key_none", "key_\0"] {
        assert_eq!(
            store
                .revoke_key(&project.id, &KeyId::new(nobody), &Actor::Operator)
                .await
                .unwrap(),
            None
        );
        assert_eq!(store.find_project(nobody).await.unwrap(), None);
    }
    let lines = schema.read("SELECT action FROM audit ORDER BY no");
    assert_eq!(
        lines,
        ["project.create", "key.create", "key.create", "key.revoke"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_put_at_once_all_count_and_raise_the_version() {
    let schema = postgres().make_schema();
    let store = open(&schema).await;
    let project = store
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    let entry = |model: &str| parse_row(&ROW.replace("MODEL", model), 1).unwrap();
    // In opposite orders, and each model twice.
    let put = (0..10).map(|at| {
        let mut entries = vec![entry("alpha"), entry("Beta"), entry("beta"), entry("gamma")];
        if at % 2 == 0 {
            entries.reverse();
        }
        store.put_prices(&project.id, entries, &Actor::Operator)
    });
    for answer in join_all(put).await {
        answer.unwrap();
    }
    let listed = store.list_prices(&project.id).await.unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(schema.read("SELECT prices_version FROM projects"), ["10"]);
    assert_eq!(
        schema.read("SELECT DISTINCT detail FROM audit WHERE action = 'prices.put'"),
        ["alpha, beta, gamma"]
    );
}
