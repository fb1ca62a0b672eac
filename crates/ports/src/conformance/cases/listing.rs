//! Lists: sorted, filtered, searched, and paged so that everyone is met exactly once.
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, between, everybody};
use cognobserve_model::query::{
    PageRequest, Period, SessionFilter, SortOrder, TimePosition, TraceFilter, UserQuery, UserSort,
    fold_search,
};
use cognobserve_model::span::Level;
use cognobserve_model::time::Micros;

fn sorted(sort: UserSort, order: SortOrder) -> UserQuery {
    UserQuery {
        sort,
        order,
        ..everybody()
    }
}

/// Four users: `b` and `c` alike in everything, `d` without traces.
async fn fill(desk: &Desk) {
    let call = |cost: i64, seconds: i64| {
        call("s", "m", cost, 0)
            .cost(cost)
            .from(at(0))
            .to(at(seconds))
    };
    desk.book_one(
        trace("1")
            .by("a")
            .within("sa")
            .when(at(10))
            .with(call(5, 9).failed()),
    )
    .await;
    desk.book_one(trace("2").by("b").when(at(20)).with(call(7, 3)))
        .await;
    desk.book_one(trace("3").by("c").when(at(20)).with(call(7, 3)))
        .await;
    desk.book_one(trace("4").by("a").when(at(30)).with(span("x")))
        .await;
    desk.book_one(trace("5").by("d").when(at(40))).await;
    desk.book_one(trace("5").by("a").when(at(30))).await;
}

pub async fn B31_users_are_sorted_over_the_whole_set(desk: Desk) {
    fill(&desk).await;
    use SortOrder::{Asc, Desc};
    let expected = [
        (UserSort::TotalCost, Desc, ["b", "c", "a", "d"]),
        (UserSort::TotalCost, Asc, ["d", "a", "b", "c"]),
        (UserSort::TotalTokens, Desc, ["b", "c", "a", "d"]),
        (UserSort::TraceCount, Desc, ["a", "b", "c", "d"]),
        (UserSort::TraceCount, Asc, ["d", "b", "c", "a"]),
        (UserSort::ErrorCount, Desc, ["a", "b", "c", "d"]),
        (UserSort::ErrorCount, Asc, ["b", "c", "d", "a"]),
        (UserSort::ErrorTraceRate, Desc, ["a", "b", "c", "d"]),
        (UserSort::AvgLatencyMs, Desc, ["a", "b", "c", "d"]),
        (UserSort::AvgLatencyMs, Asc, ["b", "c", "a", "d"]),
        (UserSort::SessionCount, Desc, ["a", "b", "c", "d"]),
        (UserSort::FirstSeenAt, Asc, ["a", "b", "c", "d"]),
        (UserSort::LastSeenAt, Asc, ["b", "c", "a", "d"]),
        (UserSort::LastSeenAt, Desc, ["d", "a", "b", "c"]),
    ];
    for (sort, order, ids) in expected {
        assert_eq!(
            desk.list_ids(sorted(sort, order)).await,
            ids,
            "{sort:?} {order:?}"
        );
    }
}

pub async fn B33_paging_meets_every_user_once_at_any_limit(desk: Desk) {
    fill(&desk).await;
    for n in 0..9 {
        desk.book_one(
            trace(&format!("x{n}"))
                .by(&format!("x{n}"))
                .when(at(20))
                .with(call("s", "m", n % 3, 0).cost(n % 3)),
        )
        .await;
    }
    for sort in UserSort::ALL {
        for order in [SortOrder::Asc, SortOrder::Desc] {
            let whole = desk.list_ids(sorted(*sort, order)).await;
            assert_eq!(whole.len(), 13);
            for first_limit in [1, 2, 3, 5, 13, 14] {
                let mut seen = Vec::new();
                let mut page = PageRequest {
                    limit: first_limit,
                    after: None,
                };
                loop {
                    let query = UserQuery {
                        page: page.clone(),
                        ..sorted(*sort, order)
                    };
                    let found = desk.store.list_users(&desk.project, query).await.unwrap();
                    assert!(found.items.len() <= page.limit);
                    seen.extend(found.items.into_iter().map(|stats| stats.user.external_id));
                    match found.next {
                        Some(next) => {
                            page = PageRequest {
                                limit: first_limit.max(2) + 1,
                                after: Some(next),
                            }
                        }
                        None => break,
                    }
                }
                assert_eq!(seen, whole, "{sort:?} {order:?} by {first_limit}");
            }
        }
    }
}

pub async fn next_is_null_iff_nothing_follows(desk: Desk) {
    fill(&desk).await;
    for (limit, more) in [(3, true), (4, false), (5, false)] {
        let page = PageRequest { limit, after: None };
        let found = desk
            .store
            .list_users(
                &desk.project,
                UserQuery {
                    page,
                    ..everybody()
                },
            )
            .await
            .unwrap();
        assert_eq!(found.next.is_some(), more, "users by {limit}");
        let page = PageRequest {
            limit: limit + 1,
            after: None,
        };
        let found = desk
            .store
            .list_traces(&desk.project, TraceFilter::default(), page)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.next.is_some(), more, "traces by {}", limit + 1);
    }
}

