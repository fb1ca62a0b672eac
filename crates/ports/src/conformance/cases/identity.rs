//! Who a trace belongs to, whatever order its pieces come in.
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, FIRST_ARRIVAL};
use cognobserve_model::piece::Piece;
use cognobserve_model::query::{Period, UserKey};

pub async fn B05_first_sight_is_race_free(desk: Desk) {
    let mut running = Vec::new();
    for n in 0..24 {
        let desk = desk.clone();
        let piece = trace(&format!("t{n}"))
            .by("ann")
            .within("chat")
            .when(at(n))
            .with(call("s", "m", 1, 1));
        running.push(tokio::spawn(async move { desk.book_one(piece).await }));
    }
    for task in running {
        task.await.expect("no commit fails");
    }
    assert_eq!(desk.sum_user("ann").await.trace_count, 24);
    assert_eq!(
        desk.list_users(crate::conformance::desk::everybody())
            .await
            .len(),
        1
    );
    assert_eq!(desk.session("chat").await.measures.trace_count, 24);
}

pub async fn B06_same_trace_id_merges(desk: Desk) {
    let piece = trace("t")
        .by("ann")
        .when(at(0))
        .with(call("s", "m", 10, 5).cost(700).from(at(0)).to(at(2)));
    let first = piece.clone().arrived(FIRST_ARRIVAL);
    desk.book_one(first.clone()).await;
    let once = desk.user("ann").await;
    assert_eq!(
        (
            once.measures.trace_count,
            once.measures.total_tokens,
            once.measures.cost_nanos
        ),
        (1, 15, 700)
    );
    desk.book(vec![first.clone(), first]).await;
    assert_eq!(desk.user("ann").await, once, "a redelivery changes nothing");
    desk.book_one(piece.arrived(FIRST_ARRIVAL + 50)).await;
    assert_eq!(desk.user("ann").await, once, "a retry changes nothing");
}

pub async fn B07_two_projects_share_ids_and_nothing_else(desk: Desk) {
    let other = desk.open_another("other").await;
    for (place, tokens) in [(&desk, 1), (&other, 20)] {
        place
            .book_one(
                trace("t")
                    .by("ann")
                    .within("chat")
                    .when(at(0))
                    .with(call("s", "m", tokens, 0).cost(tokens)),
            )
            .await;
    }
    assert_eq!(desk.sum_user("ann").await.total_tokens, 1);
    assert_eq!(other.sum_user("ann").await.total_tokens, 20);
    let foreign = UserKey::Id(other.user_id("ann").await);
    assert_eq!(
        desk.store
            .find_user(&desk.project, &foreign, Period::ALL)
            .await
            .unwrap(),
        None,
        "a foreign id is a missing one"
    );
    let foreign_session = other.session("chat").await.id;
    assert_eq!(
        desk.store
            .find_session(&desk.project, &foreign_session)
            .await
            .unwrap(),
        None
    );
    assert_eq!(desk.delete_session(&foreign_session).await, None);
    desk.store
        .delete_trace(&desk.project, "t", &tester())
        .await
        .unwrap()
        .expect("own trace goes");
    assert_eq!(
        other.trace("t").await.summary.measures.total_tokens,
        20,
        "the other project keeps its trace"
    );
}

pub async fn B03_first_and_last_seen_are_event_times_of_the_traces_now(desk: Desk) {
    let arrival = desk.stamp();
    desk.book_one(Piece {
        arrival,
        ..trace("t1").by("ann").when(at(100))
    })
    .await;
    desk.book_one(trace("t2").by("ann").when(at(50))).await;
    desk.book_one(trace("t3").by("ann").when(at(300))).await;
    let user = desk.user("ann").await.user;
    assert_eq!((user.first_seen, user.last_seen), (at(50), at(300)));
    assert_eq!(user.created.0, arrival.0, "created when first heard of");
    desk.book_one(trace("t3").by("bob")).await;
    desk.book_one(trace("t2").when(at(70))).await;
    let user = desk.user("ann").await.user;
    assert_eq!(
        (user.first_seen, user.last_seen),
        (at(70), at(100)),
        "they go back when a trace moves"
    );
    desk.book(vec![trace("t1").by("bob"), trace("t2").by("bob")])
        .await;
    let user = desk.user("ann").await.user;
    assert_eq!(
        (user.first_seen, user.last_seen),
        (user.created, user.created),
        "without traces: created"
    );
}

pub async fn late_identity_moves_the_whole_trace(desk: Desk) {
    let spans = trace("t")
        .when(at(0))
        .with(call("a", "m", 3, 4).cost(11).from(at(0)).to(at(1)))
        .with(span("b").under("a").failed());
    desk.book_one(spans).await;
    assert_eq!(desk.sum_unattributed().await.cost_nanos, 11);
    assert_eq!(desk.sum_unattributed().await.error_trace_count, 1);
    let before = desk.sum_project().await;
    desk.book_one(trace("t").by("ann")).await;
    let sum = desk.sum_user("ann").await;
    assert_eq!(
        (
            sum.trace_count,
            sum.span_count,
            sum.total_tokens,
            sum.error_count
        ),
        (1, 2, 7, 1)
    );
    assert_eq!(sum.avg_trace_latency_ms(), Some(1000.0));
    assert_eq!(desk.sum_unattributed().await, Default::default());
    assert_eq!(desk.sum_project().await, before, "the whole is what it was");
    let today = &desk.analyse("ann", "UTC", "2024-03-10", 1).await[0];
    assert_eq!(
        (today.measures.trace_count, today.measures.cost_nanos),
        (1, 11),
        "in every bucket"
    );
}

