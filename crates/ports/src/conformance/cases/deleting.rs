//! What a deletion takes, what stays, and what later data does.
use crate::DeleteMode::Unlink;
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, FIRST_ARRIVAL};
use cognobserve_model::id::UserId;
use cognobserve_model::query::{PageRequest, Period, UserKey};
use cognobserve_model::report::Deleted;
use cognobserve_model::time::{MICROS_PER_DAY, Micros};

/// Two traces of ann (one in a session), one of bob in the same session.
pub(super) async fn fill(desk: &Desk) {
    let profile = person("ann", at(0))
        .name(Some("Ann Smith"))
        .email(Some("ann@x.io"));
    desk.book_one(
        trace("a1")
            .by("ann")
            .named("hello")
            .within("chat")
            .when(at(9))
            .telling(profile)
            .with(call("s", "m", 1, 1).cost(100).saying("\"q\"", "\"a\"")),
    )
    .await;
    desk.book_one(
        trace("a2")
            .by("ann")
            .when(at(5))
            .with(call("s", "m", 2, 2).cost(20).failed()),
    )
    .await;
    desk.book_one(
        trace("b1")
            .by("bob")
            .within("chat")
            .when(at(3))
            .with(call("s", "m", 4, 4).cost(3)),
    )
    .await;
}

pub async fn S0_63_unlinking_leaves_traces_and_sessions_unattributed(desk: Desk) {
    fill(&desk).await;
    let before = desk.sum_project().await;
    let id = desk.user_id("ann").await;
    assert_eq!(
        desk.delete_user("ann", Unlink).await,
        Deleted {
            traces: 2,
            sessions: 1
        }
    );
    assert_eq!(desk.find_user("ann").await, None);
    assert_eq!(desk.sum_project().await, before);
    let lost = desk.sum_unattributed().await;
    assert_eq!(
        (lost.trace_count, lost.cost_nanos, lost.error_count),
        (2, 120, 1)
    );
    assert_eq!(
        desk.owner_of("chat").await.as_deref(),
        Some("bob"),
        "the latest that still has a user"
    );
    assert_eq!(desk.user("bob").await.session_count, 1);
    assert_eq!(
        desk.trace("a1").await.spans[0].input.as_deref(),
        Some("\"q\""),
        "payload stays"
    );
    let again = desk
        .store
        .delete_user(&desk.project, &id, Unlink, &tester())
        .await
        .unwrap();
    assert_eq!(again, None, "B58: the second time there is nobody");
}

pub async fn B55_unlinked_traces_stay_unattributed_when_repeated(desk: Desk) {
    let profile = person("ann", at(0)).name(Some("Ann"));
    let piece = trace("t")
        .by("ann")
        .when(at(0))
        .telling(profile)
        .with(call("s", "m", 1, 1).cost(5))
        .arrived(FIRST_ARRIVAL);
    desk.book_one(piece.clone()).await;
    let id = desk.user_id("ann").await;
    desk.delete_user("ann", Unlink).await;
    desk.book_one(piece.clone()).await;
    desk.book_one(piece.clone().arrived(FIRST_ARRIVAL + 100))
        .await;
    assert_eq!(
        desk.find_user("ann").await,
        None,
        "neither repeat makes a user"
    );
    assert_eq!(desk.sum_unattributed().await.cost_nanos, 5);
    desk.book_one(
        trace("new")
            .by("ann")
            .when(at(9))
            .with(call("s", "m", 1, 1).cost(7)),
    )
    .await;
    let ann = desk.user("ann").await;
    assert_ne!(ann.user.id, id, "a new trace makes a new user");
    assert_eq!(
        (ann.user.name, ann.user.first_seen, ann.measures.cost_nanos),
        (None, at(9), 7)
    );
    desk.book_one(piece.arrived(FIRST_ARRIVAL + 200)).await;
    assert_eq!(
        desk.user("ann").await.measures.cost_nanos,
        7,
        "the old trace does not go to the new user"
    );
    desk.book_one(trace("t").by("bob")).await;
    assert_eq!(
        desk.sum_user("bob").await.cost_nanos,
        5,
        "a correction to somebody else holds"
    );
    let lost = desk.sum_unattributed().await;
    assert!(lost.is_zero());
}

