//! One session: the conversation, turn by turn, with what each turn took.
//! Invariant: a turn is one trace; 20 of them make a page, each text of bounded size.
mod turn;

use self::turn::Turn;
use super::owner::Owner;
use super::pager::{Pager, Paging};
use super::stat::{Stat, lack_prices};
use super::{Html, PageError};
use crate::format::{self, Moment, shorten};
use crate::frame::Frame;
use crate::glossary::FAILED_TRACES;
use crate::link::{Link, segment};
use crate::payload::list_fields;
use crate::view::View;
use askama::Template;
use cognobserve_model::id::SessionId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{PageRequest, TimePosition};
use cognobserve_model::report::{SessionStats, TraceDetail};
use cognobserve_ports::Reports;
use futures_util::try_join;

pub const TURNS: usize = 20;

#[derive(Template)]
#[template(path = "session.html")]
struct SessionPage {
    frame: Frame,
    name: String,
    external_id: String,
    owner: Owner,
    first: Moment,
    last: Moment,
    stats: Vec<Stat>,
    turns: Vec<Turn>,
    pager: Pager,
    metadata: Vec<(String, String)>,
    id: String,
    sessions: Link,
    edit: Link,
    delete: Link,
}

/// `position`: after which trace the page begins; `here` is this
/// page's address, with or without a cursor.
pub async fn render(
    reports: &dyn Reports,
    frame: Frame,
    session: &SessionId,
    position: Option<TimePosition>,
    paging: &Paging<'_, TimePosition>,
    here: &Link,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let project = &view.project.id;
    let page = PageRequest {
        limit: TURNS,
        after: position,
    };
    let (stats, turns) = try_join!(
        reports.find_session(project, session),
        reports.read_timeline(project, session, page),
    )?;
    let (Some(stats), Some(turns)) = (stats, turns) else {
        return Err(PageError::NotFound);
    };
    let owner = Owner::find(reports, &view, stats.user.as_ref()).await?;
    let pager = paging.lead(here, turns.items.len(), turns.next.as_ref());
    Ok(SessionPage::new(frame, &view, &stats, owner, &turns.items, pager).render()?)
}

impl SessionPage {
    fn new(
        frame: Frame,
        view: &View,
        session: &SessionStats,
        owner: Owner,
        traces: &[TraceDetail],
        pager: Pager,
    ) -> SessionPage {
        let name = session.name.as_ref().filter(|name| !name.is_empty());
        let name = name.unwrap_or(&session.external_id).clone();
        let path = format!("/sessions/{}", segment(session.id.as_str()));
        SessionPage {
            frame: Frame {
                title: shorten(&name, 80),
                grows: true,
                ..frame
            },
            name,
            external_id: session.external_id.clone(),
            owner,
            first: format::exact(session.first_seen, &view.zone),
            last: format::exact(session.last_seen, &view.zone),
            stats: list_stats(&session.measures),
            turns: traces.iter().map(|trace| Turn::new(view, trace)).collect(),
            pager,
            metadata: list_fields(&session.metadata),
            id: session.id.to_string(),
            sessions: view.link("/sessions"),
            edit: view.link(format!("{path}/edit")),
            delete: view.link(format!("{path}/delete")),
        }
    }
}

fn list_stats(sums: &Measures) -> Vec<Stat> {
    let mean = format::millis(sums.avg_trace_latency_ms()).text;
    let count = |n: i64| format::count(n).text;
    let (prompt, completion) = (count(sums.prompt_tokens), count(sums.completion_tokens));
    let failed = format::percent(sums.error_trace_rate()).text;
    vec![
        Stat::new("Turns", format::count(sums.trace_count))
            .noting(format::plural(sums.span_count, "span")),
        Stat::new("Cost", format::spent(sums)).noting(lack_prices(sums.unpriced_span_count)),
        Stat::new("Tokens", format::count(sums.total_tokens))
            .noting(format!("{prompt} in, {completion} out")),
        Stat::new(FAILED_TRACES, format::count(sums.error_trace_count)).noting(failed),
        Stat::new(
            "p95 latency",
            format::millis(sums.trace_latency_percentile_ms(95)),
        )
        .noting(format!("{mean} on average")),
    ]
}

#[cfg(test)]
mod tests;
