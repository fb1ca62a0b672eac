//! Periods to the microsecond, and calendar days in any zone.
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, between, everybody};
use cognobserve_model::query::{
    CostGroup, CostQuery, PageRequest, Period, TraceFilter, UserKey, UserQuery,
};
use cognobserve_model::report::CostKey;
use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros, Zone, parse_rfc3339};

async fn count_in(desk: &Desk, period: Period) -> i64 {
    let key = UserKey::External("ann".into());
    let found = desk
        .store
        .find_user(&desk.project, &key, period)
        .await
        .unwrap()
        .expect("ann exists");
    let listed = desk
        .list_users(UserQuery {
            stats: period,
            ..everybody()
        })
        .await;
    assert_eq!(
        listed[0].measures.trace_count, found.stats.measures.trace_count,
        "list and detail agree in {period:?}"
    );
    assert_eq!(
        listed[0].measures.cost_nanos,
        found.stats.measures.cost_nanos
    );
    let report = desk.report_costs(CostGroup::User, period).await;
    assert_eq!(
        report.total.0.trace_count, found.stats.measures.trace_count,
        "costs agree in {period:?}"
    );
    let traces = desk
        .list_traces(TraceFilter {
            period,
            ..TraceFilter::default()
        })
        .await;
    assert_eq!(
        traces.len() as i64,
        found.stats.measures.trace_count,
        "traces agree in {period:?}"
    );
    found.stats.measures.trace_count
}

pub async fn periods_are_half_open_to_the_microsecond(desk: Desk) {
    let marks = [
        NOON.0,
        NOON.0 + 1,
        NOON.0 + MICROS_PER_QUARTER - 1,
        NOON.0 + MICROS_PER_QUARTER,
        NOON.0 + 2 * MICROS_PER_DAY + 12_345,
    ];
    for (n, mark) in marks.iter().enumerate() {
        desk.book_one(
            trace(&format!("t{n}"))
                .by("ann")
                .when(Micros(*mark))
                .with(call("s", "m", 1, 0).cost(1 << n)),
        )
        .await;
    }
    let edges: Vec<i64> = marks
        .iter()
        .flat_map(|mark| [mark - 1, *mark, mark + 1])
        .collect();
    for from in &edges {
        for to in edges.iter().filter(|to| *to >= from) {
            let expected = marks
                .iter()
                .filter(|mark| *mark >= from && *mark < to)
                .count() as i64;
            assert_eq!(
                count_in(&desk, between(Micros(*from), Micros(*to))).await,
                expected,
                "[{from}, {to})"
            );
        }
        let later = marks.iter().filter(|mark| *mark >= from).count() as i64;
        assert_eq!(
            count_in(
                &desk,
                Period {
                    from: Some(Micros(*from)),
                    to: None
                }
            )
            .await,
            later
        );
        assert_eq!(
            count_in(
                &desk,
                Period {
                    from: None,
                    to: Some(Micros(*from))
                }
            )
            .await,
            5 - later
        );
    }
}

const ZONES: [&str; 7] = [
    "UTC",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Europe/Berlin",
];

pub async fn B50_days_are_calendar_days_of_the_zone(desk: Desk) {
    // An hour and a half apart over six days around a change of clocks in Sao Paulo (2018),
    // with one trace at each edge of a day.
    let start = parse_rfc3339("2018-11-02T00:00:00Z").unwrap().0;
    let mut times: Vec<i64> = (0..96).map(|n| start + n * 90 * 60 * 1_000_000).collect();
    for zone in ZONES {
        let zone = Zone::parse(zone).unwrap();
        let edge = zone
            .start_of(zone.day_of(Micros(start + 3 * MICROS_PER_DAY)))
            .0;
        times.extend([edge - 1, edge]);
    }
    let pieces = times.iter().enumerate().map(|(n, time)| {
        trace(&format!("t{n}"))
            .by("ann")
            .within(&format!("s{}", n % 5))
            .when(Micros(*time))
            .with(call("s", "m", 1, 0).cost(1))
    });
    desk.book(pieces.collect()).await;
    for name in ZONES {
        let zone = Zone::parse(name).unwrap();
        let days = desk.analyse("ann", name, "2018-11-07", 6).await;
        assert_eq!(days.len(), 6, "{name}");
        for (n, day) in days.iter().enumerate() {
            assert_eq!(
                day.day.to_string(),
                format!("2018-11-{:02}", n + 2),
                "{name}: dense, today last"
            );
            let own = || {
                times
                    .iter()
                    .enumerate()
                    .filter(|(_, time)| zone.day_of(Micros(**time)) == day.day)
            };
            let sessions: std::collections::BTreeSet<usize> = own().map(|(n, _)| n % 5).collect();
            assert_eq!(
                day.measures.trace_count,
                own().count() as i64,
                "{name} {}",
                day.day
            );
            assert_eq!(
                day.measures.cost_nanos,
                own().count() as i128,
                "{name} {}",
                day.day
            );
            assert_eq!(
                day.session_count,
                sessions.len() as i64,
                "{name} {}",
                day.day
            );
        }
    }
}

