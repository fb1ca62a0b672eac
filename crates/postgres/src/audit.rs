//! The audit log: who changed what, written in the transaction of the change.
use crate::error::{StoreResult, sql};
use cognobserve_model::time::Micros;
use cognobserve_ports::Actor;
use tokio_postgres::Client;

/// One line of the log; `detail` must hold no personal data.
pub(crate) async fn write(
    client: &Client,
    by: &Actor,
    project_no: Option<i64>,
    action: &str,
    detail: &str,
) -> StoreResult<()> {
    let query = include_str!("sql/audit.write.sql");
    client
        .execute(
            query,
            &[
                &Micros::now().0,
                &project_no,
                &by.as_str(),
                &action,
                &detail,
            ],
        )
        .await
        .map(drop)
        .map_err(sql)
}
