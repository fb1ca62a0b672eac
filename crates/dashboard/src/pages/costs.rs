//! Where the money went: by user, model, day, session or metadata, with a balance that holds.
use super::metadata_keys::list_keys;
use super::row::{Pager, session_link, user_link};
use super::{Html, PageError, share};
use crate::chart::{self, Chart};
use crate::format::{self, Figure};
use crate::frame::{Choice, Frame};
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, CostPosition, CostQuery, PageRequest};
use cognobserve_model::report::{CostKey, CostReport, CostRow};
use cognobserve_ports::Reports;
use futures_util::try_join;

const ROWS: usize = 50;

/// What the URL asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub group: CostGroup,
    pub after: Option<CostPosition>,
}

impl Ask {
    /// As the API calls it.
    pub fn word(&self) -> String {
        match &self.group {
            CostGroup::User => "user".into(),
            CostGroup::Model => "model".into(),
            CostGroup::Day => "day".into(),
            CostGroup::Session => "session".into(),
            CostGroup::Metadata(key) => format!("metadata.{key}"),
        }
    }

    pub fn link(&self, view: &View, path: &str) -> Link {
        view.link(path).with("groupBy", self.word())
    }

    pub fn to_query(&self, view: &View, limit: usize) -> CostQuery {
        CostQuery {
            // The page shows none.
            sessions: false,
            group: self.group.clone(),
            period: view.period(),
            zone: view.zone.clone(),
            page: PageRequest {
                limit,
                after: self.after.clone(),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "costs.html")]
struct CostsPage {
    frame: Frame,
    words: String,
    groups: Vec<Choice>,
    /// The metadata key, if it is by one.
    key: String,
    /// To offer where one is typed.
    keys: Vec<String>,
    head: String,
    /// In the card of their sum.
    heads: String,
    chart: Chart,
    rows: Vec<Row>,
    unattributed: Option<Row>,
    total: Row,
    balance: Balance,
    pager: Pager,
    csv: Link,
    kept: Vec<(String, String)>,
    prices: Link,
    unpriced: Vec<(String, Figure, Figure)>,
}

/// What the rows sum to, and that nothing is missing.
struct Balance {
    rows: Figure,
    unattributed: Figure,
    total: Figure,
    /// Whether all rows are on this page, so that their sum can be shown.
    is_whole: bool,
    holds: bool,
}

struct Row {
    text: String,
    link: Option<Link>,
    traces: Figure,
    calls: Figure,
    tokens: Figure,
    failed: Figure,
    cost: Figure,
    share: f64,
    /// Of the costliest row, for its bar.
    bar: f64,
}

impl Row {
    fn new(text: String, link: Option<Link>, sums: &Measures, of: &Scale) -> Row {
        let (nanos, unpriced) = (sums.cost_nanos, sums.unpriced_span_count);
        Row {
            text,
            link,
            traces: format::count(sums.trace_count),
            calls: format::count(sums.span_count),
            tokens: format::count(sums.total_tokens),
            failed: format::count(sums.error_trace_count),
            cost: format::spent_in(nanos, unpriced, of.places),
            share: share(nanos, of.total),
            bar: share(nanos, of.most),
        }
    }
}

/// What the rows of a table are measured by.
struct Scale {
    total: i128,
    /// Of the costliest row.
    most: i128,
    /// Decimals of every cost.
    places: usize,
}

pub async fn render(
    reports: &dyn Reports,
    frame: Frame,
    ask: Ask,
    cursor: &(dyn Fn(&CostPosition) -> String + Sync),
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let project = &view.project.id;
    let edges = view.edges();
    // All days of the longest period.
    let rows = if ask.group == CostGroup::Day {
        400
    } else {
        ROWS
    };
    let (mut report, bars, unpriced, keys) = try_join!(
        reports.report_costs(project, ask.to_query(&view, rows)),
        reports.chart_project(project, &edges),
        reports.list_unpriced(project),
        list_keys(reports, project),
    )?;
    if ask.group == CostGroup::Day {
        report.rows.sort_by_key(|row| match row.key {
            CostKey::Day(day) => std::cmp::Reverse(Some(day)),
            _ => std::cmp::Reverse(None),
        });
    }
    let here = ask.link(&view, "/costs");
    let is_whole = ask.after.is_none() && report.next.is_none();
    let balance = weigh(&report, is_whole);
    let next = report.next.as_ref().map(cursor);
    let (total, unattributed) = (report.total.0.clone(), report.unattributed.0.clone());
    let costs = || report.rows.iter().map(|row| row.measures.cost_nanos);
    let scale = Scale {
        total: total.cost_nanos,
        most: costs().max().unwrap_or(0),
        places: format::places(costs().chain([total.cost_nanos])),
    };
    let lacks = match ask.group {
        CostGroup::User => "without a user",
        CostGroup::Model => "spans without a model",
        CostGroup::Session => "without a session",
        CostGroup::Metadata(_) => "users without this key, and traces without a user",
        CostGroup::Day => "",
    };
    let has_rest = unattributed.span_count > 0 || unattributed.trace_count > 0;
    let page = CostsPage {
        words: view.words(),
        groups: list_groups(&view, &ask),
        key: match &ask.group {
            CostGroup::Metadata(key) => key.clone(),
            _ => String::new(),
        },
        keys,
        head: name_head(&ask.group),
        heads: match &ask.group {
            CostGroup::Metadata(key) => format!("Users with {key}"),
            other => format!("{}s", name_head(other)),
        },
        chart: Chart::new(&view, "cost", "Cost", "bars", vec![chart::cost(&bars)]),
        unattributed: has_rest.then(|| Row::new(lacks.into(), None, &unattributed, &scale)),
        total: Row::new("Total".into(), None, &total, &scale),
        rows: report
            .rows
            .into_iter()
            .map(|row| make_row(&view, row, &scale))
            .collect(),
        balance,
        pager: Pager::new(&here, ask.after.is_none(), next),
        csv: ask.link(&view, "/costs.csv"),
        kept: super::traces::keep_fields(&view.link("/costs"), &[]),
        prices: view.link("/settings/prices"),
        unpriced: unpriced
            .into_iter()
            .map(|it| {
                (
                    it.model.unwrap_or_else(|| "no model named".into()),
                    format::count(it.span_count),
                    format::count(it.total_tokens),
                )
            })
            .collect(),
        frame: frame.with_period(here),
    };
    Ok(page.render()?)
}

fn weigh(report: &CostReport, is_whole: bool) -> Balance {
    let total = report.total.0.cost_nanos;
    let unattributed = report.unattributed.0.cost_nanos;
    let shown: i128 = report.rows.iter().map(|row| row.measures.cost_nanos).sum();
    let rows = Measures {
        cost_nanos: if is_whole {
            shown
        } else {
            total - unattributed
        },
        unpriced_span_count: report.total.0.unpriced_span_count
            - report.unattributed.0.unpriced_span_count,
        ..Measures::default()
    };
    Balance {
        rows: format::spent(&rows),
        unattributed: format::spent(&report.unattributed.0),
        total: format::spent(&report.total.0),
        is_whole,
        holds: shown + unattributed == total,
    }
}

fn name_head(group: &CostGroup) -> String {
    match group {
        CostGroup::User => "User".into(),
        CostGroup::Model => "Model".into(),
        CostGroup::Day => "Day".into(),
        CostGroup::Session => "Session".into(),
        CostGroup::Metadata(key) => key.clone(),
    }
}

fn list_groups(view: &View, ask: &Ask) -> Vec<Choice> {
    let groups = [
        ("Users", CostGroup::User),
        ("Models", CostGroup::Model),
        ("Days", CostGroup::Day),
        ("Sessions", CostGroup::Session),
    ];
    let choice = |(text, group): (&str, CostGroup)| Choice {
        text: text.to_owned(),
        is_current: ask.group == group,
        link: Ask { group, after: None }.link(view, "/costs"),
    };
    groups.into_iter().map(choice).collect()
}

fn make_row(view: &View, row: CostRow, scale: &Scale) -> Row {
    let (text, link) = match row.key {
        CostKey::User {
            id,
            external_id,
            name,
        } => {
            let text = name.map_or(external_id.clone(), |name| {
                format!("{name} ({external_id})")
            });
            (text, Some(user_link(view, id.as_str())))
        }
        CostKey::Tombstone { .. } => ("erased user".to_owned(), None),
        CostKey::Model(name) => {
            let link = view.link("/traces").with("model", &name);
            (name, Some(link))
        }
        CostKey::Day(day) => {
            let day = day.to_string();
            let link = view
                .link("/costs")
                .with("period", "")
                .with("from", &day)
                .with("to", &day);
            (day, Some(link))
        }
        CostKey::Session { id, external_id } => {
            (external_id, Some(session_link(view, id.as_str())))
        }
        CostKey::Value(value) => (value, None),
    };
    Row::new(text, link, &row.measures, scale)
}
