//! Periods and their bars, also on the days when clocks change.
use super::*;
use cognobserve_model::account::ProjectSettings;
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_model::time::parse_rfc3339;

fn project(zone: &str) -> Project {
    Project {
        id: ProjectId::new("prj_1"),
        workspace: "acme".into(),
        name: "shop".into(),
        developer: DeveloperId::new("dev_1"),
        settings: ProjectSettings {
            time_zone: zone.into(),
            ..ProjectSettings::default()
        },
        created: Micros(0),
    }
}

fn view(query: &str, zone: &str, now: &str) -> Result<View, BadView> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    View::read(&pairs, project(zone), parse_rfc3339(now).unwrap())
}

#[test]
fn a_url_says_it_all_and_comes_back() {
    let now = "2026-11-22T10:20:00Z";
    for query in [
        "projectId=prj_1",
        "projectId=prj_1&period=24h",
        "projectId=prj_1&period=last-month&tz=Asia%2FKolkata",
        "projectId=prj_1&period=90d&tz=Asia%2FKathmandu",
        "projectId=prj_1&from=2026-01-01&to=2026-01-31&tz=UTC",
    ] {
        let view = view(query, "Europe/Berlin", now).unwrap();
        assert_eq!(view.link("/users").to_string(), format!("/users?{query}"));
    }
    for wrong in [
        "period=8d",
        "period=xh",
        "period=31d",
        "tz=Mars",
        "from=2026-02-30",
        "to=2026-01-01",
        "from=2026-02-02&to=2026-02-01",
        "from=2020-01-01&to=2026-01-01",
    ] {
        assert!(view(wrong, "UTC", now).is_err(), "{wrong}");
    }
}

#[test]
fn bars_tile_the_period() {
    for (query, zone, bars) in [
        ("period=24h", "UTC", 24),
        ("period=7d", "Europe/Berlin", 7),
        ("period=90d", "Australia/Lord_Howe", 90),
        ("from=2026-10-25&to=2026-10-25", "Europe/Berlin", 25),
        ("from=2026-03-29&to=2026-03-29", "Europe/Berlin", 23),
        ("from=2026-01-01&to=2026-12-31", "UTC", 365),
    ] {
        let view = view(query, zone, "2026-11-22T10:20:00Z").unwrap();
        let edges = view.edges();
        assert_eq!(edges.len(), bars + 1, "{query}");
        assert!(edges.windows(2).all(|pair| pair[0] < pair[1]), "{query}");
        let period = view.period();
        assert_eq!(
            (edges.first().copied(), edges.last().copied()),
            (period.from, period.to)
        );
    }
}

#[test]
fn a_begun_period_is_compared_with_as_much_of_the_one_before() {
    let view = view("period=7d", "UTC", "2026-11-22T10:20:00Z").unwrap();
    let before = view.previous();
    assert_eq!(
        before.from.unwrap().to_string(),
        "2026-11-09T00:00:00.000000Z"
    );
    assert_eq!(
        before.to.unwrap().to_string(),
        "2026-11-15T10:30:00.000000Z"
    );
    assert!(view.is_live());
    let done = super::tests::view(
        "from=2026-11-01&to=2026-11-07",
        "UTC",
        "2026-11-22T10:20:00Z",
    )
    .unwrap();
    assert_eq!(done.previous().to, done.period().from);
    assert!(!done.is_live());
}

#[test]
fn a_comparison_names_the_stretch_before() {
    let says = |query: &str, now: &str| view(query, "UTC", now).unwrap().previous_words();
    let now = "2026-11-22T10:20:00Z";
    assert_eq!(says("period=7d", now), "Nov 9 to Nov 15, 10:30");
    assert_eq!(says("period=24h", now), "Nov 20, 11:00 to Nov 21, 10:30");
    assert_eq!(says("from=2026-11-08&to=2026-11-14", now), "Nov 1 to Nov 7");
    assert_eq!(says("from=2026-11-08&to=2026-11-08", now), "Nov 7");
}

