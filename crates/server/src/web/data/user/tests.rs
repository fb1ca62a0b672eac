//! What a form says as a patch.
use super::*;
use cognobserve_model::id::ProjectId;
use cognobserve_model::time::Micros;

fn stored() -> User {
    User {
        id: UserId::new("usr_1"),
        project: ProjectId::new("prj_1"),
        external_id: "john".into(),
        name: Some("John".into()),
        email: None,
        metadata: vec![
            ("plan".into(), "\"pro\"".into()),
            ("seats".into(), "1.10".into()),
        ],
        first_seen: Micros(0),
        last_seen: Micros(0),
        created: Micros(0),
        updated: Micros(0),
    }
}

fn patch(name: &str, email: &str, metadata: &str) -> Result<String, &'static str> {
    let typed = Typed {
        name: name.into(),
        email: email.into(),
        metadata: metadata.into(),
        faults: Vec::new(),
    };
    write_patch(&typed, &stored())
}

#[test]
fn only_what_was_changed_is_said() {
    let same = r#"{"plan": "pro", "seats": 1.10}"#;
    assert_eq!(patch("John", "", same).unwrap(), r#"{"metadata":{}}"#);
    assert_eq!(
        patch("", "j@x.de", same).unwrap(),
        r#"{"name":null,"email":"j@x.de","metadata":{}}"#
    );
    let other = patch("John", "", r#"{"plan": {"a": 2.50}, "new": null}"#).unwrap();
    assert_eq!(
        other,
        r#"{"metadata":{"new":null,"plan":{"a": 2.50},"seats":null}}"#
    );
    assert_eq!(
        patch("John", "", " ").unwrap(),
        r#"{"metadata":{"plan":null,"seats":null}}"#
    );
    // Text that would break out of its place.
    let hostile = patch("}\",\"email\":\"x", "", same).unwrap();
    let read: serde_json::Value = serde_json::from_str(&hostile).unwrap();
    assert_eq!(read["name"], "}\",\"email\":\"x");
    for wrong in ["[]", "1", "{", "{} {}", "{}, \"name\": 1"] {
        assert!(patch("John", "", wrong).is_err(), "{wrong}");
    }
}
