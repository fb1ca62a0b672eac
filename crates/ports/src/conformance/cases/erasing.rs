//! Erasing a user: the spend stays, everything readable goes and stays away.
use super::deleting::fill;
use crate::DeleteMode::Erase;
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, FIRST_ARRIVAL, everybody};
use cognobserve_model::query::{CostGroup, Period, SessionFilter, TraceFilter, UserKey};
use cognobserve_model::report::{CostKey, Deleted};

pub async fn B59_erasing_keeps_the_spend_and_nothing_readable(desk: Desk) {
    fill(&desk).await;
    let before = desk.sum_project().await;
    let id = desk.user_id("ann").await;
    assert_eq!(
        desk.delete_user("ann", Erase).await,
        Deleted {
            traces: 2,
            sessions: 1
        }
    );
    assert_eq!(desk.find_user("ann").await, None);
    assert_eq!(
        desk.list_ids(everybody()).await,
        ["bob"],
        "a tombstone is in no list"
    );
    assert_eq!(
        desk.store
            .summarise(&desk.project, at(0))
            .await
            .unwrap()
            .total_users,
        1
    );
    assert_eq!(
        desk.store
            .find_user(&desk.project, &UserKey::Id(id.clone()), Period::ALL)
            .await
            .unwrap(),
        None
    );
    assert_eq!(desk.sum_project().await, before, "the books balance");
    let report = desk.report_costs(CostGroup::User, Period::ALL).await;
    let row = report
        .rows
        .iter()
        .find(|row| row.key == CostKey::Tombstone { id: id.clone() })
        .expect("the spend stays under a tombstone");
    assert_eq!(
        (
            row.measures.cost_nanos,
            row.measures.trace_count,
            row.session_count
        ),
        (120, 2, 1)
    );
    assert!(report.unattributed.0.is_zero());
    let traces = desk.list_traces(TraceFilter::default()).await;
    let erased: Vec<_> = traces
        .iter()
        .filter(|trace| trace.user.as_ref().is_some_and(|user| user.id == id))
        .collect();
    assert_eq!(erased.len(), 2);
    for trace in &erased {
        assert!(
            trace.id != "a1" && trace.id != "a2" && trace.name.is_empty() && trace.metadata == "{}"
        );
        assert!(
            trace
                .user
                .as_ref()
                .is_some_and(|user| user.external_id.is_none())
        );
        let detail = desk.trace(&trace.id).await.spans.remove(0);
        assert!(
            detail.id != "s"
                && detail.name.is_empty()
                && detail.input.is_none()
                && detail.output.is_none()
        );
    }
    let found = desk
        .list_traces(TraceFilter {
            search: Some("hello".into()),
            ..TraceFilter::default()
        })
        .await;
    assert!(found.is_empty());
    let sessions = desk.list_sessions(SessionFilter::default()).await;
    assert!(
        sessions
            .iter()
            .all(|session| session.external_id != "chat" && session.name.is_none()),
        "nor is the session's id readable"
    );
    let again = desk
        .store
        .delete_user(&desk.project, &id, Erase, &tester())
        .await
        .unwrap();
    assert_eq!(again, None);
}

pub async fn erasing_counts_the_same_of_each_response(desk: Desk) {
    for n in 0..16 {
        let piece = trace(&format!("t{n}"))
            .by("ann")
            .with(call("a", "m", 9, 9).cost(100).response("r"));
        desk.book_one(
            piece
                .with(call("b", "m", 9, 9).cost(1).response("r"))
                .with(call("c", "m", 9, 9).cost(10).response("r")),
        )
        .await;
    }
    let before = desk.sum_project().await;
    assert_eq!(before.cost_nanos, 1600);
    desk.delete_user("ann", Erase).await;
    assert_eq!(
        desk.sum_project().await,
        before,
        "what counted goes on counting"
    );
}

