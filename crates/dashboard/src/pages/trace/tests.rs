//! Order, geometry, bounds and escaping of a trace's page.
use super::tree::{Place, arrange};
use super::*;
use crate::pages::owner::Names;
use crate::pages::samples::{self, project_view, span};
use proptest::prelude::*;

fn render(detail: &TraceDetail, selected: Option<&str>) -> String {
    let view = project_view();
    let page = {
        let owner = Owner::new(&view, detail.summary.user.as_ref(), &Names::default());
        let book = PriceBook::builtin();
        TracePage::new(samples::frame(&view), &view, detail, owner, selected, &book)
    };
    page.render().unwrap()
}

fn order(spans: &[SpanDetail]) -> Vec<(&str, usize)> {
    let name = |place: &Place| (spans[place.index].id.as_str(), place.level);
    arrange(spans).iter().map(name).collect()
}

#[test]
fn spans_stand_beneath_their_parents() {
    let spans = [
        span("late", Some("root"), Some(40), Some(5)),
        span("b", Some("early"), None, None),
        span("root", None, Some(10), Some(50)),
        span("early", Some("root"), Some(20), Some(5)),
        span("a", Some("early"), Some(21), Some(1)),
        span("orphan", Some("nobody"), Some(5), Some(1)),
    ];
    let expected = [
        ("orphan", 0),
        ("root", 0),
        ("early", 1),
        ("a", 2),
        ("b", 2),
        ("late", 1),
    ];
    assert_eq!(order(&spans), expected);
}

#[test]
fn parents_in_a_circle_stand_at_the_top() {
    let spans = [
        span("hanging", Some("y"), Some(0), None),
        span("x", Some("z"), Some(1), None),
        span("y", Some("x"), Some(2), None),
        span("z", Some("y"), Some(3), None),
        span("self", Some("self"), Some(4), None),
    ];
    let expected = [("x", 0), ("y", 1), ("hanging", 2), ("z", 2), ("self", 0)];
    assert_eq!(order(&spans), expected);
}

proptest! {
    #[test]
    fn every_span_comes_once(parents in prop::collection::vec(0_usize..12, 0..12)) {
        let id = |n: usize| format!("s{n}");
        let spans: Vec<SpanDetail> = parents.iter().enumerate()
            .map(|(n, parent)| span(&id(n), Some(&id(*parent)), Some(n as i64), None))
            .collect();
        let mut seen: Vec<usize> = arrange(&spans).iter().map(|place| place.index).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..spans.len()).collect::<Vec<_>>());
    }

    #[test]
    fn bars_stay_within_the_picture(
        times in prop::collection::vec(
            (prop::option::of(any::<i64>()), prop::option::of(0_i64..i64::MAX)), 1..20)
    ) {
        let spans: Vec<SpanDetail> = times.iter().enumerate()
            .map(|(n, (start, took))| span(&n.to_string(), None, *start, *took))
            .collect();
        let view = project_view();
        let waterfall = Waterfall::new(&view, "t", &spans, &arrange(&spans), None);
        for bar in waterfall.rows.iter().filter_map(|row| row.bar.as_ref()) {
            prop_assert!(bar.x >= 0.0 && bar.width > 0.0, "{bar:?}");
            prop_assert!(bar.x + bar.width <= 100.002, "{bar:?}");
        }
    }
}

#[test]
fn bars_say_when_and_how_long() {
    let mut failed = span("failed", None, Some(75), Some(25));
    failed.level = Level::Error;
    let mut call = span("call", None, Some(0), Some(50));
    call.kind = SpanKind::Generation;
    let spans = [
        call,
        span("tick", None, Some(50), None),
        failed,
        span("never", None, None, None),
    ];
    let waterfall = Waterfall::new(&project_view(), "t", &spans, &arrange(&spans), Some(1));
    let bars: Vec<_> = waterfall.rows.iter().map(|row| row.bar.clone()).collect();
    let bar = |class, x, width| Some(waterfall::Bar { class, x, width });
    assert_eq!(
        bars,
        [
            bar("fill-1", 0.0, 50.0),
            bar("fill-none", 50.0, 0.4),
            bar("fill-error", 75.0, 25.0),
            None
        ]
    );
    assert!(waterfall.rows[1].is_selected && !waterfall.rows[0].is_selected);
}

