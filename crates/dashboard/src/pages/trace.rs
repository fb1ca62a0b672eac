//! One trace: what happened in which order, what it cost, and one of its spans in full.
//! Invariant: a trace of any size and shape makes a page of bounded size.
mod priced;
mod span;
pub(super) mod tree;
mod waterfall;

use self::priced::Today;
use self::span::SpanView;
use self::waterfall::Waterfall;
use super::owner::Owner;
use super::row::session_link;
use super::stat::{Stat, lack_prices};
use super::{Html, PageError};
use crate::format::{self, Moment, shorten};
use crate::frame::Frame;
use crate::glossary::ERRORS;
use crate::link::{Link, segment};
use crate::payload::list_fields;
use crate::view::View;
use askama::Template;
use cognobserve_model::price::{PriceBook, PriceEntry};
use cognobserve_model::report::{SpanDetail, TraceDetail, TraceSummary};
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_ports::Reports;

#[derive(Template)]
#[template(path = "trace.html")]
struct TracePage {
    frame: Frame,
    name: String,
    id: String,
    is_failed: bool,
    time: Moment,
    /// How long ago.
    ago: Moment,
    owner: Owner,
    session: Option<(String, Link)>,
    stats: Vec<Stat>,
    waterfall: Waterfall,
    span: Option<SpanView>,
    metadata: Vec<(String, String)>,
    links: Links,
}

struct Links {
    traces: Link,
    /// The whole of it, for machines.
    json: Link,
}

/// A trace with one of its spans, by id; without one, or if there is none of this id, with the
/// span that tells most: the first that failed and says why, else the first that failed, else the
/// generation that answers, else the first generation. `prices` are the project's own.
pub async fn render(
    reports: &dyn Reports,
    prices: Vec<PriceEntry>,
    frame: Frame,
    trace_id: &str,
    span: Option<&str>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let found = reports.find_trace(&view.project.id, trace_id).await?;
    let detail = found.ok_or(PageError::NotFound)?;
    let owner = Owner::find(reports, &view, detail.summary.user.as_ref()).await?;
    let book = PriceBook::with_overrides(prices);
    Ok(TracePage::new(frame, &view, &detail, owner, span, &book).render()?)
}

impl TracePage {
    fn new(
        frame: Frame,
        view: &View,
        detail: &TraceDetail,
        owner: Owner,
        span: Option<&str>,
        book: &PriceBook,
    ) -> TracePage {
        let today = Today {
            book,
            time: detail.summary.time,
        };
        let trace = &detail.summary;
        let places = tree::arrange(&detail.spans);
        let in_order = || places.iter().map(|place| place.index);
        let selected = select(&detail.spans, in_order(), span);
        let name = match trace.name.is_empty() {
            true => trace.id.clone(),
            false => trace.name.clone(),
        };
        TracePage {
            frame: Frame {
                title: shorten(&name, 80),
                grows: true,
                ..frame
            },
            id: trace.id.clone(),
            is_failed: trace.measures.error_count > 0,
            time: format::exact(trace.time, &view.zone),
            ago: format::moment(trace.time, view.now(), &view.zone),
            owner,
            session: trace.session.as_ref().map(|it| {
                let name = it.name.clone().unwrap_or_else(|| it.external_id.clone());
                (name, session_link(view, it.id.as_str()))
            }),
            stats: list_stats(trace, &detail.spans),
            waterfall: Waterfall::new(view, &trace.id, &detail.spans, &places, selected),
            span: selected.map(|at| SpanView::new(view, &detail.spans[at], &today)),
            metadata: list_fields(&trace.metadata),
            links: Links {
                traces: view.link("/traces"),
                json: Link::to(format!("/v1/traces/{}", segment(&trace.id)))
                    .with("projectId", &view.project.id),
            },
            name,
        }
    }
}

/// The last generation that has an output: what a trace answers, if its root does not say.
pub(super) fn find_answering(spans: &[SpanDetail]) -> Option<&SpanDetail> {
    let answers = |span: &&SpanDetail| span.kind == SpanKind::Generation && span.output.is_some();
    spans.iter().rev().find(answers)
}

/// The span of this id, else the one that tells most; `None` without any.
fn select(
    spans: &[SpanDetail],
    mut in_order: impl Iterator<Item = usize> + Clone,
    id: Option<&str>,
) -> Option<usize> {
    let find =
        |wanted: &dyn Fn(&SpanDetail) -> bool| in_order.clone().find(|at| wanted(&spans[*at]));
    let has_failed = |span: &SpanDetail| span.level == Level::Error;
    id.and_then(|id| find(&|span| span.id == id))
        .or_else(|| find(&|span| has_failed(span) && span.status_message.is_some()))
        .or_else(|| find(&has_failed))
        .or_else(|| {
            let answering = find_answering(spans)?;
            spans.iter().position(|span| std::ptr::eq(span, answering))
        })
        .or_else(|| find(&|span| span.kind == SpanKind::Generation))
        .or_else(|| in_order.next())
}

fn list_stats(trace: &TraceSummary, spans: &[SpanDetail]) -> Vec<Stat> {
    let sums = &trace.measures;
    let count = |n: i64| format::count(n).text;
    let millis = trace.latency_micros.map(|micros| micros as f64 / 1e3);
    let (prompt, completion) = (count(sums.prompt_tokens), count(sums.completion_tokens));
    let calls = spans.iter().filter(|span| span.kind.is_model_call());
    let failed = spans.iter().find(|span| span.level == Level::Error);
    let failed = failed.map(|span| shorten(waterfall::name(span), 60));
    let calls = match calls.count() {
        1 => "one model call".to_owned(),
        n => format!("{} model calls", count(n as i64)),
    };
    vec![
        Stat::new("Latency", format::millis(millis)),
        Stat::new("Spans", format::count(sums.span_count)).noting(calls),
        Stat::new("Tokens", format::count(sums.total_tokens))
            .noting(format!("{prompt} in, {completion} out")),
        Stat::new("Cost", format::spent(sums)).noting(lack_prices(sums.unpriced_span_count)),
        Stat::new(ERRORS, format::count(sums.error_count)).noting(failed.unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests;
