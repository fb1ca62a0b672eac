//! Messages against the compiled .proto file and against the JSON that says the same.

use super::table::{BATCH, COST, Content, Field, LEVELS, SESSION, SPAN, TRACE, USAGE, USER};
use super::*;
use crate::grpc::reflection::DESCRIPTORS;
use crate::json::MAX_DEPTH;
use crate::protobuf::Fields;
use proptest::prelude::*;

/// As much as is asked for, and how much that was.
#[derive(Default)]
struct Plenty(usize);

impl Room for Plenty {
    fn take(&mut self, bytes: usize) -> bool {
        self.0 += bytes;
        true
    }
}

const MOST: usize = 1 << 20;

fn write(message: &[u8]) -> String {
    let mut room = Plenty::default();
    let json = write_trace(message, MOST, &mut room).unwrap();
    assert!(json.len() <= room.0, "room is taken first");
    json
}

/// A field that is bytes.
fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(
        number,
        prost::encoding::WireType::LengthDelimited,
        &mut bytes,
    );
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

fn varint(number: u32, value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(number, prost::encoding::WireType::Varint, &mut bytes);
    prost::encoding::encode_varint(value, &mut bytes);
    bytes
}

fn double(number: u32, value: f64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::double::encode(number, &value, &mut bytes);
    bytes
}

/// Fields of a descriptor that are bytes and have this number.
fn parts(message: &[u8], number: u32) -> Vec<&[u8]> {
    let fields = Fields(message).map(Result::unwrap);
    let found = fields.filter(|(n, _)| *n == number);
    found.map(|(_, value)| value.bytes()).collect()
}

fn text(message: &[u8], number: u32) -> &str {
    let found = parts(message, number);
    found
        .first()
        .map_or("", |text| std::str::from_utf8(text).unwrap())
}

fn number(message: &[u8], number: u32) -> u64 {
    let mut fields = Fields(message).map(Result::unwrap);
    fields
        .find(|(n, _)| *n == number)
        .map_or(0, |(_, value)| value.number())
}

fn find_ours() -> &'static [u8] {
    let files = parts(DESCRIPTORS, 1);
    let ours = files
        .into_iter()
        .find(|file| text(file, 1) == "cognobserve/v1/ingest.proto");
    ours.expect("the compiled file")
}

/// By the numbers of `FieldDescriptorProto`: 1 name, 3 number, 4 label, 5 type, 6 type's name, 17 whether `optional`.
fn describe(sent: &[u8]) -> (u64, &str, String) {
    let is_list = number(sent, 4) == 3;
    let has_presence = number(sent, 17) == 1;
    let name = text(sent, 6).rsplit('.').next().unwrap();
    let kind = match (number(sent, 5), name) {
        (9, _) if has_presence => "Text".to_owned(),
        (9, _) => "PlainText".to_owned(),
        (3, _) => "Int".to_owned(),
        (1, _) => "Double".to_owned(),
        (14, _) => "Words".to_owned(),
        (11, "Timestamp") => "Time".to_owned(),
        (11, "Struct" | "Value") => name.to_owned(),
        (11, _) if is_list => format!("List {name}"),
        (11, _) => format!("Message {name}"),
        other => panic!("{other:?}"),
    };
    (number(sent, 3), text(sent, 1), kind)
}

#[test]
fn the_tables_are_those_of_the_proto_file() {
    let messages = parts(find_ours(), 4);
    for (name, table) in [
        ("IngestTraceRequest", TRACE),
        ("IngestSpan", SPAN),
        ("UserInfo", USER),
        ("SessionInfo", SESSION),
        ("TokenUsage", USAGE),
        ("Cost", COST),
        ("IngestBatchRequest", BATCH),
    ] {
        let message = messages.iter().find(|message| text(message, 1) == name);
        let message = message.unwrap_or_else(|| panic!("{name} is not in the file"));
        let of_file: Vec<_> = parts(message, 2).into_iter().map(describe).collect();
        let of_table: Vec<_> = table
            .iter()
            .map(|Field(number, name, content)| {
                let inner = |table: &[Field]| match table[0].1 {
                    "span_id" => "IngestSpan",
                    "trace_id" => "IngestTraceRequest",
                    "prompt_tokens" => "TokenUsage",
                    "input" => "Cost",
                    _ if table.len() == USER.len() => "UserInfo",
                    _ => "SessionInfo",
                };
                let kind = match content {
                    Content::Message(table) => format!("Message {}", inner(table)),
                    Content::List(table) => format!("List {}", inner(table)),
                    Content::Words(_) => "Words".to_owned(),
                    other => format!("{other:?}"),
                };
                (u64::from(*number), *name, kind)
            })
            .collect();
        assert_eq!(of_table, of_file, "{name}");
    }
    let levels = parts(find_ours(), 5)[0];
    let words: Vec<_> = parts(levels, 2)
        .into_iter()
        .map(|value| (number(value, 2), text(value, 1).to_owned()))
        .collect();
    let ours = LEVELS
        .iter()
        .zip(1..)
        .map(|(word, at)| (at, format!("SPAN_LEVEL_{word}")));
    assert_eq!(words[1..], ours.collect::<Vec<_>>());
}

/// Fixed once and for all: clients were generated from them.
#[test]
fn the_numbers_of_a_trace_and_its_user_never_change() {
    let fixed: Vec<_> = TRACE[..7].iter().map(|field| (field.0, field.1)).collect();
    assert_eq!(
        fixed,
        [
            (1, "trace_id"),
            (2, "name"),
            (3, "metadata"),
            (4, "spans"),
            (5, "session_id"),
            (6, "user_id"),
            (7, "user")
        ]
    );
    let fixed: Vec<_> = USER.iter().map(|field| (field.0, field.1)).collect();
    assert_eq!(
        fixed,
        [(1, "id"), (2, "name"), (3, "email"), (4, "metadata")]
    );
}

