//! Tests of cutting files into records.
use super::*;
use std::io::BufReader;

/// Small buffers, so that every boundary falls inside some record.
fn read_all(text: &str, capacity: usize) -> Vec<Record> {
    let mut records = Records::new(BufReader::with_capacity(capacity, text.as_bytes()));
    let mut all = Vec::new();
    while let Some(record) = records.next_record().unwrap() {
        all.push(record);
    }
    all
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    for capacity in [1, 2, 3, 7, 8192] {
        let records = read_all(text, capacity);
        let texts: Vec<String> = records
            .iter()
            .map(|record| record.text.clone().unwrap_or_else(|_| "!".into()))
            .collect();
        assert_eq!(texts, expected, "capacity {capacity}");
        let numbers: Vec<u64> = records.iter().map(|record| record.number).collect();
        assert_eq!(numbers, (1..=expected.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn lines_are_records() {
    check(
        "{\"a\":1}\n{\"b\":\"}\"}\n",
        &["{\"a\":1}", "{\"b\":\"}\"}"],
    );
    check(
        "\n  {\"a\":1}\r\n\r\n{\"b\":2}",
        &["{\"a\":1}", "{\"b\":2}"],
    );
    check("\u{FEFF}{\"a\":1}\n", &["{\"a\":1}"]);
    check("", &[]);
    check(" \n ", &[]);
}

#[test]
fn arrays_are_read_element_by_element() {
    check(
        "[{\"a\":[1,{}]}, {\"b\":\"],{\"} ,\n7,\"x,y\"]",
        &["{\"a\":[1,{}]}", "{\"b\":\"],{\"}", "7", "\"x,y\""],
    );
    check("[]", &[]);
    check(" [ {\"a\":1} ] ", &["{\"a\":1}"]);
}

#[test]
fn batches_become_their_traces() {
    check(
        "{\"traces\":[{\"a\":1},{\"b\":2}]}",
        &["{\"a\":1}", "{\"b\":2}"],
    );
    check(
        "{\n \"traces\": [\n {\"a\":1},\n {\"b\":2}\n ]\n}\n",
        &["{\"a\":1}", "{\"b\":2}"],
    );
    check(
        "{\"traces\":[{\"a\":1}]}\n{\"b\":2}\n",
        &["{\"a\":1}", "{\"b\":2}"],
    );
    check("{\"name\":\"traces\"}\n", &["{\"name\":\"traces\"}"]);
    check(
        "{\"name\":\"x\",\"metadata\":{\"traces\":[1]}}\n",
        &["{\"name\":\"x\",\"metadata\":{\"traces\":[1]}}"],
    );
}

#[test]
fn documents_may_span_lines() {
    check(
        "{\n  \"a\": 1\n}\n{\n  \"b\": [\n2]\n}\n",
        &["{\n  \"a\": 1\n}", "{\n  \"b\": [\n2]\n}"],
    );
}

#[test]
fn broken_lines_are_records_of_their_own() {
    check(
        "{\"a\":1}\n{\"b\":\n{\"c\":3}\n",
        &["{\"a\":1}", "{\"b\":", "{\"c\":3}"],
    );
    check("{\"traces\":7}\n{\"c\":3}\n", &["!", "{\"c\":3}"]);
    check("{\"a\":1\n", &["!"]);
    check("[{\"a\":1},{\"b\"", &["{\"a\":1}", "!"]);
}
