//! Traces, sessions and timelines: filtered, searched, paged; and the summary of a project.
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, between};
use cognobserve_model::query::{
    PageRequest, Period, SessionFilter, TimePosition, TraceFilter, fold_search,
};
use cognobserve_model::span::Level;

pub async fn C05_traces_are_filtered_by_everything_at_once(desk: Desk) {
    let fast = span("s").model("m1").called("Plan").from(at(0)).to(at(1));
    desk.book_one(
        trace("t1")
            .by("ann")
            .within("one")
            .named("Ask")
            .when(at(1))
            .with(fast),
    )
    .await;
    let mut slow = span("s").model("m2").failed().from(at(0)).to(at(5));
    slow.status_message = Some("Rate limit".into());
    desk.book_one(
        trace("t2")
            .by("ann")
            .within("two")
            .named("Ask")
            .when(at(2))
            .with(slow),
    )
    .await;
    desk.book_one(
        trace("T3")
            .by("bob")
            .within("one")
            .named("Other")
            .when(at(3))
            .with(span("s").level(Level::Debug)),
    )
    .await;
    let (ann, one) = (desk.user_id("ann").await, desk.session("one").await.id);
    let none = TraceFilter::default;
    let search = |text: &str| TraceFilter {
        search: Some(fold_search(text)),
        ..none()
    };
    let expected: Vec<(TraceFilter, &[&str])> = vec![
        (none(), &["T3", "t2", "t1"]),
        (
            TraceFilter {
                user: Some(ann.clone()),
                ..none()
            },
            &["t2", "t1"],
        ),
        (
            TraceFilter {
                session: Some(one.clone()),
                ..none()
            },
            &["T3", "t1"],
        ),
        (
            TraceFilter {
                user: Some(ann.clone()),
                session: Some(one.clone()),
                ..none()
            },
            &["t1"],
        ),
        (
            TraceFilter {
                level: Some(Level::Error),
                ..none()
            },
            &["t2"],
        ),
        (
            TraceFilter {
                level: Some(Level::Default),
                ..none()
            },
            &["t1"],
        ),
        (
            TraceFilter {
                model: Some("m1".into()),
                ..none()
            },
            &["t1"],
        ),
        (
            TraceFilter {
                model: Some("m".into()),
                ..none()
            },
            &[],
        ),
        (
            TraceFilter {
                name: Some("Ask".into()),
                ..none()
            },
            &["t2", "t1"],
        ),
        (
            TraceFilter {
                name: Some("ask".into()),
                ..none()
            },
            &[],
        ),
        (
            TraceFilter {
                min_latency_micros: Some(5_000_000),
                ..none()
            },
            &["t2"],
        ),
        (
            TraceFilter {
                period: between(at(2), at(3)),
                ..none()
            },
            &["t2"],
        ),
        (
            TraceFilter {
                user: Some(ann),
                level: Some(Level::Error),
                model: Some("m1".into()),
                ..none()
            },
            &[],
        ),
        (search("ASK"), &["t2", "t1"]),
        (search("plan"), &["t1"]),
        (search("rate LIMIT"), &["t2"]),
        (search("t3"), &["T3"]),
        (search("ann"), &[]),
    ];
    for (filter, ids) in expected {
        assert_eq!(desk.list_trace_ids(filter.clone()).await, ids, "{filter:?}");
    }
    let page = || PageRequest {
        limit: 9,
        after: None,
    };
    let nobody = TraceFilter {
        user: Some(cognobserve_model::id::UserId::new("usr_x")),
        ..none()
    };
    assert!(
        desk.store
            .list_traces(&desk.project, nobody, page())
            .await
            .unwrap()
            .is_none()
    );
    let nowhere = TraceFilter {
        session: Some(cognobserve_model::id::SessionId::new("ses_x")),
        ..none()
    };
    assert!(
        desk.store
            .list_traces(&desk.project, nowhere, page())
            .await
            .unwrap()
            .is_none()
    );
}

/// Walks a list by time; answers the ids on each of its pages.
pub(super) async fn walk_pages<T>(
    limit: usize,
    id_of: impl Fn(&T) -> String,
    ask: impl AsyncFn(PageRequest<TimePosition>) -> crate::reports::TimePage<T>,
) -> Vec<Vec<String>> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = ask(PageRequest { limit, after }).await;
        seen.push(page.items.iter().map(&id_of).collect());
        after = page.next;
        if after.is_none() {
            return seen;
        }
        assert!(seen.len() < 100, "the list does not end: {seen:?}");
    }
}

/// All ids of a list by time, read page by page.
async fn walk<T>(
    limit: usize,
    id_of: impl Fn(&T) -> String,
    ask: impl AsyncFn(PageRequest<TimePosition>) -> crate::reports::TimePage<T>,
) -> Vec<String> {
    walk_pages(limit, id_of, ask).await.concat()
}

