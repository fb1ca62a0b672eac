//! What counts, how often, and for how long.
use crate::conformance::build::*;
use crate::conformance::desk::Desk;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, Period};
use cognobserve_model::span::SpanKind;
use cognobserve_model::time::{LONGEST_SPAN_MICROS, Micros};

pub async fn usage_counts_once_below_containers(desk: Desk) {
    let agent = span("agent").kind(SpanKind::Agent).tokens(30, 3).cost(99);
    desk.book_one(
        trace("t")
            .by("ann")
            .with(agent)
            .with(span("step").under("agent")),
    )
    .await;
    assert_eq!(
        desk.sum_user("ann").await.total_tokens,
        33,
        "alone it counts"
    );
    desk.book_one(trace("t").with(call("chat", "m", 30, 3).cost(9).under("step")))
        .await;
    let sum = desk.sum_user("ann").await;
    assert_eq!(
        (sum.total_tokens, sum.cost_nanos, sum.span_count),
        (33, 9, 3),
        "the call below it has it"
    );
    let spans = desk.trace("t").await.spans;
    let agent = spans
        .iter()
        .find(|span| span.id == "agent")
        .expect("the container is shown");
    assert_eq!(
        (agent.counted, agent.usage.prompt),
        (false, Some(30)),
        "with its tokens"
    );
    desk.book_one(
        trace("u")
            .by("bob")
            .with(call("outer", "m", 1, 0).cost(1))
            .with(call("inner", "m", 2, 0).cost(2).under("outer")),
    )
    .await;
    assert_eq!(
        desk.sum_user("bob").await.cost_nanos,
        3,
        "a call inside a call counts"
    );
    desk.book_one(
        trace("v")
            .by("cid")
            .with(span("a").under("b").tokens(1, 0).cost(1))
            .with(span("b").under("a").tokens(1, 0).cost(1)),
    )
    .await;
    assert_eq!(desk.sum_user("cid").await.cost_nanos, 2, "cycles end");
}

pub async fn one_response_counts_once(desk: Desk) {
    let said = |id: &str, cost: i64| call(id, "m", 5, 5).cost(cost).response("resp");
    desk.book_one(trace("t").by("ann").with(said("b", 7))).await;
    desk.book_one(trace("t").with(said("c", 8))).await;
    assert_eq!(desk.sum_user("ann").await.cost_nanos, 7);
    desk.book_one(trace("t").with(said("a", 9))).await;
    let sum = desk.sum_user("ann").await;
    assert_eq!(
        (sum.cost_nanos, sum.total_tokens, sum.span_count),
        (9, 10, 3),
        "the smallest span id counts"
    );
    let other_model = call("0", "other", 1, 0).cost(1).response("resp");
    desk.book_one(
        trace("t")
            .with(other_model)
            .with(call("1", "m", 1, 0).cost(2).response("resp2"))
            .with(span("2").model("m").response("resp")),
    )
    .await;
    assert_eq!(
        desk.sum_user("ann").await.cost_nanos,
        12,
        "another model, another response, a span without usage"
    );
    desk.book_one(trace("t2").by("ann").with(said("d", 7)))
        .await;
    assert_eq!(desk.sum_user("ann").await.cost_nanos, 19, "another trace");
}

