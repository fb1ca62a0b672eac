//! One turn of a conversation: what the user said and what the app answered, out of a trace.
//! Invariant: what is shown stands in the trace; nothing is guessed where nothing was captured.
use crate::format::{self, Figure, Moment, shorten};
use crate::link::Link;
use crate::pages::row::trace_link;
use crate::pages::trace::find_answering;
use crate::pages::trace::tree::arrange;
use crate::payload::{Body, Message, Payload};
use crate::view::View;
use cognobserve_model::report::{SpanDetail, TraceDetail};
use cognobserve_model::span::{Level, SpanKind};

const MOST_BYTES: usize = 16 * 1024;
const MOST_OF_A_FAULT: usize = 300;

pub struct Turn {
    pub link: Link,
    pub name: String,
    pub time: Moment,
    pub latency: Figure,
    pub tokens: Figure,
    pub cost: Figure,
    /// What went wrong.
    pub fault: Option<String>,
    pub said: Option<Said>,
    pub answered: Option<Said>,
    /// Why neither of them is here, if so.
    pub silence: Option<&'static str>,
}

/// One side of a turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    /// What is no text of it.
    pub extra: Vec<String>,
    pub is_json: bool,
    pub is_cut: bool,
}

impl Turn {
    pub fn new(view: &View, trace: &TraceDetail) -> Turn {
        let summary = &trace.summary;
        let root = find_root(&trace.spans);
        let millis = summary.latency_micros.map(|micros| micros as f64 / 1e3);
        let said = find_input(&trace.spans, root);
        let answered = find_output(&trace.spans, root);
        Turn {
            link: trace_link(view, &summary.id),
            name: match summary.name.is_empty() {
                true => summary.id.clone(),
                false => summary.name.clone(),
            },
            time: format::exact(summary.time, &view.zone),
            latency: format::millis(millis),
            tokens: format::count(summary.measures.total_tokens),
            cost: format::spent(&summary.measures),
            fault: find_fault(&trace.spans),
            silence: (said.or(answered).is_none()).then(|| explain_silence(&trace.spans)),
            said: said.map(|it| Said::read(it, is_user)),
            answered: answered.map(|it| Said::read(it, is_app)),
        }
    }
}

fn explain_silence(spans: &[SpanDetail]) -> &'static str {
    let has_any = |span: &SpanDetail| span.input.is_some() || span.output.is_some();
    match spans.iter().any(has_any) {
        true => "No model call has an input or output; other spans of the trace have.",
        false => "Neither input nor output: not captured, or removed by retention.",
    }
}

/// The first span that failed, by its message, else its name.
fn find_fault(spans: &[SpanDetail]) -> Option<String> {
    let span = spans.iter().find(|span| span.level == Level::Error)?;
    let message = span.status_message.as_ref().filter(|it| !it.is_empty());
    Some(shorten(message.unwrap_or(&span.name), MOST_OF_A_FAULT))
}

/// The first span without a parent, else the first that has none in this trace.
fn find_root(spans: &[SpanDetail]) -> Option<&SpanDetail> {
    let places = arrange(spans);
    let tops = || {
        places
            .iter()
            .filter(|it| it.level == 0)
            .map(|it| &spans[it.index])
    };
    tops()
        .find(|span| span.parent.is_none())
        .or_else(|| tops().next())
}

fn spans_of(spans: &[SpanDetail], kind: SpanKind) -> impl Iterator<Item = &SpanDetail> {
    spans.iter().filter(move |span| span.kind == kind)
}

/// Of the root, else of the first generation that has one, else of the first embedding.
fn find_input<'a>(spans: &'a [SpanDetail], root: Option<&'a SpanDetail>) -> Option<&'a str> {
    let calls = spans_of(spans, SpanKind::Generation);
    let mut asked = root
        .into_iter()
        .chain(calls)
        .chain(spans_of(spans, SpanKind::Embedding));
    asked.find_map(|span| span.input.as_deref())
}

/// Of the root, else of the generation that answers.
fn find_output<'a>(spans: &'a [SpanDetail], root: Option<&'a SpanDetail>) -> Option<&'a str> {
    let mut answered = root.into_iter().chain(find_answering(spans));
    answered.find_map(|span| span.output.as_deref())
}

fn is_user(message: &Message) -> bool {
    message.class() == "user"
}

fn is_app(message: &Message) -> bool {
    message.class() == "assistant"
}

impl Said {
    /// Of a conversation the latest message by this side, else the latest.
    fn read(stored: &str, is_own: fn(&Message) -> bool) -> Said {
        let payload = Payload::read(stored, MOST_BYTES);
        let is_cut = payload.is_cut;
        match payload.body {
            Body::Chat(messages) => {
                let own = messages.iter().rev().find(|it| is_own(it));
                let message = own.or(messages.last()).cloned().unwrap_or_default();
                Said {
                    is_cut: is_cut && message.text.ends_with('…'),
                    text: message.text,
                    extra: message.extra,
                    is_json: false,
                }
            }
            Body::Text(text) => Said {
                text,
                is_cut,
                ..Said::default()
            },
            Body::Json(text) => Said {
                text,
                is_cut,
                is_json: true,
                ..Said::default()
            },
        }
    }
}
