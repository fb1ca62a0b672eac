//! Session rows: their sums, bounds and owner, and the lists that they stand in.
//!
//! A session belongs to the user of its latest identified trace (by time, then by trace
//! id); one without such a trace belongs to nobody, who is counted too.
use crate::error::{StoreResult, damaged, sql};
use crate::held::Held;
use crate::load::encode_profile;
use crate::lookup::era_of;
use cognobserve_books::postings::Entry;
use rusqlite::Row;
use std::collections::{BTreeMap, HashMap};

/// What decides a session's place in the lists. Owner -1: not yet placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing {
    owner: i64,
    owner_time: Option<i64>,
    first: Option<i64>,
    last: Option<i64>,
    created: i64,
}

impl Standing {
    fn of_new(created: i64) -> Standing {
        Standing {
            owner: -1,
            owner_time: None,
            first: None,
            last: None,
            created,
        }
    }
}

/// Standings of sessions lately written, so that an open session's row need not be read.
#[derive(Default)]
pub(crate) struct Standings(HashMap<i64, Standing>);

/// About 6 MB.
const MOST_STANDINGS: usize = 100_000;

impl Standings {
    fn find(&self, conn: &Held, no: i64) -> StoreResult<Option<Standing>> {
        match self.0.get(&no) {
            Some(standing) => Ok(Some(*standing)),
            None => conn.find(
                "SELECT owner_no, owner_time, first, last, created FROM sessions WHERE no = ?1",
                [no],
                standing_of,
            ),
        }
    }

    /// Whether there is such a session.
    pub fn contains(&self, conn: &Held, no: i64) -> StoreResult<bool> {
        self.find(conn, no).map(|found| found.is_some())
    }

    fn put(&mut self, no: i64, standing: Standing) {
        if self.0.len() >= MOST_STANDINGS {
            self.0.clear();
        }
        self.0.insert(no, standing);
    }
}

fn standing_of(row: &Row) -> rusqlite::Result<Standing> {
    Ok(Standing {
        owner: row.get(0)?,
        owner_time: row.get(1)?,
        first: row.get(2)?,
        last: row.get(3)?,
        created: row.get(4)?,
    })
}

/// Books what happened to a session, and the change of owner with the users.
pub(super) fn post_session(
    conn: &Held,
    standings: &mut Standings,
    project_no: i64,
    no: i64,
    entry: Entry,
    users: &mut BTreeMap<i64, Entry>,
) -> StoreResult<()> {
    let fresh = entry.staged.as_ref().filter(|staged| staged.is_new);
    let old = match fresh {
        Some(staged) => Some(Standing::of_new(staged.created)),
        None => standings.find(conn, no)?,
    };
    // A session that was deleted in this transaction is gone already.
    let Some(old) = old else { return Ok(()) };
    let new = decide_standing(conn, no, old, &entry)?;
    let Standing {
        owner,
        owner_time,
        first,
        last,
        created,
    } = new;
    let measures = entry.measures.encode();
    match &entry.staged {
        Some(staged) if staged.is_new => conn.run(
            "INSERT INTO sessions (no, project_no, external_id, owner_no, owner_time, first, last, created, measures, profile) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (no, project_no, &*staged.external_id, owner, owner_time, first, last, created, measures, encode_profile(&staged.profile)?),
        )?,
        staged => {
            if let Some(staged) = staged {
                let profile = encode_profile(&staged.profile)?;
                conn.run("UPDATE sessions SET profile = ?2 WHERE no = ?1", (no, profile))?;
            }
            conn.run(
                "UPDATE sessions SET owner_no = ?2, owner_time = ?3, first = ?4, last = ?5, measures = add_measures(measures, ?6) WHERE no = ?1",
                (no, owner, owner_time, first, last, measures),
            )?;
        }
    }
    standings.put(no, new);
    if old.owner != owner {
        if old.owner >= 0 {
            users.entry(old.owner).or_default().sessions -= 1;
        }
        users.entry(owner).or_default().sessions += 1;
    }
    match old.owner >= 0 {
        true => relist(conn, project_no, no, old, new),
        false => list(conn, project_no, no, new),
    }
}

