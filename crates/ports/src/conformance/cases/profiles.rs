//! What is known of a person or session: the last writer by event time wins, per field.
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, FIRST_ARRIVAL};
use crate::{DeleteMode, SessionPatch};
use cognobserve_model::id::UserId;
use cognobserve_model::piece::SessionPart;
use cognobserve_model::report::UserName;
use cognobserve_model::time::Micros;

async fn tell(desk: &Desk, trace_id: &str, profile: cognobserve_model::profile::ProfilePart) {
    desk.book_one(trace(trace_id).by("ann").telling(profile))
        .await;
}

async fn read_metadata(desk: &Desk) -> Vec<(String, String)> {
    desk.user("ann").await.user.metadata
}

fn pairs(keys: &[(&str, &str)]) -> Vec<(String, String)> {
    keys.iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

pub async fn B01_metadata_merges_on_every_trace(desk: Desk) {
    tell(
        &desk,
        "1",
        person("ann", at(1))
            .key("plan", Some("\"free\""))
            .key("seats", Some("3")),
    )
    .await;
    tell(
        &desk,
        "2",
        person("ann", at(2))
            .key("plan", Some("\"pro\""))
            .key("deep", Some(r#"{"b": 1,"a":[2]}"#)),
    )
    .await;
    let expected = pairs(&[
        ("deep", r#"{"b": 1,"a":[2]}"#),
        ("plan", "\"pro\""),
        ("seats", "3"),
    ]);
    assert_eq!(
        read_metadata(&desk).await,
        expected,
        "keys sorted, values token for token"
    );
    tell(&desk, "3", person("ann", at(3)).key("seats", None)).await;
    tell(&desk, "4", person("ann", at(2)).key("seats", Some("9"))).await;
    assert_eq!(
        read_metadata(&desk).await,
        expected[..2],
        "a deletion keeps its time"
    );
}

pub async fn B21_the_last_writer_by_event_time_wins(desk: Desk) {
    tell(
        &desk,
        "1",
        person("ann", at(5))
            .name(Some("Newer"))
            .email(Some("a@x.io")),
    )
    .await;
    tell(
        &desk,
        "2",
        person("ann", at(1))
            .name(Some("Older"))
            .email(Some("b@x.io"))
            .key("k", Some("1")),
    )
    .await;
    let user = desk.user("ann").await.user;
    assert_eq!(
        (user.name.as_deref(), user.email.as_deref()),
        (Some("Newer"), Some("a@x.io"))
    );
    assert_eq!(user.metadata, pairs(&[("k", "1")]), "per field");
    tell(&desk, "3", person("ann", at(6)).name(None)).await;
    let user = desk.user("ann").await.user;
    assert_eq!(
        (user.name, user.email.as_deref()),
        (None, Some("a@x.io")),
        "null clears, missing leaves"
    );
    tell(&desk, "4", person("ann", at(5)).name(Some("Newer"))).await;
    assert_eq!(
        desk.user("ann").await.user.name,
        None,
        "a replay does not bring it back"
    );
}

pub async fn of_equal_event_times_the_later_arrival_wins(desk: Desk) {
    for order in [["1", "2"], ["2", "1"]] {
        let user = format!("u{}", order[0]);
        for n in order {
            let arrival = FIRST_ARRIVAL + n.parse::<i64>().unwrap();
            let piece = trace(&format!("{user}-{n}"))
                .by(&user)
                .telling(person(&user, at(0)).name(Some(n)));
            desk.book_one(piece.arrived(arrival + if user == "u1" { 0 } else { 10 }))
                .await;
        }
        assert_eq!(desk.user(&user).await.user.name.as_deref(), Some("2"));
    }
}

pub async fn B57_a_patch_merges_and_survives_replays(desk: Desk) {
    tell(
        &desk,
        "1",
        person("ann", at(1))
            .name(Some("Ann"))
            .email(Some("a@x.io"))
            .key("a", Some("1"))
            .key("b", Some("2")),
    )
    .await;
    let now = Micros::now();
    desk.patch(
        "ann",
        person("", now)
            .name(None)
            .key("a", None)
            .key("c", Some("3")),
    )
    .await;
    let user = desk.user("ann").await.user;
    assert_eq!(
        (user.name.as_deref(), user.email.as_deref()),
        (None, Some("a@x.io"))
    );
    assert_eq!(user.metadata, pairs(&[("b", "2"), ("c", "3")]));
    assert!(user.updated >= now, "updated says when");
    tell(
        &desk,
        "2",
        person("ann", at(2)).name(Some("Back")).key("a", Some("9")),
    )
    .await;
    assert_eq!(
        desk.user("ann").await.user,
        crate_user(&desk, user).await,
        "older events do not undo it"
    );
}

/// The same user with the times that a new trace may move.
async fn crate_user(
    desk: &Desk,
    mut user: cognobserve_model::report::User,
) -> cognobserve_model::report::User {
    let now = desk.user("ann").await.user;
    (user.first_seen, user.last_seen) = (now.first_seen, now.last_seen);
    user
}

pub async fn a_patch_wins_over_facts_from_the_future(desk: Desk) {
    let future = Micros(Micros::now().0 + 20 * 3600 * 1_000_000);
    let piece = trace("1").by("ann").telling(
        person("ann", future)
            .name(Some("Future"))
            .key("k", Some("1")),
    );
    desk.book_one(piece.arrived(future.0)).await;
    desk.patch(
        "ann",
        person("", Micros::now())
            .name(Some("Patched"))
            .key("k", None),
    )
    .await;
    let user = desk.user("ann").await.user;
    assert_eq!(
        (user.name.as_deref(), user.metadata.len()),
        (Some("Patched"), 0)
    );
}

pub async fn B58_patching_nobody_is_none(desk: Desk) {
    let nobody = UserId::new("usr_0000000000000000");
    let part = person("", Micros::now()).name(Some("x"));
    assert_eq!(
        desk.store
            .patch_user(&desk.project, &nobody, part, &tester())
            .await
            .unwrap(),
        None
    );
}

pub async fn updated_is_the_last_visible_change(desk: Desk) {
    let say = |id: &str| {
        trace(id)
            .by("ann")
            .telling(person("ann", at(1)).name(Some("Ann")).key("k", Some("1")))
    };
    desk.book_one(say("1").arrived(FIRST_ARRIVAL)).await;
    let before = desk.user("ann").await.user.updated;
    assert_eq!(before.0, FIRST_ARRIVAL);
    desk.book_one(trace("2").by("ann").arrived(FIRST_ARRIVAL + 10))
        .await;
    desk.book_one(say("1").arrived(FIRST_ARRIVAL + 20)).await;
    assert_eq!(
        desk.user("ann").await.user.updated,
        before,
        "neither traces nor repeats are changes"
    );
    desk.book_one(
        trace("3")
            .by("ann")
            .telling(person("ann", at(2)).key("k", Some("2")))
            .arrived(FIRST_ARRIVAL + 30),
    )
    .await;
    assert_eq!(desk.user("ann").await.user.updated.0, FIRST_ARRIVAL + 30);
}

pub async fn B20_metadata_is_bounded_and_loses_no_trace(desk: Desk) {
    let big = format!("\"{}\"", "x".repeat(40_000));
    tell(&desk, "1", person("ann", at(1)).key("a", Some(&big))).await;
    tell(
        &desk,
        "2",
        person("ann", at(2)).name(Some("Kept")).key("b", Some(&big)),
    )
    .await;
    let user = desk.user("ann").await;
    assert_eq!(
        (
            user.user.metadata.len(),
            user.user.name.as_deref(),
            user.measures.trace_count
        ),
        (1, Some("Kept"), 2)
    );
}

pub async fn a_session_has_a_name_and_metadata(desk: Desk) {
    let part = |name: &str, json: &str| SessionPart {
        external_id: "chat".into(),
        name: Some(name.into()),
        metadata: Some(json.into()),
    };
    let mut piece = trace("1").when(at(1));
    piece.session = Some(part("First", r#"{"b":[1, 2],"a":1}"#));
    desk.book_one(piece).await;
    let mut piece = trace("2").when(at(2));
    piece.session = Some(part("Second", r#"{"a":null,"c":"x"}"#));
    desk.book_one(piece).await;
    let session = desk.session("chat").await;
    assert_eq!(
        (session.name.as_deref(), session.metadata.as_str()),
        (Some("Second"), r#"{"b":[1, 2],"c":"x"}"#)
    );
    let patch = SessionPatch {
        name: Some(None),
        metadata: vec![("b".into(), None), ("d".into(), Some("true".into()))],
    };
    desk.store
        .patch_session(&desk.project, &session.id, patch, &tester())
        .await
        .unwrap()
        .expect("the session exists");
    let mut older = trace("3").when(at(0));
    older.session = Some(part("Backfilled", r#"{"b":7}"#));
    desk.book_one(older).await;
    let session = desk.session("chat").await;
    assert_eq!(
        (session.name, session.metadata.as_str()),
        (None, r#"{"c":"x","d":true}"#)
    );
    let nowhere = cognobserve_model::id::SessionId::new("ses_0000000000000000");
    assert_eq!(
        desk.store
            .patch_session(&desk.project, &nowhere, SessionPatch::default(), &tester())
            .await
            .unwrap(),
        None
    );
}

pub async fn users_are_named_in_the_order_asked(desk: Desk) {
    tell(&desk, "1", person("ann", at(1)).name(Some("Ann"))).await;
    let bob = person("bob", at(1)).email(Some("bob@acme.com"));
    desk.book_one(trace("2").by("bob").telling(bob)).await;
    for (n, user) in ["carl", "dora", "eve"].into_iter().enumerate() {
        desk.book_one(trace(&format!("3{n}")).by(user)).await;
    }
    let other = desk.open_another("other").await;
    other.book_one(trace("1").by("ann")).await;
    let mut asked = Vec::new();
    for user in ["carl", "bob", "dora", "ann", "eve", "bob"] {
        asked.push(desk.user_id(user).await);
    }
    asked.push(UserId::new("usr_nonsense"));
    asked.push(other.user_id("ann").await);
    desk.delete_user("dora", DeleteMode::Unlink).await;
    desk.delete_user("eve", DeleteMode::Erase).await;
    let name = async |users: &[UserId]| {
        let names = desk.store.name_users(&desk.project, users).await;
        let names = names.expect("users are named").into_iter();
        let tell = |it: UserName| [Some(it.external_id), it.name, it.email];
        names.map(|name| name.map(tell)).collect::<Vec<_>>()
    };
    let called = |texts: [Option<&str>; 3]| Some(texts.map(|text| text.map(str::to_owned)));
    let bob = called([Some("bob"), None, Some("bob@acme.com")]);
    assert_eq!(
        name(&asked).await,
        [
            called([Some("carl"), None, None]),
            bob.clone(),
            None,
            called([Some("ann"), Some("Ann"), None]),
            None,
            bob,
            None,
            None,
        ],
        "nobody who was deleted, and nobody of another project"
    );
    assert!(name(&[]).await.is_empty());
}