pub async fn traces_sessions_and_timelines_are_paged(desk: Desk) {
    for n in 0..11_i64 {
        let piece = trace(&format!("t{n:02}")).by("ann").within(if n < 6 {
            "big"
        } else {
            ["s1", "s2", "s3", "s4", "s5"][n as usize - 6]
        });
        desk.book_one(piece.when(at(n / 3 * 10)).with(span("s").failed()))
            .await;
    }
    let store = &desk.store;
    let ann = desk.user_id("ann").await;
    let newest_first = [
        "t09", "t10", "t06", "t07", "t08", "t03", "t04", "t05", "t00", "t01", "t02",
    ];
    let big = desk.session("big").await.id;
    for limit in 1..12 {
        for filter in [
            TraceFilter::default(),
            TraceFilter {
                user: Some(ann.clone()),
                level: Some(Level::Error),
                ..TraceFilter::default()
            },
        ] {
            let ids = walk(
                limit,
                |trace: &cognobserve_model::report::TraceSummary| trace.id.clone(),
                async |page| {
                    store
                        .list_traces(&desk.project, filter.clone(), page)
                        .await
                        .unwrap()
                        .unwrap()
                },
            );
            assert_eq!(ids.await, newest_first, "traces by {limit}");
        }
        let timeline = walk(
            limit,
            |trace: &cognobserve_model::report::TraceDetail| trace.summary.id.clone(),
            async |page| {
                store
                    .read_timeline(&desk.project, &big, page)
                    .await
                    .unwrap()
                    .unwrap()
            },
        );
        assert_eq!(
            timeline.await,
            ["t00", "t01", "t02", "t03", "t04", "t05"],
            "oldest first, by {limit}"
        );
        for user in [None, Some(ann.clone())] {
            let filter = SessionFilter {
                user,
                ..SessionFilter::default()
            };
            let ids = walk(
                limit,
                |session: &cognobserve_model::report::SessionStats| session.external_id.clone(),
                async |page| {
                    store
                        .list_sessions(&desk.project, filter.clone(), page)
                        .await
                        .unwrap()
                        .unwrap()
                },
            );
            assert_eq!(
                ids.await,
                ["s4", "s5", "s1", "s2", "s3", "big"],
                "sessions by {limit}"
            );
        }
    }
}

pub async fn B46_a_user_shows_the_ten_latest_sessions(desk: Desk) {
    for n in 0..12 {
        desk.book_one(
            trace(&format!("t{n}"))
                .by("ann")
                .within(&format!("s{n:02}"))
                .when(at(n)),
        )
        .await;
    }
    let found = desk.find_user("ann").await.expect("ann exists");
    assert_eq!(found.stats.session_count, 12);
    let ids: Vec<_> = found
        .sessions
        .iter()
        .map(|session| session.external_id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "s11", "s10", "s09", "s08", "s07", "s06", "s05", "s04", "s03", "s02"
        ]
    );
    assert!(
        found
            .sessions
            .iter()
            .all(|session| session.measures.trace_count == 1)
    );
}

pub async fn sessions_are_searched_and_filtered(desk: Desk) {
    let mut named = trace("1").by("ann").within("chat-1").when(at(1));
    named.session.as_mut().expect("just set").name = Some("Billing 100%".into());
    desk.book_one(named).await;
    desk.book_one(trace("2").by("bob").within("chat-2").when(at(2)))
        .await;
    desk.book_one(trace("3").within("Support").when(at(3)))
        .await;
    let find = async |filter: SessionFilter| {
        let found = desk.list_sessions(filter).await;
        found
            .into_iter()
            .map(|session| session.external_id)
            .collect::<Vec<_>>()
    };
    let search = |text: &str| SessionFilter {
        search: Some(text.into()),
        ..SessionFilter::default()
    };
    assert_eq!(find(search("chat")).await, ["chat-2", "chat-1"]);
    assert_eq!(find(search("100%")).await, ["chat-1"]);
    assert_eq!(find(search("support")).await, ["Support"]);
    assert_eq!(
        find(SessionFilter {
            period: between(at(2), at(3)),
            ..SessionFilter::default()
        })
        .await,
        ["chat-2"]
    );
    assert_eq!(
        find(SessionFilter {
            user: Some(desk.user_id("bob").await),
            ..SessionFilter::default()
        })
        .await,
        ["chat-2"]
    );
    let nobody = SessionFilter {
        user: Some(cognobserve_model::id::UserId::new("usr_x")),
        ..SessionFilter::default()
    };
    let page = PageRequest {
        limit: 9,
        after: None,
    };
    assert!(
        desk.store
            .list_sessions(&desk.project, nobody, page)
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn B54_the_summary_names_who_costs_most(desk: Desk) {
    for (n, cost) in [5, 9, 0, 9, 1, 2, 3].into_iter().enumerate() {
        let user = format!("u{n}");
        desk.book_one(
            trace(&user)
                .by(&user)
                .when(at(n as i64))
                .with(call("s", "m", 1, 0).cost(cost)),
        )
        .await;
    }
    desk.book_one(trace("late").by("u0").when(at(100))).await;
    let summary = desk.store.summarise(&desk.project, at(5)).await.unwrap();
    assert_eq!(
        (summary.total_users, summary.active_users, summary.new_users),
        (7, 3, 2),
        "seen, first seen, at or after"
    );
    let top: Vec<_> = summary
        .top_by_cost
        .iter()
        .map(|top| (top.external_id.as_str(), top.cost_nanos))
        .collect();
    assert_eq!(
        top,
        [("u1", 9), ("u3", 9), ("u0", 5), ("u6", 3), ("u5", 2)],
        "at most five, ties by id"
    );
    desk.store
        .delete_trace(&desk.project, "u1", &tester())
        .await
        .unwrap()
        .expect("it was there");
    let summary = desk
        .store
        .summarise(&desk.project, Period::ALL.from.unwrap_or(at(0)))
        .await
        .unwrap();
    assert_eq!(summary.top_by_cost.len(), 5);
    assert!(
        summary.top_by_cost.iter().all(|top| top.cost_nanos > 0),
        "whoever costs nothing is left out"
    );
}
