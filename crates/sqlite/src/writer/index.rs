//! The time-ordered lists of traces: per project, user and session.
use crate::error::{StoreResult, sql};
use crate::held::Held;
use crate::lookup::era_of;
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::encode_models;
use rusqlite::Connection;

/// Moves a trace from where its old facts put it to where its new ones do.
pub(super) fn move_trace(
    conn: &Held,
    project_no: i64,
    no: i64,
    old: Option<&Facts>,
    new: Option<&Facts>,
) -> StoreResult<()> {
    let measures = new.map(|new| new.measures.encode()).unwrap_or_default();
    let models = new.filter(|new| new.user.is_some());
    let models = models.map(|new| encode_models(&new.models));
    let models = models.unwrap_or_default();
    let lists = [list_by_time, list_by_user, list_by_session];
    for list in lists {
        list(
            &Move {
                conn,
                project_no,
                no,
                measures: &measures,
                models: &models,
            },
            old.map(Place::of),
            new.map(Place::of),
        )?;
    }
    Ok(())
}

/// Where a trace stands in the lists; 0 is none.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    time: i64,
    user: i64,
    session: i64,
}

impl Place {
    fn of(facts: &Facts) -> Place {
        Place {
            time: facts.time.0,
            user: facts.user.map_or(0, |user| user.0),
            session: facts.session.map_or(0, |session| session.0),
        }
    }
}

struct Move<'a, 'c> {
    conn: &'a Held<'c>,
    project_no: i64,
    no: i64,
    /// The new ones, encoded.
    measures: &'a [u8],
    /// The same per model; only for a user's trace.
    models: &'a [u8],
}

fn list_by_time(it: &Move, old: Option<Place>, new: Option<Place>) -> StoreResult<()> {
    let (project, no) = (it.project_no, it.no);
    if let (Some(old), Some(new)) = (old, new)
        && old.time == new.time
    {
        return it.conn.run(
            "UPDATE project_traces SET user_no = ?4, measures = ?5 WHERE project_no = ?1 AND time = ?2 AND trace_no = ?3",
            (project, new.time, no, new.user, it.measures),
        );
    }
    if let Some(old) = old {
        it.conn.run(
            "DELETE FROM project_traces WHERE project_no = ?1 AND time = ?2 AND trace_no = ?3",
            [project, old.time, no],
        )?;
    }
    if let Some(new) = new {
        it.conn.run(
            "INSERT INTO project_traces (project_no, time, trace_no, user_no, measures) VALUES (?1, ?2, ?3, ?4, ?5)",
            (project, new.time, no, new.user, it.measures),
        )?;
    }
    Ok(())
}

fn list_by_user(it: &Move, old: Option<Place>, new: Option<Place>) -> StoreResult<()> {
    let (era, no) = (era_of(it.no), it.no);
    let old = old.filter(|old| old.user != 0);
    let new = new.filter(|new| new.user != 0);
    if let (Some(old), Some(new)) = (old, new)
        && (old.user, old.time) == (new.user, new.time)
    {
        return it.conn.run(
            "UPDATE user_traces SET measures = ?5, models = ?6 WHERE era = ?1 AND user_no = ?2 AND time = ?3 AND trace_no = ?4",
            (era, new.user, new.time, no, it.measures, it.models),
        );
    }
    if let Some(old) = old {
        it.conn.run(
            "DELETE FROM user_traces WHERE era = ?1 AND user_no = ?2 AND time = ?3 AND trace_no = ?4",
            [era, old.user, old.time, no],
        )?;
    }
    if let Some(new) = new {
        it.conn.run(
            "INSERT INTO user_traces (era, user_no, time, trace_no, measures, models) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (era, new.user, new.time, no, it.measures, it.models),
        )?;
    }
    Ok(())
}

fn list_by_session(it: &Move, old: Option<Place>, new: Option<Place>) -> StoreResult<()> {
    let old = old.filter(|old| old.session != 0);
    let new = new.filter(|new| new.session != 0);
    if old == new {
        return Ok(());
    }
    if let Some(old) = old {
        it.conn.run(
            "DELETE FROM session_traces WHERE session_no = ?1 AND time = ?2 AND trace_no = ?3",
            [old.session, old.time, it.no],
        )?;
    }
    if let Some(new) = new {
        it.conn.run(
            "INSERT INTO session_traces (session_no, time, trace_no, user_no) VALUES (?1, ?2, ?3, ?4)",
            [new.session, new.time, it.no, new.user],
        )?;
    }
    Ok(())
}

/// The first and last time of a user's traces, over all eras.
pub(super) fn read_user_bounds(
    conn: &Connection,
    user_no: i64,
) -> StoreResult<(Option<i64>, Option<i64>)> {
    let query = "SELECT min((SELECT min(time) FROM user_traces u WHERE u.era = e.era AND user_no = ?1)),
                        max((SELECT max(time) FROM user_traces u WHERE u.era = e.era AND user_no = ?1)) FROM trace_eras e";
    let mut statement = conn.prepare_cached(query).map_err(sql)?;
    statement
        .query_row([user_no], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(sql)
}