pub async fn B49_empty_days_are_there(desk: Desk) {
    desk.book_one(trace("t").by("ann").when(at(0))).await;
    let days = desk
        .analyse("ann", "Europe/Berlin", "2024-04-05", 366)
        .await;
    assert_eq!(days.len(), 366);
    assert_eq!(
        (days[0].day.to_string(), days[365].day.to_string()),
        ("2023-04-06".to_string(), "2024-04-05".to_string())
    );
    assert_eq!(
        days.iter().map(|day| day.measures.trace_count).sum::<i64>(),
        1
    );
    assert_eq!(
        days.iter().position(|day| day.measures.trace_count == 1),
        Some(339),
        "on 2024-03-10"
    );
}

pub async fn B53_analysing_nobody_is_none(desk: Desk) {
    let range = cognobserve_model::query::DayRange {
        zone: Zone::utc(),
        today: Zone::utc().day_of(at(0)),
        days: 1,
    };
    let nobody = UserKey::External("nobody".into());
    assert_eq!(
        desk.store
            .analyse_user(&desk.project, &nobody, range)
            .await
            .unwrap(),
        None
    );
}

pub async fn costs_by_day_follow_the_zone_and_the_period(desk: Desk) {
    let start = parse_rfc3339("2024-03-09T18:00:00Z").unwrap().0;
    let times: Vec<i64> = (0..40)
        .map(|n| start + n * 47 * 60 * 1_000_000 + n)
        .collect();
    let pieces = times.iter().enumerate().map(|(n, time)| {
        trace(&format!("t{n}"))
            .when(Micros(*time))
            .with(call("s", "m", 1, 0).cost(1))
    });
    desk.book(pieces.collect()).await;
    let period = between(Micros(times[3] + 1), Micros(times[37]));
    for name in ZONES {
        let zone = Zone::parse(name).unwrap();
        let page = PageRequest {
            limit: 100,
            after: None,
        };
        let query = CostQuery {
            group: CostGroup::Day,
            sessions: true,
            period,
            zone: zone.clone(),
            page,
        };
        let report = desk.store.report_costs(&desk.project, query).await.unwrap();
        assert!(report.unattributed.0.is_zero(), "every trace has a day");
        assert_eq!(report.total.0.cost_nanos, 33, "{name}");
        for row in report.rows.iter().filter(|row| !row.measures.is_zero()) {
            let CostKey::Day(day) = row.key else {
                panic!("a row by day has a day")
            };
            let own = times[4..37]
                .iter()
                .filter(|time| zone.day_of(Micros(**time)) == day)
                .count();
            assert_eq!(row.measures.trace_count, own as i64, "{name} {day}");
        }
        assert_eq!(
            report
                .rows
                .iter()
                .map(|row| row.measures.trace_count)
                .sum::<i64>(),
            33,
            "{name}"
        );
    }
}

pub async fn a_trace_that_changes_time_changes_its_bucket(desk: Desk) {
    desk.book_one(
        trace("t")
            .by("ann")
            .when(at(0))
            .with(call("s", "m", 1, 1).cost(5)),
    )
    .await;
    for (time, days) in [
        (at(86_400), [0, 0, 5]),
        (Micros(at(0).0 - MICROS_PER_DAY), [5, 0, 0]),
        (at(1), [0, 5, 0]),
    ] {
        desk.book_one(trace("t").when(time)).await;
        let found = desk.analyse("ann", "UTC", "2024-03-11", 3).await;
        assert_eq!(
            found
                .iter()
                .map(|day| day.measures.cost_nanos)
                .collect::<Vec<_>>(),
            days
        );
    }
}