fn decide_standing(conn: &Held, no: i64, old: Standing, entry: &Entry) -> StoreResult<Standing> {
    let mut new = Standing {
        owner: old.owner.max(0),
        ..old
    };
    if entry.reread {
        let mut bounds = conn
            .prepare_cached("SELECT min(time), max(time) FROM session_traces WHERE session_no = ?1")
            .map_err(sql)?;
        (new.first, new.last) = bounds
            .query_row([no], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(sql)?;
        (new.owner, new.owner_time) = read_owner(conn, no)?;
        return Ok(new);
    }
    new.first = [old.first, entry.earliest].into_iter().flatten().min();
    new.last = [old.last, entry.latest].into_iter().flatten().max();
    let latest = entry.identified.iter().max();
    match (latest, old.owner_time) {
        (None, _) => {}
        (Some((time, _, _)), Some(owner_time)) if *time < owner_time => {}
        (Some((time, _, user)), owner_time) => {
            let tied = owner_time == Some(*time)
                || entry
                    .identified
                    .iter()
                    .filter(|(other, _, _)| other == time)
                    .count()
                    > 1;
            (new.owner, new.owner_time) = if tied {
                read_owner(conn, no)?
            } else {
                (*user, Some(*time))
            };
        }
    }
    Ok(new)
}

/// The user of the latest identified trace; among equal times the largest trace id.
fn read_owner(conn: &Held, no: i64) -> StoreResult<(i64, Option<i64>)> {
    let mut statement = conn
        .prepare_cached("SELECT time, trace_no, user_no FROM session_traces WHERE session_no = ?1 AND user_no <> 0 ORDER BY time DESC")
        .map_err(sql)?;
    let mut rows = statement.query([no]).map_err(sql)?;
    let mut latest: Vec<(i64, i64, i64)> = Vec::new();
    while let Some(row) = rows.next().map_err(sql)? {
        let found = (
            row.get(0).map_err(sql)?,
            row.get(1).map_err(sql)?,
            row.get(2).map_err(sql)?,
        );
        if latest.first().is_some_and(|(time, _, _)| *time != found.0) {
            break;
        }
        latest.push(found);
    }
    let Some((time, _, user)) = latest.first().copied() else {
        return Ok((0, None));
    };
    if latest.iter().all(|(_, _, other)| *other == user) {
        return Ok((user, Some(time)));
    }
    let mut best: Option<(Box<str>, i64)> = None;
    for (_, trace_no, user) in &latest {
        let trace = super::store_trace::read_trace(conn, *trace_no)?
            .ok_or_else(|| damaged("session list"))?;
        if best.as_ref().is_none_or(|(id, _)| *id < trace.state.id) {
            best = Some((trace.state.id, *user));
        }
    }
    Ok((best.map_or(user, |(_, user)| user), Some(time)))
}

impl Standing {
    /// Where the lists have it: owner, last and first trace.
    fn place(&self) -> (i64, i64, Option<i64>) {
        (self.owner, self.last.unwrap_or(self.created), self.first)
    }
}

/// Puts a session into the lists by last trace.
fn list(conn: &Held, project_no: i64, no: i64, standing: Standing) -> StoreResult<()> {
    let (owner, last, first) = standing.place();
    conn.run(
        "INSERT INTO project_sessions (project_no, last, session_no) VALUES (?1, ?2, ?3)",
        [project_no, last, no],
    )?;
    conn.run(
        "INSERT INTO user_sessions (era, project_no, user_no, last, session_no, first) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (era_of(no), project_no, owner, last, no, first),
    )
}

/// Takes a session out of the lists.
fn unlist(conn: &Held, project_no: i64, no: i64, standing: Standing) -> StoreResult<()> {
    let (owner, last, _) = standing.place();
    conn.run(
        "DELETE FROM project_sessions WHERE project_no = ?1 AND last = ?2 AND session_no = ?3",
        [project_no, last, no],
    )?;
    conn.run(
        "DELETE FROM user_sessions WHERE era = ?1 AND project_no = ?2 AND user_no = ?3 AND last = ?4 AND session_no = ?5",
        [era_of(no), project_no, owner, last, no],
    )
}

/// Moves a session in the lists.
fn relist(conn: &Held, project_no: i64, no: i64, old: Standing, new: Standing) -> StoreResult<()> {
    let ((old_owner, old_last, old_first), (owner, last, first)) = (old.place(), new.place());
    if old_last != last {
        conn.run(
            "UPDATE project_sessions SET last = ?4 WHERE project_no = ?1 AND last = ?2 AND session_no = ?3",
            [project_no, old_last, no, last],
        )?;
    }
    if (old_owner, old_last, old_first) != (owner, last, first) {
        conn.run(
            "UPDATE user_sessions SET user_no = ?6, last = ?7, first = ?8 WHERE era = ?1 AND project_no = ?2 AND user_no = ?3 AND last = ?4 AND session_no = ?5",
            (era_of(no), project_no, old_owner, old_last, no, owner, last, first),
        )?;
    }
    Ok(())
}

/// Removes a session row, its place in the lists and its owner's count of it.
pub(super) fn remove_session(
    conn: &Held,
    standings: &mut Standings,
    project_no: i64,
    no: i64,
    users: &mut BTreeMap<i64, Entry>,
) -> StoreResult<()> {
    standings.0.remove(&no);
    let query =
        "DELETE FROM sessions WHERE no = ?1 RETURNING owner_no, owner_time, first, last, created";
    let Some(old) = conn.find(query, [no], standing_of)? else {
        return Ok(());
    };
    if old.owner >= 0 {
        users.entry(old.owner).or_default().sessions -= 1;
        unlist(conn, project_no, no, old)?;
    }
    Ok(())
}
