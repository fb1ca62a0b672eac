//! Where traces stand in time: stretches of the time-ordered lists, each closed at a whole
//! instant so that traces of one instant are sorted by id together.
use super::Snapshot;
use crate::eras;
use crate::error::{StoreResult, sql};
use rusqlite::params_from_iter;

/// Which list to walk.
#[derive(Clone, Copy)]
pub(super) enum Walk {
    Project,
    /// By user number, over all eras.
    User(i64),
    Session(i64),
}

/// (time, trace number)
pub(super) type Place = (i64, i64);

/// The places of `[from, to)`, newest first: about `limit` of them and all that share the
/// oldest's instant. Empty iff there are none.
pub(super) fn read_newest(
    snapshot: &Snapshot,
    walk: Walk,
    from: i64,
    to: i64,
    limit: i64,
) -> StoreResult<Vec<Place>> {
    let mut places = read(snapshot, walk, from, to, limit)?;
    if let Some((oldest, _)) = places.get(limit as usize - 1).copied() {
        places.retain(|(time, _)| *time > oldest);
        places.extend(read(snapshot, walk, oldest, oldest + 1, i64::MAX)?);
    }
    Ok(places)
}

fn read(
    snapshot: &Snapshot,
    walk: Walk,
    from: i64,
    to: i64,
    limit: i64,
) -> StoreResult<Vec<Place>> {
    let (project, mut found) = (snapshot.project_no, Vec::new());
    match walk {
        Walk::Project => {
            let query = "SELECT time, trace_no FROM project_traces WHERE project_no = ?1 AND time >= ?2 AND time < ?3 ORDER BY time DESC LIMIT ?4";
            collect(snapshot, query, &[project, from, to, limit], &mut found)?;
        }
        Walk::Session(session) => {
            let query = "SELECT time, trace_no FROM session_traces WHERE session_no = ?1 AND time >= ?2 AND time < ?3 ORDER BY time DESC LIMIT ?4";
            collect(snapshot, query, &[session, from, to, limit], &mut found)?;
        }
        Walk::User(user) => {
            let query = "SELECT time, trace_no FROM user_traces WHERE era = ?5 AND user_no = ?1 AND time >= ?2 AND time < ?3 ORDER BY time DESC LIMIT ?4";
            let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
            for era in eras::find_between(snapshot.conn, from, to)? {
                let enough = found.len() >= wanted;
                if enough
                    && found
                        .last()
                        .is_some_and(|(oldest, _)| *oldest > era.bounds.latest)
                {
                    break;
                }
                collect(
                    snapshot,
                    query,
                    &[user, from, to, limit, era.no],
                    &mut found,
                )?;
                found.sort_unstable_by(|a, b| b.cmp(a));
                found.truncate(wanted);
            }
        }
    }
    Ok(found)
}

fn collect(
    snapshot: &Snapshot,
    query: &'static str,
    key: &[i64],
    found: &mut Vec<Place>,
) -> StoreResult<()> {
    let mut statement = snapshot.conn.prepare_cached(query).map_err(sql)?;
    let rows = statement
        .query_map(params_from_iter(key), |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(sql)?;
    for row in rows {
        found.push(row.map_err(sql)?);
    }
    Ok(())
}
