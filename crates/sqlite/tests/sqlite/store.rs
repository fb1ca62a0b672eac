//! What only the embedded store promises: files, locks, formats, restarts.
use cognobserve_model::account::Project;
use cognobserve_model::id::KeyId;
use cognobserve_model::piece::{Batch, Piece, SessionPart, SpanPart, SpanPayload};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::query::{
    PageRequest, Period, SessionFilter, SortOrder, UserKey, UserQuery, UserSort,
};
use cognobserve_model::span::SpanKind;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_model::usage::Usage;
use cognobserve_ports::{Accounts, Actor, DeleteMode, ErrorKind, Ledger, Reports, SessionPatch};
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
        active_only: false,
        metadata: Vec::new(),
        page: PageRequest {
            limit: 10,
            after: None,
        },
    }
}

/// A project in a new store with three traces, two of `a` and one of `b`.
async fn fill(dir: &TempDir) -> Project {
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    let project = store
        .create_project("default", "default", &Actor::Operator)
        .await
        .unwrap();
    let pieces = vec![piece(1, "a"), piece(2, "b"), piece(3, "a")];
    let batch = Batch {
        project: project.id.clone(),
        key: KeyId::new("key_1"),
        pieces,
    };
    assert!(store.commit(vec![batch]).await.unwrap()[0].is_ok());
    project
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let project = fill(&dir).await;
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
async fn lists_without_sums_per_model_are_read_from_the_traces() {
    let dir = TempDir::new().unwrap();
    let project = fill(&dir).await;
    let user = UserKey::External("a".into());
    let mut answers = Vec::new();
    for forget in [false, true] {
        if forget {
            let conn = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
            let changed = conn.execute(
                "UPDATE user_traces SET models = NULL WHERE time < ?1",
                [T0 + 2],
            );
            assert_eq!(changed.unwrap(), 1);
        }
        let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
        let models = store.cost_user_by_model(&project.id, &user, Period::ALL);
        answers.push(models.await.unwrap().unwrap());
        assert_eq!(store.verify().await.unwrap().differences, []);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][0].0.as_deref(), Some("gpt-4o"));
    assert_eq!(answers[0][0].1.cost_nanos, 15_000_000);
    let conn = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    conn.execute(
        "UPDATE user_traces SET models = X'00' WHERE time > ?1",
        [T0 + 2],
    )
    .unwrap();
    drop(conn);
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    assert_ne!(
        store.verify().await.unwrap().differences,
        [],
        "what is listed wrongly is found"
    );
}

#[tokio::test]
async fn one_process_serves_and_tools_stand_beside() {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    let second = SqliteStore::open(dir.path(), Mode::Serve).err().unwrap();
    assert_eq!(second.kind(), ErrorKind::Conflict);
    let tool = SqliteStore::open(dir.path(), Mode::Tool).unwrap();
    let project = tool
        .create_project("default", "made beside", &Actor::Operator)
        .await
        .unwrap();
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
    let project = store
        .create_project("default", "default", &Actor::Operator)
        .await
        .unwrap();
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

/// Everybody who changed something: (actor, action), in order.
fn read_audit(dir: &TempDir) -> Vec<(String, String)> {
    let conn = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    let mut statement = conn
        .prepare("SELECT actor, action FROM audit ORDER BY no")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn b60_every_change_leaves_a_line_that_names_who_made_it() {
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    let project = store
        .create_project("default", "default", &Actor::Operator)
        .await
        .unwrap();
    let id = project.id.clone();
    let key = Actor::Key(KeyId::new("key_1"));
    let mut pieces = vec![piece(1, "anna"), piece(2, "bert"), piece(3, "anna")];
    pieces[2].session = Some(SessionPart {
        external_id: "chat".into(),
        ..SessionPart::default()
    });
    let batch = Batch {
        project: id.clone(),
        key: KeyId::new("key_1"),
        pieces,
    };
    store.commit(vec![batch]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    let users = store.list_users(&id, by_cost()).await.unwrap().items;
    let [anna, bert] = [&users[0].user.id, &users[1].user.id];
    let part = ProfilePart {
        name: Some(Some("Anna".into())),
        ..ProfilePart::default()
    };
    let (sessions, page) = (SessionFilter::default(), by_cost().page.limit);
    let page = PageRequest {
        limit: page,
        after: None,
    };
    let session = store.list_sessions(&id, sessions, page).await.unwrap();
    let session = session.unwrap().items[0].id.clone();

    store
        .patch_user(&id, anna, part, &key)
        .await
        .unwrap()
        .unwrap();
    let patch = SessionPatch {
        name: Some(Some("talk".into())),
        ..SessionPatch::default()
    };
    store
        .patch_session(&id, &session, patch, &key)
        .await
        .unwrap()
        .unwrap();
    store
        .delete_session(&id, &session, &key)
        .await
        .unwrap()
        .unwrap();
    store.delete_trace(&id, "t3", &key).await.unwrap().unwrap();
    store
        .delete_user(&id, bert, DeleteMode::Unlink, &key)
        .await
        .unwrap()
        .unwrap();
    store
        .delete_user(&id, anna, DeleteMode::Erase, &key)
        .await
        .unwrap()
        .unwrap();
    assert!(store.lift_suppression(&id, "anna", &key).await.unwrap());
    store.reprice(&id, true).await.unwrap();
    store
        .update_settings(&id, project.settings, &Actor::Operator)
        .await
        .unwrap()
        .unwrap();
    store
        .put_prices(&id, Vec::new(), &Actor::Operator)
        .await
        .unwrap();
    assert!(store.delete_project(&id, &Actor::Operator).await.unwrap());

    let mine = [
        "user.update",
        "session.update",
        "session.delete",
        "trace.delete",
        "user.unlink",
        "user.erase",
        "suppression.lift",
    ];
    let operators = [
        "prices.reprice",
        "project.settings",
        "prices.put",
        "project.delete",
    ];
    let of = |actor: &str, action: &str| (actor.to_owned(), action.to_owned());
    let mut expected = vec![of("operator", "project.create")];
    expected.extend(mine.map(|action| of("key_1", action)));
    expected.extend(operators.map(|action| of("operator", action)));
    assert_eq!(read_audit(&dir), expected);
}

/// Without it another process that closes the store takes itself for the last one and
/// removes the log.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_open_store_keeps_its_lock_on_the_file() {
    use std::os::unix::fs::MetadataExt;
    let dir = TempDir::new().unwrap();
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    store
        .create_project("default", "default", &Actor::Operator)
        .await
        .unwrap();
    let inode = std::fs::metadata(dir.path().join("ledger.db"))
        .unwrap()
        .ino();
    let (owner, file) = (std::process::id().to_string(), format!(":{inode}"));
    let is_ours = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.contains(&owner.as_str()) && words.iter().any(|word| word.ends_with(&file))
    };
    // While other processes take and leave locks, the list may be read with gaps.
    let found = (0..100).any(|_| {
        let held = std::fs::read_to_string("/proc/locks").unwrap();
        held.lines().any(is_ours)
    });
    assert!(found, "{owner} holds no lock on {file}");
}
