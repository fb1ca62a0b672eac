//! Opening: new and old databases, many processes at once, and servers that are not there.
use cognobserve_ports::{Accounts, Actor, ErrorKind};
use cognobserve_postgres::{FORMAT, PostgresStore, Settings};
use cognobserve_servers::{Schema, postgres};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

/// As so many processes would that start together.
async fn open_at_once(schema: &Schema, count: usize) -> Vec<PostgresStore> {
    let settings = Settings::new(schema.url());
    let opened = (0..count).map(|_| PostgresStore::open(&settings));
    let opened = join_all(opened).await;
    opened
        .into_iter()
        .map(|store| store.expect("it opens"))
        .collect()
}

fn count_all(schema: &Schema) -> Vec<String> {
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1";
    let count = |table: String| {
        let counted = schema.read(&format!("SELECT count(*) FROM {table}"));
        format!("{table} {}", counted[0])
    };
    schema.read(tables).into_iter().map(count).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_may_open_a_new_database_at_once() {
    let schema = postgres().make_schema();
    let stores = open_at_once(&schema, 8).await;
    let versions = schema.read("SELECT version FROM schema_migrations ORDER BY version");
    let all: Vec<String> = (1..=FORMAT).map(|step| step.to_string()).collect();
    assert_eq!(versions, all);
    let secrets = "SELECT count(*) FROM meta WHERE key = 'install_secret' AND length(bytes) = 32";
    assert_eq!(schema.read(secrets), ["1"]);
    let project = stores[0]
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    for store in &stores {
        let found = store.find_project("p").await.unwrap();
        assert_eq!(found.as_ref(), Some(&project));
    }
    let index =
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('tracked_users_by_search')";
    let has_extension = schema.read("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'");
    let expected: &[&str] = if has_extension == ["1"] { &["t"] } else { &[] };
    assert_eq!(schema.read(index), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_stay_as_they_are() {
    let schema = postgres().make_schema();
    drop(open_at_once(&schema, 1).await);
    // A project from before anybody was tracked: traces and sessions of nobody, and one user.
    schema.execute(
        "INSERT INTO workspaces (name, developer, created_at) VALUES ('w', 'dev_1', 1);
         INSERT INTO projects (id, workspace_no, name, created_at, capture, time_zone)
            SELECT 'prj_1', no, 'p', 1, 'full', 'UTC' FROM workspaces;
         INSERT INTO tracked_users (project_no, no, external_id, metadata, search_text, profile, created_at, updated_at)
            SELECT no, 1000, 'john', '{}', 'john', '', 1, 1 FROM projects;
         INSERT INTO trace_sessions (project_no, no, external_id, created_at, measures, profile)
            SELECT no, 2000 + n, 's' || n, n, '', '' FROM projects, generate_series(1, 50) n;
         INSERT INTO traces (project_no, no, id, user_no, session_no, time, levels, booked, state)
            SELECT no, 5000 + n, 't' || n, CASE WHEN n % 9 = 0 THEN 1000 END, 2001 + n % 50, n, 0, '', ''
            FROM projects, generate_series(1, 3000) n",
    );
    // From before there was an index for searches.
    schema.execute("DROP INDEX IF EXISTS tracked_users_by_search");
    let before = count_all(&schema);
    let secret = schema.read("SELECT encode(bytes, 'hex') FROM meta WHERE key = 'install_secret'");
    for store in open_at_once(&schema, 8).await {
        assert_eq!(store.list_projects().await.unwrap().len(), 1);
    }
    assert_eq!(count_all(&schema), before);
    let query = "SELECT encode(bytes, 'hex') FROM meta WHERE key = 'install_secret'";
    assert_eq!(schema.read(query), secret);
    let half_built = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace";
    assert_eq!(schema.read(half_built), ["0"]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let schema = postgres().make_schema();
    drop(open_at_once(&schema, 1).await);
    let newer = FORMAT + 7;
    schema.execute(&format!(
        "INSERT INTO schema_migrations (version) VALUES ({newer})"
    ));
    let before = count_all(&schema);
    let opened = PostgresStore::open(&Settings::new(schema.url())).await;
    let error = opened.err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::TooNew);
    let words = format!("the store has format {newer}, this version reads up to {FORMAT}");
    assert!(error.to_string().contains(&words), "{error}");
    assert_eq!(count_all(&schema), before);
}

#[tokio::test]
async fn a_schema_that_does_not_exist_is_said() {
    let url = format!("{}?options=-csearch_path%3Dnowhere", postgres().url());
    let opened = PostgresStore::open(&Settings::new(url)).await;
    let error = opened.err().expect("refused");
    assert!(error.to_string().contains("search_path"), "{error}");
}

#[tokio::test]
async fn an_absent_server_is_said_at_once() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = free.local_addr().unwrap();
    drop(free);
    let url = format!("postgres://me:s3cret@{place}/db");
    let opened = PostgresStore::open(&Settings::new(url)).await;
    let error = opened.err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains(&place.to_string()), "{error}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = Settings::new(format!("postgres://me@{}/db", silent.local_addr().unwrap()));
    settings.connect_timeout = Duration::from_millis(300);
    let started = Instant::now();
    let error = PostgresStore::open(&settings).await.err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(5), "{error}");
}

#[tokio::test]
async fn a_busy_pool_says_so_in_time() {
    let schema = postgres().make_schema();
    let mut settings = Settings::new(schema.url());
    settings.max_connections = 2;
    settings.wait_timeout = Duration::from_millis(200);
    settings.statement_timeout = Duration::from_secs(2);
    let store = PostgresStore::open(&settings).await.unwrap();
    store
        .create_project("w", "p", &Actor::Operator)
        .await
        .unwrap();
    // Somebody else holds a lock that both connections wait for.
    let (other, connection) = tokio_postgres::connect(schema.url(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let lock = "BEGIN; LOCK TABLE projects IN ACCESS EXCLUSIVE MODE";
    other.batch_execute(lock).await.unwrap();
    let asked = join_all((0..3).map(|_| store.list_projects())).await;
    let messages: Vec<String> = asked
        .into_iter()
        .map(|answer| {
            let error = answer.expect_err("locked");
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            error.to_string()
        })
        .collect();
    let timeouts = messages
        .iter()
        .filter(|text| text.contains("57014"))
        .count();
    let waits = messages
        .iter()
        .filter(|text| text.contains("waiting for a connection"))
        .count();
    assert_eq!((timeouts, waits), (2, 1), "{messages:?}");
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(store.list_projects().await.unwrap().len(), 1);
}
