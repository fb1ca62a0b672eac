//! Sums over many stretches at once, users by what they did in a period, one user's models.
use crate::DeleteMode;
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, between};
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, Period, UserKey};
use cognobserve_model::report::{CostKey, UserChart, UserCounts};
use cognobserve_model::time::{Day, MICROS_PER_DAY, MICROS_PER_QUARTER, Micros, Zone};

/// Some instants beside and on edges of quarters and days.
const MARKS: [i64; 8] = [
    0,
    1,
    MICROS_PER_QUARTER - 1,
    MICROS_PER_QUARTER,
    3 * MICROS_PER_QUARTER + 17,
    MICROS_PER_DAY / 2 - 1,
    MICROS_PER_DAY / 2,
    2 * MICROS_PER_DAY + 12_345,
];

/// A trace of both at each mark, each of another cost.
async fn book_marks(desk: &Desk) {
    for (n, mark) in MARKS.iter().enumerate() {
        for (user, share) in [("ann", 1), ("bob", 100)] {
            let time = Micros(NOON.0 + mark);
            let end = Micros(time.0 + 1000 * (n as i64 + share));
            let span = span("s").cost(share << n).from(time).to(end);
            let piece = trace(&format!("{user}{n}")).by(user).when(time).with(span);
            desk.book_one(piece).await;
        }
    }
}

fn after_noon(offsets: &[i64]) -> Vec<Micros> {
    offsets.iter().map(|at| Micros(NOON.0 + at)).collect()
}

/// Edges on no grid, on quarters, on days of UTC and on days of another zone.
fn list_edges() -> Vec<Vec<Micros>> {
    let quarters: Vec<i64> = (-3..20).map(|n| n * MICROS_PER_QUARTER).collect();
    let odd: Vec<i64> = (-4..400).step_by(7).map(|n| n * 1_111_111_111).collect();
    let days = |zone: &str| {
        let zone = Zone::parse(zone).expect("a zone");
        let first = Day::parse("2024-03-08").expect("a day");
        (0..8).map(|n| zone.start_of(first.plus(n))).collect()
    };
    let mut beside: Vec<i64> = MARKS.iter().flat_map(|mark| [*mark, mark + 1]).collect();
    beside.sort_unstable();
    vec![
        after_noon(&quarters),
        after_noon(&odd),
        after_noon(&beside),
        after_noon(&[5, 5, 9]),
        after_noon(&[-MICROS_PER_DAY * 400, MICROS_PER_DAY * 400]),
        days("UTC"),
        days("Asia/Kathmandu"),
        days("America/New_York"),
    ]
}

/// The traces of charts.
pub fn count_traces(charts: &[Vec<Measures>]) -> Vec<Vec<i64>> {
    let counts = charts.iter().map(|chart| {
        let counts = chart.iter().map(|sums| sums.trace_count);
        counts.collect()
    });
    counts.collect()
}

async fn chart_users(desk: &Desk, users: &[UserId], edges: &[Micros]) -> Vec<Vec<Measures>> {
    let charts = desk.store.chart_users(&desk.project, users, edges).await;
    let charts = charts.expect("users are charted");
    let counts = desk.store.chart_trace_counts(&desk.project, users, edges);
    assert_eq!(
        counts.await.expect("traces are counted"),
        count_traces(&charts)
    );
    charts
}

async fn chart_project(desk: &Desk, edges: &[Micros]) -> Vec<Measures> {
    let chart = desk.store.chart_project(&desk.project, edges).await;
    chart.expect("the project is charted")
}

pub async fn a_chart_is_the_sums_of_its_stretches(desk: Desk) {
    book_marks(&desk).await;
    desk.book_one(trace("x").when(at(1)).with(span("s").cost(1 << 40)))
        .await;
    let ann = desk.user_id("ann").await;
    for edges in list_edges() {
        let project = chart_project(&desk, &edges).await;
        let users = chart_users(&desk, std::slice::from_ref(&ann), &edges).await;
        assert_eq!(project.len(), edges.len() - 1);
        for (n, stretch) in edges.windows(2).enumerate() {
            let period = between(stretch[0], stretch[1]);
            let total = desk.report_costs(CostGroup::User, period).await.total.0;
            assert_eq!(project[n], total, "{period:?}");
            let key = UserKey::Id(ann.clone());
            let found = desk.store.find_user(&desk.project, &key, period).await;
            let found = found.unwrap().expect("ann exists").stats.measures;
            assert_eq!(users[0][n], found, "{period:?}");
        }
    }
    let edges = after_noon(&[0, 1, MICROS_PER_QUARTER, MICROS_PER_DAY]);
    let costs = |sums: &[Measures]| sums.iter().map(|it| it.cost_nanos).collect::<Vec<_>>();
    let sums = chart_users(&desk, &[ann], &edges).await;
    assert_eq!(costs(&sums[0]), [1, 2 + 4, 8 + 16 + 32 + 64]);
}

