//! Deleting a user: unlinked (the spend becomes unattributed) or erased (everything
//! readable goes, the spend stays under a tombstone, later data is suppressed).
use super::post::post_changes;
use super::rewrite::{STRETCH, list_numbers, put_back, read_traces};
use super::rows::{StoredTrace, Writes, encode_profile};
use super::tx::Tx;
use crate::audit;
use crate::error::StoreResult;
use crate::store::PostgresStore;
use cognobserve_books::postings::Postings;
use cognobserve_model::id::{ProjectId, UserId, UserNo};
use cognobserve_model::profile::Profile;
use cognobserve_model::report::Deleted;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, DeleteMode};
use std::collections::BTreeSet;

/// Who is deleted, and how.
#[derive(Clone, Copy)]
struct Burial {
    project_no: i64,
    user_no: i64,
    erase: bool,
}

impl PostgresStore {
    pub(crate) async fn bury_user(
        &self,
        project: &ProjectId,
        user: &UserId,
        mode: DeleteMode,
        by: &Actor,
    ) -> StoreResult<Option<Deleted>> {
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(None);
        };
        let it = Burial {
            project_no: project.no,
            user_no: self.user_no(user),
            erase: mode == DeleteMode::Erase,
        };
        let query =
            "SELECT external_id FROM tracked_users WHERE project_no = $1 AND no = $2 AND state = 0";
        let found = tx.query_opt(query, &[&it.project_no, &it.user_no]).await?;
        let Some(row) = found else { return Ok(None) };
        let external_id: String = row.get(0);
        tx.lift_time_limit().await?;
        let query = "SELECT no FROM traces WHERE project_no = $1 AND user_no = $2 ORDER BY no";
        let numbers = list_numbers(&tx, query, it.project_no, it.user_no).await?;
        let query = "SELECT no FROM trace_sessions WHERE project_no = $1 AND user_no = $2";
        let sessions = list_numbers(&tx, query, it.project_no, it.user_no).await?;
        let mut postings = Postings::default();
        for stretch in numbers.chunks(STRETCH) {
            bury_in_traces(&tx, it, stretch, &mut postings).await?;
        }
        if it.erase {
            erase_sessions(&tx, it.project_no, &sessions).await?;
        }
        post_changes(&tx, it.project_no, postings).await?;
        let hash = self.keys().pseudonym("user", it.project_no, &external_id);
        bury_rows(&tx, it, &hash).await?;
        let action = if it.erase {
            "user.erase"
        } else {
            "user.unlink"
        };
        let client = tx.client()?;
        audit::write(client, by, Some(it.project_no), action, user.as_str()).await?;
        tx.commit().await?;
        Ok(Some(Deleted {
            traces: numbers.len() as i64,
            sessions: sessions.len() as i64,
        }))
    }
}

fn list_named(trace: &StoredTrace) -> impl Iterator<Item = UserNo> + '_ {
    let on_spans = trace.state.spans.iter().filter_map(|span| span.user);
    trace.state.user.into_iter().chain(on_spans)
}

async fn bury_in_traces(
    tx: &Tx,
    it: Burial,
    numbers: &[i64],
    postings: &mut Postings,
) -> StoreResult<()> {
    let traces = read_traces(tx, it.project_no, numbers).await?;
    let named: BTreeSet<i64> = traces.iter().flat_map(list_named).map(|no| no.0).collect();
    let named: Vec<i64> = named.into_iter().collect();
    let query =
        "SELECT no FROM tracked_users WHERE project_no = $1 AND no = ANY ($2) AND state <> 0";
    let dead = tx.query(query, &[&it.project_no, &named]).await?;
    let mut dead: BTreeSet<i64> = dead.iter().map(|row| row.get(0)).collect();
    dead.insert(it.user_no);
    let keys = tx.store.keys();
    let mut writes = Writes::default();
    for mut trace in traces {
        let buried: Vec<UserNo> = list_named(&trace)
            .filter(|no| dead.contains(&no.0))
            .collect();
        for no in buried {
            trace.state.bury_user(no, it.erase && no.0 == it.user_no);
        }
        if it.erase && !trace.state.erased {
            let hide = |id: &str| keys.pseudonym("id", it.project_no, id).into();
            trace.state.erase(&hide);
            writes.dropped_payloads.push(trace.no);
        }
        put_back(trace, postings, &mut writes);
    }
    writes.write(tx, it.project_no).await
}

/// Takes everything readable off a person's sessions.
async fn erase_sessions(tx: &Tx, project_no: i64, sessions: &[i64]) -> StoreResult<()> {
    let query =
        "SELECT no, external_id FROM trace_sessions WHERE project_no = $1 AND no = ANY ($2)";
    let rows = tx.query(query, &[&project_no, &sessions]).await?;
    let keys = tx.store.keys();
    let (numbers, hidden): (Vec<i64>, Vec<String>) = rows
        .iter()
        .map(|row| {
            (
                row.get::<_, i64>(0),
                keys.pseudonym("session", project_no, row.get::<_, &str>(1)),
            )
        })
        .unzip();
    let empty = encode_profile(&Profile::default())?;
    let query = include_str!("../sql/ledger.erase_sessions.sql");
    tx.execute(query, &[&project_no, &numbers, &hidden, &empty])
        .await?;
    Ok(())
}

/// The rows of the user: nothing readable stays.
async fn bury_rows(tx: &Tx, it: Burial, hash: &str) -> StoreResult<()> {
    let state: i16 = if it.erase { 2 } else { 1 };
    let (now, empty) = (Micros::now().0, encode_profile(&Profile::default())?);
    tx.execute(
        include_str!("../sql/ledger.bury_user.sql"),
        &[&it.project_no, &it.user_no, &state, &hash, &empty, &now],
    )
    .await?;
    if !it.erase {
        let query = "DELETE FROM tracked_user_totals WHERE project_no = $1 AND user_no = $2";
        tx.execute(query, &[&it.project_no, &it.user_no]).await?;
        return Ok(());
    }
    let query =
        "UPDATE tracked_user_totals SET external_id = NULL WHERE project_no = $1 AND user_no = $2";
    tx.execute(query, &[&it.project_no, &it.user_no]).await?;
    let query = include_str!("../sql/ledger.suppress.sql");
    tx.execute(query, &[&it.project_no, &hash, &it.user_no, &now])
        .await?;
    Ok(())
}
