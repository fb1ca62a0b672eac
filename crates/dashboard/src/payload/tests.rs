//! Stored texts as they are shown: shapes of conversations, bounds, hostile input.
use super::*;
use proptest::prelude::*;

fn read(stored: &str) -> Payload {
    Payload::read(stored, MOST_BYTES)
}

fn chat(stored: &str) -> Vec<(String, String, Vec<String>)> {
    let payload = read(stored);
    let messages = payload
        .chat()
        .unwrap_or_else(|| panic!("no chat: {stored}"));
    let triple = |it: &Message| (it.role.clone(), it.text.clone(), it.extra.clone());
    messages.iter().map(triple).collect()
}

fn said(role: &str, text: &str) -> (String, String, Vec<String>) {
    (role.into(), text.into(), Vec::new())
}

#[test]
fn conversations_are_known_in_many_shapes() {
    let one = vec![said("user", "hi")];
    for stored in [
        r#"[{"role":"user","content":"hi"}]"#,
        r#" {"messages":[{"role":"user","content":"hi"}],"temperature":0.2}"#,
        r#"{"role":"user","content":"hi"}"#,
        r#"{"choices":[{"index":0,"message":{"role":"user","content":"hi"}}],"usage":{}}"#,
        r#"{"message":{"role":"user","content":"hi"}}"#,
        r#"{"role":"user","content":[{"type":"text","text":"hi"}]}"#,
        r#"{"role":"user","parts":[{"type":"text","content":"hi"}]}"#,
        r#"[{"role":"user","content":["hi"]}]"#,
        r#""[{\"role\":\"user\",\"content\":\"hi\"}]""#,
    ] {
        assert_eq!(chat(stored), one, "{stored}");
    }
    let with_system = r#"{"system":"Be kind.","messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(
        chat(with_system),
        [said("system", "Be kind."), said("user", "hi")]
    );
}

#[test]
fn what_is_no_text_is_named() {
    let stored = r#"[
        {"role":"user","content":[{"type":"text","text":"What is"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"this?"}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"look","arguments":"{\"at\": 1.10}"}}]},
        {"role":"assistant","content":[{"type":"tool_use","name":"look","input":{"at": 1.10}}]},
        {"role":"tool","content":[{"type":"tool_result","content":"a cat"}]}
    ]"#;
    let messages = chat(stored);
    assert_eq!(messages[0].1, "What is\nthis?");
    assert_eq!(messages[0].2, ["[image_url]"]);
    assert_eq!(messages[1].2, [r#"look({"at": 1.10})"#]);
    assert_eq!(messages[2].2, [r#"look({"at": 1.10})"#]);
    assert_eq!(messages[3], said("tool", "a cat"));
}

#[test]
fn what_is_no_conversation_stays_json() {
    for stored in [
        "[]",
        "{}",
        "12",
        "null",
        r#"[{"role":"user","content":"hi"},3]"#,
        r#"{"role":"admin"}"#,
        r#"{"role":"admin","content":7}"#,
        r#"{"role":1,"content":"hi"}"#,
        r#"{"messages":[]}"#,
        r#"{"choices":[{"text":"hi"}]}"#,
    ] {
        assert!(read(stored).is_json(), "{stored}");
    }
    assert_eq!(read(r#""a\nb""#).body, Body::Text("a\nb".into()));
    assert_eq!(read("not JSON").body, Body::Text("not JSON".into()));
}

#[test]
fn json_is_indented_and_its_tokens_stay() {
    let stored = r#"{"price": 1.10,"big":12345678901234567890123, "e":1e5,"a":[],"o":{ },"s":"a,:{}\"[","l":[1,{"x":null}]}"#;
    let shown = r#"{
  "price": 1.10,
  "big": 12345678901234567890123,
  "e": 1e5,
  "a": [],
  "o": {},
  "s": "a,:{}\"[",
  "l": [
    1,
    {
      "x": null
    }
  ]
}"#;
    assert_eq!(read(stored).body, Body::Json(shown.into()));
}

#[test]
fn much_is_shown_in_part() {
    let long = format!("\"{}\"", "ä".repeat(100_000));
    let payload = read(&long);
    assert!(payload.is_cut && payload.plain().len() <= MOST_BYTES);
    assert_eq!(payload.full_bytes, long.len());
    assert_eq!(payload.note(), "Shown in part: 195 KiB in all.");

    let turn = r#"{"role":"user","content":"hi"}"#;
    let payload = read(&format!("[{}]", vec![turn; 1_000].join(",")));
    assert_eq!(payload.chat().map(<[Message]>::len), Some(200));
    assert_eq!((payload.left_out, payload.is_cut), (800, false));

    let big = format!(r#"{{"role":"system","content":"{}"}}"#, "x".repeat(1 << 20));
    let payload = read(&format!("[{big},{turn}]"));
    let messages = payload.chat().unwrap();
    assert_eq!(messages[1].text, "hi");
    assert!(payload.is_cut && messages[0].text.len() <= MOST_BYTES);
}

#[test]
fn depth_is_no_danger() {
    let deep = 200_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let stored = format!("{}1{}", open.repeat(deep), close.repeat(deep));
        let payload = read(&stored);
        assert!(payload.is_json() && payload.is_cut);
        assert!(payload.plain().len() <= MOST_BYTES + 100);
        let message = format!(r#"[{{"role":"user","content":[{stored}]}}]"#);
        assert!(read(&message).chat().is_some());
        assert!(!list_fields(&stored).is_empty());
    }
}

#[test]
fn fields_are_listed_by_name() {
    let fields = list_fields(r#"{"b":"text","a":1.10,"c":{"d":[1]}}"#);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (&**k, &**v)).collect();
    assert_eq!(
        fields,
        [("a", "1.10"), ("b", "text"), ("c", r#"{"d":[1]}"#)]
    );
    assert_eq!(list_fields("7"), [("value".to_owned(), "7".to_owned())]);
    assert!(list_fields("{}").is_empty() && list_fields("null").is_empty());
}

/// Texts that are nearly conversations.
fn nearly_json() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"role\"",
        "\"content\"",
        "\"user\"",
        "1.10",
        "\"messages\"",
        "\"type\"",
        "\"text\"",
        "\"tool_calls\"",
        "null",
        " ",
        "ä",
        "\\ud800",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_panics(stored in ".{0,300}", near in nearly_json(), most in 0_usize..400) {
        for text in [&stored, &near] {
            let payload = Payload::read(text, most);
            prop_assert!(payload.plain().len() <= most + 100);
            list_fields(text);
        }
        indent::indent(&near, most);
    }

    #[test]
    fn indenting_changes_no_token(near in nearly_json()) {
        let spaces = |text: &str| text.replace([' ', '\n'], "");
        let (shown, _) = indent::indent(&near, 1 << 20);
        prop_assert_eq!(spaces(&shown), spaces(&near));
    }
}
