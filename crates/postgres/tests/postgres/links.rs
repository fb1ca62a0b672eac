//! The database itself keeps links within a project, whoever writes to it.
#![allow(non_snake_case)]
use cognobserve_postgres::{PostgresStore, Settings};
use cognobserve_servers::Schema;
use std::panic::{AssertUnwindSafe, catch_unwind};

async fn make_schema() -> Schema {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = Settings::new(schema.url());
    drop(
        PostgresStore::open(&settings)
            .await
            .expect("the store opens"),
    );
    schema.execute(
        "INSERT INTO workspaces (name, developer, created_at) VALUES ('w', 'dev', 0);
         INSERT INTO projects (id, workspace_no, name, created_at, capture, time_zone)
         SELECT 'prj_' || n, 1, 'p' || n, 0, 'full', 'UTC' FROM generate_series(1, 2) n;
         INSERT INTO tracked_users (project_no, no, external_id, metadata, search_text, profile, created_at, updated_at)
         VALUES (1, 10, 'ann', '{}', '', '', 0, 0), (2, 20, 'ann', '{}', '', '', 0, 0);
         INSERT INTO trace_sessions (project_no, no, external_id, user_no, created_at, measures, profile)
         VALUES (1, 11, 's', 10, 0, '', ''), (2, 21, 's', NULL, 0, '', '')",
    );
    schema
}

/// Inserts a trace of the first project.
fn put_trace(schema: &Schema, no: i64, user: &str, session: &str) {
    schema.execute(&format!(
        "INSERT INTO traces (project_no, no, id, user_no, session_no, time, levels, booked, state)
         VALUES (1, {no}, 't{no}', {user}, {session}, 0, 0, '', '')"
    ));
}

fn is_refused(work: impl FnOnce()) -> bool {
    let panic = catch_unwind(AssertUnwindSafe(work)).err();
    let said = panic.and_then(|panic| panic.downcast_ref::<String>().cloned());
    said.is_some_and(|said| said.contains("that its project does not have"))
}

#[tokio::test(flavor = "multi_thread")]
async fn B25_a_link_cannot_leave_its_project() {
    let schema = make_schema().await;
    put_trace(&schema, 1, "10", "11");
    put_trace(&schema, 2, "NULL", "NULL");
    assert!(is_refused(|| put_trace(&schema, 3, "20", "NULL")));
    assert!(is_refused(|| put_trace(&schema, 3, "NULL", "21")));
    assert!(is_refused(|| put_trace(&schema, 3, "99", "NULL")));
    let turn = "UPDATE traces SET user_no = 20 WHERE project_no = 1 AND no = 2";
    assert!(is_refused(|| schema.execute(turn)));
    let turn = "UPDATE trace_sessions SET user_no = 20 WHERE project_no = 1 AND no = 11";
    assert!(is_refused(|| schema.execute(turn)));
    let count = schema.read("SELECT count(*) FROM traces");
    assert_eq!(count, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn S0_32_links_are_set_to_null_when_their_end_goes() {
    let schema = make_schema().await;
    put_trace(&schema, 1, "10", "11");
    schema.execute("DELETE FROM tracked_users WHERE project_no = 1 AND no = 10");
    let left = "SELECT count(*) FROM traces WHERE user_no IS NULL AND session_no = 11";
    assert_eq!(schema.read(left), ["1"]);
    let left = "SELECT count(*) FROM trace_sessions WHERE no = 11 AND user_no IS NULL";
    assert_eq!(schema.read(left), ["1"]);
    schema.execute("DELETE FROM trace_sessions WHERE project_no = 1 AND no = 11");
    let left = "SELECT count(*) FROM traces WHERE session_no IS NULL";
    assert_eq!(schema.read(left), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn S0_24_a_project_takes_its_rows_along() {
    let schema = make_schema().await;
    put_trace(&schema, 1, "10", "11");
    schema.execute("DELETE FROM projects WHERE no = 1");
    for table in ["tracked_users", "trace_sessions", "traces"] {
        let left = format!("SELECT count(*) FROM {table} WHERE project_no = 1");
        assert_eq!(schema.read(&left), ["0"], "{table}");
    }
    assert_eq!(schema.read("SELECT count(*) FROM tracked_users"), ["1"]);
}

/// What lists are sorted and looked up by; see the migration.
#[tokio::test(flavor = "multi_thread")]
async fn S0_28_to_34_the_indexes_are_there() {
    let schema = make_schema().await;
    let wanted = [
        "UNIQUE INDEX tracked_users_project_no_external_id_key ON tracked_users (project_no, external_id)",
        "INDEX tracked_users_by_email ON tracked_users (project_no, lower(email))",
        "INDEX tracked_user_totals_by_last_seen ON tracked_user_totals (project_no, last_seen_at DESC",
        "INDEX traces_by_time ON traces (project_no, \"time\" DESC",
        "INDEX traces_by_user ON traces (project_no, user_no, \"time\" DESC",
        "INDEX traces_by_session ON traces (project_no, session_no",
        "UNIQUE INDEX trace_sessions_project_no_external_id_key ON trace_sessions (project_no, external_id)",
        "INDEX trace_sessions_by_created ON trace_sessions (project_no, created_at DESC)",
        "INDEX trace_sessions_by_owner ON trace_sessions (project_no, user_no",
        "UNIQUE INDEX traces_project_no_id_key ON traces (project_no, id)",
    ];
    let found = schema.read(&format!(
        "SELECT replace(replace(indexdef, '{0}.', ''), 'USING btree ', '') FROM pg_indexes WHERE schemaname = '{0}'",
        schema.name()
    ));
    for index in wanted {
        assert!(
            found.iter().any(|text| text.contains(index)),
            "{index} is missing in {found:#?}"
        );
    }
}
