//! Whose a session is, and for whom it counts.
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, between};
use cognobserve_model::query::{CostGroup, UserKey};

pub async fn B16_a_session_belongs_to_the_user_of_its_latest_identified_trace(desk: Desk) {
    desk.book_one(trace("1").by("ann").within("chat").when(at(10)))
        .await;
    desk.book_one(trace("2").by("bob").within("chat").when(at(5)))
        .await;
    desk.book_one(trace("3").within("chat").when(at(20))).await;
    assert_eq!(
        desk.owner_of("chat").await.as_deref(),
        Some("ann"),
        "not the last to arrive, nor the unidentified"
    );
    assert_eq!(
        (
            desk.user("ann").await.session_count,
            desk.user("bob").await.session_count
        ),
        (1, 0)
    );
    desk.book_one(trace("4").by("cid").within("chat").when(at(10)))
        .await;
    assert_eq!(
        desk.owner_of("chat").await.as_deref(),
        Some("cid"),
        "of equal times the larger trace id"
    );
    desk.store
        .delete_trace(&desk.project, "4", &tester())
        .await
        .unwrap()
        .expect("it was there");
    assert_eq!(desk.owner_of("chat").await.as_deref(), Some("ann"));
    desk.book_one(trace("1").when(at(1))).await;
    assert_eq!(
        desk.owner_of("chat").await.as_deref(),
        Some("bob"),
        "times may move back"
    );
}

pub async fn B17_a_trace_never_takes_its_sessions_user(desk: Desk) {
    desk.book_one(trace("1").by("ann").within("chat").when(at(1)))
        .await;
    desk.book_one(trace("2").within("chat").when(at(2))).await;
    assert_eq!(desk.trace("2").await.summary.user, None);
    assert_eq!(desk.sum_user("ann").await.trace_count, 1);
    assert_eq!(desk.sum_unattributed().await.trace_count, 1);
}

pub async fn a_session_counts_in_a_period_for_its_owner(desk: Desk) {
    desk.book_one(trace("1").by("ann").within("chat").when(at(10)))
        .await;
    desk.book_one(trace("2").by("bob").within("chat").when(at(5)))
        .await;
    let period = between(at(5), at(6));
    let count = async |user: &str| {
        let key = UserKey::External(user.into());
        let found = desk
            .store
            .find_user(&desk.project, &key, period)
            .await
            .unwrap()
            .expect("the user exists");
        (found.stats.measures.trace_count, found.stats.session_count)
    };
    assert_eq!(
        count("ann").await,
        (0, 1),
        "anyone's trace in the period counts for the owner"
    );
    assert_eq!(count("bob").await, (1, 0));
    let report = desk.report_costs(CostGroup::User, period).await;
    assert_eq!(
        report.rows.iter().map(|row| row.session_count).sum::<i64>() + report.unattributed.1,
        report.total.1
    );
    assert_eq!(report.total.1, 1);
}
