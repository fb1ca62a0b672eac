//! A view, a frame, a trace and a session for the tests of pages.
use crate::frame::{Frame, Nav, Who};
use crate::view::View;
use cognobserve_model::account::{Project, ProjectSettings};
use cognobserve_model::id::{DeveloperId, ProjectId, SessionId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::people::Role;
use cognobserve_model::report::{
    SessionRef, SessionStats, SpanDetail, TraceDetail, TraceSummary, UserRef,
};
use cognobserve_model::span::{Level, Pricing, SpanKind};
use cognobserve_model::time::Micros;
use cognobserve_model::usage::Usage;

const NOW: i64 = 1_780_000_000_000_000;

pub fn project_view() -> View {
    let project = Project {
        id: ProjectId::new("prj_1"),
        workspace: "acme".into(),
        name: "shop".into(),
        developer: DeveloperId::new("dev_1"),
        settings: ProjectSettings::default(),
        created: Micros(0),
    };
    View::read(&[], project, Micros(NOW)).unwrap()
}

pub fn frame(view: &View) -> Frame {
    let who = Who {
        email: "dev@acme.com".into(),
        name: None,
        form_token: "token".into(),
        projects: vec![view.project.clone()],
        is_operator: false,
        theme: crate::Theme::default(),
    };
    Frame::project("", Nav::Traces, who, Role::Owner, view.clone())
}

/// A span that begins some µs after the trace and takes some µs.
pub fn span(id: &str, parent: Option<&str>, start: Option<i64>, took: Option<i64>) -> SpanDetail {
    let start = start.map(Micros);
    SpanDetail {
        id: id.into(),
        parent: parent.map(str::to_owned),
        name: format!("name of {id}"),
        kind: SpanKind::Span,
        level: Level::Default,
        status_message: None,
        start,
        end: start
            .zip(took)
            .map(|(at, took)| Micros(at.0.saturating_add(took))),
        latency_micros: took,
        model: None,
        response_id: None,
        usage: Usage::default(),
        pricing: Pricing::Nothing,
        counted: true,
        input: None,
        output: None,
        metadata: None,
        model_parameters: None,
    }
}

fn step(id: &str, parent: &str, start_ms: i64, took_ms: i64, kind: SpanKind) -> SpanDetail {
    let start = NOW - 360_000_000 + start_ms * 1_000;
    SpanDetail {
        name: format!("{id} step"),
        kind,
        ..span(id, Some(parent), Some(start), Some(took_ms * 1_000))
    }
}

fn call(id: &str, parent: &str, start_ms: i64, took_ms: i64, prompt: i64) -> SpanDetail {
    SpanDetail {
        model: Some("gpt-4o".into()),
        usage: Usage {
            prompt: Some(prompt),
            completion: Some(prompt / 8),
            cached: Some(prompt / 2),
            cache_write: Some(0),
            ..Usage::default()
        },
        pricing: Pricing::Book(prompt * 3_125),
        ..step(id, parent, start_ms, took_ms, SpanKind::Generation)
    }
}

/// An agent's run of seven spans whose last call failed.
pub fn trace(id: &str) -> TraceDetail {
    let asked = r#"[{"role":"system","content":"You help customers of the shop."},{"role":"user","content":"Where is my order?"}]"#;
    let mut agent = step("agent", "nobody", 0, 4_200, SpanKind::Agent);
    (agent.parent, agent.counted) = (None, false);
    agent.usage.total = Some(1_900);
    let mut plan = call("plan", "agent", 40, 1_300, 1_200);
    plan.input = Some(asked.into());
    plan.output = Some(r#"{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"look","arguments":"{\"order\":\"AB-12345\"}"}}]}"#.into());
    plan.model_parameters = Some(r#"{"temperature":0.20,"max_tokens":1024}"#.into());
    plan.metadata = Some(r#"{"prompt":"plan@7"}"#.into());
    plan.response_id = Some("chatcmpl-9f2".into());
    let embed = step("embed", "agent", 1_350, 90, SpanKind::Embedding);
    let mut look = step("look", "agent", 1_450, 1_000, SpanKind::Tool);
    look.level = Level::Warning;
    look.status_message = Some("retried twice".into());
    look.input = Some(r#"{"order":"AB-12345"}"#.into());
    look.output = Some(
        r#"{"status":"shipped","weight_kg":1.10,"parcels":[{"carrier":"DHL","tracking":null}]}"#
            .into(),
    );
    let fetch = step("fetch", "look", 1_500, 880, SpanKind::Span);
    let mut cached = step("cached", "look", 2_400, 0, SpanKind::Event);
    (cached.latency_micros, cached.end) = (None, None);
    let mut answer = call("answer", "agent", 2_500, 1_650, 700);
    (answer.level, answer.pricing) = (Level::Error, Pricing::Unpriced);
    answer.model = Some("acme-7b".into());
    answer.status_message = Some("429: rate limit of the provider exceeded".into());
    answer.input = Some(asked.into());
    TraceDetail {
        summary: TraceSummary {
            id: id.into(),
            name: "support agent".into(),
            time: Micros(NOW - 360_000_000),
            user: Some(UserRef {
                id: UserId::new("usr_1"),
                external_id: Some("john@acme.com".into()),
            }),
            session: Some(SessionRef {
                id: SessionId::new("ses_1"),
                external_id: "s-john-today".into(),
                name: None,
            }),
            metadata: r#"{"environment":"production","release":"2.4.0"}"#.into(),
            latency_micros: Some(4_200_000),
            measures: measures(),
            spans: Vec::new(),
        },
        arrived: Micros(NOW - 350_000_000),
        spans: vec![agent, plan, embed, look, fetch, cached, answer],
    }
}

fn measures() -> Measures {
    let mut sums = Measures {
        trace_count: 1,
        span_count: 7,
        prompt_tokens: 1_900,
        completion_tokens: 237,
        total_tokens: 2_137,
        cost_nanos: 3_750_000,
        unpriced_span_count: 1,
        error_count: 1,
        error_trace_count: 1,
        ended_trace_count: 1,
        trace_latency_micros: 4_200_000,
        ..Measures::default()
    };
    sums.trace_latency.add(4_200_000, 1);
    sums
}

pub fn session() -> SessionStats {
    SessionStats {
        id: SessionId::new("ses_1"),
        project: ProjectId::new("prj_1"),
        external_id: "s-john-today".into(),
        name: Some("Where is my order?".into()),
        metadata: r#"{"channel":"web","locale":"de-DE"}"#.into(),
        user: Some(UserRef {
            id: UserId::new("usr_1"),
            external_id: Some("john@acme.com".into()),
        }),
        first_seen: Micros(NOW - 3_600_000_000),
        last_seen: Micros(NOW - 360_000_000),
        created: Micros(NOW - 3_600_000_000),
        measures: measures(),
    }
}
