//! The lists that are asked for most are read from an index in its order, and who is sorted
//! by a rate is picked before whole rows are read.
use super::listing::{Listing, find_listing};
use crate::{PostgresStore, Settings};
use cognobserve_model::measures::Measures;
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
fn explain(schema: &Schema, listing: &Listing, active: bool) -> String {
    explain_with(schema, listing, active, "plan_cache_mode = auto")
}

fn explain_with(schema: &Schema, listing: &Listing, active: bool, setting: &str) -> String {
    let (text, start) = (listing.text, listing.start);
    let least_to_most = format!("{}, {}", i64::MIN, i64::MAX);
    let project = &schema.read("SELECT no FROM projects")[0];
    let execute = format!(
        "EXECUTE list ({project}, {least_to_most}, NULL, '{start}', '', 51, {active}, 1000, 6000)"
    );
    let plan = schema.read(&format!(
        "SET {setting}; PREPARE list AS {text}; EXPLAIN (COSTS OFF) {execute}"
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
        for active in [false, true] {
            let plan = explain(&schema, &find_listing(sort, SortOrder::Desc), active);
            let picked = plan.split("Limit").nth(1).unwrap();
            let first = picked.lines().nth(1).unwrap().trim();
            let expected = format!("->  Index Scan using {index} on");
            assert!(first.starts_with(&expected), "{sort:?} {active}: {plan}");
        }
    }
}

#[tokio::test]
async fn every_list_reads_whole_rows_for_its_page_alone() {
    let schema = fill().await;
    for sort in UserSort::ALL {
        for order in [SortOrder::Asc, SortOrder::Desc] {
            let plan = explain(&schema, &find_listing(*sort, order), false);
            let (rest, picked) = plan.split_once("Limit").unwrap();
            let reads_all = picked.contains("Seq Scan on tracked_users ");
            assert!(!reads_all || *sort == UserSort::Name, "{plan}");
            assert!(rest.contains("Nested Loop"), "{sort:?} {order:?}: {plan}");
        }
    }
}

#[tokio::test]
async fn who_has_traces_around_a_period_is_asked_one_by_one() {
    let schema = fill().await;
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let listing = find_listing(UserSort::LastSeenAt, SortOrder::Desc);
        // There are no traces here: told by price, none would be looked up.
        let setting = format!("enable_seqscan = off; SET plan_cache_mode = {mode}");
        let plan = explain_with(&schema, &listing, true, &setting);
        let conditions = plan.lines().filter(|line| line.contains("Index Cond"));
        let of_one = |line: &&str| line.contains("user_no = t") && line.contains("\"time\" >=");
        assert_eq!(conditions.filter(of_one).count(), 1, "{mode}: {plan}");
    }
}

/// The plan of a statement that is prepared for any parameters.
fn explain_for_any(schema: &Schema, text: &str, types: &str, values: &str) -> String {
    // The tables are empty here: told by price, they would be read as a whole.
    let plan = schema.read(&format!(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
         PREPARE asked ({types}) AS {text}; EXPLAIN (COSTS OFF) EXECUTE asked ({values})"
    ));
    plan.join("\n")
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
            include_str!("../sql/reports.scan_traces_in_each.sql"),
            "bigint, bigint[], bigint[]",
            "1, '{1}', '{2}'",
        ),
    ] {
        let plan = explain_for_any(&schema, text, types, values);
        let cond = plan.lines().find(|line| line.contains("Index Cond"));
        assert!(
            cond.is_some_and(|cond| cond.contains("stretch.start")),
            "{plan}"
        );
        assert!(!plan.contains("Join Filter"), "{plan}");
    }
}

#[tokio::test]
async fn pages_are_picked_in_the_order_of_an_index_whatever_the_parameters_are() {
    let schema = fill().await;
    let traces = "bigint, bigint, bigint, bigint, text, integer, bigint, bigint";
    let sessions = "bigint, bigint, bigint, bigint, text, bigint";
    for (text, types, values, index) in [
        (
            include_str!("../sql/reports.list_traces.sql"),
            traces.to_owned(),
            "1, 0, 9, 9, '', 0, NULL, 51",
            "traces_by_time",
        ),
        (
            include_str!("../sql/reports.list_user_traces.sql"),
            format!("{traces}, bigint"),
            "1, 0, 9, 9, '', 0, NULL, 51, 1",
            "traces_by_user",
        ),
        (
            include_str!("../sql/reports.list_session_traces.sql"),
            format!("{traces}, bigint, bigint"),
            "1, 0, 9, 9, '', 0, NULL, 51, NULL, 1",
            "traces_by_session",
        ),
        (
            include_str!("../sql/reports.list_sessions.sql"),
            sessions.to_owned(),
            "1, 0, 9, 9, '', 51",
            "trace_sessions_by_last_seen",
        ),
        (
            include_str!("../sql/reports.list_user_sessions.sql"),
            format!("{sessions}, bigint"),
            "1, 0, 9, 9, '', 51, 1",
            "trace_sessions_by_owner",
        ),
    ] {
        let plan = explain_for_any(&schema, text, &types, values);
        let picked = plan.split_once("CTE page").unwrap().1;
        let limit = picked.split_once("Limit").unwrap().1;
        let scan = limit.lines().nth(1).unwrap().trim();
        let is_in_order = ["Index Scan using", "Index Scan Backward using"]
            .iter()
            .any(|way| scan.starts_with(&format!("->  {way} {index} on")));
        assert!(is_in_order, "{plan}");
    }
}

#[tokio::test]
async fn sessions_of_users_are_counted_in_an_index() {
    let schema = fill().await;
    let text = include_str!("../sql/reports.count_user_sessions.sql");
    let types = "bigint, bigint, bigint, bigint[]";
    let plan = explain_for_any(&schema, text, types, "1, 0, 9, '{1}'");
    let expected = "Index Only Scan using trace_sessions_by_owner";
    assert!(plan.contains(expected), "{plan}");
}

#[tokio::test]
async fn users_of_stretches_are_told_from_an_index() {
    let schema = fill().await;
    let text = include_str!("../sql/reports.list_users_in_each.sql");
    let plan = explain_for_any(
        &schema,
        text,
        "bigint, bigint[], bigint[]",
        "1, '{1}', '{2}'",
    );
    let expected = "Index Only Scan using traces_of_users_by_time";
    assert!(plan.contains(expected), "{plan}");
}

#[tokio::test]
async fn models_without_a_price_are_found_by_the_database_itself() {
    let schema = fill().await;
    let wide = [0, 1, -1, 63, 64, -65, 8191, 1 << 40, i64::MAX, i64::MIN];
    let mut expected = Vec::new();
    for (at, n) in wide.into_iter().enumerate() {
        for unpriced_span_count in [0, 1, 64, 1 << 33] {
            let sums = Measures {
                trace_count: n,
                span_count: wide[(at + 3) % wide.len()],
                total_tokens: n,
                cost_nanos: i128::from(n) * 1_000_000_007,
                unpriced_span_count,
                unpriced_tokens: n,
                ..Measures::default()
            };
            let quarter = expected.len();
            let hex: String = sums.encode().iter().map(|b| format!("{b:02x}")).collect();
            schema.execute(&format!(
                "INSERT INTO model_quarters (project_no, quarter, model_no, measures) SELECT no, {quarter}, 0, '\\x{hex}' FROM projects"
            ));
            expected.push((unpriced_span_count > 0).to_string());
        }
    }
    let told = schema.read("SELECT is_unpriced::text FROM model_quarters ORDER BY quarter");
    assert_eq!(told, expected);
}