#[test]
fn every_kind_of_field_becomes_its_json() {
    let value = |content: Vec<u8>| field(2, &content);
    let entry = |key: &str, content: Vec<u8>| {
        field(1, &[field(1, key.as_bytes()), value(content)].concat())
    };
    let metadata = [
        entry("n", varint(1, 0)),
        entry("x", double(2, 1.5)),
        // Of equal keys the last counts.
        entry("s", varint(4, 0)),
        entry("s", field(3, b"a\"\\\n\x01\0")),
        entry("b", varint(4, 1)),
        entry("o", field(5, b"")),
        entry(
            "l",
            field(6, &[field(1, &varint(4, 0)), field(1, b"")].concat()),
        ),
        entry("i", double(2, f64::NAN)),
    ];
    let span = [
        field(1, b"s"),
        field(3, b""),
        field(4, &varint(1, 1)),
        field(6, &field(3, b"in")),
        // A Struct where a Value belongs.
        field(7, &entry("old", varint(4, 1))),
        field(11, &[varint(1, 7), varint(2, u64::MAX)].concat()),
        varint(12, 4),
        field(14, b"generation"),
        field(15, &double(3, 0.25)),
        double(16, 1e-7),
    ]
    .concat();
    let message = [
        field(4, &span),
        field(1, b""),
        field(2, b"chat"),
        field(4, &varint(12, 9)),
        field(3, &metadata.concat()),
        field(7, &[field(1, b""), field(2, b"")].concat()),
        // Unknown, and known ones in a wrong wire type.
        field(99, b"x"),
        varint(5, 3),
        varint(4, 3),
    ]
    .concat();
    let expected = concat!(
        r#"{"trace_id":"","name":"chat","metadata":{"b":true,"i":NaN,"l":[false,null],"n":null,"o":{},"s":"a\"\\\n\u0001\u0000","x":1.5},"#,
        r#""user":{"name":""},"spans":[{"span_id":"s","start_time":"1970-01-01T00:00:01Z","input":"in","output":{"old":true},"#,
        r#""usage":{"prompt_tokens":7,"completion_tokens":-1},"level":"ERROR","type":"generation","cost":{"total":0.25},"total_cost":1e-7},"#,
        r#"{"level":9}]}"#
    );
    assert_eq!(write(&message), expected);
    assert_eq!(write(b""), r#"{"spans":[]}"#);
    let batch = [field(1, &field(2, b"a")), field(1, b"")].concat();
    let batch = write_batch(&batch, MOST, &mut Plenty::default()).unwrap();
    assert_eq!(
        batch,
        r#"{"traces":[{"name":"a","spans":[]},{"spans":[]}]}"#
    );
}

#[test]
fn what_is_no_message_is_told() {
    for bytes in [
        &b"\x0a\x05a"[..],
        b"\x0b",
        b"\x22\x02\x0a\x05",
        b"\x1a\x02\x0a\x05",
        // Texts that are not UTF-8: an id, and a key of the metadata.
        b"\x0a\x01\xff",
        b"\x1a\x05\x0a\x03\x0a\x01\xff",
    ] {
        let error = write_trace(bytes, MOST, &mut Plenty::default()).unwrap_err();
        assert!(matches!(error, ProtoError::Message(_)), "{error}");
    }
}

#[test]
fn depth_is_bounded() {
    let nest = |levels: usize| {
        let mut value = varint(1, 0);
        for _ in 0..levels {
            value = field(6, &field(1, &value));
        }
        field(4, &field(6, &value))
    };
    assert!(write_trace(&nest(MAX_DEPTH), MOST, &mut Plenty::default()).is_ok());
    for levels in [MAX_DEPTH + 1, 5_000] {
        let error = write_trace(&nest(levels), MOST, &mut Plenty::default());
        assert_eq!(error, Err(ProtoError::TooDeep));
    }
}

#[test]
fn the_text_stays_within_its_limit_and_its_room() {
    /// So many bytes and no more.
    struct Little(usize);
    impl Room for Little {
        fn take(&mut self, bytes: usize) -> bool {
            let left = self.0.checked_sub(bytes);
            self.0 = left.unwrap_or(0);
            left.is_some()
        }
    }
    // Two bytes each, and three as JSON.
    let spans = field(4, b"").repeat(100_000);
    let long = field(2, "\u{1}".repeat(100_000).as_bytes());
    for message in [spans, long] {
        let most = write_trace(&message, MOST, &mut Little(MOST))
            .unwrap()
            .len();
        let ok = write_trace(&message, most, &mut Little(MOST));
        assert!(ok.is_ok());
        let error = write_trace(&message, most - 1, &mut Little(MOST));
        assert_eq!(error, Err(ProtoError::TooLarge));
        let error = write_trace(&message, MOST, &mut Little(most - 1));
        assert_eq!(error, Err(ProtoError::Full));
    }
}

proptest! {
    #[test]
    fn any_bytes_become_json_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for write in [write_trace, write_batch] {
            if let Ok(json) = write(&bytes, MOST, &mut Plenty::default()) {
                let clean = crate::json::sanitize(json.as_bytes()).unwrap();
                prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(clean.text()).is_ok(), "{}", json);
            }
        }
    }

    #[test]
    fn texts_come_through(name in "\\PC{0,40}|[\\x01-\\x7f]{0,40}") {
        let json = write(&field(1, name.as_bytes()));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read["trace_id"].as_str(), Some(&*name));
    }
}
