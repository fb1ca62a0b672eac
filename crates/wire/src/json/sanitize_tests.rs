//! Tests of the cleaning pass.

use super::*;
use proptest::prelude::*;

fn clean(body: &str) -> String {
    sanitize(body.as_bytes()).unwrap().text().to_owned()
}

#[test]
fn borrows_a_clean_body() {
    let body = r#"{"a":"\u00e9 \\u0000 \ud83d\ude00 NaN","b":[-1,"Infinity"]}"#;
    let out = sanitize(body.as_bytes()).unwrap();
    assert!(matches!(out.text, Cow::Borrowed(_)));
    assert_eq!(out.text(), body);
}

#[test]
fn replaces_nul_respecting_backslash_parity() {
    assert_eq!(clean(r#""\u0000""#), r#""\ufffd""#);
    assert_eq!(clean(r#""\\u0000""#), r#""\\u0000""#);
    assert_eq!(clean(r#""\\\u0000x""#), r#""\\\ufffdx""#);
    assert_eq!(clean(r#""a\"\u0000""#), r#""a\"\ufffd""#);
}

#[test]
fn replaces_lone_surrogates_and_keeps_pairs() {
    assert_eq!(clean(r#""\ud800""#), r#""\ufffd""#);
    assert_eq!(clean(r#""\udc00\ud800""#), r#""\ufffd\ufffd""#);
    assert_eq!(clean(r#""\ud83d\ude00""#), r#""\ud83d\ude00""#);
    assert_eq!(clean(r#""\ud83d\ud83d\ude00""#), r#""\ufffd\ud83d\ude00""#);
    assert_eq!(clean(r#""\uD83Dx""#), r#""\ufffdx""#);
}

#[test]
fn replaces_python_numbers_outside_of_strings() {
    let body = r#"{"a":NaN,"b":[Infinity,-Infinity],"c":"NaN"}"#;
    let out = sanitize(body.as_bytes()).unwrap();
    assert_eq!(out.text(), r#"{"a":null,"b":[null,null],"c":"NaN"}"#);
    assert_eq!(out.non_finite(), 3);
    let list = &out.text()[out.text().find('[').unwrap()..];
    assert_eq!(out.non_finite_in(list), 2);
    assert_eq!(out.non_finite_in("elsewhere"), 0);
}

#[test]
fn never_turns_broken_json_into_valid_json() {
    for body in [
        "1NaN", "NaNNaN", "[Nan]", "NaNull", "-", "Infinit", r#""\ud8"#,
    ] {
        assert!(serde_json::from_str::<serde_json::Value>(&clean(body)).is_err());
    }
}

#[test]
fn strips_a_byte_order_mark() {
    assert_eq!(clean("\u{feff}{}"), "{}");
}

#[test]
fn refuses_bad_utf8_and_deep_nesting() {
    assert_eq!(
        sanitize(b"\"\xff\""),
        Err(SanitizeError::NotUtf8 { offset: 1 })
    );
    let fits = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
    assert!(sanitize(fits.as_bytes()).is_ok());
    let deep = "[{".repeat(100_000);
    assert_eq!(
        sanitize(deep.as_bytes()),
        Err(SanitizeError::TooDeep { offset: MAX_DEPTH })
    );
    assert!(sanitize(format!("\"{deep}\"").as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn finds_the_same_stop_as_a_plain_search(bytes in proptest::collection::vec(prop_oneof![9 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\')], 0..80), from in 0usize..90) {
        let plain = bytes.iter().enumerate().skip(from).find(|(_, b)| matches!(b, b'"' | b'\\'));
        prop_assert_eq!(find_stop(&bytes, from), plain.map(|(i, _)| i));
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = sanitize(&bytes);
    }

    #[test]
    fn valid_json_without_oddities_is_untouched(text in "\\PC{0,80}") {
        let body = serde_json::to_string(&[&text, "x"]).unwrap();
        prop_assert_eq!(clean(&body), body);
    }

    #[test]
    fn cleaning_twice_changes_nothing(body in r#"[\[\]{}",:NaInfinity\\u0d8c\-]{0,60}"#) {
        if let Ok(once) = sanitize(body.as_bytes()) {
            prop_assert_eq!(clean(once.text()), once.text());
        }
    }

    #[test]
    fn a_cleaned_string_is_readable(body in r#"(\\u[0d][08][0-9a-f]{2}|\\\\|[a-z]){0,20}"#) {
        let quoted = format!("\"{body}\"");
        let text = clean(&quoted);
        let read: String = serde_json::from_str(&text).unwrap();
        prop_assert!(!read.contains('\0'));
    }
}