#[test]
fn where_it_failed_is_looked_at_first_and_then_what_answers() {
    let mut detail = samples::trace("t");
    assert_eq!(detail.spans.len(), 7);
    let chosen = |detail: &TraceDetail, id| {
        let places = arrange(&detail.spans);
        let at = select(&detail.spans, places.iter().map(|it| it.index), id);
        at.map(|at| detail.spans[at].id.clone())
    };
    // The last one failed.
    detail.spans[6].output = None;
    assert_eq!(chosen(&detail, None).as_deref(), Some("answer"));
    assert_eq!(chosen(&detail, Some("embed")).as_deref(), Some("embed"));
    assert_eq!(chosen(&detail, Some("nobody")).as_deref(), Some("answer"));
    // One around it that only passes the failure on says nothing.
    detail.spans[0].level = Level::Error;
    detail.spans[0].status_message = None;
    assert_eq!(chosen(&detail, None).as_deref(), Some("answer"));
    for span in &mut detail.spans {
        span.level = Level::Default;
    }
    assert_eq!(chosen(&detail, None).as_deref(), Some("plan"));
    detail.spans[6].output = Some("It is on its way.".into());
    assert_eq!(chosen(&detail, None).as_deref(), Some("answer"));
    for span in &mut detail.spans {
        span.output = None;
    }
    assert_eq!(chosen(&detail, None).as_deref(), Some("plan"));
    detail.spans.clear();
    assert_eq!(chosen(&detail, None), None);
    assert!(render(&detail, None).contains("No spans yet"));
}

#[test]
fn a_page_shows_the_chosen_span_in_full() {
    let detail = samples::trace("t");
    let html = render(&detail, Some("answer"));
    for words in [
        "rate limit of the provider exceeded",
        "no price for this model",
        "None: it failed.",
        r#"aria-current="true""#,
        r#"href="/traces/t?projectId=prj_1&#38;span=embed#span""#,
        "john@acme.com",
        r#"<span class="tag bad">Failed</span>"#,
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let other = render(&detail, Some("embed"));
    assert!(other.contains("Not captured, or removed by retention."));
    let selected = r#"span=answer" aria-current="true">"#;
    assert_eq!(html.matches(selected).count(), 1);
    let html = render(&detail, Some("plan"));
    for words in [
        "by the price book",
        "cache write",
        "temperature",
        "look({",
        "How it was priced",
        "$0.003750000",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let html = render(&detail, Some("agent"));
    assert!(html.contains("counted on another span of this trace"));
}

#[test]
fn hostile_texts_are_only_texts() {
    let evil = "<script>alert(1)</script>\"'&";
    let json = serde_json::to_string(evil).unwrap();
    let mut detail = samples::trace(evil);
    detail.summary.name = evil.into();
    detail.summary.metadata = format!("{{{json}:{json}}}");
    let one = detail.spans.first_mut().unwrap();
    (one.id, one.name, one.level) = (evil.into(), evil.into(), Level::Error);
    one.model = Some(evil.into());
    one.status_message = Some(evil.into());
    one.metadata = Some(format!("{{{json}:[{json}]}}"));
    one.input = Some(format!(
        r#"[{{"role":{json},"content":[{{"type":{json},"name":{json}}},{json}]}}]"#
    ));
    one.output = Some(format!("{{{json}:{json}}}"));
    let html = render(&detail, Some(evil));
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains("style=") && !html.contains("\"'&"));
}

#[test]
fn ten_thousand_spans_make_a_bounded_page() {
    let mut detail = samples::trace("t");
    detail.spans = (0..10_000)
        .map(|n| {
            let parent = (n > 0).then(|| format!("s{}", n - 1));
            span(&format!("s{n}"), parent.as_deref(), Some(n), Some(1))
        })
        .collect();
    let html = render(&detail, Some("s9999"));
    assert_eq!(html.matches("<tr").count(), 501);
    assert!(html.contains("9,500") && html.contains("indent-7"));
    assert!(html.len() < 800_000, "{}", html.len());
}
