//! Events that go: of somebody who is forgotten, and those whose time has come. What was given up
//! of them goes along.
use super::row::limit;
use crate::rows::{Rows, StoreResult};
use cognobserve_model::id::{ProjectId, UserId};
use cognobserve_model::time::Micros;

/// Events of one transaction.
const STEP: usize = 2_000;

#[derive(Clone)]
pub(super) enum Whose {
    User(UserId),
    Pseudonym(String),
}

/// Removes some; how many. None: there are no more.
pub(super) async fn forget(
    rows: &mut dyn Rows,
    for_update: &str,
    project: &ProjectId,
    whose: &Whose,
) -> StoreResult<u64> {
    let (column, value) = match whose {
        Whose::User(user) => ("end_user", user.as_str()),
        Whose::Pseudonym(pseudonym) => ("pseudonym", pseudonym.as_str()),
    };
    let delete = format!(
        "DELETE FROM events WHERE position IN (SELECT position FROM events
        WHERE project_no = (SELECT no FROM living_projects WHERE id = $1) AND {column} = $2
        ORDER BY arrived, position LIMIT $3{for_update})"
    );
    let values = [project.as_str().into(), value.into(), limit(STEP)];
    rows.execute(&delete, &values).await
}

pub(super) async fn remove(
    rows: &mut dyn Rows,
    for_update: &str,
    before: Micros,
    most: usize,
) -> StoreResult<u64> {
    let delete = format!(
        "DELETE FROM events WHERE position IN (SELECT position FROM events
        WHERE arrived < $1 ORDER BY arrived, position LIMIT $2{for_update})"
    );
    rows.execute(&delete, &[before.into(), limit(most)]).await
}
