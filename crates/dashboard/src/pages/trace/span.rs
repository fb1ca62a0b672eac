//! One span with all that is known of it: the lower part of a trace's page.
//! Invariant: inputs and outputs are shown through `payload`, bounded.
use super::priced::{Priced, Today};
use super::waterfall;
use crate::format::{self, Figure, Moment};
use crate::payload::{MOST_BYTES, Payload, list_fields};
use crate::view::View;
use cognobserve_model::report::SpanDetail;

pub struct SpanView {
    pub name: String,
    pub id: String,
    pub kind: &'static str,
    pub is_generation: bool,
    pub mark: Option<(&'static str, &'static str)>,
    pub level: &'static str,
    pub status: Option<String>,
    pub is_error: bool,
    pub model: Option<String>,
    pub response_id: Option<String>,
    pub start: Option<Moment>,
    pub end: Option<Moment>,
    pub duration: Figure,
    /// What kind of tokens, and how many.
    pub tokens: Vec<(&'static str, Figure)>,
    /// What it cost, if that is known.
    pub cost: Option<Figure>,
    /// How that came about.
    pub priced: Priced,
    pub parameters: Vec<(String, String)>,
    pub metadata: Vec<(String, String)>,
    pub payloads: [(&'static str, &'static str, Option<Payload>); 2],
}

impl SpanView {
    pub fn new(view: &View, span: &SpanDetail, today: &Today) -> SpanView {
        let exact = |at| format::exact(at, &view.zone);
        let read = |it: &Option<String>| it.as_deref().map(|it| Payload::read(it, MOST_BYTES));
        let fields = |it: &Option<String>| it.as_deref().map(list_fields).unwrap_or_default();
        let millis = span.latency_micros.map(|micros| micros as f64 / 1e3);
        let status = span.status_message.clone();
        let mark = waterfall::mark(span.level);
        SpanView {
            name: waterfall::name(span).to_owned(),
            id: span.id.clone(),
            kind: span.kind.as_str(),
            is_generation: span.kind.is_model_call(),
            is_error: mark.is_some_and(|(_, class)| class == "bad"),
            mark,
            level: span.level.as_str(),
            status: status.filter(|text| !text.is_empty()),
            model: span.model.clone(),
            response_id: span.response_id.clone(),
            start: span.start.map(exact),
            end: span.end.map(exact),
            duration: format::millis(millis),
            tokens: list_tokens(span),
            cost: span.pricing.nanos().map(|nanos| format::usd(nanos.into())),
            priced: Priced::new(view, span, today),
            parameters: fields(&span.model_parameters),
            metadata: fields(&span.metadata),
            payloads: [
                ("input", "Input", read(&span.input)),
                ("output", "Output", read(&span.output)),
            ],
        }
    }
}

fn list_tokens(span: &SpanDetail) -> Vec<(&'static str, Figure)> {
    let usage = &span.usage;
    let total = usage.is_given().then(|| usage.total_tokens());
    let tokens = [
        ("prompt", usage.prompt),
        ("cached", usage.cached),
        ("cache write", usage.cache_write),
        ("completion", usage.completion),
        ("reasoning", usage.reasoning),
        ("total", total),
    ];
    let given = tokens.into_iter();
    given
        .filter_map(|(name, tokens)| Some((name, format::count(tokens?))))
        .collect()
}
