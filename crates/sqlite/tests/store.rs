//! What only the embedded store promises: files, locks, formats, restarts.
use cognobserve_model::id::KeyId;
use cognobserve_model::piece::{Batch, Piece, SpanPart, SpanPayload};
use cognobserve_model::query::{PageRequest, Period, SortOrder, UserKey, UserQuery, UserSort};
use cognobserve_model::span::SpanKind;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_model::usage::Usage;
use cognobserve_ports::{Accounts, ErrorKind, Ledger, Reports};
use cognobserve_sqlite::{FORMAT, Mode, SqliteStore};
use tempfile::TempDir;

const T0: i64 = 1_790_000_000_000_000;

fn piece(n: i64, user: &str) -> Piece {
    let span = SpanPart {
        id: "s1".into(),
        name: Some("chat".into()),
        kind: Some(SpanKind::Generation),
        start: Some(Micros(T0 + n)),
        end: Some(Micros(T0 + n + 2_000_000)),
        model: Some("gpt-4o".into()),
        usage: Usage {
            prompt: Some(1000),
            completion: Some(500),
            ..Usage::default()
        },
        payload: SpanPayload {
            input: Some("\"hello\"".into()),
            ..SpanPayload::default()
        },
        ..SpanPart::default()
    };
    Piece {
        trace_id: format!("t{n}"),
        arrival: Arrival(T0 + n),
        name: Some("x".into()),
        user: Some(user.into()),
        spans: vec![span],
        ..Piece::default()
    }
}

fn by_cost() -> UserQuery {
    UserQuery {
        search: None,
        last_seen_from: None,
        last_seen_to: None,
        sort: UserSort::TotalCost,
        order: SortOrder::Desc,
        stats: Period::ALL,
        metadata: Vec::new(),
        page: PageRequest {
            limit: 10,
            after: None,
        },
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let project = {
        let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
        let project = store.create_project("default", "default").await.unwrap();
        let pieces = vec![piece(1, "a"), piece(2, "b"), piece(3, "a")];
        let batch = Batch {
            project: project.id.clone(),
            key: KeyId::new("key_1"),
            pieces,
        };
        assert!(store.commit(vec![batch]).await.unwrap()[0].is_ok());
        project
    };
    // The writer ends when its last handle goes; the lock with the store.
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    let page = store.list_users(&project.id, by_cost()).await.unwrap();
    let costs: Vec<_> = page
        .items
        .iter()
        .map(|item| (item.user.external_id.as_str(), item.measures.cost_nanos))
        .collect();
    assert_eq!(costs, [("a", 15_000_000), ("b", 7_500_000)]);
    let found = store
        .find_user(
            &project.id,
            &UserKey::Id(page.items[0].user.id.clone()),
            Period::ALL,
        )
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.stats.measures.trace_count, 2);
    assert_eq!(found.stats.user.first_seen, Micros(T0 + 1));
    let trace = store.find_trace(&project.id, "t1").await.unwrap().unwrap();
    assert_eq!(trace.spans[0].input.as_deref(), Some("\"hello\""));
    assert_eq!(store.verify().await.unwrap().differences, []);
}

#[tokio::test]
async fn one_process_serves_and_tools_stand_beside() {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    let second = SqliteStore::open(dir.path(), Mode::Serve).err().unwrap();
    assert_eq!(second.kind(), ErrorKind::Conflict);
    let tool = SqliteStore::open(dir.path(), Mode::Tool).unwrap();
    let project = tool.create_project("default", "made beside").await.unwrap();
    let batch = Batch {
        project: project.id.clone(),
        key: KeyId::new("key_1"),
        pieces: vec![piece(1, "a")],
    };
    assert_eq!(
        tool.commit(vec![batch.clone()]).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert!(store.commit(vec![batch]).await.unwrap()[0].is_ok());
    assert_eq!(tool.verify().await.unwrap().differences, []);
}

#[tokio::test]
async fn a_newer_format_is_refused_untouched() {
    let dir = TempDir::new().unwrap();
    drop(SqliteStore::open(dir.path(), Mode::Serve).unwrap());
    let file = dir.path().join("ledger.db");
    let conn = rusqlite::Connection::open(&file).unwrap();
    conn.pragma_update(None, "user_version", FORMAT + 1)
        .unwrap();
    drop(conn);
    let error = SqliteStore::open(dir.path(), Mode::Tool).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::TooNew);
}

#[tokio::test]
async fn a_backup_is_a_whole_store() {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    let project = store.create_project("default", "default").await.unwrap();
    let batch = Batch {
        project: project.id.clone(),
        key: KeyId::new("key_1"),
        pieces: vec![piece(1, "a")],
    };
    store.commit(vec![batch]).await.unwrap();
    let copy = TempDir::new().unwrap();
    store
        .backup_to(&copy.path().join("ledger.db"), |_, _| {})
        .unwrap();
    let restored = SqliteStore::open(copy.path(), Mode::Serve).unwrap();
    assert_eq!(
        restored
            .list_users(&project.id, by_cost())
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    assert_eq!(restored.verify().await.unwrap().differences, []);
}
