//! The first page of a project: who was there, what it cost, what failed, and how that changed.
use super::costs::list_users;
use super::owner::Names;
use super::row::{Counts, user_link};
use super::stat::Stat;
use super::{Html, PageError, share};
use crate::chart::{self, Chart, Measured};
use crate::format::{self, CountUnit, Figure, Sum};
use crate::frame::Frame;
use crate::glossary::FAILED_TRACES;
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{CostGroup, CostQuery, PageRequest, TraceFilter};
use cognobserve_model::report::{CostKey, CostReport, UnpricedModel, UserChart, UserCounts};
use cognobserve_ports::Reports;
use futures_util::try_join;

const TOP_USERS: usize = 8;
const UNPRICED: usize = 6;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    words: String,
    /// Whether there was anything before.
    is_compared: bool,
    /// The period that changes are against.
    before: String,
    stats: Vec<Stat>,
    charts: Vec<Chart>,
    top: Vec<TopUser>,
    /// Spend without a user, with all users, and in all.
    nobody: Sum,
    /// `1 trace names`, `2 traces name`.
    nobody_names: String,
    nobody_share: Figure,
    has_nobody: bool,
    unpriced: Vec<Unpriced>,
    links: Links,
}

struct TopUser {
    name: String,
    link: Option<Link>,
    counts: Counts,
    /// Of all that was spent, in percent.
    share: f64,
}

pub(super) struct Unpriced {
    pub model: String,
    pub spans: Figure,
    pub tokens: Figure,
}

struct Links {
    users: Link,
    failed: Link,
    costs: Link,
    prices: Link,
}

/// Asks everything at once.
pub async fn render(reports: &dyn Reports, frame: Frame) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let (project, period, before) = (&view.project.id, view.period(), view.previous());
    let edges = view.edges();
    let before_edges = [
        before.from.unwrap_or_default(),
        before.to.unwrap_or_default(),
    ];
    let costs = CostQuery {
        sessions: false,
        group: CostGroup::User,
        period,
        zone: view.zone.clone(),
        page: PageRequest {
            limit: TOP_USERS,
            after: None,
        },
    };
    let (bars, old, users, old_users, seen, costs, unpriced) = try_join!(
        reports.chart_project(project, &edges),
        reports.chart_project(project, &before_edges),
        reports.count_users(project, period),
        reports.count_users(project, before),
        reports.chart_user_counts(project, &edges),
        reports.report_costs(project, costs),
        reports.list_unpriced(project),
    )?;
    let now = add(&bars);
    let old = add(&old);
    let total = now.cost_nanos;
    let ends = add_up(&seen);
    let names = Names::read(reports, project, list_users(&costs.rows)).await?;
    let before_words = view.previous_words();
    let page = OverviewPage {
        words: view.headline(),
        is_compared: old.trace_count > 0,
        stats: list_stats(
            &now,
            &old,
            &users,
            &old_users,
            ends.last().copied().unwrap_or(0),
        )
        .into_iter()
        .map(|stat| stat.before(&before_words))
        .collect(),
        before: before_words,
        charts: list_charts(&view, &bars, &seen, &ends),
        nobody: Sum::of(&costs.unattributed.0, &costs.total.0),
        nobody_names: match costs.unattributed.0.trace_count {
            1 => "1 trace names".into(),
            count => format!("{} traces name", format::group(count)),
        },
        nobody_share: format::percent(share(costs.unattributed.0.cost_nanos, total)),
        has_nobody: costs.unattributed.0.trace_count > 0,
        top: list_top(&view, costs, &names, total),
        unpriced: list_unpriced(unpriced, UNPRICED),
        links: Links {
            users: view.link("/users").with("sortBy", "totalCost"),
            failed: view.link("/traces").with("level", "ERROR"),
            costs: view.link("/costs"),
            prices: view.link("/settings/prices"),
        },
        frame: frame.with_period(view.link("/")),
    };
    Ok(page.render()?)
}

fn add(bars: &[Measures]) -> Measures {
    let mut sum = Measures::default();
    bars.iter().for_each(|bar| sum.add(bar, 1));
    sum
}