pub async fn B42_total_tokens_are_the_total_else_the_sum(desk: Desk) {
    let usage = |id: &str, prompt: Option<i64>, completion: Option<i64>, total: Option<i64>| {
        let mut part = span(id);
        (part.usage.prompt, part.usage.completion, part.usage.total) = (prompt, completion, total);
        part
    };
    desk.book_one(
        trace("1")
            .by("sum")
            .with(usage("a", Some(3), Some(4), None)),
    )
    .await;
    desk.book_one(
        trace("2")
            .by("given")
            .with(usage("a", Some(3), Some(4), Some(9))),
    )
    .await;
    desk.book_one(trace("3").by("only").with(usage("a", None, None, Some(9))))
        .await;
    desk.book_one(
        trace("4")
            .by("low")
            .with(usage("a", Some(3), Some(4), Some(2))),
    )
    .await;
    for (user, tokens) in [("sum", 7), ("given", 9), ("only", 9), ("low", 7)] {
        assert_eq!(desk.sum_user(user).await.total_tokens, tokens, "{user}");
    }
    let mut parts = call("a", "m", 10, 4);
    (parts.usage.cached, parts.usage.reasoning) = (Some(12), Some(5));
    desk.book_one(trace("5").by("parts").with(parts)).await;
    let sum = desk.sum_user("parts").await;
    assert_eq!(
        (sum.cached_tokens, sum.reasoning_tokens, sum.total_tokens),
        (10, 4, 14),
        "parts are clamped to the whole"
    );
}

pub async fn B40_error_rates_by_span_and_by_trace(desk: Desk) {
    desk.book_one(
        trace("1")
            .by("ann")
            .with(span("a").failed())
            .with(span("b").failed())
            .with(span("c")),
    )
    .await;
    desk.book_one(trace("2").by("ann").with(span("a"))).await;
    desk.book_one(trace("3").by("ann")).await;
    let sum = desk.sum_user("ann").await;
    assert_eq!((sum.error_count, sum.error_rate()), (2, 50.0));
    assert_eq!(
        (sum.error_trace_count, sum.error_trace_rate()),
        (1, 33.333333)
    );
    assert_eq!(
        (
            Measures::default().error_rate(),
            Measures::default().error_trace_rate()
        ),
        (0.0, 0.0)
    );
}

pub async fn B41_latency_is_of_what_ended(desk: Desk) {
    desk.book_one(
        trace("1")
            .by("ann")
            .with(span("a").from(at(10)).to(at(5)))
            .with(span("b").from(at(1)))
            .with(span("c").to(at(3))),
    )
    .await;
    let sum = desk.sum_user("ann").await;
    assert_eq!(
        (sum.avg_latency_ms(), sum.avg_trace_latency_ms()),
        (None, None),
        "nothing ended"
    );
    assert_eq!(sum.trace_latency_percentile_ms(50), None);
    let month = Micros(at(0).0 + LONGEST_SPAN_MICROS);
    desk.book_one(
        trace("2")
            .by("bob")
            .with(span("a").from(at(0)).to(Micros(month.0 + 1))),
    )
    .await;
    assert_eq!(
        desk.sum_user("bob").await.avg_latency_ms(),
        None,
        "longer than thirty days is no duration"
    );
    desk.book_one(trace("3").by("bob").with(span("a").from(at(0)).to(month)))
        .await;
    assert_eq!(
        desk.sum_user("bob").await.span_latency_micros,
        i128::from(LONGEST_SPAN_MICROS)
    );
    let spans = trace("4")
        .by("cid")
        .with(span("a").from(at(0)).to(at(4)))
        .with(span("b").from(at(1)).to(at(2)))
        .with(span("c").from(at(6)).to(at(7)));
    desk.book_one(spans).await;
    let sum = desk.sum_user("cid").await;
    assert_eq!(sum.avg_latency_ms(), Some(2000.0));
    assert_eq!(
        sum.avg_trace_latency_ms(),
        Some(7000.0),
        "wall time, not the sum of nested spans"
    );
    assert_eq!(
        desk.trace("4").await.summary.latency_micros,
        Some(7_000_000)
    );
    desk.book_one(trace("5").by("dan").with(span("a").from(at(0)).to(at(0))))
        .await;
    assert_eq!(
        desk.sum_user("dan").await.avg_latency_ms(),
        Some(0.0),
        "an instant has ended"
    );
}

