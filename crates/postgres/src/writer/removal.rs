//! Deleting a trace or a session, and changing a session.
use super::known::list_sessions;
use super::post::post_changes;
use super::rewrite::{STRETCH, list_numbers, put_back, read_traces};
use super::rows::{Writes, encode_profile, read_trace};
use super::tx::Tx;
use crate::audit;
use crate::error::{StoreResult, damaged};
use crate::store::PostgresStore;
use cognobserve_books::postings::Postings;
use cognobserve_model::id::{ProjectId, SessionId, SessionNo};
use cognobserve_model::profile::{Profile, ProfilePart};
use cognobserve_model::report::Deleted;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, SessionPatch};

impl PostgresStore {
    /// Removes a trace with its payload and everything that it counted.
    pub(crate) async fn remove_trace(
        &self,
        project: &ProjectId,
        id: &str,
        by: &Actor,
    ) -> StoreResult<Option<()>> {
        // The server's texts do not know the character: nothing is called so.
        if id.contains('\0') {
            return Ok(None);
        }
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(None);
        };
        // An erased trace is found by its old id and by the pseudonym that lists show.
        let pseudonym = self.keys().pseudonym("id", project.no, id);
        let query = "SELECT no, booked, state FROM traces WHERE project_no = $1 AND id = ANY ($2) ORDER BY id = $3 DESC LIMIT 1";
        let ids = [id, &*pseudonym];
        let found = tx.query_opt(query, &[&project.no, &&ids[..], &id]).await?;
        let Some(row) = found else { return Ok(None) };
        let trace = read_trace(&row)?;
        let mut postings = Postings::default();
        postings.replace(trace.no, Some(&trace.booked), None);
        let query = "DELETE FROM traces WHERE project_no = $1 AND no = $2";
        tx.execute(query, &[&project.no, &trace.no]).await?;
        post_changes(&tx, project.no, postings).await?;
        let client = tx.client()?;
        audit::write(client, by, Some(project.no), "trace.delete", &pseudonym).await?;
        tx.commit().await?;
        Ok(Some(()))
    }

    /// Takes a session off its traces and removes it.
    pub(crate) async fn remove_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        by: &Actor,
    ) -> StoreResult<Option<Deleted>> {
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(None);
        };
        let (no, project_no) = (self.session_no(session), project.no);
        let query =
            "SELECT coalesce(user_no, 0) FROM trace_sessions WHERE project_no = $1 AND no = $2";
        let Some(row) = tx.query_opt(query, &[&project_no, &no]).await? else {
            return Ok(None);
        };
        let owner: i64 = row.get(0);
        tx.lift_time_limit().await?;
        let query = "SELECT no FROM traces WHERE project_no = $1 AND session_no = $2";
        let numbers = list_numbers(&tx, query, project_no, no).await?;
        let mut postings = Postings::default();
        for stretch in numbers.chunks(STRETCH) {
            let mut writes = Writes::default();
            for mut trace in read_traces(&tx, project_no, stretch).await? {
                trace.state.unlink_session(SessionNo(no));
                debug_assert!(!list_sessions(&trace.state).contains(&no));
                put_back(trace, &mut postings, &mut writes);
            }
            writes.write(&tx, project_no).await?;
        }
        let query = "DELETE FROM trace_sessions WHERE project_no = $1 AND no = $2";
        tx.execute(query, &[&project_no, &no]).await?;
        postings.users.entry(owner).or_default().sessions -= 1;
        post_changes(&tx, project_no, postings).await?;
        let client = tx.client()?;
        audit::write(
            client,
            by,
            Some(project_no),
            "session.delete",
            session.as_str(),
        )
        .await?;
        tx.commit().await?;
        Ok(Some(Deleted {
            traces: numbers.len() as i64,
            sessions: 1,
        }))
    }

    /// Merges into a session's name and metadata at the time of the request.
    pub(crate) async fn change_session(
        &self,
        project: &ProjectId,
        session: &SessionId,
        patch: SessionPatch,
        by: &Actor,
    ) -> StoreResult<Option<()>> {
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(None);
        };
        let no = self.session_no(session);
        let query = "SELECT profile FROM trace_sessions WHERE project_no = $1 AND no = $2";
        let Some(row) = tx.query_opt(query, &[&project.no, &no]).await? else {
            return Ok(None);
        };
        let stored: &[u8] = row.get(0);
        let mut profile: Profile = postcard::from_bytes(stored).map_err(|_| damaged("session"))?;
        let now = Micros::now();
        let part = ProfilePart {
            at: profile.latest().map_or(now, |latest| latest.max(now)),
            name: patch.name,
            metadata: patch.metadata,
            ..ProfilePart::default()
        };
        profile.merge(&part, Arrival(part.at.0));
        let query = "UPDATE trace_sessions SET profile = $3 WHERE project_no = $1 AND no = $2";
        let bytes = encode_profile(&profile)?;
        tx.execute(query, &[&project.no, &no, &bytes]).await?;
        let client = tx.client()?;
        audit::write(
            client,
            by,
            Some(project.no),
            "session.update",
            session.as_str(),
        )
        .await?;
        tx.commit().await?;
        Ok(Some(()))
    }
}