pub async fn a_correction_moves_everything_and_leaves_the_user(desk: Desk) {
    desk.book_one(
        trace("t")
            .by("ann")
            .within("one")
            .when(at(0))
            .with(call("s", "m", 1, 1).cost(5)),
    )
    .await;
    desk.book_one(trace("t").by("bob").within("two").when(at(86_400)))
        .await;
    let ann = desk.user("ann").await;
    assert_eq!(
        (ann.measures.is_zero(), ann.session_count),
        (true, 0),
        "who was corrected away stays, with zeros"
    );
    assert_eq!(desk.sum_user("bob").await.cost_nanos, 5);
    assert!(desk.session("one").await.measures.is_zero());
    assert_eq!(desk.owner_of("one").await, None);
    assert_eq!(desk.owner_of("two").await.as_deref(), Some("bob"));
    let days = desk.analyse("bob", "UTC", "2024-03-11", 2).await;
    assert_eq!(
        days.iter()
            .map(|day| day.measures.cost_nanos)
            .collect::<Vec<_>>(),
        [0, 5]
    );
}

pub async fn the_later_arrival_wins_whatever_is_booked_first(desk: Desk) {
    let said = [(1, "ann"), (2, "bob"), (3, "ann")];
    for (n, order) in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("t{n}");
        for (arrival, user) in order.map(|n: usize| said[n]) {
            desk.book_one(
                trace(&id)
                    .by(user)
                    .named(user)
                    .with(span("s").called(user))
                    .arrived(FIRST_ARRIVAL + arrival),
            )
            .await;
        }
        let trace = desk.trace(&id).await;
        let user = trace.summary.user.and_then(|user| user.external_id);
        assert_eq!(user.as_deref(), Some("ann"), "order {order:?}");
        assert_eq!(
            (trace.summary.name.as_str(), trace.spans[0].name.as_str()),
            ("ann", "ann"),
            "order {order:?}"
        );
    }
}

pub async fn a_resend_after_a_correction_is_a_correction(desk: Desk) {
    desk.book_one(trace("t").by("ann")).await;
    desk.book_one(trace("t").with(span("root").user("bob")))
        .await;
    assert_eq!(
        desk.sum_user("bob").await.trace_count,
        1,
        "a root span speaks like the envelope"
    );
    desk.book_one(trace("t").by("ann")).await;
    assert_eq!(desk.sum_user("ann").await.trace_count, 1);
}

pub async fn the_envelope_and_root_spans_outrank_other_spans(desk: Desk) {
    desk.book_one(trace("e").by("ann").with(span("root"))).await;
    desk.book_one(trace("e").with(span("child").under("root").user("bob")))
        .await;
    assert_eq!(
        desk.sum_user("ann").await.trace_count,
        1,
        "a child does not overrule the envelope"
    );
    desk.book_one(trace("r").with(span("root").user("cid")))
        .await;
    desk.book_one(trace("r").with(span("child").under("root").user("dan")))
        .await;
    assert_eq!(desk.sum_user("cid").await.trace_count, 1, "nor the root");
    desk.book_one(
        trace("c")
            .with(span("child").under("unseen").user("eve"))
            .with(span("leaf").under("child").user("fay")),
    )
    .await;
    assert_eq!(
        desk.sum_user("eve").await.trace_count,
        1,
        "without a root those below the unseen are"
    );
    desk.book_one(trace("c").with(span("unseen").user("gus")))
        .await;
    assert_eq!(desk.sum_user("gus").await.trace_count, 1);
    let mut top = span("top").under("elsewhere").user("hal");
    top.app_root = Some(true);
    desk.book_one(trace("a").with(span("low").under("top").user("ida")))
        .await;
    desk.book_one(trace("a").with(top)).await;
    assert_eq!(
        desk.sum_user("hal").await.trace_count,
        1,
        "the top of its app is a root"
    );
    for nobody in ["bob", "dan", "fay", "ida"] {
        assert_eq!(
            desk.sum_user(nobody).await.trace_count,
            0,
            "{nobody} was named, so is known"
        );
    }
}

pub async fn ties_inside_a_piece_are_broken_the_same_way(desk: Desk) {
    desk.book_one(trace("1").by("ann").with(span("s").user("bob")))
        .await;
    assert_eq!(desk.sum_user("ann").await.trace_count, 1, "envelope first");
    desk.book_one(
        trace("2")
            .with(span("z").user("cid").from(at(1)))
            .with(span("a").user("dan").from(at(2))),
    )
    .await;
    assert_eq!(
        desk.sum_user("dan").await.trace_count,
        1,
        "then the later start"
    );
    desk.book_one(
        trace("3")
            .with(span("a").user("eve").from(at(1)))
            .with(span("b").user("fay").from(at(1))),
    )
    .await;
    assert_eq!(
        desk.sum_user("fay").await.trace_count,
        1,
        "then the larger id"
    );
}

