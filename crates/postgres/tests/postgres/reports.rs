//! What PostgreSQL reads in a way of its own (JSON, patterns, division, characters that it does
//! not take) answers as the reference store does.
use crate::conformance::wrap;
use cognobserve_model::histogram::Histogram;
use cognobserve_model::id::SessionId;
use cognobserve_model::query::{
    CostGroup, CostPosition, CostQuery, Page, PageRequest, Period, SessionFilter, SortOrder,
    TimePosition, TraceFilter, UserKey, UserPosition, UserQuery, UserSort, fold_search,
};
use cognobserve_model::report::UserStats;
use cognobserve_model::time::{MICROS_PER_DAY, Micros, Zone};
use cognobserve_ports::conformance::build::*;
use cognobserve_ports::conformance::{Desk, Made};
use cognobserve_ports::reference::ReferenceStore;
use cognobserve_ports::{ErrorKind, Reports};
use cognobserve_postgres::{PostgresStore, Settings};
use cognobserve_servers::Schema;
use std::sync::Arc;

/// JSON texts that are easily read in another way than they were written.
const VALUES: [&str; 16] = [
    "1",
    "1.0",
    "1e2",
    "100",
    "-0.0",
    "12345678901234567890123",
    "true",
    "{\"a\":{\"b\":[1,2]}}",
    "{ \"a\" : 1 }",
    "[\"x\"]",
    "\"a\\u0001\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\\u0061\"",
    "\"50% \\\\ _\"",
    "\"\"",
];

struct Pair {
    postgres: Desk,
    reference: Desk,
    _schema: Schema,
}

/// Both stores with the same users: of odd texts and metadata, and with sums that round.
async fn fill_both() -> Pair {
    let schema = cognobserve_servers::postgres().make_schema();
    let settings = Settings::new(schema.url());
    let store = PostgresStore::open(&settings).await;
    let store = store.expect("the store opens");
    let postgres = Desk::open(&wrap(store, ())).await;
    let reference = Arc::new(ReferenceStore::new());
    let reference = Desk::open(&Made::new(reference.clone(), reference, ())).await;
    for desk in [&postgres, &reference] {
        let pieces = (0..48).map(|n: usize| {
            let id = format!("u{}{}", n * 7 % 48, ["", "_", "%", "\\", "\u{1}x"][n % 5]);
            let told = person(&id, at(0))
                .name(Some(["Ann", "ANN\u{1}lee", "Jörg 100%", "o\\ne"][n % 4]))
                .email(n.is_multiple_of(3).then_some("a.b@x.io"))
                .key("v", Some(VALUES[n % VALUES.len()]))
                .key("a\"b", Some("\"quoted\""))
                .key("deep", Some("{\"v\":1}"));
            let mut piece = trace(&format!("t{n}"))
                .by(&id)
                .within(&format!("s{}", n % 7))
                .when(at(n as i64 * 40_000))
                .telling(told);
            for part in 0..n % 4 {
                let start = at(part as i64).0;
                let mut call = call(&format!("c{part}"), "m", n as i64, 1)
                    .cost([7, 7, 1_000_000_007][n % 3])
                    .from(Micros(start));
                if !n.is_multiple_of(5) {
                    call = call.to(Micros(start + (n * n % 7) as i64));
                }
                piece = piece.with(if (n + part).is_multiple_of(3) {
                    call.failed()
                } else {
                    call
                });
            }
            piece
        });
        desk.book(pieces.collect()).await;
        let more = (0..60).map(|n: usize| {
            let id = format!("u{}", n % 9 * 5 * 7 % 48);
            let failed = if n.is_multiple_of(7) {
                span("x").failed()
            } else {
                span("x")
            };
            trace(&format!("m{n}"))
                .by(&id)
                .when(at(n as i64))
                .with(failed)
        });
        desk.book(more.collect()).await;
    }
    Pair {
        postgres,
        reference,
        _schema: schema,
    }
}

