//! How many statements a page of a list runs: as many with many users as with few.
use crate::{Mode, SqliteStore};
use cognobserve_model::id::KeyId;
use cognobserve_model::piece::{Batch, Piece, SpanPart};
use cognobserve_model::query::{
    CostGroup, CostQuery, DayRange, PageRequest, Period, SessionFilter, SortOrder, TraceFilter,
    UserKey, UserQuery, UserSort,
};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::{MICROS_PER_DAY, Micros, Zone};
use cognobserve_ports::{Accounts, Actor, Ledger, Reports};
use rusqlite::trace::TraceEvent;
use std::sync::atomic::{AtomicUsize, Ordering};

const T0: i64 = 1_790_000_000_000_000;
const LIMIT: usize = 10;

static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

fn count(event: TraceEvent<'_>) {
    if matches!(event, TraceEvent::Stmt(..)) {
        STATEMENTS.fetch_add(1, Ordering::Relaxed);
    }
}

fn query(sort: UserSort, search: Option<&str>, stats: Period) -> UserQuery {
    UserQuery {
        search: search.map(Into::into),
        last_seen_from: None,
        last_seen_to: None,
        sort,
        order: SortOrder::Desc,
        stats,
        active_only: false,
        metadata: Vec::new(),
        page: first_page(),
    }
}

fn first_page<T>() -> PageRequest<T> {
    PageRequest {
        limit: LIMIT,
        after: None,
    }
}

/// The statements of each question over a store of so many users with three traces each.
async fn count_statements(users: i64) -> Vec<(&'static str, usize)> {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), Mode::Serve).unwrap();
    let project = store
        .create_project("default", "default", &Actor::Operator)
        .await
        .unwrap()
        .id;
    let piece = |n: i64| Piece {
        trace_id: format!("t{n}"),
        arrival: Arrival(T0 + n),
        user: Some(format!("user-{}", n % users)),
        session: Some(cognobserve_model::piece::SessionPart {
            external_id: format!("session-{}", n % users),
            ..Default::default()
        }),
        spans: vec![SpanPart {
            id: "s".into(),
            start: Some(Micros(T0 + n)),
            ..SpanPart::default()
        }],
        ..Piece::default()
    };
    let batch = Batch {
        project: project.clone(),
        key: KeyId::new("key_1"),
        pieces: (0..3 * users).map(piece).collect(),
    };
    store.commit(vec![batch]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    store.trace_statements(count);
    let month = Period {
        from: Some(Micros(T0 - 20 * MICROS_PER_DAY)),
        to: Some(Micros(T0 + 10 * MICROS_PER_DAY)),
    };
    let zone = Zone::parse("UTC").unwrap();
    let range = DayRange {
        today: zone.day_of(Micros(T0)),
        zone: zone.clone(),
        days: 30,
    };
    let somebody = UserKey::External("user-1".into());
    let found = store
        .find_user(&project, &somebody, Period::ALL)
        .await
        .unwrap();
    let id = found.unwrap().stats.user.id;
    let mut counts = Vec::new();
    macro_rules! ask {
        ($name:literal, $question:expr) => {{
            STATEMENTS.store(0, Ordering::Relaxed);
            $question.await.unwrap();
            counts.push(($name, STATEMENTS.load(Ordering::Relaxed)));
        }};
    }
    let all = Period::ALL;
    ask!(
        "users",
        store.list_users(&project, query(UserSort::TotalCost, None, all))
    );
    ask!(
        "search",
        store.list_users(&project, query(UserSort::LastSeenAt, Some("user"), all))
    );
    ask!(
        "month",
        store.list_users(&project, query(UserSort::TotalCost, None, month))
    );
    ask!("user", store.find_user(&project, &somebody, all));
    let page = query(UserSort::LastSeenAt, None, all);
    let page = store.list_users(&project, page).await.unwrap().items;
    let ids: Vec<_> = page.into_iter().map(|it| it.user.id).collect();
    ask!("names", store.name_users(&project, &ids));
    ask!("analytics", store.analyse_user(&project, &somebody, range));
    ask!("summary", store.summarise(&project, Micros(T0)));
    ask!(
        "traces",
        store.list_traces(&project, TraceFilter::default(), first_page())
    );
    let own = TraceFilter {
        user: Some(id),
        ..TraceFilter::default()
    };
    ask!(
        "user's traces",
        store.list_traces(&project, own, first_page())
    );
    ask!(
        "sessions",
        store.list_sessions(&project, SessionFilter::default(), first_page())
    );
    for (name, group) in [
        ("costs by user", CostGroup::User),
        ("costs by day", CostGroup::Day),
    ] {
        let query = CostQuery {
            sessions: true,
            group,
            period: month,
            zone: zone.clone(),
            page: first_page(),
        };
        STATEMENTS.store(0, Ordering::Relaxed);
        store.report_costs(&project, query).await.unwrap();
        counts.push((name, STATEMENTS.load(Ordering::Relaxed)));
    }
    counts
}

#[tokio::test]
async fn a_page_takes_as_many_statements_over_many_users_as_over_few() {
    let (few, many) = (count_statements(100).await, count_statements(2_000).await);
    assert!(few.iter().all(|(name, statements)| {
        // BEGIN and COMMIT, and a few for each of the page's rows.
        (2..=8 * LIMIT + 40).contains(statements) || panic!("{name}: {statements}")
    }));
    assert_eq!(few, many);
}
