//! The audit log: who changed what, written in the transaction of the change.
use crate::error::{StoreResult, sql};
use cognobserve_model::time::Micros;
use cognobserve_ports::Actor;
use rusqlite::Connection;

/// One line of the log; `detail` must hold no personal data.
pub(crate) fn write(
    conn: &Connection,
    by: &Actor,
    project_no: Option<i64>,
    action: &str,
    detail: &str,
) -> StoreResult<()> {
    conn.execute(
        include_str!("sql/audit.write.sql"),
        (Micros::now().0, project_no, by.as_str(), action, detail),
    )
    .map(drop)
    .map_err(sql)
}
