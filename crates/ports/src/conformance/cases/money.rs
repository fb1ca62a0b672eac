//! What spans cost, and when a price is decided.
use crate::conformance::build::*;
use crate::conformance::desk::Desk;
use cognobserve_model::price::Rates;
use cognobserve_model::query::{CostGroup, Period};
use cognobserve_model::report::UnpricedModel;
use cognobserve_model::span::{Pricing, SpanKind};

async fn pricing(desk: &Desk, trace_id: &str) -> Vec<Pricing> {
    desk.trace(trace_id)
        .await
        .spans
        .iter()
        .map(|span| span.pricing)
        .collect()
}

pub async fn B43_the_smallest_cost_is_kept_and_sums_are_exact(desk: Desk) {
    desk.put_price(
        "tiny",
        Rates {
            prompt: Some(150_000),
            completion: Some(600_000),
            ..Rates::default()
        },
        None,
    )
    .await;
    for n in 0..50 {
        desk.book_one(
            trace(&format!("t{n}"))
                .by("ann")
                .with(call("s", "tiny", 1, 0)),
        )
        .await;
    }
    assert_eq!(desk.sum_user("ann").await.cost_nanos, 7500);
    let dear = 999_999_999_999_999;
    for n in 0..20 {
        desk.book_one(
            trace(&format!("d{n}"))
                .by("bob")
                .with(call("s", "m", 1, 0).cost(dear)),
        )
        .await;
    }
    assert_eq!(desk.sum_user("bob").await.cost_nanos, i128::from(dear) * 20);
    assert_eq!(
        desk.sum_project().await.cost_nanos,
        i128::from(dear) * 20 + 7500
    );
}

pub async fn the_clients_cost_goes_before_the_book(desk: Desk) {
    desk.price("m", 10, 20, None).await;
    let mut part = call("s", "m", 3, 4);
    desk.book_one(trace("t").with(part.clone())).await;
    assert_eq!(pricing(&desk, "t").await, [Pricing::Book(110)]);
    part.cost.input = Some(1);
    part.cost.output = Some(2);
    desk.book_one(trace("t").with(part.clone())).await;
    assert_eq!(pricing(&desk, "t").await, [Pricing::Client(3)]);
    part.cost.span_total = Some(50);
    desk.book_one(trace("t").with(part.clone())).await;
    assert_eq!(pricing(&desk, "t").await, [Pricing::Client(50)]);
    part.cost.total = Some(0);
    desk.book_one(trace("t").with(part)).await;
    assert_eq!(pricing(&desk, "t").await, [Pricing::Client(0)]);
    assert_eq!(
        desk.sum_project().await.unpriced_span_count,
        0,
        "a client's zero is a price"
    );
}

pub async fn every_token_is_priced_or_listed_as_unpriced(desk: Desk) {
    desk.price("known", 10, 20, None).await;
    desk.put_price(
        "embed",
        Rates {
            prompt: Some(5000),
            ..Rates::default()
        },
        None,
    )
    .await;
    let only_total = |id: &str, model: &str| {
        let mut part = span(id).kind(SpanKind::Embedding).model(model);
        part.usage.total = Some(100);
        part
    };
    let mut only_cached = span("f").model("known");
    only_cached.usage.cached = Some(4);
    let piece = trace("t")
        .by("ann")
        .with(call("a", "mystery", 30, 0))
        .with(call("b", "mystery", 9, 1))
        .with(span("c").tokens(5, 0));
    let piece = piece
        .with(only_total("d", "embed"))
        .with(only_total("e", "known"))
        .with(only_cached)
        .with(call("g", "mystery", 0, 0))
        .with(span("h"));
    desk.book_one(piece).await;
    let expected = [
        Pricing::Unpriced,
        Pricing::Unpriced,
        Pricing::Unpriced,
        Pricing::Book(500),
        Pricing::Unpriced,
        Pricing::Book(40),
        Pricing::Book(0),
        Pricing::Nothing,
    ];
    assert_eq!(pricing(&desk, "t").await, expected);
    let sum = desk.sum_user("ann").await;
    assert_eq!((sum.unpriced_span_count, sum.cost_nanos), (4, 540));
    let unpriced = desk.store.list_unpriced(&desk.project).await.unwrap();
    let row = |model: Option<&str>, span_count, total_tokens| UnpricedModel {
        model: model.map(Into::into),
        span_count,
        total_tokens,
    };
    assert_eq!(
        unpriced,
        [
            row(Some("known"), 1, 100),
            row(Some("mystery"), 2, 40),
            row(None, 1, 5)
        ],
        "most tokens first"
    );
}

pub async fn C06_a_span_is_priced_at_its_start(desk: Desk) {
    desk.price("m", 1, 0, None).await;
    desk.price("m", 5, 0, Some(at(100))).await;
    let start = |id: &str, micros: i64| {
        trace(id)
            .when(at(200))
            .with(call("s", "m", 1, 0).from(cognobserve_model::time::Micros(at(100).0 + micros)))
    };
    desk.book(vec![
        start("before", -1),
        start("at", 0),
        trace("none").when(at(99)).with(call("s", "m", 1, 0)),
    ])
    .await;
    desk.book_one(
        trace("junk")
            .when(at(300))
            .with(call("s", "m", 1, 0).from(at(50)).to(at(40))),
    )
    .await;
    for (id, nanos) in [("before", 1), ("at", 5), ("none", 1), ("junk", 5)] {
        assert_eq!(pricing(&desk, id).await, [Pricing::Book(nanos)], "{id}");
    }
    desk.book_one(trace("none").when(at(150))).await;
    assert_eq!(
        pricing(&desk, "none").await,
        [Pricing::Book(5)],
        "a span without start goes by the trace's time"
    );
    desk.book_one(trace("before").with(span("s").from(at(101))))
        .await;
    assert_eq!(
        pricing(&desk, "before").await,
        [Pricing::Book(5)],
        "a late start is a new price time"
    );
}

