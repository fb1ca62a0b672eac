//! The totals that a story expects, kept by plain addition beside the server.
//! It knows nothing of merging: callers enter each span once.
use super::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Sums of one user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub traces: i64,
    pub spans: i64,
    pub tokens: i64,
    pub cost_nanos: i128,
    pub errors: i64,
}

/// Sums per external user id; "" stands for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books(BTreeMap<String, Sums>);

impl Books {
    /// Enters one trace with all its spans.
    pub fn enter(&mut self, user: &str, spans: i64, tokens: i64, cost_nanos: i128, errors: i64) {
        let sums = self.0.entry(user.to_owned()).or_default();
        sums.traces += 1;
        sums.spans += spans;
        sums.tokens += tokens;
        sums.cost_nanos += cost_nanos;
        sums.errors += errors;
    }

    /// Adds another set of books.
    pub fn add(&mut self, other: &Books) {
        for (user, sums) in &other.0 {
            let mine = self.0.entry(user.clone()).or_default();
            mine.traces += sums.traces;
            mine.spans += sums.spans;
            mine.tokens += sums.tokens;
            mine.cost_nanos += sums.cost_nanos;
            mine.errors += sums.errors;
        }
    }

    pub fn total(&self) -> Sums {
        let mut total = Sums::default();
        for sums in self.0.values() {
            total.traces += sums.traces;
            total.spans += sums.spans;
            total.tokens += sums.tokens;
            total.cost_nanos += sums.cost_nanos;
            total.errors += sums.errors;
        }
        total
    }

    /// What the server says, user by user and for nobody; fails the test if that does not
    /// add up to its own total.
    #[track_caller]
    pub fn read(client: &Client) -> Books {
        let mut books = Books::default();
        let mut cursor = String::new();
        let report = loop {
            let page = client.read(&format!("/v1/costs?groupBy=user&limit=10000{cursor}"));
            for row in page["rows"].as_array().expect("rows") {
                books.0.insert(
                    row["externalId"]
                        .as_str()
                        .expect("an external id")
                        .to_owned(),
                    read_sums(row),
                );
            }
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", super::client::encode(next)),
                None => break page,
            }
        };
        let nobody = read_sums(&report["unattributed"]);
        if nobody != Sums::default() {
            books.0.insert(String::new(), nobody);
        }
        assert_eq!(
            books.total(),
            read_sums(&report["total"]),
            "the books do not balance"
        );
        books.0.retain(|_, sums| *sums != Sums::default());
        books
    }

    /// Fails the test at the first user whose sums differ.
    #[track_caller]
    pub fn expect_equal(&self, stored: &Books) {
        for user in self.0.keys().chain(stored.0.keys()) {
            assert_eq!(
                stored.0.get(user),
                self.0.get(user),
                "stored and expected sums of {user:?}"
            );
        }
    }
}

/// The sums in a row of the API.
#[track_caller]
pub fn read_sums(row: &Value) -> Sums {
    let count = |field: &str| {
        row[field]
            .as_i64()
            .unwrap_or_else(|| panic!("{field} is missing: {row}"))
    };
    Sums {
        traces: count("traceCount"),
        spans: count("spanCount"),
        tokens: count("totalTokens"),
        cost_nanos: parse_usd(&row["totalCostUsd"]),
        errors: count("errorCount"),
    }
}

/// Nano-dollars of a decimal string with nine decimals.
#[track_caller]
fn parse_usd(value: &Value) -> i128 {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("no amount: {value}"));
    let (dollars, nanos) = text.split_once('.').expect("a point");
    assert_eq!(nanos.len(), 9, "{text}");
    let sign = if dollars.starts_with('-') { -1 } else { 1 };
    let whole: i128 = dollars.trim_start_matches('-').parse().expect("digits");
    sign * (whole * 1_000_000_000 + nanos.parse::<i128>().expect("digits"))
}

/// Dollars as the wire takes them, of nano-dollars.
pub fn write_usd(nanos: i128) -> Value {
    json!(format!(
        "{}.{:09}",
        nanos / 1_000_000_000,
        nanos % 1_000_000_000
    ))
}
