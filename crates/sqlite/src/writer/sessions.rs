//! Session rows: their sums, bounds and owner, and the lists that they stand in.
//!
//! A session belongs to the user of its latest identified trace (by time, then by trace
//! id); one without such a trace belongs to nobody, who is counted too.
use super::books::Entry;
use super::desk::Staged;
use crate::error::{StoreResult, damaged, sql};
use crate::held::Held;
use crate::load::encode_profile;
use crate::lookup::era_of;
use crate::rollups::decode;
use cognobserve_model::measures::Measures;
use rusqlite::{Row, params_from_iter};
use std::collections::BTreeMap;

/// Writes a new session row, or a changed profile.
pub(super) fn write_profile(
    conn: &Held,
    project_no: i64,
    no: i64,
    staged: &Staged,
) -> StoreResult<()> {
    if staged.is_new {
        let (measures, profile) = (
            Measures::default().encode(),
            encode_profile(&staged.profile)?,
        );
        conn.run(
            "INSERT INTO sessions (no, project_no, external_id, owner_no, created, measures, profile) VALUES (?1, ?2, ?3, -1, ?4, ?5, ?6)",
            (no, project_no, &*staged.external_id, staged.created, measures, profile),
        )
    } else if staged.changed {
        let profile = encode_profile(&staged.profile)?;
        conn.run(
            "UPDATE sessions SET profile = ?2 WHERE no = ?1",
            (no, profile),
        )
    } else {
        Ok(())
    }
}

/// What decides a session's place in the lists. Owner -1: not yet placed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Standing {
    owner: i64,
    owner_time: Option<i64>,
    first: Option<i64>,
    last: Option<i64>,
    created: i64,
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
    project_no: i64,
    no: i64,
    entry: Entry,
    users: &mut BTreeMap<i64, Entry>,
) -> StoreResult<()> {
    let query =
        "SELECT owner_no, owner_time, first, last, created, measures FROM sessions WHERE no = ?1";
    let row = conn.find(query, [no], |row| {
        Ok((standing_of(row)?, row.get::<_, Vec<u8>>(5)?))
    })?;
    // A session that was deleted in this transaction is gone already.
    let Some((old, measures)) = row else {
        return Ok(());
    };
    let mut measures = decode(&measures)?;
    measures.add(&entry.measures, 1);
    let new = decide_standing(conn, no, old, &entry)?;
    conn.run(
        "UPDATE sessions SET owner_no = ?2, owner_time = ?3, first = ?4, last = ?5, measures = ?6 WHERE no = ?1",
        (no, new.owner, new.owner_time, new.first, new.last, measures.encode()),
    )?;
    if old.owner != new.owner {
        if old.owner >= 0 {
            users.entry(old.owner).or_default().sessions -= 1;
        }
        users.entry(new.owner).or_default().sessions += 1;
    }
    relist(
        conn,
        project_no,
        no,
        (old.owner >= 0).then_some(old),
        Some(new),
    )
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

/// Moves a session in the lists by last trace.
fn relist(
    conn: &Held,
    project_no: i64,
    no: i64,
    old: Option<Standing>,
    new: Option<Standing>,
) -> StoreResult<()> {
    let last = |s: Standing| s.last.unwrap_or(s.created);
    let first = |s: Standing| s.first.unwrap_or(s.created);
    let place = |s: Option<Standing>| s.map(|s| (s.owner, last(s), first(s)));
    if place(old) == place(new) {
        return Ok(());
    }
    let era = era_of(no);
    let run = |statement: &'static str, key: &[i64]| conn.run(statement, params_from_iter(key));
    if let Some(old) = old {
        run(
            "DELETE FROM project_sessions WHERE project_no = ?1 AND last = ?2 AND session_no = ?3",
            &[project_no, last(old), no],
        )?;
        run(
            "DELETE FROM user_sessions WHERE era = ?1 AND project_no = ?2 AND user_no = ?3 AND last = ?4 AND session_no = ?5",
            &[era, project_no, old.owner, last(old), no],
        )?;
    }
    if let Some(new) = new {
        run(
            "INSERT INTO project_sessions (project_no, last, session_no) VALUES (?1, ?2, ?3)",
            &[project_no, last(new), no],
        )?;
        run(
            "INSERT INTO user_sessions (era, project_no, user_no, last, session_no, first) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[era, project_no, new.owner, last(new), no, first(new)],
        )?;
    }
    Ok(())
}

/// Removes a session row, its place in the lists and its owner's count of it.
pub(super) fn remove_session(
    conn: &Held,
    project_no: i64,
    no: i64,
    users: &mut BTreeMap<i64, Entry>,
) -> StoreResult<()> {
    let query =
        "DELETE FROM sessions WHERE no = ?1 RETURNING owner_no, owner_time, first, last, created";
    let Some(old) = conn.find(query, [no], standing_of)? else {
        return Ok(());
    };
    if old.owner >= 0 {
        users.entry(old.owner).or_default().sessions -= 1;
        relist(conn, project_no, no, Some(old), None)?;
    }
    Ok(())
}
