//! The spans of a trace as rows with bars: who called whom, when, and for how long.
//! Invariant: bars lie within 0 to 100 percent of the trace's wall time; rows are bounded.
use super::tree::Place;
use crate::format::{self, CountUnit, Figure};
use crate::link::Link;
use crate::pages::row::trace_link;
use crate::view::View;
use cognobserve_model::report::SpanDetail;
use cognobserve_model::span::{Level, Pricing, SpanKind};

pub const MOST_ROWS: usize = 500;
const MOST_LEVELS: usize = 7;
/// Narrower bars would not be seen.
const LEAST_PERCENT: f64 = 0.4;

pub struct Waterfall {
    pub rows: Vec<SpanRow>,
    /// How many spans have no row.
    pub more: Figure,
    pub has_more: bool,
    /// What the bars' full width stands for.
    pub wall: Figure,
    /// Whether any span says when it was.
    pub has_wall: bool,
}

pub struct SpanRow {
    pub link: Link,
    pub name: String,
    pub level: usize,
    pub is_selected: bool,
    pub kind: &'static str,
    pub is_generation: bool,
    /// A word and its class, unless all went as it should.
    pub mark: Option<(&'static str, &'static str)>,
    pub model: String,
    pub tokens: Figure,
    pub cost: Figure,
    pub duration: Figure,
    /// `None`: nobody knows when it was.
    pub bar: Option<Bar>,
}

/// A bar in percent of the wall time.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub class: &'static str,
    pub x: f64,
    pub width: f64,
}

/// From the first start to the last end, µs.
#[derive(Clone, Copy, Debug)]
struct Wall {
    from: i64,
    micros: f64,
}

impl Waterfall {
    /// `places`: in the order of the tree; `selected` is an index of `spans`.
    pub fn new(
        view: &View,
        trace_id: &str,
        spans: &[SpanDetail],
        places: &[Place],
        selected: Option<usize>,
    ) -> Waterfall {
        let wall = Wall::of(spans);
        let page = trace_link(view, trace_id);
        let shown = &places[..places.len().min(MOST_ROWS)];
        let tokens = |place: &Place| spans[place.index].usage.total_tokens();
        let unit = CountUnit::of(shown.iter().map(tokens));
        let row = |place: &Place| {
            let span = &spans[place.index];
            SpanRow {
                is_selected: selected == Some(place.index),
                tokens: match span.usage.is_given() {
                    true => unit.write(tokens(place)),
                    false => Figure::default(),
                },
                ..SpanRow::new(&page, span, place.level, wall)
            }
        };
        let more = places.len().saturating_sub(MOST_ROWS);
        Waterfall {
            rows: shown.iter().map(row).collect(),
            more: format::count(more as i64),
            has_more: more > 0,
            wall: format::millis(wall.map(|wall| wall.micros / 1e3)),
            has_wall: wall.is_some(),
        }
    }
}

impl SpanRow {
    fn new(page: &Link, span: &SpanDetail, level: usize, wall: Option<Wall>) -> SpanRow {
        SpanRow {
            link: page.clone().with("span", &span.id),
            name: name(span).to_owned(),
            level: level.min(MOST_LEVELS),
            is_selected: false,
            kind: span.kind.as_str(),
            is_generation: span.kind.is_model_call(),
            mark: mark(span.level),
            model: span.model.clone().unwrap_or_default(),
            tokens: Figure::default(),
            cost: write_cost(span),
            duration: match span.latency_micros {
                Some(micros) => format::millis(Some(micros as f64 / 1e3)),
                None => Figure::none(),
            },
            bar: wall.and_then(|wall| wall.draw(span)),
        }
    }
}

/// What a span is called; its id if it has no name.
pub fn name(span: &SpanDetail) -> &str {
    match span.name.is_empty() {
        true => &span.id,
        false => &span.name,
    }
}

/// The word for a level that is not the usual one, and its class.
pub fn mark(level: Level) -> Option<(&'static str, &'static str)> {
    match level {
        Level::Error => Some(("Error", "bad")),
        Level::Warning => Some(("Warning", "warn")),
        Level::Debug => Some(("Debug", "")),
        Level::Default => None,
    }
}

fn write_cost(span: &SpanDetail) -> Figure {
    match (span.pricing, span.counted) {
        (Pricing::Unpriced, true) => Figure {
            text: "unpriced".into(),
            title: "no price for this model".into(),
        },
        (pricing, true) => pricing
            .nanos()
            .map(|nanos| format::usd(nanos.into()))
            .unwrap_or_default(),
        (_, false) => Figure::default(),
    }
}

impl Wall {
    /// `None` if no span has a start.
    fn of(spans: &[SpanDetail]) -> Option<Wall> {
        let starts = spans.iter().filter_map(|span| span.start);
        let from = starts.map(|at| at.0).min()?;
        let end = |span: &SpanDetail| {
            let start = span.start?.0;
            Some(start.saturating_add(span.latency_micros.unwrap_or(0)))
        };
        let to = spans.iter().filter_map(end).max().unwrap_or(from);
        Some(Wall {
            from,
            micros: (to as f64 - from as f64).max(0.0),
        })
    }

    fn draw(self, span: &SpanDetail) -> Option<Bar> {
        let start = span.start?.0;
        let scale = |micros: f64| match self.micros > 0.0 {
            true => (micros / self.micros * 100.0).clamp(0.0, 100.0),
            false => 0.0,
        };
        let width = span.latency_micros.map(|micros| scale(micros as f64));
        let width = width.unwrap_or(0.0).max(LEAST_PERCENT);
        let x = scale(start as f64 - self.from as f64).min(100.0 - width);
        let class = match (span.level, span.latency_micros, span.kind) {
            (_, None, _) => "fill-none",
            (Level::Error, _, _) => "fill-error",
            (_, _, SpanKind::Generation) => "fill-1",
            _ => "fill-2",
        };
        let round = |percent: f64| (percent * 1e3).round() / 1e3;
        Some(Bar {
            class,
            x: round(x),
            width: round(width),
        })
    }
}