/// `total` are the users who were first seen by the end of the period.
fn list_stats(
    now: &Measures,
    old: &Measures,
    users: &UserCounts,
    old_users: &UserCounts,
    total: i64,
) -> Vec<Stat> {
    let p95 = |it: &Measures| it.trace_latency_percentile_ms(95);
    let number = |n: i64| n as f64;
    vec![
        Stat::new("Active users", format::count(users.active))
            .against(number(users.active), number(old_users.active), Some(true))
            .noting(format!("of {}", format::count(total).text)),
        Stat::new("New users", format::count(users.new)).against(
            number(users.new),
            number(old_users.new),
            Some(true),
        ),
        // At the end of the period against its beginning: those who came since are the new ones.
        Stat::new("Total users", format::count(total)).against(
            number(total),
            number(total - users.new),
            Some(true),
        ),
        Stat::new("Traces", format::count(now.trace_count)).against(
            number(now.trace_count),
            number(old.trace_count),
            Some(true),
        ),
        Stat::new("Cost", format::spent(now)).against(
            now.cost_nanos as f64,
            old.cost_nanos as f64,
            None,
        ),
        Stat::new(FAILED_TRACES, format::count(now.error_trace_count))
            .against(
                number(now.error_trace_count),
                number(old.error_trace_count),
                Some(false),
            )
            .noting(format::percent(now.error_trace_rate()).text),
        Stat::new("p95 latency", format::millis(p95(now))).against(
            p95(now).unwrap_or(0.0),
            p95(old).unwrap_or(0.0),
            Some(false),
        ),
    ]
}

/// The users who were first seen by the end of each bar.
fn add_up(seen: &UserChart) -> Vec<i64> {
    let mut total = seen.before;
    let ends = seen.new.iter().map(|new| {
        total += new;
        total
    });
    ends.collect()
}

fn list_charts(view: &View, bars: &[Measures], seen: &UserChart, ends: &[i64]) -> Vec<Chart> {
    let traces = chart::count("Traces", 1, bars, |it| it.trace_count);
    let failed = chart::count(FAILED_TRACES, 3, bars, |it| it.error_trace_count);
    let p95 = chart::series("p95", Measured::Ms, 4, bars, |it| {
        it.trace_latency_percentile_ms(95)
    });
    let tokens = chart::count("Tokens", 1, bars, |it| it.total_tokens);
    let active = chart::numbers("Active", 2, &seen.active);
    let new = chart::numbers("New", 4, &seen.new);
    let users = chart::numbers("Total users", 2, ends);
    vec![
        Chart::new(view, "users", "Users", "bars", vec![active, new]),
        Chart::new(view, "total-users", "Total users", "line", vec![users]),
        Chart::new(view, "traces", "Traces", "bars", vec![traces, failed]),
        Chart::new(view, "cost", "Cost", "bars", vec![chart::cost(bars)]),
        Chart::new(view, "latency", "p95 latency", "line", vec![p95]),
        Chart::new(view, "tokens", "Tokens", "bars", vec![tokens]),
    ]
}

fn list_top(view: &View, costs: CostReport, names: &Names, total: i128) -> Vec<TopUser> {
    let row = |(key, sums): (CostKey, Measures)| {
        let (name, link) = match key {
            CostKey::User {
                id, external_id, ..
            } => (
                names.call(&id, &external_id).to_owned(),
                Some(user_link(view, id.as_str())),
            ),
            _ => ("erased user".to_owned(), None),
        };
        TopUser {
            name,
            link,
            counts: Counts::of(&sums),
            share: share(sums.cost_nanos, total),
        }
    };
    let rows = costs.rows.into_iter().map(|row| (row.key, row.measures));
    let rows = rows.filter(|(_, sums)| sums.cost_nanos > 0);
    let mut top: Vec<TopUser> = rows.map(row).collect();
    Counts::align(top.iter_mut().map(|user| &mut user.counts));
    top
}

/// So many unpriced models, with what was used of them.
pub(super) fn list_unpriced(mut models: Vec<UnpricedModel>, most: usize) -> Vec<Unpriced> {
    models.truncate(most);
    let spans = CountUnit::of(models.iter().map(|it| it.span_count));
    let tokens = CountUnit::of(models.iter().map(|it| it.total_tokens));
    let describe = |it: UnpricedModel| Unpriced {
        model: it.model.unwrap_or_else(|| "no model named".into()),
        spans: spans.write(it.span_count),
        tokens: tokens.write(it.total_tokens),
    };
    models.into_iter().map(describe).collect()
}

/// Whether the project has any trace at all.
pub async fn has_traces(reports: &dyn Reports, view: &View) -> Result<bool, PageError> {
    let one = PageRequest {
        limit: 1,
        after: None,
    };
    let found = reports
        .list_traces(&view.project.id, TraceFilter::default(), one)
        .await?;
    Ok(found.is_some_and(|page| !page.items.is_empty()))
}
