//! Cost rows as CSV (RFC 4180), streamed: memory holds one stretch of rows at a time.
//!
//! No cell starts a formula in a spreadsheet: a text that could gets an apostrophe.
use super::out::CostKeyOut;
use crate::api::measures::CountedOut;
use crate::http::problem::Problem;
use crate::state::AppState;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use cognobserve_model::id::ProjectId;
use cognobserve_model::query::{CostGroup, CostQuery, PageRequest};
use cognobserve_model::report::CostReport;
use std::io;
use std::sync::Arc;

/// Rows asked of the store at a time.
const STRETCH_ROWS: usize = 50_000;

/// Names of the key's columns.
fn key_columns(group: &CostGroup) -> &'static [&'static str] {
    match group {
        CostGroup::User => &["userId", "externalId", "name", "erased"],
        CostGroup::Model => &["model"],
        CostGroup::Day => &["date"],
        CostGroup::Session => &["sessionId", "externalId"],
        CostGroup::Metadata(_) => &["value"],
    }
}

fn key_cells(group: &CostGroup, key: CostKeyOut) -> Vec<String> {
    let text = |cell: Option<String>| guard_formula(cell.unwrap_or_default());
    match group {
        CostGroup::User => {
            let erased = key.erased.map(|erased| erased.to_string());
            vec![
                text(key.user_id),
                text(key.external_id.flatten()),
                text(key.name.flatten()),
                text(erased),
            ]
        }
        CostGroup::Model => vec![text(key.model)],
        CostGroup::Day => vec![text(key.date)],
        CostGroup::Session => vec![text(key.session_id), text(key.external_id.flatten())],
        CostGroup::Metadata(_) => vec![text(key.value)],
    }
}

/// Puts an apostrophe before what a spreadsheet would run.
pub(crate) fn guard_formula(text: String) -> String {
    let risky = |first: char| matches!(first, '=' | '+' | '-' | '@') || first.is_control();
    if text.starts_with(risky) {
        format!("'{text}")
    } else {
        text
    }
}

/// All rows, then what is unattributed. A failure of the first stretch is a problem; of a
/// later one it breaks the stream off, so that nobody takes it for complete.
pub async fn stream_csv(
    state: Arc<AppState>,
    project: ProjectId,
    mut query: CostQuery,
    file_name: &str,
) -> Result<Response, Problem> {
    query.page = PageRequest {
        limit: STRETCH_ROWS,
        after: None,
    };
    let first = state.reports.report_costs(&project, query.clone()).await?;
    let start = Some((first, true));
    let chunks = futures_util::stream::try_unfold(start, move |stretch| {
        let (state, project, mut query) = (state.clone(), project.clone(), query.clone());
        async move {
            let Some((report, is_first)) = stretch else {
                return Ok(None);
            };
            let next = report.next.clone();
            let chunk = write_stretch(&query.group, report, is_first)?;
            let following = match next {
                None => None,
                after => {
                    query.page.after = after;
                    let report = state.reports.report_costs(&project, query).await;
                    Some((
                        report.map_err(|error| io::Error::other(Problem::from(error).detail))?,
                        false,
                    ))
                }
            };
            Ok::<_, io::Error>(Some((chunk, following)))
        }
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (header::CONTENT_DISPOSITION, attach(file_name)),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// To be kept as a file; the name has letters, digits, `-` and `.` only.
pub(crate) fn attach(file_name: &str) -> String {
    format!("attachment; filename=\"{file_name}\"")
}

/// One stretch as text; the first begins with the header, the last ends with the unattributed.
fn write_stretch(group: &CostGroup, report: CostReport, is_first: bool) -> io::Result<Bytes> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let columns = key_columns(group);
    if is_first {
        csv.write_record(columns.iter().chain(&CountedOut::CSV_COLUMNS))?;
    }
    for row in report.rows {
        let counted = CountedOut::new(&row.measures, row.session_count);
        csv.write_record(
            key_cells(group, row.key.into())
                .into_iter()
                .chain(counted.csv_cells()),
        )?;
    }
    if report.next.is_none() {
        let counted = CountedOut::new(&report.unattributed.0, report.unattributed.1);
        csv.write_record(
            vec![String::new(); columns.len()]
                .into_iter()
                .chain(counted.csv_cells()),
        )?;
    }
    csv.into_inner()
        .map(Bytes::from)
        .map_err(|error| io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::id::UserId;
    use cognobserve_model::measures::Measures;
    use cognobserve_model::report::{CostKey, CostRow};

    fn row(key: CostKey, cost_nanos: i128) -> CostRow {
        CostRow {
            key,
            measures: Measures {
                cost_nanos,
                ..Measures::default()
            },
            session_count: 1,
        }
    }

    fn report(rows: Vec<CostRow>) -> CostReport {
        CostReport {
            rows,
            next: None,
            unattributed: Default::default(),
            total: Default::default(),
        }
    }

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let user = |external_id: &str, name: &str| CostKey::User {
            id: UserId::new("usr_1"),
            external_id: external_id.into(),
            name: Some(name.into()),
        };
        let rows = vec![
            row(user("=1+1", "-Jo, \"the\" Boss"), 1_500_000_000),
            row(user("\tx", "@a"), 0),
            row(
                CostKey::Tombstone {
                    id: UserId::new("usr_2"),
                },
                7,
            ),
        ];
        let text = write_stretch(&CostGroup::User, report(rows), true).unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(
            lines[0]
                .starts_with("userId,externalId,name,erased,traceCount,spanCount,sessionCount,")
        );
        assert!(
            lines[1].starts_with(
                "usr_1,'=1+1,\"'-Jo, \"\"the\"\" Boss\",,0,0,1,0,0,0,0,0,1.500000000,"
            ),
            "{}",
            lines[1]
        );
        assert!(lines[2].starts_with("usr_1,'\tx,'@a,,"), "{}", lines[2]);
        assert!(lines[3].starts_with("usr_2,,,true,0,"));
        assert!(lines[4].starts_with(",,,,0,0,0,"));
        assert_eq!(lines[5..], [""]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.records().filter(|record| record.is_ok()).count(), 4);
    }

    #[test]
    fn negative_numbers_are_no_formulas() {
        let text = write_stretch(
            &CostGroup::Model,
            report(vec![row(CostKey::Model("gpt".into()), -5)]),
            false,
        )
        .unwrap();
        assert!(
            std::str::from_utf8(&text)
                .unwrap()
                .contains(",-0.000000005,")
        );
    }
}
