//! Charts: what the script draws from, and the same bars as SVG for whoever has no script.
//! Invariant: the numbers in a chart are the ledger's; only their texts are shortened.
use crate::view::{Unit, View};
use cognobserve_model::measures::Measures;
use cognobserve_model::money::Dollars;
use serde::Serialize;

/// How a series' numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measured {
    Count,
    Usd,
    Ms,
}

#[derive(Clone, Debug, Serialize)]
pub struct Series {
    pub name: &'static str,
    pub unit: Measured,
    /// One of the four chart colours.
    pub color: u8,
    /// `null`: no data.
    pub values: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Data<'a> {
    kind: &'static str,
    /// Where each bar begins, Unix seconds.
    x: Vec<i64>,
    labels: Vec<String>,
    titles: Vec<String>,
    series: &'a [Series],
}

/// A bar of the plain picture, in a box of 100 by 100 for each bar.
pub struct Bar {
    pub x: usize,
    pub y: f64,
    pub height: f64,
    pub title: String,
}

/// A chart of one or more series over a view's period.
pub struct Chart {
    pub id: &'static str,
    pub title: &'static str,
    /// What a screen reader says of it.
    pub summary: String,
    pub json: String,
    pub series: Vec<Series>,
    pub bars: Vec<Bar>,
    pub width: usize,
}

impl Chart {
    /// `kind`: `bars` or `line`.
    pub fn new(
        view: &View,
        id: &'static str,
        title: &'static str,
        kind: &'static str,
        series: Vec<Series>,
    ) -> Chart {
        let mut edges = view.edges();
        edges.pop();
        let (label, whole) = match view.unit() {
            Unit::Hour => ("%H:%M", "%b %-d, %H:%M"),
            Unit::Day => ("%b %-d", "%A, %b %-d, %Y"),
        };
        let write = |pattern: &str| {
            edges
                .iter()
                .map(|at| view.zone.write(*at, pattern))
                .collect::<Vec<_>>()
        };
        let titles = write(whole);
        let data = Data {
            kind,
            x: edges.iter().map(|at| at.0 / 1_000_000).collect(),
            labels: write(label),
            titles: titles.clone(),
            series: &series,
        };
        // Numbers and texts have no way to fail.
        let json = serde_json::to_string(&data).unwrap_or_default();
        let first = series
            .first()
            .map(|one| one.values.as_slice())
            .unwrap_or_default();
        let most = first.iter().flatten().copied().fold(0.0, f64::max);
        let bar = |(x, (value, title)): (usize, (&Option<f64>, &String))| {
            let value = value.unwrap_or(0.0);
            let height = if most > 0.0 {
                (value / most * 1e4).round() / 100.0
            } else {
                0.0
            };
            Bar {
                x: x * 100 + 14,
                y: 100.0 - height,
                height,
                title: format!("{title}: {value}"),
            }
        };
        let bars = first.iter().zip(&titles).enumerate().map(bar).collect();
        let peak = first
            .iter()
            .zip(&titles)
            .max_by(|a, b| a.0.unwrap_or(0.0).total_cmp(&b.0.unwrap_or(0.0)));
        let summary = match peak.filter(|_| most > 0.0) {
            Some((_, day)) => format!("{title}, {}; highest on {day}.", view.words()),
            None => format!("{title}, {}: none.", view.words()),
        };
        Chart {
            id,
            title,
            summary,
            json,
            width: first.len() * 100,
            series,
            bars,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.series
            .iter()
            .all(|one| one.values.iter().flatten().all(|value| *value == 0.0))
    }
}

/// Reads one number of each bar.
pub fn series(
    name: &'static str,
    unit: Measured,
    color: u8,
    bars: &[Measures],
    read: impl Fn(&Measures) -> Option<f64>,
) -> Series {
    Series {
        name,
        unit,
        color,
        values: bars.iter().map(read).collect(),
    }
}

pub fn count(
    name: &'static str,
    color: u8,
    bars: &[Measures],
    read: impl Fn(&Measures) -> i64,
) -> Series {
    series(name, Measured::Count, color, bars, |it| {
        Some(read(it) as f64)
    })
}

pub fn numbers(name: &'static str, color: u8, values: &[i64]) -> Series {
    let values = values.iter().map(|value| Some(*value as f64));
    Series {
        name,
        unit: Measured::Count,
        color,
        values: values.collect(),
    }
}

pub fn cost(bars: &[Measures]) -> Series {
    series("Cost", Measured::Usd, 2, bars, |it| {
        Some(Dollars(it.cost_nanos).to_f64())
    })
}

/// A line without axes, 84 by 22.
pub struct Spark {
    pub line: String,
    pub area: String,
    pub is_empty: bool,
}

impl Spark {
    pub fn of(values: &[i64]) -> Spark {
        let most = values.iter().copied().max().unwrap_or(0).max(1) as f64;
        let step = 84.0 / (values.len().max(2) - 1) as f64;
        let point = |(at, value): (usize, &i64)| {
            format!(
                "{:.1} {:.1}",
                at as f64 * step,
                20.0 - *value as f64 / most * 18.0
            )
        };
        let points: Vec<String> = values.iter().enumerate().map(point).collect();
        let line = format!("M{}", points.join("L"));
        Spark {
            area: format!("{line}V21H0Z"),
            line,
            is_empty: values.iter().all(|value| *value == 0),
        }
    }
}