pub async fn percentiles_are_within_two_percent(desk: Desk) {
    let mut exact: Vec<i64> = (1..=200).map(|n| n * n * 997).collect();
    for (n, micros) in exact.iter().enumerate() {
        let part = span("s").from(at(0)).to(Micros(at(0).0 + micros));
        desk.book_one(trace(&format!("t{n}")).by("ann").with(part))
            .await;
    }
    let sum = desk.sum_user("ann").await;
    exact.sort_unstable();
    for percent in [50u32, 95, 99] {
        let rank = (exact.len() * percent as usize).div_ceil(100);
        let wanted = exact[rank - 1] as f64 / 1000.0;
        let found = sum
            .trace_latency_percentile_ms(percent)
            .expect("there are traces");
        assert!(
            (found - wanted).abs() <= wanted * 0.02,
            "p{percent}: {found} is not {wanted}"
        );
    }
}

/// A little of everything: two users, nobody, two sessions, two models and none.
async fn fill(desk: &Desk) {
    for n in 0..30_i64 {
        let mut piece = trace(&format!("t{n}")).when(at(n * 7001));
        piece.user = ["ann", "bob"]
            .get(n as usize % 3)
            .map(|user| user.to_string());
        if n % 2 == 0 {
            piece = piece.within(["one", "two"][n as usize / 2 % 2]);
        }
        piece = piece.with(call("a", "m1", n, 1).cost(n).from(at(n)).to(at(2 * n)));
        if n % 4 != 0 {
            piece = piece
                .with(call("b", "m2", 2, 2).failed())
                .with(span("c").from(at(0)).to(at(1)));
        }
        desk.book_one(piece).await;
    }
    let plan = person("ann", at(0)).key("plan", Some("\"pro\""));
    desk.book_one(trace("t0").telling(plan)).await;
}

/// Sums rows and what is unattributed.
fn add_up(report: &cognobserve_model::report::CostReport) -> Measures {
    let mut sum = report.unattributed.0.clone();
    report.rows.iter().for_each(|row| sum.add(&row.measures, 1));
    sum
}

/// Without what list rows may leave out.
fn without_histogram(mut measures: Measures) -> Measures {
    measures.trace_latency = Default::default();
    measures
}

pub async fn the_books_balance_by_every_group(desk: Desk) {
    fill(&desk).await;
    let periods = [
        Period::ALL,
        crate::conformance::desk::between(at(7001), at(7001 * 20)),
        crate::conformance::desk::between(at(14_003), at(14_003 * 5 + 1)),
    ];
    for period in periods {
        let mut totals = Vec::new();
        for group in [
            CostGroup::User,
            CostGroup::Day,
            CostGroup::Session,
            CostGroup::Metadata("plan".into()),
        ] {
            let report = desk.report_costs(group.clone(), period).await;
            assert_eq!(
                without_histogram(add_up(&report)),
                without_histogram(report.total.0.clone()),
                "{group:?} {period:?}"
            );
            totals.push(without_histogram(report.total.0));
        }
        let by_model = desk.report_costs(CostGroup::Model, period).await;
        let sum = add_up(&by_model);
        let of_spans = |m: &Measures| {
            (
                m.span_count,
                m.total_tokens,
                m.cost_nanos,
                m.error_count,
                m.unpriced_span_count,
                m.span_latency_micros,
            )
        };
        assert_eq!(of_spans(&sum), of_spans(&by_model.total.0), "{period:?}");
        totals.push(without_histogram(by_model.total.0));
        assert!(
            totals.iter().all(|total| *total == totals[0]),
            "every group has the same total in {period:?}"
        );
    }
    let by_model = desk.report_costs(CostGroup::Model, Period::ALL).await;
    assert_eq!(
        by_model
            .rows
            .iter()
            .map(|row| row.measures.trace_count)
            .collect::<Vec<_>>(),
        [30, 22],
        "a trace counts under each model it touches"
    );
    assert_eq!(
        by_model.unattributed.0.span_count, 22,
        "spans without a model"
    );
}