pub async fn unlinking_does_not_hand_a_trace_to_whom_it_was_corrected_from(desk: Desk) {
    desk.book_one(
        trace("t")
            .by("ann")
            .with(call("s", "m", 1, 1).cost(5).under("x").user("cid")),
    )
    .await;
    desk.book_one(trace("t").by("bob")).await;
    desk.delete_user("bob", Unlink).await;
    assert_eq!(
        desk.sum_unattributed().await.cost_nanos,
        5,
        "the spend becomes unattributed"
    );
    assert_eq!(desk.sum_user("cid").await.cost_nanos, 0);
    assert_eq!(desk.sum_user("ann").await.cost_nanos, 0);
}

pub async fn a_deleted_user_named_elsewhere_harms_nothing(desk: Desk) {
    desk.book_one(
        trace("t")
            .by("ann")
            .with(call("s", "m", 1, 1).cost(5).user("bob")),
    )
    .await;
    desk.book_one(
        trace("u")
            .with(span("s").user("bob"))
            .with(span("r").under("s").user("ann")),
    )
    .await;
    desk.delete_user("ann", Unlink).await;
    desk.book_one(trace("u").with(span("s").under("r"))).await;
    desk.book_one(trace("t").with(span("s").called("again")))
        .await;
    assert_eq!(desk.find_user("ann").await, None);
    assert_eq!(desk.trace("t").await.summary.user, None);
}

/// A back end's texts may not know the character; a question may bring it all the same.
pub async fn a_zero_character_names_no_trace(desk: Desk) {
    fill(&desk).await;
    for id in ["a1\0", "\0", "\0a1"] {
        let deleted = desk.store.delete_trace(&desk.project, id, &tester()).await;
        assert_eq!(deleted.expect("an answer"), None, "{id:?}");
        let found = desk.store.find_trace(&desk.project, id).await;
        assert_eq!(found.expect("an answer"), None, "{id:?}");
    }
    desk.trace("a1").await;
}

pub async fn B48_a_deleted_trace_takes_its_counts(desk: Desk) {
    fill(&desk).await;
    assert_eq!(
        desk.store
            .delete_trace(&desk.project, "a1", &tester())
            .await
            .unwrap(),
        Some(())
    );
    assert_eq!(
        desk.store
            .delete_trace(&desk.project, "a1", &tester())
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        desk.store.find_trace(&desk.project, "a1").await.unwrap(),
        None
    );
    let ann = desk.user("ann").await;
    assert_eq!(
        (
            ann.measures.trace_count,
            ann.measures.cost_nanos,
            ann.session_count
        ),
        (1, 20, 0)
    );
    assert_eq!((ann.user.first_seen, ann.user.last_seen), (at(5), at(5)));
    assert_eq!(desk.sum_project().await.cost_nanos, 23);
    let chat = desk.session("chat").await;
    assert_eq!(
        (chat.measures.trace_count, chat.first_seen, chat.last_seen),
        (1, at(3), at(3))
    );
    desk.book_one(trace("a1").by("ann").with(call("s", "m", 1, 1).cost(1)))
        .await;
    assert_eq!(
        desk.sum_user("ann").await.cost_nanos,
        21,
        "sent again it is a new trace"
    );
}

