//! Who was forgotten: nothing is stored any more under their id or their pseudonym.
//!
//! Invariant: noted, and looked for, under the lock of the log. Whoever appends afterwards sees it;
//! what was appended before is there for those who delete.
use crate::rows::{Rows, StoreResult, Value, find};
use cognobserve_model::event::{StoredEvent, Who};
use cognobserve_model::id::{ProjectId, UserId};
use std::collections::{BTreeSet, HashMap, HashSet};

pub(super) async fn note(
    rows: &mut dyn Rows,
    for_update: &str,
    project: &ProjectId,
    gone: [String; 2],
) -> StoreResult<()> {
    let lock = format!("SELECT position FROM event_log WHERE no = 1{for_update}");
    rows.query(&lock, &[]).await?;
    let insert = "INSERT INTO forgotten (project_no, whose)
        SELECT no, $2 FROM living_projects WHERE id = $1 ON CONFLICT (project_no, whose) DO NOTHING";
    for whose in gone {
        rows.execute(insert, &[project.as_str().into(), whose.into()])
            .await?;
    }
    Ok(())
}

/// Whom an event is of, as they are forgotten by.
pub(super) fn whose(event: &StoredEvent) -> Option<&str> {
    match &event.who {
        Who::Known { end_user, .. } => end_user.as_ref().map(UserId::as_str),
        Who::Concealed(pseudonym) => Some(pseudonym),
    }
}

/// Of those whose events these are, by project's number.
pub(super) async fn find_forgotten(
    rows: &mut dyn Rows,
    projects: &HashMap<ProjectId, Option<i64>>,
    events: &[StoredEvent],
) -> StoreResult<HashSet<(i64, String)>> {
    let mut with_any = HashSet::new();
    for no in projects.values().flatten() {
        let query = "SELECT whose FROM forgotten WHERE project_no = $1 LIMIT 1";
        if find(rows, query, &[(*no).into()]).await?.is_some() {
            with_any.insert(*no);
        }
    }
    let asked: BTreeSet<(i64, &str)> = events
        .iter()
        .filter_map(|event| Some((projects.get(&event.project).copied()??, whose(event)?)))
        .filter(|(no, _)| with_any.contains(no))
        .collect();
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let values: Vec<Vec<Value>> = asked
        .iter()
        .map(|(no, whose)| vec![(*no).into(), (*whose).into()])
        .collect();
    // Says how many rows there are, and is sent for all at once, which a question is not. They stay what they are.
    let look = "UPDATE forgotten SET whose = whose WHERE project_no = $1 AND whose = $2";
    let found = rows.execute_many(look, &values).await?;
    let found = asked.iter().zip(found).filter(|(_, rows)| *rows > 0);
    Ok(found
        .map(|((no, whose), _)| (*no, (*whose).to_owned()))
        .collect())
}
