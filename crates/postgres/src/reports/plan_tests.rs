//! The lists that are asked for most are read from an index in its order, and who is sorted
//! by a rate is picked before whole rows are read.
use super::listing::{Listing, find_listing};
use crate::{PostgresStore, Settings};
use cognobserve_model::query::{SortOrder, UserSort};
use cognobserve_servers::Schema;

const FILL: &str = r#"
    INSERT INTO workspaces (name, developer, created_at) VALUES ('w', 'd', 0);
    INSERT INTO projects (id, workspace_no, name, created_at, capture, time_zone) SELECT 'p', no, 'p', 0, 'full', 'UTC' FROM workspaces;
    INSERT INTO tracked_users (project_no, no, external_id, metadata, search_text, profile, created_at, updated_at)
    SELECT p.no, i, 'user-' || i, '{}', 'user-' || i || E'\x01', '\x000000', 0, 0 FROM projects p, generate_series(1, 5000) i;
    INSERT INTO tracked_user_totals (project_no, user_no, external_id, created_at, last_trace_at, session_count, trace_count, error_trace_count,
        span_count, error_count, total_tokens, cost_nanos, ended_span_count, span_latency_micros, measures)
    SELECT p.no, i, 'user-' || i, 0, i * 7919 % 5003, 0, i, i % 5, i, 0, i, i * 31 % 977, i % 3, i * 1001, '\x00' FROM projects p, generate_series(1, 5000) i;
    ANALYZE;
"#;

async fn fill() -> Schema {
    let schema = cognobserve_servers::postgres().make_schema();
    let store = PostgresStore::open(&Settings::new(schema.url())).await;
    drop(store.unwrap());
    schema.execute(FILL);
    schema
}

/// The plan of a list's first page, a node a line.
fn explain(schema: &Schema, listing: &Listing) -> String {
    let (text, start) = (listing.text, listing.start);
    let least_to_most = format!("{}, {}", i64::MIN, i64::MAX);
    let project = &schema.read("SELECT no FROM projects")[0];
    let execute = format!("EXECUTE list ({project}, {least_to_most}, NULL, '{start}', '', 51)");
    let plan = schema.read(&format!(
        "PREPARE list AS {text}; EXPLAIN (COSTS OFF) {execute}"
    ));
    plan.join("\n")
}

#[tokio::test]
async fn the_usual_lists_are_read_in_the_order_of_an_index() {
    let schema = fill().await;
    for (sort, index) in [
        (UserSort::LastSeenAt, "tracked_user_totals_by_last_seen"),
        (UserSort::TotalCost, "tracked_user_totals_by_cost"),
    ] {
        let plan = explain(&schema, &find_listing(sort, SortOrder::Desc));
        let picked = plan.split("Limit").nth(1).unwrap();
        let first = picked.lines().nth(1).unwrap().trim();
        let expected = format!("->  Index Scan using {index} on");
        assert!(first.starts_with(&expected), "{sort:?}: {plan}");
    }
}

#[tokio::test]
async fn every_list_reads_whole_rows_for_its_page_alone() {
    let schema = fill().await;
    for sort in UserSort::ALL {
        for order in [SortOrder::Asc, SortOrder::Desc] {
            let plan = explain(&schema, &find_listing(*sort, order));
            let (rest, picked) = plan.split_once("Limit").unwrap();
            assert!(!picked.contains("Seq Scan on tracked_users "), "{plan}");
            assert!(rest.contains("Nested Loop"), "{sort:?} {order:?}: {plan}");
        }
    }
}

#[tokio::test]
async fn stretches_of_time_are_looked_up_whatever_the_parameters_are() {
    let schema = fill().await;
    for (text, types, values) in [
        (
            include_str!("../sql/reports.scan_users_traces_in_each.sql"),
            "bigint, bigint[], bigint[], bigint[]",
            "1, '{1}', '{1}', '{2}'",
        ),
        (
            include_str!("../sql/reports.scan_user_traces.sql"),
            "bigint, bigint, bigint[], bigint[]",
            "1, 1, '{1}', '{2}'",
        ),
        (
            include_str!("../sql/reports.scan_traces_in_each.sql"),
            "bigint, bigint[], bigint[]",
            "1, '{1}', '{2}'",
        ),
    ] {
        // The table is empty here: told by price, it would be read as a whole.
        let plan = schema.read(&format!(
            "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
             PREPARE scan ({types}) AS {text}; EXPLAIN (COSTS OFF) EXECUTE scan ({values})"
        ));
        let plan = plan.join("\n");
        let cond = plan.lines().find(|line| line.contains("Index Cond"));
        assert!(
            cond.is_some_and(|cond| cond.contains("stretch.start")),
            "{plan}"
        );
        assert!(!plan.contains("Join Filter"), "{plan}");
    }
}
