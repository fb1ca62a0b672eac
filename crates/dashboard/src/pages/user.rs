//! One user: what they did, what it cost, what failed; the card, charts, sessions, traces, profile.
use super::owner::{Names, call};
use super::pager::Paging;
use super::row::SessionRow;
use super::stat::Stat;
use super::traces::{self, Ask, TraceList, keep_fields};
use super::{Html, PageError};
use crate::chart::{self, Chart, Measured};
use crate::format::{self, Figure, Moment};
use crate::frame::Frame;
use crate::glossary::{ERROR_RATE, ERRORS, FAILED_TRACES};
use crate::link::{Link, segment};
use crate::view::View;
use askama::Template;
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{Period, TimePosition, UserKey};
use cognobserve_model::report::{User, UserDetail};
use cognobserve_ports::Reports;
use futures_util::try_join;

const TRACES: usize = 25;

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    frame: Frame,
    who: Person,
    words: String,
    within: String,
    stats: Vec<Stat>,
    /// The period that changes are against.
    before: String,
    is_compared: bool,
    all_time: Vec<(String, Figure)>,
    charts: Vec<Chart>,
    session_count: Figure,
    sessions: Vec<SessionRow>,
    list: TraceList,
    ask: Ask,
    kept: Vec<(String, String)>,
    links: Links,
}

/// A profile in words.
pub struct Person {
    pub name: String,
    pub email: Option<String>,
    pub external_id: String,
    pub id: String,
    pub metadata: Vec<(String, String)>,
    pub first_seen: Moment,
    pub last_seen: Moment,
}

impl Person {
    pub fn new(view: &View, user: &User) -> Person {
        Person {
            name: call(user).to_owned(),
            email: user.email.clone(),
            external_id: user.external_id.clone(),
            id: user.id.to_string(),
            metadata: user
                .metadata
                .iter()
                .map(|(key, json)| (key.clone(), show_value(json)))
                .collect(),
            first_seen: format::moment(user.first_seen, view.now(), &view.zone),
            last_seen: format::moment(user.last_seen, view.now(), &view.zone),
        }
    }
}

