//! The statements that list users by all-time sums: one for each sort and direction, all of
//! the same shape, so that the server finds the order in an index where there is one.
//!
//! Values are those of `model::report::sort_value`, by the same integer arithmetic; where
//! there is none, infinity stands for it, on the side that comes last.
use cognobserve_model::query::{SortOrder, UserSort};

/// A list's statements, and how a position in it is written.
pub(super) struct Listing {
    /// Of all, or of some numbers.
    pub text: &'static str,
    /// Of those with a text.
    pub search: &'static str,
    /// Before all values.
    pub start: &'static str,
    /// After all values: where there is no value.
    pub end: &'static str,
}

const LEAST: &str = "-9223372036854775808";
const GREATEST: &str = "9223372036854775807";

/// The page is picked by narrow rows; whole ones are read for it alone.
macro_rules! write_statement {
    ($from:expr, $value:expr, $type:literal, $comes_after:literal, $direction:literal) => {
        concat!(
            "WITH picked AS (SELECT t.user_no, ",
            $value,
            " AS value FROM tracked_user_totals t\n",
            $from,
            "  AND ",
            $value,
            $comes_after,
            "= $5::text::",
            $type,
            " AND (",
            $value,
            $comes_after,
            " $5::text::",
            $type,
            " OR t.external_id > $6)\nORDER BY ",
            $value,
            $direction,
            ", t.external_id LIMIT $7)\n",
            include_str!("../sql/reports.read_users.sql"),
            "JOIN picked ON picked.user_no = t.user_no WHERE t.project_no = $1 ORDER BY picked.value",
            $direction,
            ", t.external_id"
        )
    };
}

macro_rules! write_statements {
    ($list:expr, $value:expr, $type:literal, $comes_after:literal, $direction:literal, $start:expr, $end:expr) => {
        Listing {
            text: write_statement!($list, $value, $type, $comes_after, $direction),
            search: write_statement!(
                include_str!("../sql/reports.search_users.sql"),
                $value,
                $type,
                $comes_after,
                $direction
            ),
            start: $start,
            end: $end,
        }
    };
}

macro_rules! list {
    () => {
        include_str!("../sql/reports.list_users.sql")
    };
}

macro_rules! descending {
    ($value:expr, $type:literal, $start:expr, $end:expr) => {
        write_statements!(list!(), $value, $type, " <", " DESC", $start, $end)
    };
}

macro_rules! ascending {
    ($value:expr, $type:literal, $start:expr, $end:expr) => {
        write_statements!(list!(), $value, $type, " >", " ASC", $start, $end)
    };
}

macro_rules! by_integer {
    ($order:expr, $column:literal) => {
        match $order {
            SortOrder::Desc => descending!($column, "bigint", GREATEST, LEAST),
            SortOrder::Asc => ascending!($column, "bigint", LEAST, GREATEST),
        }
    };
}

macro_rules! by_numeric {
    ($order:expr, $value:literal) => {
        match $order {
            SortOrder::Desc => descending!($value, "numeric", "Infinity", "-Infinity"),
            SortOrder::Asc => ascending!($value, "numeric", "-Infinity", "Infinity"),
        }
    };
}

/// The name is the first field of what is searched; as bytes, which no collation orders and
/// before whose greatest every text comes.
macro_rules! by_name {
    ($comes_after:literal, $direction:literal, $start:literal, $end:literal) => {
        write_statements!(
            concat!(
                "JOIN tracked_users u ON u.project_no = t.project_no AND u.no = t.user_no\n",
                list!()
            ),
            "convert_to(split_part(u.search_text, E'\\x01', 1), 'UTF8')",
            "bytea",
            $comes_after,
            $direction,
            $start,
            $end
        )
    };
}

/// Half up, as in `model::measures`: none of the sums is below 0.
macro_rules! average {
    ($none:literal) => {
        concat!(
            "(CASE WHEN t.ended_span_count > 0",
            " THEN div(2 * t.span_latency_micros + t.ended_span_count, 2 * t.ended_span_count::numeric)",
            " ELSE '", $none, "'::numeric END)"
        )
    };
}

pub(super) fn find_listing(sort: UserSort, order: SortOrder) -> Listing {
    match sort {
        UserSort::LastSeenAt => by_integer!(order, "t.last_seen_at"),
        UserSort::FirstSeenAt => by_integer!(order, "t.first_seen_at"),
        UserSort::TraceCount => by_integer!(order, "t.trace_count"),
        UserSort::TotalTokens => by_integer!(order, "t.total_tokens"),
        UserSort::ErrorCount => by_integer!(order, "t.error_count"),
        UserSort::SessionCount => by_integer!(order, "t.session_count"),
        UserSort::TotalCost => by_numeric!(order, "t.cost_nanos"),
        UserSort::ErrorTraceRate => by_numeric!(
            order,
            "(CASE WHEN t.trace_count > 0 THEN div(t.error_trace_count * 200000000::numeric + t.trace_count, 2 * t.trace_count::numeric) ELSE 0 END)"
        ),
        UserSort::AvgLatencyMs => match order {
            SortOrder::Desc => {
                descending!(average!("-Infinity"), "numeric", "Infinity", "-Infinity")
            }
            SortOrder::Asc => ascending!(average!("Infinity"), "numeric", "-Infinity", "Infinity"),
        },
        UserSort::Name => match order {
            SortOrder::Desc => by_name!(" <", " DESC", r"\xff", r"\x"),
            SortOrder::Asc => by_name!(" >", " ASC", r"\x", r"\xff"),
        },
    }
}

/// A name as the statement takes it.
pub(super) fn write_name(name: &str) -> String {
    let bytes = name.bytes().map(|byte| format!("{byte:02x}"));
    format!(r"\x{}", bytes.collect::<String>())
}

impl Listing {
    /// A value as the statement takes it; one that no row can have comes to the nearest end.
    pub fn write_value(&self, value: Option<i128>) -> String {
        let is_integer = [self.start, self.end].contains(&GREATEST);
        match value {
            None => self.end.to_owned(),
            Some(value) if is_integer => value.clamp(i64::MIN.into(), i64::MAX.into()).to_string(),
            Some(value) => value.to_string(),
        }
    }
}
