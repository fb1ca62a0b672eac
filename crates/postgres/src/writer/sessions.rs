//! Session rows: their sums, bounds and owner.
//!
//! A session belongs to the user of its latest identified trace (by time, then by trace
//! id); one without such a trace belongs to nobody, who is counted too.
use super::rows::{SessionRow, encode_profile, read_session};
use super::tx::{Params, Tx};
use crate::error::StoreResult;
use cognobserve_books::postings::Entry;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A session that changes: the row as it becomes, and what happened.
struct Changing {
    row: SessionRow,
    /// Nobody's is 0; `None`: it is new and was not counted with anybody.
    old_owner: Option<i64>,
    entry: Entry,
    settled: Settled,
}

/// What of a session could be told without looking at its traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    Known,
    /// Two traces of one instant: the larger id decides.
    OwnerTied,
    /// Something went away.
    Unknown,
}

/// The sessions that a transaction changes.
pub(super) struct OpenSessions {
    project_no: i64,
    changing: Vec<Changing>,
}

impl OpenSessions {
    /// `rows`: those that were read already; the others are read here.
    pub async fn open(
        tx: &Tx,
        project_no: i64,
        entries: BTreeMap<i64, Entry>,
        mut rows: HashMap<i64, SessionRow>,
    ) -> StoreResult<OpenSessions> {
        read_missing(tx, project_no, &entries, &mut rows).await?;
        let changing = entries
            .into_iter()
            .filter_map(|(no, entry)| open(no, entry, &mut rows))
            .collect();
        Ok(OpenSessions {
            project_no,
            changing,
        })
    }

    /// Writes the new ones, so that traces can point to them.
    pub async fn write_new(&self, tx: &Tx) -> StoreResult<()> {
        let new = self.changing.iter().filter(|it| it.old_owner.is_none());
        write_sessions(tx, self.project_no, new.map(|it| &it.row)).await
    }

    /// Settles and writes the rest, once the traces are written; what changes for the owners
    /// goes to `users`.
    pub async fn close(mut self, tx: &Tx, users: &mut BTreeMap<i64, Entry>) -> StoreResult<()> {
        let list = |wanted: fn(&Changing) -> bool| -> Vec<i64> {
            let sessions = self.changing.iter().filter(|it| wanted(it));
            sessions.map(|it| it.row.no).collect()
        };
        let moved = list(|it| it.settled == Settled::Unknown);
        let tied = list(|it| it.settled != Settled::Known);
        let bounds = read_bounds(tx, self.project_no, &moved).await?;
        let owners = read_owners(tx, self.project_no, &tied).await?;
        for session in &mut self.changing {
            let row = &mut session.row;
            if session.settled == Settled::Unknown {
                (row.first, row.last) = bounds.get(&row.no).copied().unwrap_or_default();
            }
            if session.settled != Settled::Known {
                let owner = owners.get(&row.no).copied();
                (row.owner, row.owner_time) = owner.map_or((0, None), |(no, at)| (no, Some(at)));
            }
            if session.old_owner != Some(row.owner) {
                if let Some(old) = session.old_owner {
                    users.entry(old).or_default().sessions -= 1;
                }
                users.entry(row.owner).or_default().sessions += 1;
            }
        }
        let is_written = |it: &&Changing| it.old_owner.is_none() && it.settled == Settled::Known;
        let left = self.changing.iter().filter(|it| !is_written(it));
        write_sessions(tx, self.project_no, left.map(|it| &it.row)).await
    }
}

/// Sessions that the postings are about and that nobody has read yet.
async fn read_missing(
    tx: &Tx,
    project_no: i64,
    entries: &BTreeMap<i64, Entry>,
    rows: &mut HashMap<i64, SessionRow>,
) -> StoreResult<()> {
    let is_new = |entry: &Entry| entry.staged.as_ref().is_some_and(|staged| staged.is_new);
    let missing: Vec<i64> = entries
        .iter()
        .filter(|(no, entry)| !rows.contains_key(*no) && !is_new(entry))
        .map(|(no, _)| *no)
        .collect();
    let query = include_str!("../sql/ledger.read_sessions.sql");
    let params: Params = &[&project_no, &missing];
    for row in tx.query_some(query, params, missing.is_empty()).await? {
        let session = read_session(&row)?;
        rows.insert(session.no, session);
    }
    Ok(())
}

