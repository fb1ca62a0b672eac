//! Lists: sorted, filtered, searched, and paged so that everyone is met exactly once.
use crate::DeleteMode;
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, between, everybody};
use cognobserve_model::query::{
    PageRequest, SortOrder, TraceFilter, UserQuery, UserSort, fold_search,
};
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
        (UserSort::Name, Asc, ["a", "b", "c", "d"]),
        (UserSort::Name, Desc, ["d", "c", "b", "a"]),
    ];
    for (sort, order, ids) in expected {
        assert_eq!(
            desk.list_ids(sorted(sort, order)).await,
            ids,
            "{sort:?} {order:?}"
        );
    }
}

pub async fn B31_users_are_sorted_by_what_they_are_called(desk: Desk) {
    // No order of a language: "ä" comes after "z", and "-" counts.
    let called = [
        ("u1", Some("bob"), None),
        ("u2", Some("ANN"), Some("z@x.io")),
        ("u3", None, Some("Carl@x.io")),
        ("Adam", None, None),
        ("u5", Some("Ärger"), None),
        ("u6", Some("zoe"), None),
        ("u7", Some("ann"), None),
        ("u8", Some("an-a"), None),
    ];
    for (id, name, email) in called {
        let told = person(id, at(0)).name(name).email(email);
        desk.book_one(trace(id).by(id).when(at(0)).telling(told))
            .await;
    }
    use SortOrder::{Asc, Desc};
    let ids = desk.list_ids(sorted(UserSort::Name, Asc)).await;
    assert_eq!(ids, ["Adam", "u8", "u2", "u7", "u1", "u3", "u6", "u5"]);
    let ids = desk.list_ids(sorted(UserSort::Name, Desc)).await;
    let backward = ["u5", "u6", "u3", "u1", "u2", "u7", "u8", "Adam"];
    assert_eq!(ids, backward, "ties are by id whatever the direction");
    let found = UserQuery {
        search: Some("a".into()),
        stats: between(at(0), at(1)),
        active_only: true,
        ..sorted(UserSort::Name, Asc)
    };
    let ids = desk.list_ids(found).await;
    assert_eq!(ids, ["Adam", "u8", "u2", "u7", "u3"], "of those found");
    let later = person("u6", at(1)).name(Some("Aaron"));
    desk.book_one(trace("later").by("u6").when(at(1)).telling(later))
        .await;
    let ids = desk.list_ids(sorted(UserSort::Name, Asc)).await;
    assert_eq!(ids[0], "u6", "by the name of now");
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

pub async fn B34_paging_goes_on_after_a_deletion(desk: Desk) {
    for n in 0..12 {
        let id = format!("u{n:02}");
        let piece = trace(&id).by(&id).within(&id).when(at(n));
        desk.book_one(piece.with(call("s", "m", n, 0).cost(n)))
            .await;
    }
    for mode in [DeleteMode::Unlink, DeleteMode::Erase] {
        let whole = desk
            .list_ids(sorted(UserSort::TotalCost, SortOrder::Desc))
            .await;
        let page = |after| UserQuery {
            page: PageRequest { limit: 3, after },
            ..sorted(UserSort::TotalCost, SortOrder::Desc)
        };
        let first = desk
            .store
            .list_users(&desk.project, page(None))
            .await
            .unwrap();
        let last = first.items.last().unwrap().user.external_id.clone();
        // Who stands on the boundary goes, and one who was to come.
        desk.delete_user(&last, mode).await;
        desk.delete_user(&whole[4], mode).await;
        let mut seen: Vec<String> = Vec::new();
        let mut after = first.next;
        while let Some(position) = after {
            let found = desk
                .store
                .list_users(&desk.project, page(Some(position)))
                .await
                .unwrap();
            seen.extend(found.items.into_iter().map(|stats| stats.user.external_id));
            after = found.next;
        }
        let rest = [&whole[3..4], &whole[5..]].concat();
        assert_eq!(seen, rest, "{mode:?}");
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = PageRequest { limit: 4, after };
        let found = desk
            .store
            .list_traces(&desk.project, TraceFilter::default(), page);
        let found = found.await.unwrap().unwrap();
        seen.extend(found.items.iter().map(|trace| trace.time));
        if seen.len() == 4 {
            desk.store
                .delete_trace(&desk.project, &found.items[3].id, &tester())
                .await
                .unwrap();
        }
        match found.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let whole: Vec<Micros> = (0..12).rev().map(at).collect();
    assert_eq!(seen, whole, "newest first, each once");
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

pub async fn B47_the_active_of_a_period_have_a_trace_in_it(desk: Desk) {
    // Of three days, the second is asked for.
    let (day, start) = (86_400, 43_200);
    let when = |days: &[i64]| days.iter().map(|n| at(start + n * day)).collect::<Vec<_>>();
    for (id, times) in [
        ("before", when(&[-1])),
        ("within", when(&[0])),
        ("until", when(&[-1, 0])),
        ("since", when(&[0, 1])),
        ("through", when(&[-1, 0, 1])),
        ("around", when(&[-1, 1])),
        ("after", when(&[1])),
        (
            "at the end",
            when(&[-1, 1])
                .into_iter()
                .chain([at(start + day - 1)])
                .collect(),
        ),
    ] {
        for (n, time) in times.into_iter().enumerate() {
            let told = person(id, at(0)).key("plan", Some("\"pro\""));
            desk.book_one(trace(&format!("{id} {n}")).by(id).when(time).telling(told))
                .await;
        }
    }
    // Created, without a trace: it has gone to somebody else.
    desk.book_one(trace("moved").by("gone").when(at(start)))
        .await;
    desk.book_one(trace("moved").by("within").when(at(start)))
        .await;
    let expected = ["at the end", "since", "through", "until", "within"];
    for sort in UserSort::ALL {
        for order in [SortOrder::Asc, SortOrder::Desc] {
            for (search, metadata) in [(None, None), (Some("t"), None), (None, Some("pro"))] {
                let query = UserQuery {
                    stats: between(at(start), at(start + day)),
                    active_only: true,
                    search: search.map(str::to_owned),
                    metadata: metadata
                        .map(|plan| ("plan".into(), plan.to_owned()))
                        .into_iter()
                        .collect(),
                    ..sorted(*sort, order)
                };
                let mut found = desk.list_ids(query).await;
                found.sort();
                let has = |id: &&&str| search.is_none_or(|text| id.contains(text));
                let expected: Vec<&str> = expected.iter().filter(has).copied().collect();
                assert_eq!(
                    found, expected,
                    "{sort:?} {order:?} {search:?} {metadata:?}"
                );
            }
        }
    }
    let ever = UserQuery {
        active_only: true,
        ..everybody()
    };
    assert_eq!(desk.list_ids(ever).await.len(), 8);
}
