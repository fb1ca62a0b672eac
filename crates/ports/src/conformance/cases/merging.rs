//! Pieces of a trace in any order, any number of times: merged field by field.
use crate::conformance::build::*;
use crate::conformance::desk::{Desk, FIRST_ARRIVAL};
use cognobserve_model::id::MAX_SPANS_PER_TRACE;
use cognobserve_model::piece::{Piece, SpanPart};
use cognobserve_model::report::TraceDetail;
use cognobserve_model::span::{Level, Pricing, SpanKind};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;

/// One trace in five pieces that do not contradict each other.
fn list_pieces(id: &str) -> Vec<Piece> {
    let mut totals = span("call").under("root");
    totals.usage.cached = Some(2);
    totals.usage.total = Some(20);
    vec![
        trace(id).by("ann").named("Question").meta(r#"{"a":1}"#),
        trace(id)
            .within("chat")
            .with(span("root").called("handler").from(at(1)).to(at(9))),
        trace(id)
            .with(call("call", "m", 10, 5).from(at(2)))
            .with(totals_of_none()),
        trace(id).with(totals).meta(r#"{"b":[true]}"#),
        trace(id).with(
            span("call")
                .to(at(4))
                .cost(70)
                .failed()
                .saying("\"in\"", "{\"x\": 1.0}"),
        ),
    ]
}

/// A span of which only the id is said.
fn totals_of_none() -> SpanPart {
    span("bare").under("root")
}

fn blank_id(mut detail: TraceDetail) -> TraceDetail {
    detail.summary.id.clear();
    detail.arrived = Micros(0);
    if let Some(session) = &mut detail.summary.session {
        session.name = None;
    }
    detail
}

pub async fn B06_pieces_merge_field_by_field_in_any_order(desk: Desk) {
    desk.book(list_pieces("t0")).await;
    let whole = desk.trace("t0").await;
    assert_eq!(
        (whole.summary.name.as_str(), whole.summary.metadata.as_str()),
        ("Question", r#"{"a":1,"b":[true]}"#)
    );
    assert_eq!(whole.summary.time, at(1), "the earliest start");
    assert_eq!(whole.summary.latency_micros, Some(8_000_000));
    let call = whole
        .spans
        .iter()
        .find(|span| span.id == "call")
        .expect("the call is there");
    assert_eq!(
        (call.kind, call.level, call.pricing),
        (SpanKind::Generation, Level::Error, Pricing::Client(70))
    );
    assert_eq!(
        (call.usage.prompt, call.usage.cached, call.usage.total),
        (Some(10), Some(2), Some(20))
    );
    assert_eq!(
        (call.input.as_deref(), call.output.as_deref()),
        (Some("\"in\""), Some("{\"x\": 1.0}"))
    );
    let orders = [
        [4, 3, 2, 1, 0],
        [2, 0, 4, 1, 3],
        [1, 4, 0, 3, 2],
        [3, 1, 2, 0, 4],
    ];
    for (n, order) in orders.into_iter().enumerate() {
        let id = format!("t{}", n + 1);
        let pieces = list_pieces(&id);
        for at in order {
            desk.book_one(
                pieces[at]
                    .clone()
                    .arrived(FIRST_ARRIVAL + 1_000_000 * (n as i64 + 1) + at as i64),
            )
            .await;
        }
        desk.book_one(pieces[order[0]].clone()).await;
        assert_eq!(
            blank_id(desk.trace(&id).await),
            blank_id(whole.clone()),
            "order {order:?}"
        );
    }
    let sum = desk.sum_user("ann").await;
    assert_eq!(
        (
            sum.trace_count,
            sum.span_count,
            sum.total_tokens,
            sum.cost_nanos,
            sum.error_count
        ),
        (5, 15, 100, 350, 5)
    );
}

pub async fn pieces_of_one_trace_may_share_a_batch_with_its_repeats(desk: Desk) {
    let pieces: Vec<Piece> = (0..)
        .zip(list_pieces("t"))
        .map(|(n, piece)| piece.arrived(FIRST_ARRIVAL + n))
        .collect();
    let twice: Vec<Piece> = pieces.iter().chain(&pieces).cloned().collect();
    desk.book(twice).await;
    let sum = desk.sum_user("ann").await;
    assert_eq!(
        (sum.trace_count, sum.span_count, sum.total_tokens),
        (1, 3, 20)
    );
}

pub async fn a_corrected_field_moves_the_totals_by_the_difference(desk: Desk) {
    desk.book_one(
        trace("t").by("ann").with(
            call("s", "m", 10, 5)
                .cost(100)
                .from(at(0))
                .to(at(4))
                .failed(),
        ),
    )
    .await;
    desk.book_one(
        trace("t").with(
            call("s", "m2", 7, 5)
                .cost(60)
                .to(at(1))
                .level(Level::Default),
        ),
    )
    .await;
    let sum = desk.sum_user("ann").await;
    assert_eq!(
        (
            sum.prompt_tokens,
            sum.total_tokens,
            sum.cost_nanos,
            sum.error_count,
            sum.error_trace_count
        ),
        (7, 12, 60, 0, 0)
    );
    assert_eq!(
        (sum.span_latency_micros, sum.trace_latency_micros),
        (1_000_000, 1_000_000)
    );
    let report = desk
        .report_costs(
            cognobserve_model::query::CostGroup::Model,
            cognobserve_model::query::Period::ALL,
        )
        .await;
    assert_eq!(report.rows.len(), 1, "nothing is left under the old model");
}

pub async fn an_older_piece_that_comes_late_sets_only_what_is_unset(desk: Desk) {
    desk.book_one(
        trace("t")
            .named("new")
            .with(call("s", "m", 7, 1))
            .arrived(FIRST_ARRIVAL + 10),
    )
    .await;
    let mut older = trace("t")
        .named("old")
        .by("ann")
        .meta(r#"{"k":1}"#)
        .with(call("s", "old", 9, 9).called("step").saying("1", "2"));
    older.spans[0].usage.reasoning = Some(1);
    desk.book_one(older.arrived(FIRST_ARRIVAL)).await;
    let trace = desk.trace("t").await;
    assert_eq!(
        (trace.summary.name.as_str(), trace.spans[0].model.as_deref()),
        ("new", Some("m"))
    );
    assert_eq!(
        (trace.spans[0].usage.prompt, trace.spans[0].usage.reasoning),
        (Some(7), Some(1))
    );
    assert_eq!(
        (
            trace.spans[0].name.as_str(),
            trace.spans[0].input.as_deref()
        ),
        ("step", Some("1"))
    );
    assert_eq!(
        trace.arrived.0, FIRST_ARRIVAL,
        "arrived with its first piece"
    );
}

pub async fn B04_trace_time_is_timestamp_else_start_else_arrival(desk: Desk) {
    desk.book_one(trace("t").with(span("a")).arrived(FIRST_ARRIVAL))
        .await;
    assert_eq!(desk.trace("t").await.summary.time.0, FIRST_ARRIVAL);
    desk.book_one(trace("t").arrived(FIRST_ARRIVAL - 7)).await;
    assert_eq!(
        desk.trace("t").await.summary.time.0,
        FIRST_ARRIVAL - 7,
        "the first arrival, not the first booked"
    );
    desk.book_one(
        trace("t")
            .with(span("a").from(at(9)))
            .with(span("b").from(at(8))),
    )
    .await;
    assert_eq!(desk.trace("t").await.summary.time, at(8));
    desk.book_one(trace("t").when(at(100))).await;
    assert_eq!(desk.trace("t").await.summary.time, at(100));
    desk.book_one(trace("t").with(span("c").from(at(1)))).await;
    assert_eq!(
        desk.trace("t").await.summary.time,
        at(100),
        "a timestamp stands"
    );
}

pub async fn a_trace_is_named_by_rank_then_by_its_earliest_span(desk: Desk) {
    let name = async |id: &str| desk.trace(id).await.summary.name;
    desk.book_one(trace("t").with(span("b").under("x").called("child").from(at(2))))
        .await;
    desk.book_one(trace("t").with(span("c").under("b").called("early").from(at(1))))
        .await;
    assert_eq!(
        name("t").await,
        "child",
        "until a root comes, what hangs on an unseen parent is one"
    );
    desk.book_one(trace("t").with(span("x").from(at(5)))).await;
    assert_eq!(
        name("t").await,
        "early",
        "a root without a name names nothing"
    );
    desk.book_one(trace("t").with(span("x").called("root")))
        .await;
    assert_eq!(name("t").await, "root");
    let mut naming = span("c");
    naming.trace_name = Some("by a child".into());
    desk.book_one(trace("t").with(naming)).await;
    assert_eq!(
        name("t").await,
        "by a child",
        "an explicit name goes before any span's own"
    );
    desk.book_one(trace("t").named("explicit")).await;
    assert_eq!(name("t").await, "explicit");
    desk.book_one(trace("bare")).await;
    assert_eq!(name("bare").await, "");
}

pub async fn the_last_arrival_is_known(desk: Desk) {
    let last = async || desk.store.last_arrival().await.unwrap();
    assert_eq!(last().await, Arrival(0), "nothing came yet");
    for (arrival, known) in [(500, 500), (700, 700), (600, 700)] {
        let piece = Piece {
            arrival: Arrival(arrival),
            ..trace(&format!("t{arrival}"))
        };
        desk.book_one(piece).await;
        assert_eq!(last().await, Arrival(known));
    }
}

pub async fn payloads_come_back_token_for_token(desk: Desk) {
    let input = r#"{"z":1,"a":[1.0,1e5,-0,12345678901234567890],"u":"é😀"}"#;
    let mut part = span("s").saying(input, "\"  spaces \\u0041\"");
    part.payload.model_parameters = Some(r#"{"temperature":0.70}"#.into());
    part.payload.metadata = Some(r#"{"b":{"y":1,"x":2},"a":null}"#.into());
    desk.book_one(trace("t").meta(r#"{"k":"v","n":1.50}"#).with(part))
        .await;
    let found = desk.trace("t").await;
    let found_span = &found.spans[0];
    assert_eq!(found_span.input.as_deref(), Some(input));
    assert_eq!(found_span.output.as_deref(), Some("\"  spaces \\u0041\""));
    assert_eq!(
        found_span.model_parameters.as_deref(),
        Some(r#"{"temperature":0.70}"#)
    );
    assert_eq!(
        found_span.metadata.as_deref(),
        Some(r#"{"a":null,"b":{"y":1,"x":2}}"#),
        "keys sorted, values as they came"
    );
    assert_eq!(found.summary.metadata, r#"{"k":"v","n":1.50}"#);
    let mut more = span("s");
    more.payload.metadata = Some(r#"{"b":7,"c":[]}"#.into());
    more.payload.output = Some("[3]".into());
    desk.book_one(trace("t").meta(r#"{"n":null}"#).with(more))
        .await;
    let found = desk.trace("t").await;
    assert_eq!(
        found.spans[0].metadata.as_deref(),
        Some(r#"{"a":null,"b":7,"c":[]}"#),
        "metadata merges shallowly"
    );
    assert_eq!(
        (
            found.spans[0].input.as_deref(),
            found.spans[0].output.as_deref()
        ),
        (Some(input), Some("[3]")),
        "the rest is replaced"
    );
    assert_eq!(found.summary.metadata, r#"{"k":"v","n":null}"#);
}

pub async fn payloads_follow_the_arrival_in_any_order(desk: Desk) {
    let said = [(1, "1"), (2, "2"), (3, "1")];
    for (n, order) in [[0, 1, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0]]
        .into_iter()
        .enumerate()
    {
        let id = format!("t{n}");
        for (arrival, text) in order.map(|n: usize| said[n]) {
            let json = format!("{{\"k\":{text}}}");
            let mut part = span("s").saying(text, text);
            part.payload.metadata = Some(json.clone());
            desk.book_one(
                trace(&id)
                    .meta(&json)
                    .with(part)
                    .arrived(FIRST_ARRIVAL + arrival),
            )
            .await;
        }
        let found = desk.trace(&id).await;
        let texts = (
            found.summary.metadata.as_str(),
            found.spans[0].metadata.as_deref(),
            found.spans[0].input.as_deref(),
        );
        assert_eq!(
            texts,
            ("{\"k\":1}", Some("{\"k\":1}"), Some("1")),
            "order {order:?}"
        );
    }
}

pub async fn spans_beyond_the_limit_are_refused_and_said(desk: Desk) {
    let piece = |from: usize, to: usize| {
        let mut piece = trace("t").by("ann");
        piece.spans = (from..to).map(|n| span(&format!("s{n}"))).collect();
        piece
    };
    desk.book_one(piece(0, 30_000)).await;
    let committed = desk
        .try_book(vec![piece(20_000, MAX_SPANS_PER_TRACE + 10)])
        .await
        .expect("the batch is accepted");
    assert_eq!(committed.refused_spans, [("t".to_string(), 10)]);
    assert_eq!(
        desk.sum_user("ann").await.span_count,
        MAX_SPANS_PER_TRACE as i64
    );
    let listed = desk.list_traces(Default::default()).await;
    assert_eq!(listed[0].spans.len(), 100, "a list shows the first hundred");
}