pub async fn a_chart_without_a_stretch_is_empty(desk: Desk) {
    book_marks(&desk).await;
    let ann = desk.user_id("ann").await;
    for edges in [vec![], vec![NOON]] {
        assert_eq!(chart_project(&desk, &edges).await, []);
        let empty: Vec<Measures> = Vec::new();
        let users = [ann.clone(), UserId::new("usr_nobody")];
        let charts = chart_users(&desk, &users, &edges).await;
        assert_eq!(charts, [empty.clone(), empty]);
    }
    let edges = after_noon(&[0, MICROS_PER_DAY]);
    assert!(chart_users(&desk, &[], &edges).await.is_empty());
}

pub async fn charts_follow_the_users_asked_for(desk: Desk) {
    book_marks(&desk).await;
    let other = desk.open_another("other").await;
    other.book_one(trace("t").by("ann").when(NOON)).await;
    for name in ["unlinked", "erased"] {
        let piece = trace(name).by(name).when(NOON).with(span("s").cost(1));
        desk.book_one(piece).await;
    }
    let ids = ["bob", "ann", "unlinked", "erased"].map(|name| (name, desk.user_id(name)));
    let mut users = Vec::new();
    for (_, id) in ids {
        users.push(id.await);
    }
    desk.delete_user("unlinked", DeleteMode::Unlink).await;
    desk.delete_user("erased", DeleteMode::Erase).await;
    users.push(UserId::new("usr_nobody"));
    users.push(other.user_id("ann").await);
    users.push(users[0].clone());
    let edges = after_noon(&[0, 1, MICROS_PER_DAY]);
    let charts = chart_users(&desk, &users, &edges).await;
    let costs: Vec<Vec<i128>> = charts
        .iter()
        .map(|sums| sums.iter().map(|it| it.cost_nanos).collect())
        .collect();
    let (ann, bob, none) = (
        vec![1, 2 + 4 + 8 + 16 + 32 + 64],
        vec![100, 12_600],
        vec![0, 0],
    );
    let nobody = || none.clone();
    let expected = [
        bob.clone(),
        ann,
        nobody(),
        nobody(),
        nobody(),
        nobody(),
        bob,
    ];
    assert_eq!(costs, expected);
}

async fn count(desk: &Desk, period: Period) -> UserCounts {
    let counts = desk.store.count_users(&desk.project, period).await;
    counts.expect("users are counted")
}

fn counts(total: i64, active: i64, new: i64) -> UserCounts {
    UserCounts { total, active, new }
}

pub async fn users_are_counted_by_what_they_did_in_a_period(desk: Desk) {
    assert_eq!(count(&desk, Period::ALL).await, UserCounts::default());
    let day = |n: i64| Micros(NOON.0 + n * MICROS_PER_DAY);
    // Traces around a week, of which `gap` has none within.
    let seen: [(&str, &[i64]); 6] = [
        ("early", &[-9]),
        ("gap", &[-9, 9]),
        ("through", &[-9, 3, 9]),
        ("begins", &[3, 9]),
        ("ends", &[-9, 0]),
        ("late", &[7]),
    ];
    for (user, days) in seen {
        for n in days {
            let piece = trace(&format!("{user}{n}")).by(user).when(day(*n));
            desk.book_one(piece.with(span("s").cost(1))).await;
        }
    }
    let week = between(day(0), day(7));
    assert_eq!(count(&desk, week).await, counts(6, 3, 1));
    assert_eq!(count(&desk, Period::ALL).await, counts(6, 6, 6));
    let since = |n| Period {
        from: Some(day(n)),
        to: None,
    };
    let until = |n| Period {
        from: None,
        to: Some(day(n)),
    };
    assert_eq!(count(&desk, since(7)).await, counts(6, 4, 1));
    assert_eq!(count(&desk, until(0)).await, counts(6, 4, 4));
    assert_eq!(count(&desk, between(day(3), day(3))).await, counts(6, 0, 0));
    // To the microsecond, without a whole day, and with one that has nothing.
    let exact = |from: i64, to: i64| between(Micros(day(3).0 + from), Micros(day(3).0 + to));
    assert_eq!(count(&desk, exact(0, 1)).await, counts(6, 2, 1));
    assert_eq!(count(&desk, exact(-5, 0)).await, counts(6, 0, 0));
    assert_eq!(
        count(&desk, exact(1, 3 * MICROS_PER_DAY)).await,
        counts(6, 0, 0)
    );
    assert_eq!(
        count(&desk, exact(-3 * MICROS_PER_DAY + 1, 1)).await,
        counts(6, 2, 1)
    );
    // Who moves away is not active there any more; who goes is not counted.
    desk.book_one(trace("through3").when(day(8))).await;
    assert_eq!(count(&desk, week).await, counts(6, 2, 1));
    desk.delete_user("begins", DeleteMode::Unlink).await;
    desk.delete_user("ends", DeleteMode::Erase).await;
    assert_eq!(count(&desk, week).await, counts(4, 0, 0));
}