pub async fn every_named_user_and_session_is_known(desk: Desk) {
    desk.book_one(
        trace("t")
            .by("ann")
            .within("chat")
            .with(span("s").under("x").user("bob")),
    )
    .await;
    desk.book_one(trace("t").telling(person("cid", at(0)).name(Some("Cid"))))
        .await;
    let mut ids = desk.list_ids(crate::conformance::desk::everybody()).await;
    ids.sort();
    assert_eq!(ids, ["ann", "bob", "cid"]);
    assert_eq!(desk.user("cid").await.user.name.as_deref(), Some("Cid"));
}

pub async fn S0_20_no_user_is_unattributed(desk: Desk) {
    desk.book_one(trace("t").with(call("s", "m", 1, 2).cost(3)))
        .await;
    assert_eq!(desk.sum_unattributed().await.cost_nanos, 3);
    assert!(
        desk.list_users(crate::conformance::desk::everybody())
            .await
            .is_empty()
    );
    assert_eq!(desk.find_user("").await, None);
}

pub async fn resolve_makes_each_user_once(desk: Desk) {
    desk.book_one(trace("t").by("ann")).await;
    let ann = desk.user_id("ann").await;
    let ids = |names: &[&str]| {
        names
            .iter()
            .map(|name| name.to_string())
            .collect::<Vec<_>>()
    };
    let asked = desk
        .store
        .resolve_users(&desk.project, ids(&["ann", "bob", "Ann"]), false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        asked,
        [Some(ann.clone()), None, None],
        "asking makes nobody, ids are matched exactly"
    );
    let mut running = Vec::new();
    for _ in 0..16 {
        let desk = desk.clone();
        let names = ids(&["bob", "cid", "bob"]);
        running.push(tokio::spawn(async move {
            desk.store.resolve_users(&desk.project, names, true).await
        }));
    }
    let mut answers = Vec::new();
    for task in running {
        answers.push(task.await.unwrap().unwrap().unwrap());
    }
    let first = &answers[0];
    assert!(first.iter().all(Option::is_some) && first[0] == first[2] && first[0] != first[1]);
    assert!(
        answers.iter().all(|answer| answer == first),
        "all callers get the same ids"
    );
    assert_eq!(Some(desk.user_id("bob").await), first[0]);
    assert_eq!(
        desk.list_users(crate::conformance::desk::everybody())
            .await
            .len(),
        3
    );
    let bob = desk.user("bob").await.user;
    assert_eq!((bob.first_seen, bob.last_seen), (bob.created, bob.created));
    let nowhere = cognobserve_model::id::ProjectId::new("prj_nowhere");
    assert!(
        desk.store
            .resolve_users(&nowhere, ids(&["x"]), true)
            .await
            .is_ok_and(|answer| answer.is_err())
    );
}

pub async fn B19_a_batch_beyond_max_users_is_refused_as_a_whole(desk: Desk) {
    let mut settings = desk
        .store
        .find_project(desk.project.as_str())
        .await
        .unwrap()
        .unwrap()
        .settings;
    settings.max_users = Some(2);
    desk.store
        .update_settings(&desk.project, settings, &tester())
        .await
        .unwrap()
        .expect("the project exists");
    desk.book_one(trace("t1").by("ann").with(call("s", "m", 1, 0).cost(1)))
        .await;
    let mut batches = vec![vec![
        trace("t1").with(call("x", "m", 9, 0).cost(9).user("bob")),
        trace("t1").with(span("y").user("cid")),
    ]];
    if desk.keeps_groups() {
        batches.push(vec![
            trace("t2").by("bob").with(call("s", "m", 1, 0).cost(1)),
            trace("t3").by("cid"),
            trace("t1").with(call("x", "m", 9, 0).cost(9)),
        ]);
    }
    for batch in batches {
        assert_eq!(
            desk.try_book(batch).await,
            Err(crate::Refusal::TooManyUsers)
        );
    }
    assert_eq!(
        desk.sum_project().await.cost_nanos,
        1,
        "nothing of it is booked"
    );
    assert_eq!(desk.find_user("bob").await, None);
    desk.book_one(trace("t2").by("bob")).await;
    desk.book(vec![trace("t4").by("ann"), trace("t5").by("bob")])
        .await;
    let full = desk
        .store
        .resolve_users(&desk.project, vec!["dan".into()], true)
        .await
        .unwrap();
    assert_eq!(full, Err(crate::Refusal::TooManyUsers));
    assert_eq!(
        desk.try_book(vec![trace("t6").with(span("s").under("x").user("dan"))])
            .await,
        Err(crate::Refusal::TooManyUsers)
    );
    assert_eq!(
        desk.list_users(crate::conformance::desk::everybody())
            .await
            .len(),
        2
    );
    assert_eq!(desk.sum_project().await.trace_count, 4);
}
