//! Snapshots see one moment, and leave clean connections behind however they end.
use super::*;
use crate::Settings;
use cognobserve_ports::{Accounts, Actor};
use cognobserve_servers::{Schema, postgres};
use std::time::Duration;

/// A store of one project, with no connection to spare.
async fn open(schema: &Schema) -> (PostgresStore, ProjectId) {
    let mut settings = Settings::new(schema.url());
    settings.max_connections = 2;
    let store = PostgresStore::open(&settings).await.unwrap();
    let project = store
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    (store, project.id)
}

const PID: &str = "SELECT pg_backend_pid()";

/// The server process behind every connection that the pool would hand out.
async fn list_processes(store: &PostgresStore) -> Vec<i32> {
    let (one, two) = (store.client().await.unwrap(), store.client().await.unwrap());
    let mut processes = Vec::new();
    for client in [&one, &two] {
        let mode = client.query_one("SHOW transaction_read_only", &[]).await;
        assert_eq!(
            mode.unwrap().get::<_, String>(0),
            "off",
            "a snapshot goes on"
        );
        processes.push(client.query_one(PID, &[]).await.unwrap().get(0));
    }
    processes
}

#[tokio::test]
async fn a_snapshot_sees_one_moment_of_one_project() {
    let schema = postgres().make_schema();
    let (store, project) = open(&schema).await;
    let snapshot = store.snapshot(&project).await.unwrap();
    let query = "SELECT count(*) FROM projects WHERE no >= $1";
    let params: [&(dyn ToSql + Sync); 1] = [&snapshot.project_no];
    let before: i64 = snapshot.query_one(query, &params).await.unwrap().get(0);
    store
        .create_project("w", "another", &Actor::Operator)
        .await
        .unwrap();
    let after: i64 = snapshot.query_one(query, &params).await.unwrap().get(0);
    assert_eq!((before, after), (1, 1));
    snapshot.close().await.unwrap();
    let snapshot = store.snapshot_of_all().await.unwrap();
    assert_eq!(
        snapshot
            .query("SELECT no FROM projects", &[])
            .await
            .unwrap()
            .len(),
        2
    );
    let timeout = snapshot
        .query_one("SELECT current_setting('statement_timeout')", &[])
        .await;
    assert_eq!(timeout.unwrap().get::<_, String>(0), "0");
    snapshot.close().await.unwrap();
    let snapshot = store.long_snapshot(&project).await.unwrap();
    let timeout = snapshot
        .query_one("SELECT current_setting('statement_timeout')", &[])
        .await;
    assert_eq!(timeout.unwrap().get::<_, String>(0), "0");
    snapshot.close().await.unwrap();
    let client = store.client().await.unwrap();
    let timeout = client
        .query_one("SELECT current_setting('statement_timeout')", &[])
        .await;
    assert_eq!(timeout.unwrap().get::<_, String>(0), "30s");
}

#[tokio::test]
async fn a_missing_project_has_no_snapshot() {
    let schema = postgres().make_schema();
    let (store, project) = open(&schema).await;
    for _ in 0..5 {
        let refused = store
            .snapshot(&ProjectId::new("prj_none"))
            .await
            .err()
            .unwrap();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
    }
    store
        .delete_project(&project, &Actor::Operator)
        .await
        .unwrap();
    let refused = store.snapshot(&project).await.err().unwrap();
    assert_eq!(refused.to_string(), "no such project");
    list_processes(&store).await;
}

#[tokio::test]
async fn a_snapshot_dropped_between_questions_gives_its_connection_back() {
    let schema = postgres().make_schema();
    let (store, project) = open(&schema).await;
    let before = list_processes(&store).await;
    for _ in 0..5 {
        let snapshot = store.snapshot(&project).await.unwrap();
        snapshot
            .query("SELECT no FROM no_such_table", &[])
            .await
            .unwrap_err();
        drop(snapshot);
        drop(store.snapshot(&project).await.unwrap());
        store
            .snapshot(&project)
            .await
            .unwrap()
            .close()
            .await
            .unwrap();
    }
    let after = list_processes(&store).await;
    assert!(
        before.iter().all(|process| after.contains(process)),
        "{before:?} {after:?}"
    );
}

#[tokio::test]
async fn a_snapshot_dropped_within_a_question_takes_its_connection_along() {
    let schema = postgres().make_schema();
    let (store, project) = open(&schema).await;
    list_processes(&store).await;
    let snapshot = store.snapshot(&project).await.unwrap();
    let process: i32 = snapshot.query_one(PID, &[]).await.unwrap().get(0);
    let sleep = snapshot.query("SELECT pg_sleep(20)", &[]);
    tokio::time::timeout(Duration::from_millis(50), sleep)
        .await
        .unwrap_err();
    drop(snapshot);
    // Nobody waits for the sleeper, and it does not sleep on.
    let others = tokio::time::timeout(Duration::from_secs(10), list_processes(&store)).await;
    assert!(!others.unwrap().contains(&process));
    let sleepers = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {process}");
    let started = std::time::Instant::now();
    while schema.read(&sleepers) != ["0"] {
        assert!(started.elapsed() < Duration::from_secs(10), "it sleeps on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