pub async fn B37_search_takes_every_character_for_itself(desk: Desk) {
    for (id, name, email) in [
        ("user_1", Some("50% Off"), None),
        ("userX1", Some("500 Off"), Some("Jörg@Example.COM")),
        ("ÄRGER", None, Some("a.b@x.io")),
        ("e\u{301}te\u{301}", Some("back\\slash"), None),
    ] {
        let profile = person(id, at(0)).name(name).email(email);
        desk.book_one(trace(id).by(id).when(at(0)).telling(profile))
            .await;
    }
    let find = async |text: &str| {
        let mut ids = desk
            .list_ids(UserQuery {
                search: Some(fold_search(text)),
                ..everybody()
            })
            .await;
        ids.sort();
        ids
    };
    assert_eq!(find("50%").await, ["user_1"]);
    assert_eq!(find("r_1").await, ["user_1"]);
    assert_eq!(find("USER").await, ["userX1", "user_1"]);
    assert_eq!(find("jÖRG@").await, ["userX1"]);
    assert_eq!(find("ärg").await, ["ÄRGER"]);
    assert_eq!(
        find("ÉTÉ").await,
        ["e\u{301}te\u{301}"],
        "composed and decomposed are the same"
    );
    assert_eq!(find("k\\s").await, ["e\u{301}te\u{301}"]);
    assert_eq!(find("off").await, ["userX1", "user_1"]);
    assert!(
        find("1user").await.is_empty(),
        "no match across fields or users"
    );
    assert!(find("nobody").await.is_empty());
}

pub async fn search_sees_the_current_profile_only(desk: Desk) {
    desk.book_one(
        trace("1")
            .by("u")
            .telling(person("u", at(1)).name(Some("Before"))),
    )
    .await;
    desk.patch("u", person("", Micros::now()).name(Some("After")))
        .await;
    let count = async |text: &str| {
        desk.list_users(UserQuery {
            search: Some(text.into()),
            ..everybody()
        })
        .await
        .len()
    };
    assert_eq!((count("before").await, count("after").await), (0, 1));
}

pub async fn B30_last_seen_bounds_are_inclusive_and_both_hold(desk: Desk) {
    for n in 0..5 {
        desk.book_one(trace(&format!("t{n}")).by(&format!("u{n}")).when(at(n)))
            .await;
    }
    let find = async |from: Option<Micros>, to: Option<Micros>| {
        let mut ids = desk
            .list_ids(UserQuery {
                last_seen_from: from,
                last_seen_to: to,
                ..everybody()
            })
            .await;
        ids.sort();
        ids
    };
    assert_eq!(find(Some(at(1)), Some(at(3))).await, ["u1", "u2", "u3"]);
    assert_eq!(
        find(Some(Micros(at(1).0 + 1)), Some(Micros(at(3).0 - 1))).await,
        ["u2"]
    );
    assert_eq!(find(None, Some(at(0))).await, ["u0"]);
    assert_eq!(find(Some(at(4)), None).await, ["u4"]);
}

pub async fn metadata_filters_match_values_exactly(desk: Desk) {
    for (id, plan, seats) in [
        ("a", "\"pro\"", "3"),
        ("b", "\"Pro\"", "3"),
        ("c", "\"3\"", "true"),
        ("d", "{\"x\":1}", "null"),
    ] {
        let profile = person(id, at(0))
            .key("plan", Some(plan))
            .key("seats", Some(seats));
        desk.book_one(trace(id).by(id).when(at(0)).telling(profile))
            .await;
    }
    let find = async |filters: &[(&str, &str)]| {
        let metadata = filters
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        desk.list_ids(UserQuery {
            metadata,
            ..everybody()
        })
        .await
    };
    assert_eq!(find(&[("plan", "pro")]).await, ["a"]);
    assert_eq!(find(&[("seats", "3")]).await, ["a", "b"]);
    assert_eq!(find(&[("plan", "3"), ("seats", "true")]).await, ["c"]);
    assert_eq!(find(&[("plan", "{\"x\":1}")]).await, ["d"]);
    assert!(find(&[("plan", "pro"), ("seats", "4")]).await.is_empty());
    assert!(find(&[("absent", "")]).await.is_empty());
}

pub async fn B47_stats_of_a_period_decide_sums_and_order(desk: Desk) {
    desk.book_one(
        trace("1")
            .by("a")
            .when(at(0))
            .with(call("s", "m", 1, 0).cost(1)),
    )
    .await;
    desk.book_one(
        trace("2")
            .by("a")
            .when(at(100))
            .with(call("s", "m", 1, 0).cost(100)),
    )
    .await;
    desk.book_one(
        trace("3")
            .by("b")
            .when(at(0))
            .with(call("s", "m", 1, 0).cost(50).from(at(0)).to(at(1))),
    )
    .await;
    desk.book_one(trace("4").by("c").when(at(100))).await;
    let query = UserQuery {
        stats: between(at(0), at(100)),
        ..sorted(UserSort::TotalCost, SortOrder::Desc)
    };
    let found = desk.list_users(query).await;
    let rows: Vec<_> = found
        .iter()
        .map(|stats| {
            (
                stats.user.external_id.as_str(),
                stats.measures.cost_nanos,
                stats.measures.trace_count,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [("b", 50, 1), ("a", 1, 1), ("c", 0, 0)],
        "who has nothing in it stays listed, with zeros"
    );
    assert_eq!(
        (
            found[2].measures.avg_latency_ms(),
            found[0].measures.avg_latency_ms()
        ),
        (None, Some(1000.0))
    );
    assert_eq!(
        found[1].user.last_seen,
        at(100),
        "last seen is not of the period"
    );
}

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

/// Walks pages of a list by time; answers all ids.
async fn walk<T>(
    limit: usize,
    id_of: impl Fn(&T) -> String,
    ask: impl AsyncFn(PageRequest<TimePosition>) -> crate::reports::TimePage<T>,
) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = ask(PageRequest { limit, after }).await;
        seen.extend(page.items.iter().map(&id_of));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
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
        .delete_trace(&desk.project, "u1")
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
