//! Events that came before anything was known of their session.
use super::row::{limit, number, read_position};
use crate::rows::{Row, Rows, StoreResult, Value};
use cognobserve_model::event::{AwaitedSession, Position};
use cognobserve_model::id::{ProjectId, SessionId};

pub(super) async fn list(
    rows: &mut dyn Rows,
    after: Position,
    most: usize,
) -> StoreResult<Vec<AwaitedSession>> {
    let query = "SELECT e.position, p.id, e.awaited, e.arrived
        FROM events e JOIN living_projects p ON p.no = e.project_no
        WHERE e.awaited IS NOT NULL AND e.position > $1 ORDER BY e.position LIMIT $2";
    let read = |mut row: Row| {
        Ok(AwaitedSession {
            position: read_position(&mut row)?,
            project: ProjectId::new(row.text()?),
            external_id: row.text()?,
            arrived: row.time()?,
        })
    };
    let found = rows.query(query, &[number(after), limit(most)]).await?;
    found.into_iter().map(read).collect()
}

pub(super) async fn link(
    rows: &mut dyn Rows,
    found: &[(Position, Option<SessionId>)],
) -> StoreResult<()> {
    let update = "UPDATE events SET session = $2, awaited = NULL WHERE position = $1 AND awaited IS NOT NULL";
    let values: Vec<Vec<Value>> = found
        .iter()
        .map(|(position, session)| {
            let session = session.as_ref().map(SessionId::as_str);
            vec![number(*position), session.into()]
        })
        .collect();
    rows.execute_many(update, &values).await?;
    Ok(())
}