fn list(sort: UserSort, order: SortOrder) -> UserQuery {
    UserQuery {
        search: None,
        last_seen_from: None,
        last_seen_to: None,
        sort,
        order,
        stats: Period::ALL,
        active_only: false,
        metadata: Vec::new(),
        page: PageRequest {
            limit: 500,
            after: None,
        },
    }
}

fn everybody() -> UserQuery {
    list(UserSort::LastSeenAt, SortOrder::Desc)
}

type Shown = (Vec<String>, Option<UserPosition>);

fn show(page: Page<UserStats, UserPosition>) -> Shown {
    let rows = page.items.into_iter().map(|mut stats| {
        // A list shows no percentiles, and stores need not gather them for it.
        stats.measures.trace_latency = Histogram::default();
        let user = stats.user;
        format!(
            "{:?}",
            (
                (user.external_id, user.name, user.metadata, user.first_seen),
                (user.last_seen, stats.measures, stats.session_count)
            )
        )
    });
    (rows.collect(), page.next)
}

impl Pair {
    /// The same answer from both.
    async fn ask(&self, query: UserQuery) -> Shown {
        let (postgres, reference) = (&self.postgres, &self.reference);
        let found = postgres.store.list_users(&postgres.project, query.clone());
        let found = show(found.await.expect("PostgreSQL answers"));
        let expected = reference
            .store
            .list_users(&reference.project, query.clone());
        let expected = show(expected.await.expect("the reference answers"));
        assert_eq!(found, expected, "{query:?}");
        found
    }
}

