//! Later migrations, on a table that has rows: within a transaction and outside of one.
use super::*;
use crate::address::Address;
use crate::connect::{Settings, make_pool};
use cognobserve_servers::{Schema, postgres};

const FIRST: &str = "CREATE TABLE things (id bigint PRIMARY KEY, owner bigint);";
const OUTSIDE_STEP: &str = "-- no transaction
-- An index and a check, while others go on writing.
CREATE INDEX CONCURRENTLY IF NOT EXISTS things_by_owner
    ON things (owner);
ALTER TABLE things DROP CONSTRAINT IF EXISTS things_have_owners,
    ADD CONSTRAINT things_have_owners CHECK (owner IS NOT NULL) NOT VALID;
UPDATE things SET owner = 0 WHERE owner IS NULL AND id < 1000;
ALTER TABLE things VALIDATE CONSTRAINT things_have_owners;
";

async fn connect(schema: &Schema) -> ClientWrapper {
    let address = Address::parse(schema.url()).unwrap();
    let tls = address.tls.make_connector().unwrap();
    let pool = make_pool(&Settings::new(schema.url()), &address, tls).unwrap();
    let client = Object::take(pool.get().await.unwrap());
    begin_alone(&client).await.unwrap();
    client
}

/// Version 1 with old rows.
async fn make_old(schema: &Schema) -> ClientWrapper {
    let mut client = connect(schema).await;
    assert_eq!(apply(&mut client, &[FIRST]).await.unwrap(), 0);
    schema.execute("INSERT INTO things SELECT n, nullif(n % 7, 3) FROM generate_series(1, 900) n");
    client
}

fn read_versions(schema: &Schema) -> Vec<String> {
    schema.read("SELECT version FROM schema_migrations ORDER BY version")
}

#[tokio::test]
async fn a_step_outside_a_transaction_goes_over_old_rows() {
    let schema = postgres().make_schema();
    let mut client = make_old(&schema).await;
    let steps = [FIRST, OUTSIDE_STEP];
    assert_eq!(apply(&mut client, &steps).await.unwrap(), 1);
    assert_eq!(apply(&mut client, &steps).await.unwrap(), 2);
    assert_eq!(read_versions(&schema), ["1", "2"]);
    assert_eq!(schema.read("SELECT count(*) FROM things"), ["900"]);
    let valid = "SELECT convalidated FROM pg_constraint WHERE conname = 'things_have_owners' AND conrelid = 'things'::regclass";
    assert_eq!(schema.read(valid), ["t"]);
}

#[tokio::test]
async fn an_index_that_a_crash_left_half_built_is_built_anew() {
    let schema = postgres().make_schema();
    let mut client = make_old(&schema).await;
    // What is left when the building of an index is cut off: owners are not unique.
    let cut_off = "CREATE UNIQUE INDEX CONCURRENTLY things_by_owner ON things (owner)";
    client.batch_execute(cut_off).await.unwrap_err();
    let state = "SELECT indisvalid::text || ' ' || indisunique FROM pg_index WHERE indexrelid = 'things_by_owner'::regclass";
    assert_eq!(schema.read(state), ["false true"]);
    apply(&mut client, &[FIRST, OUTSIDE_STEP]).await.unwrap();
    assert_eq!(schema.read(state), ["true false"]);
}

#[tokio::test]
async fn a_step_that_failed_half_way_is_taken_again() {
    let schema = postgres().make_schema();
    let mut client = make_old(&schema).await;
    // The step does not reach this row, so that its check does not hold.
    schema.execute("INSERT INTO things VALUES (1001, NULL)");
    let steps = [FIRST, OUTSIDE_STEP];
    let error = apply(&mut client, &steps).await.unwrap_err();
    assert!(error.to_string().contains("23514"), "{error}");
    assert_eq!(read_versions(&schema), ["1"]);
    schema.execute("UPDATE things SET owner = 1 WHERE id = 1001");
    apply(&mut client, &steps).await.unwrap();
    assert_eq!(read_versions(&schema), ["1", "2"]);
}

#[tokio::test]
async fn a_step_in_a_transaction_is_taken_whole_or_not_at_all() {
    let schema = postgres().make_schema();
    let mut client = make_old(&schema).await;
    let broken = "ALTER TABLE things ADD COLUMN note text; SELECT no_such_thing;";
    apply(&mut client, &[FIRST, broken]).await.unwrap_err();
    assert_eq!(read_versions(&schema), ["1"]);
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'things'";
    assert_eq!(schema.read(columns), ["2"]);
    assert_eq!(schema.read("SELECT count(*) FROM things"), ["900"]);
}

#[tokio::test]
async fn an_index_is_built_while_others_wait_to_migrate_and_to_write() {
    let schema = postgres().make_schema();
    let mut client = make_old(&schema).await;
    let (url, stop) = (schema.url().to_owned(), tokio_postgres::NoTls);
    let waiting = tokio::spawn(async move {
        let (other, connection) = tokio_postgres::connect(&url, stop).await.unwrap();
        tokio::spawn(connection);
        begin_alone(&other).await.unwrap();
        end_alone(&other).await.unwrap();
    });
    apply(&mut client, &[FIRST, OUTSIDE_STEP]).await.unwrap();
    assert!(!waiting.is_finished());
    end_alone(&client).await.unwrap();
    waiting.await.unwrap();
}

#[test]
fn statements_end_with_lines() {
    assert_eq!(
        split("-- no transaction\nA\n  B;\n-- why\nC (';', 1);\nD"),
        ["A\n  B;\n", "C (';', 1);\n", "D\n"]
    );
    for step in STEPS {
        assert!(!step.starts_with("--  "), "{OUTSIDE} is spelt so");
    }
}

/// Columns of the tables that were there, with how many rows each has.
fn describe(schema: &Schema) -> Vec<String> {
    let columns = "SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns
        WHERE table_schema = current_schema() ORDER BY 1";
    let mut told = schema.read(columns);
    told.extend(schema.read("SELECT name || developer || created_at FROM workspaces"));
    told.extend(schema.read("SELECT id || name || capture FROM projects"));
    told.extend(schema.read("SELECT id || name || scopes || created_at FROM api_keys"));
    told.extend(schema.read("SELECT actor || action || detail FROM audit"));
    told
}

#[tokio::test]
async fn every_step_only_adds_to_what_the_first_made() {
    let schema = postgres().make_schema();
    let mut client = connect(&schema).await;
    assert_eq!(apply(&mut client, &STEPS[..1]).await.unwrap(), 0);
    schema.execute(
        "INSERT INTO workspaces (name, developer, created_at) VALUES ('acme', 'dev_1', 1);
         INSERT INTO projects (id, workspace_no, name, created_at, capture, time_zone)
            SELECT 'prj_1', no, 'p', 1, 'full', 'UTC' FROM workspaces;
         INSERT INTO api_keys (id, project_no, hash, prefix, name, scopes, created_at)
            SELECT 'key_1', no, '\\x00', 'co_sk_', 'k', 'read', 9 FROM projects;
         INSERT INTO audit (at, actor, action, detail) VALUES (1, 'operator', 'project.create', 'prj_1')",
    );
    let before = describe(&schema);
    assert_eq!(apply(&mut client, &STEPS).await.unwrap(), 1);
    assert_eq!(apply(&mut client, &STEPS).await.unwrap(), FORMAT);
    let after = describe(&schema);
    let lost: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(after.len() > before.len());
    let unknown = "SELECT count(*) FROM api_keys WHERE created_by IS NULL AND expires_at IS NULL AND last_used_at IS NULL";
    assert_eq!(schema.read(unknown), ["1"]);
}
