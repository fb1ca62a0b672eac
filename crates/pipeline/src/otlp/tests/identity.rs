//! Who a span is about.
use super::*;

#[test]
fn the_most_trusted_meaningful_id_wins() {
    let user = |list: &[(&str, &str)]| read(list).user;
    let text = |value: &str| format!(r#"{{"stringValue":"{value}"}}"#);
    let (a, b, junk) = (text("a"), text("b"), text("undefined"));
    assert_eq!(
        user(&[("enduser.id", &b), ("user.id", &a)]).as_deref(),
        Some("a")
    );
    assert_eq!(
        user(&[("user.id", &junk), ("enduser.id", &b)]).as_deref(),
        Some("b")
    );
    assert_eq!(
        user(&[
            ("user.id", &text("[Scrubbed due to 'session']")),
            ("user_id", &b)
        ])
        .as_deref(),
        Some("b")
    );
    assert_eq!(
        user(&[("user.id", r#"{"intValue":"12"}"#)]).as_deref(),
        Some("12")
    );
    assert_eq!(
        user(&[("user.id", r#"{"doubleValue":12.0}"#)]).as_deref(),
        Some("12")
    );
    assert_eq!(user(&[("user.id", r#"{"boolValue":true}"#)]), None);
    assert_eq!(
        user(&[("metadata", r#"{"stringValue":"{\"user_id\":7,\"x\":1}"}"#)]).as_deref(),
        Some("7")
    );
    assert_eq!(
        user(&[
            ("metadata", r#"{"stringValue":"{\"user_id\":7}"}"#),
            ("user.id", &a)
        ])
        .as_deref(),
        Some("a")
    );
    assert_eq!(
        user(&[
            ("gen_ai.user", &b),
            ("metadata", r#"{"stringValue":"{\"userId\":\"m\"}"}"#)
        ])
        .as_deref(),
        Some("m")
    );
    let session = read(&[
        ("gen_ai.conversation.id", &b),
        ("session.id", &text("[Scrubbed due to 'session']")),
    ])
    .session;
    assert_eq!(session.as_deref(), Some("b"));
    let (piece, _) = accept_sent(&Sent {
        resource: &[("user.id", &a)],
        ..Sent::default()
    });
    assert_eq!(piece.spans[0].user.as_deref(), Some("a"));
}

#[test]
fn an_impossible_id_is_dropped_and_told_and_the_trace_kept() {
    let long = format!(r#"{{"stringValue":"{}"}}"#, "x".repeat(256));
    let (piece, codes) = accept_sent(&Sent {
        attributes: &[("user.id", &long), ("session.id", &long)],
        ..Sent::default()
    });
    assert_eq!(
        (
            piece.spans[0].user.as_deref(),
            piece.spans[0].session.as_deref()
        ),
        (None, None)
    );
    assert_eq!(
        codes,
        [
            "id_too_long spans[0].user.id",
            "id_too_long spans[0].session.id"
        ]
    );
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","attributes":[{{"key":"user.id","value":{long}}}]}},{{}}]}}]}}]}}"#
    );
    let explained = accept_otlp(decode_json(&body).unwrap(), &door());
    assert_eq!(explained.rejected.count, 1);
    assert_eq!(
        explained.explain(),
        "span 1: the trace id is missing or all zeros; spans[0].user.id: longer than 255; dropped"
    );
}

#[test]
fn profiles_need_a_user_and_are_otherwise_metadata() {
    let text = r#"{"stringValue":"v"}"#;
    let list = [
        ("user.name", text),
        ("user.email", r#"{"stringValue":"a@b.co"}"#),
        (
            "user.roles",
            r#"{"arrayValue":{"values":[{"stringValue":"admin"}]}}"#,
        ),
    ];
    let (piece, _) = accept_sent(&Sent {
        attributes: &list,
        ..Sent::default()
    });
    assert!(piece.profiles.is_empty());
    let rest = metadata(&piece.spans[0].payload.metadata);
    assert_eq!(
        (
            &rest["user.name"],
            &rest["user.email"],
            &rest["user.roles"][0]
        ),
        (&"v".into(), &"a@b.co".into(), &"admin".into())
    );

    let with_user: Vec<_> = [("user.id", text)].into_iter().chain(list).collect();
    let (piece, codes) = accept_sent(&Sent {
        attributes: &with_user,
        ..Sent::default()
    });
    let [profile] = &piece.profiles[..] else {
        panic!("one profile expected")
    };
    assert_eq!(
        (profile.user.as_str(), profile.at),
        ("v", Micros(1_772_600_767_000_000))
    );
    assert_eq!(
        (&profile.name, &profile.email),
        (&Some(Some("v".into())), &Some(Some("a@b.co".into())))
    );
    assert_eq!(
        profile.metadata,
        [("roles".to_owned(), Some(r#"["admin"]"#.to_owned()))]
    );
    assert!(piece.spans[0].payload.metadata.is_none() && codes.is_empty());
}
