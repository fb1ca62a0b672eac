//! What rows name by number: users, sessions, models, traces' payloads; many in one question.
use super::rows::{cut_at_zero, get, read_profile};
use crate::error::StoreResult;
use crate::snapshot::Snapshot;
use cognobserve_books::bodies::read_bodies;
use cognobserve_model::id::{SessionId, UserId};
use cognobserve_model::payload::Payload;
use cognobserve_model::query::UserKey;
use cognobserve_model::report::{SessionRef, UserName, UserRef};
use std::collections::HashMap;

impl Snapshot {
    /// A user by number, living or erased, with its external id; `None` for nobody.
    pub(super) fn user_ref(&self, no: i64, external_id: Option<String>) -> Option<UserRef> {
        (no != 0).then(|| UserRef {
            id: self.user_id(no),
            external_id,
        })
    }

    /// Users by number; who is dead has no external id.
    pub(crate) async fn read_user_refs(
        &self,
        numbers: &[i64],
    ) -> StoreResult<HashMap<i64, UserRef>> {
        let mut refs: HashMap<i64, UserRef> = HashMap::new();
        for no in numbers {
            refs.extend(self.user_ref(*no, None).map(|user| (*no, user)));
        }
        if refs.is_empty() {
            return Ok(refs);
        }
        let query = "SELECT no, external_id FROM tracked_users WHERE project_no = $1 AND no = ANY ($2) AND state = 0";
        for row in self.query(query, &[&self.project_no, &numbers]).await? {
            if let Some(user) = refs.get_mut(&get::<i64>(&row, 0)?) {
                user.external_id = get(&row, 1)?;
            }
        }
        Ok(refs)
    }

    /// What each of these users is called, in this order.
    pub(super) async fn name_users(&self, users: &[UserId]) -> StoreResult<Vec<Option<UserName>>> {
        let numbers = users.iter().map(|user| self.store.user_no(user));
        let numbers: Vec<i64> = numbers.collect();
        let query = "SELECT no, external_id, profile FROM tracked_users WHERE project_no = $1 AND no = ANY ($2) AND state = 0";
        let mut names: HashMap<i64, UserName> = HashMap::new();
        for row in self.query(query, &[&self.project_no, &numbers]).await? {
            let profile = read_profile(&row, 2)?;
            let name = UserName {
                external_id: get(&row, 1)?,
                name: profile.name().map(Into::into),
                email: profile.email().map(Into::into),
            };
            names.insert(get(&row, 0)?, name);
        }
        Ok(numbers.iter().map(|no| names.get(no).cloned()).collect())
    }

    /// What traces show of their sessions.
    pub(super) async fn read_session_refs(
        &self,
        numbers: &[i64],
    ) -> StoreResult<HashMap<i64, SessionRef>> {
        let mut refs = HashMap::new();
        if numbers.is_empty() {
            return Ok(refs);
        }
        let query = "SELECT no, external_id, profile FROM trace_sessions WHERE project_no = $1 AND no = ANY ($2)";
        for row in self.query(query, &[&self.project_no, &numbers]).await? {
            let no = get(&row, 0)?;
            let session = SessionRef {
                id: self.session_id(no),
                external_id: get(&row, 1)?,
                name: read_profile(&row, 2)?.name().map(Into::into),
            };
            refs.insert(no, session);
        }
        Ok(refs)
    }

    pub(super) async fn read_model_names(
        &self,
        numbers: &[i64],
    ) -> StoreResult<HashMap<i64, String>> {
        let mut names = HashMap::new();
        if numbers.is_empty() {
            return Ok(names);
        }
        let query = "SELECT no, name FROM models WHERE project_no = $1 AND no = ANY ($2)";
        for row in self.query(query, &[&self.project_no, &numbers]).await? {
            names.insert(get(&row, 0)?, get(&row, 1)?);
        }
        Ok(names)
    }

    /// What is stored of these traces' payloads.
    pub(super) async fn read_payloads(&self, traces: &[i64]) -> StoreResult<HashMap<i64, Payload>> {
        let mut payloads = HashMap::new();
        if traces.is_empty() {
            return Ok(payloads);
        }
        let query = "SELECT trace_no, body FROM payloads WHERE project_no = $1 AND trace_no = ANY ($2) ORDER BY trace_no, no";
        // Inflated as soon as a trace's bodies are complete, so that few wait.
        let (mut current, mut bodies): (i64, Vec<Vec<u8>>) = (0, Vec::new());
        self.scan(query, &[&self.project_no, &traces], |row| {
            let no = get(row, 0)?;
            if no != current && !bodies.is_empty() {
                payloads.insert(current, read_bodies(&bodies)?);
                bodies.clear();
            }
            current = no;
            bodies.push(get(row, 1)?);
            Ok(())
        })
        .await?;
        if !bodies.is_empty() {
            payloads.insert(current, read_bodies(&bodies)?);
        }
        Ok(payloads)
    }

    /// The number of a living user of this project.
    pub(super) async fn find_user_no(&self, key: &UserKey) -> StoreResult<Option<i64>> {
        let row = match key {
            UserKey::Id(id) => {
                let query =
                    "SELECT no FROM tracked_users WHERE project_no = $1 AND no = $2 AND state = 0";
                let no = self.store.user_no(id);
                self.query_opt(query, &[&self.project_no, &no]).await?
            }
            UserKey::External(id) => {
                let query = "SELECT no FROM tracked_users WHERE project_no = $1 AND external_id = $2 AND state = 0";
                if cut_at_zero(id) != id {
                    return Ok(None);
                }
                self.query_opt(query, &[&self.project_no, id]).await?
            }
        };
        row.map(|row| get(&row, 0)).transpose()
    }

    /// The number of a session of this project.
    pub(super) async fn find_session_no(&self, id: &SessionId) -> StoreResult<Option<i64>> {
        let query = "SELECT no FROM trace_sessions WHERE project_no = $1 AND no = $2";
        let no = self.store.session_no(id);
        let row = self.query_opt(query, &[&self.project_no, &no]).await?;
        row.map(|row| get(&row, 0)).transpose()
    }
}
