//! Pages of what is booked: users, sessions, traces with their payload, sums.
use super::rows::{Page, Read};
use cognobserve_books::moving::{
    Band, Field, Model, ModelQuarter, Nobody, Quarter, Rows, Session, Totals, Trace, User,
};
use rusqlite::Row;

/// 0 is nobody, or no session.
fn some_no(no: i64) -> Option<i64> {
    (no > 0).then_some(no)
}

/// Three columns and a blob, of which there may be none.
fn totals_of(row: &Row, at: usize) -> rusqlite::Result<Totals> {
    Ok(Totals {
        first: row.get(at)?,
        last: row.get(at + 1)?,
        sessions: row.get::<_, Option<i64>>(at + 2)?.unwrap_or(0),
        measures: row.get::<_, Option<Vec<u8>>>(at + 3)?.unwrap_or_default(),
    })
}

impl Page<'_> {
    pub fn read_users(&self) -> Read {
        let read = |row: &Row| {
            let user = User {
                no: row.get(0)?,
                project_no: row.get(1)?,
                state: row.get(2)?,
                external_id: row.get(3)?,
                external_hash: row.get(4)?,
                profile: row.get(5)?,
                created: row.get(6)?,
                updated: row.get(7)?,
                updated_by: row.get(8)?,
                totals: totals_of(row, 9)?,
            };
            Ok((user, 0))
        };
        let query = include_str!("../sql/moving.users.sql");
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::Users)
    }

    pub fn read_unattributed(&self) -> Read {
        let read = |row: &Row| {
            let nobody = Nobody {
                project_no: row.get(0)?,
                totals: totals_of(row, 1)?,
            };
            Ok((nobody, 0))
        };
        let query = include_str!("../sql/moving.unattributed.sql");
        let key_of = |it: &Nobody| vec![Field::No(it.project_no)];
        self.list(query, read, key_of, Rows::Unattributed)
    }

    pub fn read_models(&self) -> Read {
        let query = "SELECT no, project_no, name FROM models WHERE no > ?1 ORDER BY no";
        let read = |row: &Row| {
            let model = Model {
                no: row.get(0)?,
                project_no: row.get(1)?,
                name: row.get(2)?,
            };
            Ok((model, 0))
        };
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::Models)
    }

    pub fn read_sessions(&self) -> Read {
        let read = |row: &Row| {
            let session = Session {
                no: row.get(0)?,
                project_no: row.get(1)?,
                external_id: row.get(2)?,
                owner_no: some_no(row.get(3)?),
                owner_time: row.get(4)?,
                first: row.get(5)?,
                last: row.get(6)?,
                created: row.get(7)?,
                measures: row.get(8)?,
                profile: row.get(9)?,
            };
            Ok((session, 0))
        };
        let query = include_str!("../sql/moving.sessions.sql");
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::Sessions)
    }

    pub fn read_traces(&self) -> Read {
        let read = |row: &Row| {
            let bodies = self.read_bodies(row.get(7)?)?;
            let bytes = bodies.iter().map(|(_, body)| body.len()).sum();
            let trace = Trace {
                no: row.get(0)?,
                project_no: row.get(1)?,
                user_no: some_no(row.get(2)?),
                session_no: some_no(row.get(3)?),
                time: row.get(4)?,
                levels: row.get(5)?,
                latency_micros: row.get(6)?,
                booked: row.get(8)?,
                state: row.get(9)?,
                bodies,
            };
            Ok((trace, bytes))
        };
        let query = include_str!("../sql/moving.traces.sql");
        self.list(query, read, |it| vec![Field::No(it.no)], Rows::Traces)
    }

    /// A chain of payload bodies with their numbers, oldest first.
    fn read_bodies(&self, head: i64) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
        let query = "SELECT prev, body FROM payloads WHERE no = ?1";
        let mut statement = self.conn.prepare_cached(query)?;
        let (mut bodies, mut next) = (Vec::new(), head);
        while next > 0 {
            let (prev, body): (i64, Vec<u8>) =
                statement.query_row([next], |row| Ok((row.get(0)?, row.get(1)?)))?;
            bodies.push((next, body));
            // `prev` is always smaller, so the walk ends even on a damaged file.
            next = if prev < next { prev } else { 0 };
        }
        bodies.reverse();
        Ok(bodies)
    }

    pub fn read_user_days(&self) -> Read {
        let read = |row: &Row| {
            let band = Band {
                project_no: row.get(0)?,
                day: row.get(1)?,
                band: row.get(2)?,
                sums: row.get(3)?,
            };
            Ok((band, 0))
        };
        let key_of = |it: &Band| [it.project_no, it.day, it.band].map(Field::No).to_vec();
        let query = include_str!("../sql/moving.user_days.sql");
        self.list(query, read, key_of, Rows::UserDays)
    }

    pub fn read_project_quarters(&self) -> Read {
        let read = |row: &Row| {
            let quarter = Quarter {
                project_no: row.get(0)?,
                quarter: row.get(1)?,
                measures: row.get(2)?,
            };
            Ok((quarter, 0))
        };
        let key_of = |it: &Quarter| [it.project_no, it.quarter].map(Field::No).to_vec();
        let query = include_str!("../sql/moving.project_quarters.sql");
        self.list(query, read, key_of, Rows::ProjectQuarters)
    }

    pub fn read_model_quarters(&self) -> Read {
        let read = |row: &Row| {
            let quarter = ModelQuarter {
                project_no: row.get(0)?,
                quarter: row.get(1)?,
                model_no: row.get(2)?,
                measures: row.get(3)?,
            };
            Ok((quarter, 0))
        };
        let key_of = |it: &ModelQuarter| {
            [it.project_no, it.quarter, it.model_no]
                .map(Field::No)
                .to_vec()
        };
        let query = include_str!("../sql/moving.model_quarters.sql");
        self.list(query, read, key_of, Rows::ModelQuarters)
    }
}
