//! The audit log: who changed what, written in the transaction of the change.
use crate::error::{StoreResult, sql};
use cognobserve_model::id::KeyId;
use cognobserve_model::time::Micros;
use tokio_postgres::Client;

/// Who made a change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Actor<'a> {
    /// Somebody with the database at hand: the command line.
    Operator,
    Key(&'a KeyId),
}

/// One line of the log; `detail` must hold no personal data.
pub(crate) async fn write(
    client: &Client,
    actor: Actor<'_>,
    project_no: Option<i64>,
    action: &str,
    detail: &str,
) -> StoreResult<()> {
    let actor = match actor {
        Actor::Operator => "operator",
        Actor::Key(key) => key.as_str(),
    };
    let query =
        "INSERT INTO audit (at, project_no, actor, action, detail) VALUES ($1, $2, $3, $4, $5)";
    client
        .execute(
            query,
            &[&Micros::now().0, &project_no, &actor, &action, &detail],
        )
        .await
        .map(drop)
        .map_err(sql)
}