pub async fn C12_a_new_price_changes_history_only_by_reprice(desk: Desk) {
    desk.book_one(trace("1").by("ann").with(call("s", "m", 10, 0)))
        .await;
    desk.book_one(
        trace("2")
            .with(call("s", "m", 1, 0))
            .with(call("own", "m", 1, 0).cost(7)),
    )
    .await;
    desk.price("m", 3, 0, None).await;
    desk.book_one(
        trace("1")
            .with(span("s").called("named later"))
            .with(span("x")),
    )
    .await;
    assert_eq!(
        desk.sum_project().await.unpriced_span_count,
        2,
        "nothing that is priced from has changed"
    );
    desk.book_one(trace("3").by("bob").with(call("s", "m", 2, 0)))
        .await;
    assert_eq!(
        desk.sum_user("bob").await.cost_nanos,
        6,
        "new spans take the new price"
    );
    let preview = desk.store.reprice(&desk.project, false).await.unwrap();
    let rows: Vec<_> = preview
        .iter()
        .map(|row| {
            (
                row.user
                    .as_ref()
                    .and_then(|user| user.external_id.as_deref()),
                row.spans,
                row.after_nanos - row.before_nanos,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [(Some("ann"), 1, 30), (None, 1, 3)],
        "biggest change first, only what changes"
    );
    assert_eq!(
        desk.sum_project().await.cost_nanos,
        13,
        "a preview writes nothing"
    );
    assert_eq!(
        desk.store.reprice(&desk.project, true).await.unwrap(),
        preview
    );
    let sum = desk.sum_project().await;
    assert_eq!(
        (sum.cost_nanos, sum.unpriced_span_count),
        (46, 0),
        "the client's own cost stays"
    );
    assert_eq!(
        desk.store.reprice(&desk.project, true).await.unwrap(),
        [],
        "nothing is left to change"
    );
    desk.price("m", 4, 0, None).await;
    desk.book_one(trace("1").with(span("s").model("m").tokens(11, 0)))
        .await;
    assert_eq!(
        desk.sum_user("ann").await.cost_nanos,
        44,
        "a corrected span is priced anew"
    );
}

pub async fn own_prices_go_before_built_in_ones(desk: Desk) {
    desk.book_one(
        trace("1")
            .by("ann")
            .with(call("s", "openai/gpt-4o-2024-08-06", 1000, 0)),
    )
    .await;
    assert_eq!(desk.sum_user("ann").await.cost_nanos, 2_500_000);
    desk.price("gpt-4o", 1, 1, None).await;
    desk.book_one(
        trace("2")
            .by("bob")
            .with(call("s", "openai/gpt-4o-2024-08-06", 1000, 0)),
    )
    .await;
    assert_eq!(desk.sum_user("bob").await.cost_nanos, 1000);
    let other = desk.open_another("other").await;
    other
        .book_one(trace("2").by("bob").with(call("s", "gpt-4o", 1000, 0)))
        .await;
    assert_eq!(
        other.sum_user("bob").await.cost_nanos,
        2_500_000,
        "of this project alone"
    );
}

pub async fn costs_without_sessions_are_the_same_costs(desk: Desk) {
    let person = trace("1").by("ann").within("s");
    desk.book_one(person.with(call("a", "m", 7, 0).cost(5)))
        .await;
    desk.book_one(trace("2").with(call("b", "m", 1, 0).cost(3)))
        .await;
    let groups = [
        CostGroup::User,
        CostGroup::Model,
        CostGroup::Day,
        CostGroup::Session,
        CostGroup::Metadata("plan".into()),
    ];
    for group in groups {
        let by_session = group == CostGroup::Session;
        let mut counted = desk.report_costs(group.clone(), Period::ALL).await;
        let alone = desk.report_costs_alone(group, Period::ALL).await;
        assert_eq!(counted.total.1, 1);
        (counted.total.1, counted.unattributed.1) = (0, 0);
        for row in counted.rows.iter_mut().filter(|_| !by_session) {
            row.session_count = 0;
        }
        assert_eq!(alone, counted);
    }
}

pub async fn cost_rows_are_ordered_and_paged(desk: Desk) {
    for (n, cost) in [30, 10, 20, 10, 0].into_iter().enumerate() {
        desk.book_one(
            trace(&format!("t{n}"))
                .by(&format!("u{n}"))
                .with(call("s", "m", 1, 0).cost(cost)),
        )
        .await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = cognobserve_model::query::PageRequest { limit: 2, after };
        let zone = cognobserve_model::time::Zone::utc();
        let query = cognobserve_model::query::CostQuery {
            group: CostGroup::User,
            sessions: true,
            period: Period::ALL,
            zone,
            page,
        };
        let report = desk.store.report_costs(&desk.project, query).await.unwrap();
        assert_eq!(
            report.total.0.cost_nanos, 70,
            "the total is of the whole on every page"
        );
        seen.extend(report.rows.iter().map(|row| row.key.order_key()));
        after = report.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(
        seen,
        ["u0", "u2", "u1", "u3", "u4"],
        "cost descending, then key"
    );
}