pub async fn a_deleted_session_unlinks_its_traces(desk: Desk) {
    fill(&desk).await;
    let chat = desk.session("chat").await.id;
    assert_eq!(
        desk.delete_session(&chat)
            .await
            .map(|deleted| deleted.traces),
        Some(2)
    );
    assert_eq!(desk.delete_session(&chat).await, None);
    assert_eq!(
        desk.store.find_session(&desk.project, &chat).await.unwrap(),
        None
    );
    let page = PageRequest {
        limit: 9,
        after: None,
    };
    assert!(
        desk.store
            .read_timeline(&desk.project, &chat, page)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(desk.user("ann").await.session_count, 0);
    assert_eq!(
        desk.sum_user("ann").await.cost_nanos,
        120,
        "the traces stay"
    );
    assert_eq!(desk.trace("a1").await.summary.session, None);
    desk.book_one(trace("a3").by("ann").within("chat").when(at(99)))
        .await;
    let anew = desk.session("chat").await;
    assert!(
        anew.id != chat && anew.measures.trace_count == 1,
        "a new trace makes a new session"
    );
}

pub async fn a_deleted_session_gives_its_traces_to_no_other(desk: Desk) {
    let mut child = span("s").under("x");
    child.session = Some("loser".into());
    desk.book_one(trace("t").within("former").with(child)).await;
    desk.book_one(trace("t").within("chat")).await;
    let chat = desk.session("chat").await.id;
    desk.delete_session(&chat).await.expect("it was there");
    desk.book_one(trace("t").with(span("more"))).await;
    assert_eq!(desk.trace("t").await.summary.session, None);
    desk.book_one(trace("t").within("chat")).await;
    let anew = desk.session("chat").await;
    assert!(
        anew.id != chat && anew.measures.trace_count == 1,
        "named again it is a new one"
    );
}

pub async fn a_session_deleted_while_a_span_names_it_harms_nothing(desk: Desk) {
    let mut child = span("s").under("x");
    child.session = Some("lost".into());
    desk.book_one(trace("t").by("ann").within("chat").with(child))
        .await;
    for session in ["lost", "chat"] {
        let id = desk.session(session).await.id;
        desk.delete_session(&id).await.expect("it was there");
    }
    assert_eq!(desk.trace("t").await.summary.session, None);
    desk.book_one(trace("t").with(call("s", "m", 1, 1).cost(5)))
        .await;
    assert_eq!(
        desk.sum_user("ann").await.cost_nanos,
        5,
        "the trace goes on"
    );
    assert_eq!(desk.trace("t").await.summary.session, None);
}

pub async fn retention_takes_payloads_and_leaves_the_books(desk: Desk) {
    let now = Micros(at(0).0 + 40 * MICROS_PER_DAY);
    let days_ago = |days: i64| Micros(now.0 - days * MICROS_PER_DAY);
    for (id, days) in [("old", 31), ("young", 29)] {
        let piece = trace(id)
            .by("ann")
            .when(days_ago(days))
            .meta("{\"k\":1}")
            .with(call("s", "m", 1, 1).cost(5).called("step").saying("1", "2"));
        desk.book_one(piece.arrived(days_ago(days).0)).await;
    }
    desk.verify().await;
    assert_eq!(
        desk.store.remove_expired_payloads(now).await.unwrap(),
        0,
        "kept for ever by default"
    );
    let mut settings = desk
        .store
        .find_project(desk.project.as_str())
        .await
        .unwrap()
        .unwrap()
        .settings;
    settings.retention_payload_days = Some(30);
    desk.store
        .update_settings(&desk.project, settings, &tester())
        .await
        .unwrap()
        .expect("the project exists");
    assert_eq!(desk.store.remove_expired_payloads(now).await.unwrap(), 1);
    assert_eq!(desk.store.remove_expired_payloads(now).await.unwrap(), 0);
    let old = desk.trace("old").await;
    assert_eq!(
        (
            old.spans[0].input.as_deref(),
            old.summary.metadata.as_str(),
            old.spans[0].name.as_str()
        ),
        (None, "{}", "step")
    );
    assert_eq!(
        desk.trace("young").await.spans[0].output.as_deref(),
        Some("2")
    );
    assert_eq!(desk.sum_user("ann").await.cost_nanos, 10);
}

pub async fn a_deleted_project_takes_everything(desk: Desk) {
    let other = desk.open_another("other").await;
    fill(&desk).await;
    fill(&other).await;
    let (user, session) = (other.user_id("ann").await, other.session("chat").await.id);
    for is_there in [true, false] {
        let deleted = desk.store.delete_project(&other.project, &tester()).await;
        assert_eq!(deleted.unwrap(), is_there);
    }
    assert_eq!(
        other.try_book(vec![trace("x").by("ann")]).await,
        Err(crate::Refusal::NoSuchProject)
    );
    assert_eq!(desk.store.find_project("other").await.unwrap(), None);
    assert_eq!(
        desk.sum_project().await.cost_nanos,
        123,
        "the other project is untouched"
    );
    assert_eq!(
        desk.store
            .find_user(&desk.project, &UserKey::Id(user), Period::ALL)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        desk.store
            .find_session(&desk.project, &session)
            .await
            .unwrap(),
        None
    );
    let anew = desk.open_another("other").await;
    assert_eq!(
        anew.sum_project().await.trace_count,
        0,
        "the name may be used again, empty"
    );
    let nobody = UserId::new("usr_0000000000000000");
    assert_eq!(
        anew.store
            .delete_user(&anew.project, &nobody, Unlink, &tester())
            .await
            .unwrap(),
        None
    );
}