#[test]
fn a_download_is_called_after_project_subject_and_period() {
    let now = "2026-11-22T10:20:00Z";
    let mut view = view("from=2026-11-01&to=2026-11-22", "UTC", now).unwrap();
    let name = |view: &View, what: &str| view.file_name(what, "csv");
    assert_eq!(
        name(&view, "users"),
        "shop-users-2026-11-01..2026-11-22.csv"
    );
    view.project.name = "Größe / \"A\"; ..\r\n".into();
    assert_eq!(
        name(&view, "costs by metadata.plan"),
        "Gr-e-A-costs-by-metadata-plan-2026-11-01..2026-11-22.csv"
    );
    let hours = super::tests::view("period=24h", "UTC", now).unwrap();
    assert_eq!(
        name(&hours, "users"),
        "shop-users-last-24-hours-2026-11-21..2026-11-22.csv"
    );
    view.project.name = "日本".into();
    assert_eq!(
        name(&view, "users"),
        "project-users-2026-11-01..2026-11-22.csv"
    );
    view.project.name = "x".repeat(99);
    let name = name_download(&view.project, &format!("user ../\"\r\n{}", "y".repeat(99)));
    assert!(
        name.starts_with(&format!("{}-user-yy", "x".repeat(60))),
        "{name}"
    );
    assert!(name.len() <= 121, "{name}");
}

/// Where a view begins and ends, and where what it is compared with does.
fn bounds(view: &View) -> [String; 4] {
    let (now, before) = (view.period(), view.previous());
    [now.from, now.to, before.from, before.to].map(|at| at.unwrap().to_string()[..16].to_owned())
}

#[test]
fn months_begin_at_midnight_of_the_zone() {
    for (query, zone, now, expected, words, against) in [
        // In India November has begun, in London it has not.
        (
            "period=month",
            "Asia/Kolkata",
            "2026-10-31T20:10:00Z",
            [
                "2026-10-31T18:30",
                "2026-11-01T18:30",
                "2026-09-30T18:30",
                "2026-09-30T20:15",
            ],
            "November 2026 so far",
            "Oct 1 until 01:45",
        ),
        (
            "period=last-month",
            "Asia/Kolkata",
            "2026-10-31T20:10:00Z",
            [
                "2026-09-30T18:30",
                "2026-10-31T18:30",
                "2026-08-31T18:30",
                "2026-09-30T18:30",
            ],
            "October 2026",
            "September 2026",
        ),
        // New York puts its clocks back on November 1 and forward on March 8.
        (
            "period=month",
            "America/New_York",
            "2026-11-22T15:10:00Z",
            [
                "2026-11-01T04:00",
                "2026-11-23T05:00",
                "2026-10-01T04:00",
                "2026-10-22T14:15",
            ],
            "November 2026 so far",
            "Oct 1 to Oct 22, 10:15",
        ),
        (
            "period=last-month",
            "America/New_York",
            "2026-12-01T04:59:00Z",
            [
                "2026-10-01T04:00",
                "2026-11-01T04:00",
                "2026-09-01T04:00",
                "2026-10-01T04:00",
            ],
            "October 2026",
            "September 2026",
        ),
        (
            "period=last-month",
            "America/New_York",
            "2026-12-01T05:00:00Z",
            [
                "2026-11-01T04:00",
                "2026-12-01T05:00",
                "2026-10-01T04:00",
                "2026-11-01T04:00",
            ],
            "November 2026",
            "October 2026",
        ),
        // February has no 30th: all of it is what there is to compare with.
        (
            "period=month",
            "America/New_York",
            "2026-03-30T12:00:00Z",
            [
                "2026-03-01T05:00",
                "2026-03-31T04:00",
                "2026-02-01T05:00",
                "2026-03-01T05:00",
            ],
            "March 2026 so far",
            "Feb 1 to Feb 28",
        ),
    ] {
        let view = view(query, zone, now).unwrap();
        assert_eq!(bounds(&view), expected, "{query} {zone} {now}");
        assert_eq!(
            (view.words(), view.previous_words()),
            (words.into(), against.into())
        );
        assert_eq!(view.is_live(), query == "period=month");
        let edges = view.edges();
        let period = view.period();
        assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(
            (edges.first().copied(), edges.last().copied()),
            (period.from, period.to)
        );
    }
}