pub async fn repeats_of_erased_traces_match_and_count_nothing(desk: Desk) {
    let profile = person("ann", at(0)).name(Some("Ann"));
    let spans = trace("t")
        .by("ann")
        .named("hello")
        .when(at(0))
        .telling(profile)
        .meta("{\"k\":1}");
    let piece = spans
        .with(call("s", "m", 1, 1).cost(5).saying("1", "2"))
        .with(call("u", "m", 1, 1).cost(6).under("s"))
        .arrived(FIRST_ARRIVAL);
    desk.book_one(piece.clone()).await;
    let id = desk.user_id("ann").await;
    desk.delete_user("ann", Erase).await;
    let before = desk.report_costs(CostGroup::User, Period::ALL).await;
    desk.book_one(piece.clone()).await;
    desk.book_one(piece.arrived(FIRST_ARRIVAL + 100)).await;
    assert_eq!(
        desk.report_costs(CostGroup::User, Period::ALL).await,
        before
    );
    let traces = desk.list_traces(TraceFilter::default()).await;
    assert_eq!(
        (
            traces.len(),
            traces[0].name.as_str(),
            traces[0].metadata.as_str()
        ),
        (1, "", "{}"),
        "and bring nothing back"
    );
    assert_eq!(desk.find_user("ann").await, None);
    assert_eq!(traces[0].user.as_ref().map(|user| &user.id), Some(&id));
}

pub async fn later_data_of_an_erased_id_is_suppressed_until_lifted(desk: Desk) {
    fill(&desk).await;
    desk.delete_user("ann", Erase).await;
    let profile = || person("ann", at(99)).name(Some("Ann again"));
    let later = |id: &str| {
        trace(id)
            .by("ann")
            .named("secret")
            .within("private")
            .when(at(50))
            .meta("{\"k\":1}")
            .telling(profile())
            .with(
                call("s", "m", 1, 1)
                    .cost(1000)
                    .called("secret")
                    .saying("\"secret\"", "1"),
            )
    };
    desk.book_one(later("t1")).await;
    desk.book_one(
        trace("t2")
            .named("secret")
            .within("private")
            .with(call("s", "m", 1, 1).cost(500).called("secret")),
    )
    .await;
    desk.book_one(trace("t2").with(span("s").user("ann"))).await;
    assert_eq!(desk.find_user("ann").await, None);
    let lost = desk.sum_unattributed().await;
    assert_eq!(
        (lost.trace_count, lost.cost_nanos),
        (2, 1500),
        "counted, under nobody"
    );
    let found = desk
        .list_traces(TraceFilter {
            search: Some("secret".into()),
            ..TraceFilter::default()
        })
        .await;
    assert!(found.is_empty(), "without anything readable");
    let resolved = desk
        .store
        .resolve_users(&desk.project, vec!["ann".into(), "bob".into()], true)
        .await
        .unwrap()
        .unwrap();
    assert!(
        resolved[0].is_none() && resolved[1].is_some(),
        "nor is the id made a user"
    );
    assert!(
        desk.store
            .lift_suppression(&desk.project, "ann", &tester())
            .await
            .unwrap()
    );
    assert!(
        !desk
            .store
            .lift_suppression(&desk.project, "ann", &tester())
            .await
            .unwrap()
    );
    desk.book_one(later("t3")).await;
    let ann = desk.user("ann").await;
    assert_eq!(
        (ann.user.name.as_deref(), ann.measures.cost_nanos),
        (Some("Ann again"), 1000),
        "lifted, a person again"
    );
    assert_eq!(desk.trace("t3").await.summary.name, "secret");
}

pub async fn suppressed_data_counts_the_same_in_any_order(desk: Desk) {
    desk.book_one(trace("old").by("ann").when(at(0))).await;
    desk.delete_user("ann", Erase).await;
    let pieces = |id: &str| {
        [
            trace(id).within("chat").when(at(1)),
            trace(id).by("ann"),
            trace(id).with(call("s", "m", 1, 1).cost(9)),
        ]
    };
    for (n, order) in [[0, 1, 2], [1, 0, 2], [2, 1, 0]].into_iter().enumerate() {
        for at in order {
            desk.book_one(pieces(&format!("t{n}"))[at].clone()).await;
        }
    }
    assert_eq!(desk.sum_unattributed().await.cost_nanos, 27);
    let traces = desk.list_traces(TraceFilter::default()).await;
    assert!(
        traces.iter().all(|trace| trace.session.is_none()),
        "in no session, whenever it was named"
    );
}

pub async fn a_trace_corrected_to_an_erased_id_leaves_its_user(desk: Desk) {
    desk.book_one(trace("old").by("ann").when(at(0))).await;
    desk.delete_user("ann", Erase).await;
    desk.book_one(trace("t").by("bob").with(call("s", "m", 1, 1).cost(9)))
        .await;
    desk.book_one(trace("t").by("ann")).await;
    assert_eq!(
        desk.sum_user("bob").await.cost_nanos,
        0,
        "bob does not pay for ann"
    );
    assert_eq!(desk.sum_unattributed().await.cost_nanos, 9);
}