pub async fn who_has_no_trace_is_new_when_made(desk: Desk) {
    let before = Micros::now();
    let ids = vec!["ann".to_owned()];
    let made = desk.store.resolve_users(&desk.project, ids, true).await;
    made.unwrap().unwrap();
    let after = Micros(Micros::now().0 + 1);
    assert_eq!(count(&desk, between(before, after)).await, counts(1, 0, 1));
    let earlier = Period {
        from: None,
        to: Some(before),
    };
    assert_eq!(count(&desk, earlier).await, counts(1, 0, 0));
}

async fn cost(desk: &Desk, user: &str, period: Period) -> Vec<(Option<String>, Measures)> {
    let key = UserKey::External(user.into());
    let found = desk
        .store
        .cost_user_by_model(&desk.project, &key, period)
        .await;
    found.expect("costs are read").expect("the user exists")
}

pub async fn a_users_costs_are_split_by_model(desk: Desk) {
    desk.book(vec![
        trace("1")
            .by("ann")
            .when(at(0))
            .with(call("a", "big", 1, 1).cost(70)),
        trace("2")
            .by("ann")
            .when(at(10))
            .with(call("a", "big", 2, 0).cost(30))
            .with(call("b", "small", 1, 0).cost(5))
            .with(call("c", "small", 1, 0).cost(5).failed())
            .with(span("d")),
        trace("3")
            .by("ann")
            .when(at(20))
            .with(call("a", "even", 1, 0).cost(10)),
        trace("4")
            .by("bob")
            .when(at(20))
            .with(call("a", "other", 1, 0).cost(10)),
        trace("5")
            .when(at(20))
            .with(call("a", "big", 1, 0).cost(10)),
    ])
    .await;
    let rows = cost(&desk, "ann", Period::ALL).await;
    let told: Vec<_> = rows
        .iter()
        .map(|(name, it)| {
            (
                name.as_deref(),
                it.cost_nanos,
                it.trace_count,
                it.span_count,
            )
        })
        .collect();
    let expected = [
        (Some("big"), 100, 2, 2),
        (Some("even"), 10, 1, 1),
        (Some("small"), 10, 1, 2),
        (None, 0, 1, 1),
    ];
    assert_eq!(told, expected);
    assert_eq!((rows[2].1.error_count, rows[2].1.prompt_tokens), (1, 2));
    let part = cost(&desk, "ann", between(at(10), at(20))).await;
    let names: Vec<_> = part.iter().map(|(name, _)| name.as_deref()).collect();
    assert_eq!(names, [Some("big"), Some("small"), None]);
    assert!(cost(&desk, "ann", between(at(11), at(20))).await.is_empty());
    let report = desk.report_costs(CostGroup::Model, Period::ALL).await;
    let small = report
        .rows
        .iter()
        .find(|row| row.key == CostKey::Model("small".into()));
    assert_eq!(
        small.map(|row| &row.measures),
        Some(&rows[2].1),
        "as of the project"
    );
    let id = UserKey::Id(desk.user_id("bob").await);
    let by_id = desk
        .store
        .cost_user_by_model(&desk.project, &id, Period::ALL)
        .await;
    assert_eq!(by_id.unwrap(), Some(cost(&desk, "bob", Period::ALL).await));
    desk.delete_user("bob", DeleteMode::Unlink).await;
    let gone = desk
        .store
        .cost_user_by_model(&desk.project, &id, Period::ALL)
        .await;
    assert_eq!(gone.unwrap(), None);
}

/// What [`crate::Reports::count_users`] says of each stretch by itself.
async fn count_each(desk: &Desk, edges: &[Micros]) -> UserChart {
    let mut chart = UserChart::default();
    if let Some(first) = edges.first() {
        let before = Period {
            from: None,
            to: Some(*first),
        };
        chart.before = count(desk, before).await.new;
    }
    for stretch in edges.windows(2) {
        let counts = count(desk, between(stretch[0], stretch[1])).await;
        chart.active.push(counts.active);
        chart.new.push(counts.new);
    }
    chart
}

pub async fn a_chart_of_users_counts_each_once_in_a_stretch(desk: Desk) {
    book_marks(&desk).await;
    let nobodys = trace("nobody").when(Micros(NOON.0 + 5));
    desk.book_one(nobodys.with(span("s").cost(1))).await;
    for erased in [false, true] {
        if erased {
            desk.delete_user("bob", DeleteMode::Erase).await;
        }
        for edges in list_edges() {
            let chart = desk.store.chart_user_counts(&desk.project, &edges).await;
            let chart = chart.expect("a chart");
            assert_eq!(chart, count_each(&desk, &edges).await, "{edges:?}");
        }
    }
    for edges in [&[][..], &[NOON]] {
        let chart = desk.store.chart_user_counts(&desk.project, edges).await;
        assert_eq!(chart.expect("a chart"), count_each(&desk, edges).await);
    }
}