#[test]
fn weeks_begin_on_monday_at_midnight_of_the_zone() {
    for (query, zone, now, expected, words, against) in [
        // In India it is Monday, in London it is not.
        (
            "period=week",
            "Asia/Kolkata",
            "2026-11-22T20:10:00Z",
            [
                "2026-11-22T18:30",
                "2026-11-23T18:30",
                "2026-11-15T18:30",
                "2026-11-15T20:15",
            ],
            "this week so far",
            "Nov 16 until 01:45",
        ),
        (
            "period=week",
            "UTC",
            "2026-11-22T20:10:00Z",
            [
                "2026-11-16T00:00",
                "2026-11-23T00:00",
                "2026-11-09T00:00",
                "2026-11-15T20:15",
            ],
            "this week so far",
            "Nov 9 to Nov 15, 20:15",
        ),
        // New York puts its clocks back on Sunday, November 1.
        (
            "period=last-week",
            "America/New_York",
            "2026-11-05T12:00:00Z",
            [
                "2026-10-26T04:00",
                "2026-11-02T05:00",
                "2026-10-19T04:00",
                "2026-10-26T04:00",
            ],
            "the week of Oct 26 to Nov 1, 2026",
            "Oct 19 to Oct 25",
        ),
    ] {
        let view = view(query, zone, now).unwrap();
        assert_eq!(bounds(&view), expected, "{query} {zone} {now}");
        assert_eq!(
            (view.words(), view.previous_words()),
            (words.into(), against.into())
        );
        assert_eq!(view.is_live(), query == "period=week");
        assert_eq!(
            view.link("/costs").to_string(),
            format!("/costs?projectId=prj_1&{query}")
        );
    }
}

#[test]
fn a_period_reads_as_plain_english() {
    let now = "2026-11-22T10:20:00Z";
    for (query, headline, within) in [
        ("", "The last 30 days", "in the last 30 days"),
        ("period=24h", "The last 24 hours", "in the last 24 hours"),
        ("period=week", "This week so far", "this week so far"),
        (
            "period=last-week",
            "The week of Nov 9 to 15, 2026",
            "in the week of Nov 9 to 15, 2026",
        ),
        (
            "period=month",
            "November 2026 so far",
            "in November 2026 so far",
        ),
        ("period=last-month", "October 2026", "in October 2026"),
        (
            "from=2026-11-16&to=2026-11-16",
            "Nov 16, 2026",
            "on Nov 16, 2026",
        ),
        (
            "from=2026-10-30&to=2026-11-02",
            "Oct 30 to Nov 2, 2026",
            "from Oct 30 to Nov 2, 2026",
        ),
        (
            "from=2025-12-30&to=2026-01-02",
            "Dec 30, 2025 to Jan 2, 2026",
            "from Dec 30, 2025 to Jan 2, 2026",
        ),
    ] {
        let view = view(query, "Europe/Berlin", now).unwrap();
        assert_eq!(
            (view.headline().as_str(), view.within().as_str()),
            (headline, within)
        );
    }
}

#[test]
fn an_invoice_is_named_by_the_days_of_its_month() {
    let view = view("period=last-month", "Asia/Kolkata", "2026-10-31T20:10:00Z").unwrap();
    assert_eq!(
        view.file_name("costs by user", "csv"),
        "shop-costs-by-user-2026-10-01..2026-10-31.csv"
    );
    let day = view.with_choice(&view.link("/costs").with("groupBy", "user"), "month");
    assert_eq!(
        day.to_string(),
        "/costs?projectId=prj_1&groupBy=user&period=month"
    );
}

#[test]
fn the_longest_period_holds_all_others_and_names_its_rest() {
    let now = "2026-11-22T10:20:00Z";
    let rest = |query: &str| {
        let view = view(query, "Europe/Berlin", now).unwrap();
        let stretches = view.rest_of_longest();
        let write = |period: &Period| {
            let days = [period.from, period.to].map(|at| view.zone.day_of(at.unwrap()));
            format!("{}..{}", days[0], days[1])
        };
        stretches.iter().map(write).collect::<Vec<_>>()
    };
    assert_eq!(rest("period=30d"), ["2025-11-22..2026-10-24"]);
    assert_eq!(
        rest("from=2026-01-01&to=2026-01-31"),
        ["2025-11-22..2026-01-01", "2026-02-01..2026-11-23"]
    );
    let short = view("period=7d&tz=Asia%2FTokyo", "UTC", now).unwrap();
    let longest = short.with_longest(&short.link("/search").with("q", "x"));
    let words = "/search?projectId=prj_1&tz=Asia%2FTokyo&q=x&from=2025-11-22&to=2026-11-22";
    assert_eq!(longest.to_string(), words);
    let query = words.split_once('?').unwrap().1;
    assert_eq!(rest(query), [""; 0], "it is a period that a URL may name");
    assert_eq!(short.longest_words(), "the last 366 days");
}
