//! Appending: one transaction, positions from the row of the log; what is known is passed over, and
//! whose it is was forgotten is refused.
use super::forgotten::{find_forgotten, whose};
use super::row::{INSERT, read_count, write_event};
use crate::rows::{Rows, StoreResult, find, misread};
use cognobserve_model::event::{Appended, EventId, StoredEvent};
use cognobserve_model::id::ProjectId;
use std::collections::{HashMap, HashSet};

pub(super) async fn append(
    rows: &mut dyn Rows,
    for_update: &str,
    events: Vec<StoredEvent>,
) -> StoreResult<Vec<Appended>> {
    let lock = format!("SELECT position FROM event_log WHERE no = 1{for_update}");
    let last = find(rows, &lock, &[])
        .await?
        .ok_or_else(misread)?
        .number()?;
    // Whoever purges a project or forgets somebody has waited for this lock: they are looked for only now.
    let projects = find_projects(rows, &events).await?;
    let forgotten = find_forgotten(rows, &projects, &events).await?;
    let mut answers = vec![Appended::Known; events.len()];
    let mut seen: HashSet<(i64, EventId)> = HashSet::new();
    let (mut places, mut values) = (Vec::new(), Vec::new());
    for (at, event) in events.into_iter().enumerate() {
        let Some(no) = projects.get(&event.project).copied().flatten() else {
            answers[at] = Appended::NoSuchProject;
            continue;
        };
        if whose(&event).is_some_and(|whose| forgotten.contains(&(no, whose.to_owned()))) {
            answers[at] = Appended::Forgotten;
            continue;
        }
        if seen.insert((no, event.id)) {
            places.push(at);
            values.push(write_event(last + places.len() as i64, no, event));
        }
    }
    if values.is_empty() {
        return Ok(answers);
    }
    let mut stored = 0;
    for (at, written) in places.iter().zip(rows.execute_many(INSERT, &values).await?) {
        if written > 0 {
            answers[*at] = Appended::Stored;
            stored += 1;
        }
    }
    if stored > 0 {
        let update = "UPDATE event_log SET position = $1, stored = stored + $2 WHERE no = 1";
        let last = last + places.len() as i64;
        rows.execute(update, &[last.into(), stored.into()]).await?;
    }
    Ok(answers)
}

async fn find_projects(
    rows: &mut dyn Rows,
    events: &[StoredEvent],
) -> StoreResult<HashMap<ProjectId, Option<i64>>> {
    let mut projects = HashMap::new();
    for event in events {
        if !projects.contains_key(&event.project) {
            let query = "SELECT no FROM living_projects WHERE id = $1";
            let found = find(rows, query, &[event.project.as_str().into()]).await?;
            let no = found.map(|mut row| row.number()).transpose()?;
            projects.insert(event.project.clone(), no);
        }
    }
    Ok(projects)
}

pub(super) async fn count_stored(rows: &mut dyn Rows) -> StoreResult<u64> {
    let query = "SELECT stored FROM event_log WHERE no = 1";
    let found = find(rows, query, &[]).await?;
    read_count(&mut found.ok_or_else(misread)?)
}