/// `None`: deleted in this transaction, or before.
fn open(no: i64, mut entry: Entry, rows: &mut HashMap<i64, SessionRow>) -> Option<Changing> {
    let staged = entry.staged.take();
    let (mut row, old_owner) = match (rows.remove(&no), &staged) {
        (Some(row), _) => {
            let owner = row.owner;
            (row, Some(owner))
        }
        (None, Some(staged)) if staged.is_new => {
            let row = SessionRow {
                no,
                external_id: staged.external_id.to_string(),
                owner: 0,
                owner_time: None,
                first: None,
                last: None,
                created: staged.created,
                measures: Default::default(),
                profile: Default::default(),
            };
            (row, None)
        }
        (None, _) => return None,
    };
    if let Some(staged) = staged {
        row.profile = staged.profile;
    }
    row.measures.add(&entry.measures, 1);
    let mut changing = Changing {
        row,
        old_owner,
        entry,
        settled: Settled::Known,
    };
    changing.settled = changing.settle();
    Some(changing)
}

impl Changing {
    fn settle(&mut self) -> Settled {
        let (row, entry) = (&mut self.row, &self.entry);
        if entry.reread {
            return Settled::Unknown;
        }
        row.first = [row.first, entry.earliest].into_iter().flatten().min();
        row.last = [row.last, entry.latest].into_iter().flatten().max();
        let Some((time, _, user)) = entry.identified.iter().max() else {
            return Settled::Known;
        };
        if row.owner_time.is_some_and(|stored| *time < stored) {
            return Settled::Known;
        }
        let at_once = entry.identified.iter().filter(|(at, _, _)| at == time);
        if row.owner_time == Some(*time) || at_once.count() > 1 {
            return Settled::OwnerTied;
        }
        (row.owner, row.owner_time) = (*user, Some(*time));
        Settled::Known
    }
}

type Bounds = (Option<i64>, Option<i64>);

async fn read_bounds(
    tx: &Tx,
    project_no: i64,
    sessions: &[i64],
) -> StoreResult<HashMap<i64, Bounds>> {
    let query = include_str!("../sql/ledger.read_session_bounds.sql");
    let params: Params = &[&project_no, &sessions];
    let rows = tx.query_some(query, params, sessions.is_empty()).await?;
    Ok(rows
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect())
}

/// The user of each session's latest identified trace, and its time.
async fn read_owners(
    tx: &Tx,
    project_no: i64,
    sessions: &[i64],
) -> StoreResult<HashMap<i64, (i64, i64)>> {
    let query = include_str!("../sql/ledger.read_session_owners.sql");
    let params: Params = &[&project_no, &sessions];
    let rows = tx.query_some(query, params, sessions.is_empty()).await?;
    Ok(rows
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect())
}

/// Writes sessions whole.
async fn write_sessions<'s>(
    tx: &Tx,
    project_no: i64,
    rows: impl Iterator<Item = &'s SessionRow>,
) -> StoreResult<()> {
    let rows: Vec<&SessionRow> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let list =
        |get: fn(&SessionRow) -> i64| -> Vec<i64> { rows.iter().map(|row| get(row)).collect() };
    let maybe = |get: fn(&SessionRow) -> Option<i64>| -> Vec<Option<i64>> {
        rows.iter().map(|row| get(row)).collect()
    };
    let (numbers, created) = (list(|row| row.no), list(|row| row.created));
    let ids: Vec<&str> = rows.iter().map(|row| &*row.external_id).collect();
    let owners = maybe(|row| Some(row.owner).filter(|owner| *owner != 0));
    let owner_times = maybe(|row| row.owner_time);
    let (first, last) = (maybe(|row| row.first), maybe(|row| row.last));
    let measures: Vec<Vec<u8>> = rows.iter().map(|row| row.measures.encode()).collect();
    let profiles: Vec<Vec<u8>> = rows
        .iter()
        .map(|row| encode_profile(&row.profile))
        .collect::<StoreResult<_>>()?;
    tx.execute(
        include_str!("../sql/ledger.put_sessions.sql"),
        &[
            &project_no,
            &numbers,
            &ids,
            &owners,
            &owner_times,
            &first,
            &last,
            &created,
            &measures,
            &profiles,
        ],
    )
    .await?;
    Ok(())
}
