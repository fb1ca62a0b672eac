//! The time-ordered lists of traces: per project, user and session.
use crate::error::sql;
use crate::held::Held;
use crate::lookup::era_of;
use cognobserve_model::facts::Facts;
use cognobserve_ports::StoreError;
use rusqlite::{Connection, params_from_iter};

/// Where a trace stands in the lists: (time, user, session); 0 is none.
type Place = (i64, i64, i64);

fn place_of(facts: &Facts) -> Place {
    (
        facts.time.0,
        facts.user.map_or(0, |user| user.0),
        facts.session.map_or(0, |session| session.0),
    )
}

/// Moves a trace from where its old facts put it to where its new ones do.
pub(super) fn move_trace(
    conn: &Held,
    project_no: i64,
    no: i64,
    old: Option<&Facts>,
    new: Option<&Facts>,
) -> Result<(), StoreError> {
    list_by_time(conn, project_no, no, old, new)?;
    let (old, new) = (old.map(place_of), new.map(place_of));
    if old == new {
        return Ok(());
    }
    let run = |statement: &'static str, key: &[i64]| conn.run(statement, params_from_iter(key));
    let era = era_of(no);
    if let Some((time, user, session)) = old {
        if user != 0 {
            run(
                "DELETE FROM user_traces WHERE era = ?1 AND user_no = ?2 AND time = ?3 AND trace_no = ?4",
                &[era, user, time, no],
            )?;
        }
        if session != 0 {
            run(
                "DELETE FROM session_traces WHERE session_no = ?1 AND time = ?2 AND trace_no = ?3",
                &[session, time, no],
            )?;
        }
    }
    if let Some((time, user, session)) = new {
        if user != 0 {
            run(
                "INSERT INTO user_traces (era, user_no, time, trace_no) VALUES (?1, ?2, ?3, ?4)",
                &[era, user, time, no],
            )?;
        }
        if session != 0 {
            run(
                "INSERT INTO session_traces (session_no, time, trace_no, user_no) VALUES (?1, ?2, ?3, ?4)",
                &[session, time, no, user],
            )?;
        }
    }
    Ok(())
}

/// The project's list carries user and measures, so it changes with them too.
fn list_by_time(
    conn: &Held,
    project_no: i64,
    no: i64,
    old: Option<&Facts>,
    new: Option<&Facts>,
) -> Result<(), StoreError> {
    if let Some(old) = old {
        conn.run(
            "DELETE FROM project_traces WHERE project_no = ?1 AND time = ?2 AND trace_no = ?3",
            [project_no, old.time.0, no],
        )?;
    }
    if let Some(new) = new {
        let (user, measures) = (new.user.map_or(0, |user| user.0), new.measures.encode());
        conn.run(
            "INSERT INTO project_traces (project_no, time, trace_no, user_no, measures) VALUES (?1, ?2, ?3, ?4, ?5)",
            (project_no, new.time.0, no, user, measures),
        )?;
    }
    Ok(())
}

/// The first and last time of a user's traces, over all eras.
pub(super) fn read_user_bounds(
    conn: &Connection,
    user_no: i64,
) -> Result<(Option<i64>, Option<i64>), StoreError> {
    let mut statement = conn
        .prepare_cached(
            "WITH RECURSIVE eras (era) AS (SELECT 0 UNION ALL SELECT era + 1 FROM eras WHERE era < (SELECT ifnull(max(era), 0) FROM user_traces))
             SELECT min((SELECT min(time) FROM user_traces WHERE era = eras.era AND user_no = ?1)),
                    max((SELECT max(time) FROM user_traces WHERE era = eras.era AND user_no = ?1)) FROM eras",
        )
        .map_err(sql)?;
    statement
        .query_row([user_no], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(sql)
}
