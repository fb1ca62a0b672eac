//! What a turn shows of its trace, and the page around the turns.
use super::*;
use crate::pages::owner::Names;
use crate::pages::pager::Place;
use crate::pages::samples::{self, project_view, span};
use cognobserve_model::report::SpanDetail;
use cognobserve_model::span::{Level, SpanKind};

fn generation(id: &str, input: Option<&str>, output: Option<&str>) -> SpanDetail {
    SpanDetail {
        kind: SpanKind::Generation,
        input: input.map(str::to_owned),
        output: output.map(str::to_owned),
        ..span(id, Some("root"), Some(1), Some(1))
    }
}

fn turn(spans: Vec<SpanDetail>) -> Turn {
    let mut trace = samples::trace("t");
    trace.spans = spans;
    Turn::new(&project_view(), &trace)
}

fn text(said: &Option<turn::Said>) -> &str {
    said.as_ref().map_or("", |said| &said.text)
}

#[test]
fn the_root_tells_what_was_said() {
    let mut root = span("root", None, Some(0), Some(9));
    root.input = Some(r#""How much?""#.into());
    root.output = Some(r#"{"total": 1.10}"#.into());
    let turn = turn(vec![root, generation("g", Some(r#""inner""#), None)]);
    assert_eq!(text(&turn.said), "How much?");
    assert_eq!(text(&turn.answered), "{\n  \"total\": 1.10\n}");
    assert!(turn.answered.unwrap().is_json && turn.fault.is_none());
}

#[test]
fn without_it_the_generations_do() {
    let history = r#"[{"role":"user","content":"first"},{"role":"assistant","content":"so"},
        {"role":"user","content":"last"},{"role":"tool","content":"found"}]"#;
    let answer = r#"{"choices":[{"message":{"role":"assistant","content":"Here."}}]}"#;
    let turn = turn(vec![
        span("root", None, Some(0), Some(9)),
        generation("one", Some(history), Some(r#""thinking""#)),
        generation("two", Some(r#""other""#), Some(answer)),
    ]);
    assert_eq!(text(&turn.said), "last");
    assert_eq!(text(&turn.answered), "Here.");
}

#[test]
fn calls_without_a_text_are_passed_over() {
    let mut embedding = generation("e", Some(r#""as a vector""#), Some("[0.25]"));
    embedding.kind = SpanKind::Embedding;
    let mut tool = span("tool", Some("root"), Some(5), Some(1));
    (tool.kind, tool.input) = (SpanKind::Tool, Some(r#""of a tool""#.into()));
    tool.output = Some(r#""found""#.into());
    let root = || span("root", None, Some(0), Some(9));
    let both = turn(vec![
        root(),
        embedding.clone(),
        generation("vector", None, None),
        generation("answer", Some(r#""Where?""#), Some(r#""Here.""#)),
        generation("choose", Some(r#""which tool""#), None),
        tool.clone(),
    ]);
    assert_eq!(
        (text(&both.said), text(&both.answered)),
        ("Where?", "Here.")
    );
    assert_eq!(both.silence, None);
    let vector = turn(vec![root(), embedding]);
    assert_eq!(text(&vector.said), "as a vector");
    assert!(vector.answered.is_none() && vector.silence.is_none());
    let tools = turn(vec![root(), tool]);
    assert!(tools.said.is_none() && tools.silence.unwrap().contains("other spans"));
    let none = turn(vec![root(), generation("g", None, None)]);
    assert!(none.silence.unwrap().contains("not captured"));
}

#[test]
fn a_failed_turn_says_why() {
    let mut failed = generation("g", None, None);
    failed.level = Level::Error;
    failed.status_message = Some("too many <requests>".into());
    let turn = turn(vec![failed]);
    assert_eq!(turn.fault.as_deref(), Some("too many <requests>"));
    assert!(turn.said.is_none() && turn.answered.is_none());
}

fn render(traces: &[TraceDetail], next: Option<String>) -> String {
    let view = project_view();
    let here = view.link("/sessions/ses_1").with("cursor", "old");
    let place = Place::read(Some("old".into()), Some("1.older".into()));
    let pager = Pager::new("cursor", &here, &place, true, next);
    let session = samples::session();
    let owner = Owner::new(&view, session.user.as_ref(), &Names::default());
    SessionPage::new(samples::frame(&view), &view, &session, owner, traces, pager)
        .render()
        .unwrap()
}

#[test]
fn a_page_has_turns_and_leads_on() {
    let html = render(
        &[samples::trace("t1"), samples::trace("t2")],
        Some("new".into()),
    );
    for words in [
        r#"href="/traces/t2?projectId=prj_1""#,
        r#"href="/sessions/ses_1?projectId=prj_1&#38;cursor=new&#38;trail=1.older.old""#,
        r#"href="/sessions/ses_1?projectId=prj_1&#38;cursor=older&#38;trail=1""#,
        r#"href="/sessions/ses_1?projectId=prj_1""#,
        "Where is my order?",
        "rate limit of the provider exceeded",
        "s-john-today",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let empty = render(&[], None);
    assert!(empty.contains("Nothing was said yet") && !empty.contains("Next page"));
}

#[test]
fn hostile_texts_are_only_texts() {
    let evil = r#""<script>alert(1)</script>""#;
    let mut trace = samples::trace("<script>alert(2)</script>");
    for span in &mut trace.spans {
        (span.input, span.output) = (Some(evil.into()), Some(evil.into()));
        span.status_message = Some(evil.into());
    }
    let html = render(&[trace], Some("<script>alert(3)".into()));
    assert!(!html.contains("<script>alert") && !html.contains("style="));
}