impl Pair {
    /// Every page of five, the same from both; how many users there were.
    async fn walk(&self, mut query: UserQuery) -> usize {
        query.page.limit = 5;
        let mut seen = 0;
        loop {
            let (found, next) = self.ask(query.clone()).await;
            seen += found.len();
            match next {
                Some(next) => query.page.after = Some(next),
                None => return seen,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_every_shape_is_compared_by_its_text() {
    let pair = fill_both().await;
    let texts = [
        "1",
        "1.0",
        "1e2",
        "100",
        "-0.0",
        "0",
        "12345678901234567890123",
        "true",
        "[\"x\"]",
        "a",
        "a\u{1}",
        "a\0b",
        "\\u0061",
        "\"\\ud800\"",
        "{\"a\":{\"b\":[1,2]}}",
        "{ \"a\" : 1 }",
        "{\"a\":1}",
        "50% \\ _",
        "",
        "null",
    ];
    let mut met = 0;
    for text in texts {
        let query = UserQuery {
            metadata: vec![("v".into(), text.into())],
            ..everybody()
        };
        let (found, _) = pair.ask(query).await;
        met += usize::from(!found.is_empty());
    }
    assert!(
        met >= VALUES.len() - 2,
        "nearly every value is found: {met}"
    );
    for (key, value) in [("a\"b", "quoted"), ("deep", "1"), ("\0", "1"), ("", "")] {
        let metadata = vec![(key.into(), value.into()), ("v".into(), "1".into())];
        pair.ask(UserQuery {
            metadata,
            ..everybody()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searched_texts_stand_for_themselves() {
    let pair = fill_both().await;
    let needles = [
        "ann",
        "_",
        "%",
        "\\",
        "100%",
        "u1",
        "\u{1}",
        "\u{1}x",
        "n\u{1}l",
        "ann\u{1}a",
        "a\0",
        "\0",
        "ÖRG",
        "io\u{1}",
        "e",
    ];
    let month = Period {
        from: Some(at(5)),
        to: Some(Micros(at(7).0 + 12 * MICROS_PER_DAY)),
    };
    for needle in needles {
        for stats in [Period::ALL, month] {
            pair.ask(UserQuery {
                search: Some(fold_search(needle)),
                stats,
                ..everybody()
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_users_is_the_same_page_by_page() {
    let pair = fill_both().await;
    let month = Period {
        from: Some(at(5)),
        to: Some(Micros(at(7).0 + 12 * MICROS_PER_DAY)),
    };
    for sort in UserSort::ALL {
        for order in [SortOrder::Asc, SortOrder::Desc] {
            for stats in [Period::ALL, month] {
                for active_only in [false, true] {
                    let query = UserQuery {
                        stats,
                        active_only,
                        ..list(*sort, order)
                    };
                    let seen = pair.walk(query).await;
                    let least = if active_only { 20 } else { 48 };
                    assert!(seen >= least, "{sort:?} {order:?} {active_only}: {seen}");
                }
            }
            // Positions that no list gave.
            let is_by_name = *sort == UserSort::Name;
            for value in [None, Some(i128::MAX), Some(i128::MIN), Some(0)] {
                let position = UserPosition {
                    value: value.filter(|_| !is_by_name),
                    name: if is_by_name { "ann\0" } else { "" }.into(),
                    external_id: "u2\0".into(),
                };
                pair.ask(UserQuery {
                    page: PageRequest {
                        limit: 3,
                        after: Some(position),
                    },
                    ..list(*sort, order)
                })
                .await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_text_can_hold_is_not_found() {
    let pair = fill_both().await;
    let (store, project) = (&pair.postgres.store, &pair.postgres.project);
    assert!(store.find_trace(project, "t1\0").await.unwrap().is_none());
    let nobody = UserKey::External("u0\0".into());
    let found = store.find_user(project, &nobody, Period::ALL).await;
    assert!(found.unwrap().is_none());
    let nothing = SessionId::new("ses_\0");
    let found = store.find_session(project, &nothing).await;
    assert!(found.unwrap().is_none());
    let found = store.resolve_session(project, "s0\0").await;
    assert!(found.unwrap().is_none());
    let page = |id: &str| PageRequest {
        limit: 5,
        after: Some(TimePosition {
            time: at(0),
            id: id.into(),
        }),
    };
    let filter = TraceFilter {
        model: Some("m\0".into()),
        ..TraceFilter::default()
    };
    let found = store.list_traces(project, filter, page("t\0")).await;
    assert!(found.unwrap().unwrap().items.is_empty());
    let filter = TraceFilter {
        search: Some("\0".into()),
        ..TraceFilter::default()
    };
    let found = store.list_traces(project, filter, page("t\0")).await;
    assert!(found.unwrap().unwrap().items.is_empty());
    let found = store.list_sessions(project, SessionFilter::default(), page("s\0"));
    found.await.unwrap().unwrap();
    for group in [
        CostGroup::Metadata("\0".into()),
        CostGroup::User,
        CostGroup::Session,
    ] {
        let after = CostPosition {
            cost_nanos: 5,
            key: "\0".into(),
        };
        let query = CostQuery {
            sessions: true,
            group,
            period: Period::ALL,
            zone: Zone::utc(),
            page: PageRequest {
                limit: 5,
                after: Some(after),
            },
        };
        store.report_costs(project, query).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_takes_no_writes_says_why() {
    let schema = cognobserve_servers::postgres().make_schema();
    let store = PostgresStore::open(&Settings::new(schema.url())).await;
    let dangers = store.unwrap().check_ready().await.unwrap();
    // Of the server that tests share: nothing of it has to survive.
    let names = ["fsync", "full_page_writes", "synchronous_commit"];
    assert_eq!(dangers.len(), names.len(), "{dangers:?}");
    for (danger, name) in dangers.iter().zip(names) {
        assert!(danger.contains(&format!("{name} off")), "{danger}");
    }
    let safe = schema
        .url()
        .replace("options=", "options=-csynchronous_commit%3Don%20");
    let store = PostgresStore::open(&Settings::new(safe)).await.unwrap();
    assert_eq!(store.check_ready().await.unwrap().len(), 2);
    let read_only = "options=-cdefault_transaction_read_only%3Don%20";
    let url = schema.url().replace("options=", read_only);
    let store = PostgresStore::open(&Settings::new(url)).await.unwrap();
    let error = store.check_ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("read-only"), "{error}");
}
