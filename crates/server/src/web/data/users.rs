//! `GET /users` and the same list as CSV.
use crate::api::costs::csv::{attach, guard_formula};
use crate::api::measures::CountedOut;
use crate::auth::page::Refusal;
use crate::auth::{Inside, Read};
use crate::http::cursor::{Tie, write_cursor};
use crate::http::problem::Problem;
use crate::http::query::Params;
use crate::state::AppState;
use crate::web::answer::{Answer, answer};
use crate::web::frame::{frame_page, read_place, view_of};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use cognobserve_dashboard::pages::pager::Paging;
use cognobserve_dashboard::pages::users::{Ask, render};
use cognobserve_dashboard::{Nav, View};
use cognobserve_model::query::{SortOrder, UserSort};
use cognobserve_model::report::UserStats;
use std::io;
use std::sync::Arc;

const MAX_CONDITIONS: usize = 10;
/// Rows of CSV asked of the store at a time.
const STRETCH_ROWS: usize = 1_000;

/// Reads the question; a filter typed into the form becomes one in the URL.
fn read_ask(params: &mut Params, view: &View) -> Result<(Ask, Tie), Refusal> {
    let search = params.text("search").unwrap_or_default();
    params.search("search");
    let mut metadata = params.prefixed("metadata.");
    let added = (params.text("filterKey"), params.text("filterValue"));
    if let (Some(key), Some(value)) = added
        && !key.trim().is_empty()
        && !value.trim().is_empty()
    {
        metadata.retain(|(known, _)| *known != key.trim());
        metadata.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    if metadata.len() > MAX_CONDITIONS || metadata.iter().any(|(key, _)| key.is_empty()) {
        params.refuse(
            "metadata",
            format!("needs a key, and at most {MAX_CONDITIONS} of them"),
        );
    }
    let mut ask = Ask {
        search: search.trim().to_owned(),
        sort: params
            .word("sortBy", UserSort::ALL, UserSort::as_str)
            .unwrap_or(UserSort::LastSeenAt),
        order: params
            .word("sortOrder", SortOrder::ALL, SortOrder::as_str)
            .unwrap_or(SortOrder::Desc),
        metadata,
        everybody: params.flag("everybody").unwrap_or(false),
        after: None,
    };
    let tie = Tie::new(
        "users page",
        (&view.project.id, ask.link(view, "/users").to_string()),
    );
    ask.after = params.page(tie).after;
    std::mem::take(params).finish()?;
    Ok((ask, tie))
}

pub async fn show_users(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Users", Nav::Users).await?;
    let place = read_place(&mut params);
    let (ask, tie) = read_ask(&mut params, view_of(&frame)?)?;
    let html = render(
        &*state.reports,
        frame,
        ask,
        &Paging {
            place,
            write: &move |at| write_cursor(tie, at),
        },
    )
    .await;
    answer(StatusCode::OK, html)
}

const COLUMNS: [&str; 6] = [
    "userId",
    "externalId",
    "name",
    "email",
    "firstSeenAt",
    "lastSeenAt",
];

/// All users that the list would show, with their sums of the period: not with percentiles, which
/// the store sums for one user at a time.
pub async fn download_users(
    State(state): State<Arc<AppState>>,
    inside: Inside<Read>,
    mut params: Params,
) -> Answer {
    let frame = frame_page(&state, &inside, &params, "Users", Nav::Users).await?;
    let view = view_of(&frame)?;
    let (ask, _) = read_ask(&mut params, view)?;
    let mut query = ask.to_query(view, STRETCH_ROWS);
    query.page.after = None;
    let project = inside.project.id;
    let first = state.reports.list_users(&project, query.clone()).await?;
    let start = Some((first, true));
    let chunks = futures_util::stream::try_unfold(start, move |stretch| {
        let (state, project, mut query) = (state.clone(), project.clone(), query.clone());
        async move {
            let Some((page, is_first)) = stretch else {
                return Ok(None);
            };
            let chunk = write_rows(&page.items, is_first)?;
            let mut following = None;
            if page.next.is_some() {
                query.page.after = page.next;
                let page = state.reports.list_users(&project, query).await;
                let page = page.map_err(|error| io::Error::other(Problem::from(error).detail))?;
                following = Some((page, false));
            }
            Ok::<_, io::Error>(Some((chunk, following)))
        }
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            attach(&view.file_name(&ask.subject(), "csv")),
        ),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

fn write_rows(users: &[UserStats], is_first: bool) -> io::Result<Bytes> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    if is_first {
        let sums = &CountedOut::CSV_COLUMNS[..CountedOut::CSV_SUMS];
        csv.write_record(COLUMNS.iter().chain(sums))?;
    }
    for stats in users {
        let user = &stats.user;
        let text = |text: Option<&str>| guard_formula(text.unwrap_or_default().to_owned());
        let cells = [
            text(Some(user.id.as_str())),
            text(Some(&user.external_id)),
            text(user.name.as_deref()),
            text(user.email.as_deref()),
            user.first_seen.to_string(),
            user.last_seen.to_string(),
        ];
        let counted = CountedOut::new(&stats.measures, stats.session_count);
        let sums = counted.csv_cells().into_iter().take(CountedOut::CSV_SUMS);
        csv.write_record(cells.into_iter().chain(sums))?;
    }
    csv.into_inner()
        .map(Bytes::from)
        .map_err(|error| io::Error::other(error.to_string()))
}