/// A JSON string by its content, anything else as JSON.
fn show_value(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

struct Links {
    edit: Link,
    delete: Link,
    export: Link,
    bill: Link,
    sessions: Link,
    users: Link,
    models: Link,
}

/// `ask` filters the traces; its user is this one.
pub async fn render(
    reports: &dyn Reports,
    frame: Frame,
    id: &UserId,
    ask: Ask,
    paging: &Paging<'_, TimePosition>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let (project, period, before) = (&view.project.id, view.period(), view.previous());
    let key = UserKey::Id(id.clone());
    let path = format!("/users/{}", segment(id.as_str()));
    let ask = Ask {
        user: Some(id.clone()),
        ..ask
    };
    let (edges, ids) = (view.edges(), [id.clone()]);
    let before_edges = [
        before.from.unwrap_or_default(),
        before.to.unwrap_or_default(),
    ];
    let of_user = traces::list(reports, &view, &ask, &path, TRACES, paging);
    let (now, all, bars, old) = try_join!(
        reports.find_user(project, &key, period),
        reports.find_user(project, &key, Period::ALL),
        reports.chart_users(project, &ids, &edges),
        reports.chart_users(project, &ids, &before_edges),
    )?;
    let (Some(now), Some(all)) = (now, all) else {
        return Err(PageError::NotFound);
    };
    let list = of_user.await?.ok_or(PageError::NotFound)?;
    let bars = bars.into_iter().next().unwrap_or_default();
    let old = old.into_iter().flatten().next().unwrap_or_default();
    let here = Ask {
        user: None,
        ..ask.clone()
    }
    .link(&view, &path);
    let before_words = view.previous_words();
    let page = UserPage {
        who: Person::new(&view, &now.stats.user),
        words: view.words(),
        within: view.within(),
        stats: list_stats(&now, &old, all.stats.session_count)
            .into_iter()
            .map(|stat| stat.before(&before_words))
            .collect(),
        before: before_words,
        is_compared: old.trace_count > 0,
        all_time: list_all_time(&all),
        charts: list_charts(&view, &bars),
        session_count: format::count(all.stats.session_count),
        sessions: SessionRow::list(&view, &all.sessions, &Names::default()),
        list,
        kept: keep_fields(&here, &["search", "level"]),
        links: Links {
            edit: view.link(format!("{path}/edit")),
            delete: view.link(format!("{path}/delete")),
            bill: view.link(format!("{path}/costs.csv")),
            export: view.link(format!("{path}/export")),
            sessions: view.link("/sessions").with("user", id),
            users: view.link("/users"),
            models: view.link(format!("{path}/models")),
        },
        frame: frame.with_period(here),
        ask,
    };
    Ok(page.render()?)
}

/// The four of the card first, in the words that everybody knows, then the finer ones.
fn list_stats(now: &UserDetail, old: &Measures, sessions_ever: i64) -> Vec<Stat> {
    let sums = &now.stats.measures;
    let number = |n: i64| n as f64;
    let latency = |it: &Measures| it.avg_latency_ms();
    vec![
        Stat::new("Total Traces", format::count(sums.trace_count)).against(
            number(sums.trace_count),
            number(old.trace_count),
            None,
        ),
        Stat::new("Total Cost", format::spent(sums)).against(
            sums.cost_nanos as f64,
            old.cost_nanos as f64,
            None,
        ),
        Stat::new(ERROR_RATE, format::percent(sums.error_rate()))
            .against(sums.error_rate(), old.error_rate(), Some(false))
            .noting(format!(
                "{} of {}",
                format::count(sums.error_count).text,
                format::plural(sums.span_count, "span")
            )),
        Stat::new("Avg Latency", format::millis(latency(sums)))
            .against(
                latency(sums).unwrap_or(0.0),
                latency(old).unwrap_or(0.0),
                Some(false),
            )
            .noting("per span"),
        Stat::new(FAILED_TRACES, format::count(sums.error_trace_count))
            .against(
                number(sums.error_trace_count),
                number(old.error_trace_count),
                Some(false),
            )
            .noting(format::percent(sums.error_trace_rate()).text),
        Stat::new(
            "p95 trace time",
            format::millis(sums.trace_latency_percentile_ms(95)),
        )
        .noting(format!(
            "median {}",
            format::millis(sums.trace_latency_percentile_ms(50)).text
        )),
        Stat::new("Tokens", format::count(sums.total_tokens)).against(
            number(sums.total_tokens),
            number(old.total_tokens),
            None,
        ),
        Stat::new("Sessions", format::count(now.stats.session_count)).noting(format!(
            "of {} of all time",
            format::count(sessions_ever).text
        )),
    ]
}

fn list_all_time(all: &UserDetail) -> Vec<(String, Figure)> {
    let sums = &all.stats.measures;
    let counted = |count: i64, word| (format::noun(count, word), format::count(count));
    vec![
        counted(sums.trace_count, "trace"),
        ("cost".into(), format::spent(sums)),
        counted(sums.total_tokens, "token"),
        counted(sums.error_trace_count, "failed trace"),
    ]
}

fn list_charts(view: &View, bars: &[Measures]) -> Vec<Chart> {
    let one = |id, title, series| Chart::new(view, id, title, "bars", vec![series]);
    let tokens = chart::series("Tokens", Measured::Count, 1, bars, |it| {
        Some(it.total_tokens as f64)
    });
    vec![
        one(
            "traces",
            "Traces",
            chart::count("Traces", 1, bars, |it| it.trace_count),
        ),
        one("cost", "Cost", chart::cost(bars)),
        one("tokens", "Tokens", tokens),
        one(
            "errors",
            ERRORS,
            chart::count(ERRORS, 3, bars, |it| it.error_count),
        ),
    ]
}
