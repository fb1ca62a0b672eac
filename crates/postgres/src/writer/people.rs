//! Changes to users: profiles, resolving external ids, lifting a suppression.
use super::desk::Desk;
use super::known::Known;
use super::named::Named;
use super::post::post;
use super::rows::{encode_profile, write_search_text, write_users};
use super::sessions::OpenSessions;
use super::tx::Tx;
use crate::audit;
use crate::error::{StoreResult, damaged};
use crate::store::PostgresStore;
use cognobserve_books::objects::metadata_json;
use cognobserve_books::postings::Postings;
use cognobserve_model::id::{ProjectId, UserId};
use cognobserve_model::profile::{Profile, ProfilePart};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_model::trace::Registry;
use cognobserve_ports::{Actor, Refusal};

impl PostgresStore {
    /// Merges into a profile at the time of the request.
    pub(crate) async fn change_profile(
        &self,
        project: &ProjectId,
        user: &UserId,
        mut part: ProfilePart,
        by: &Actor,
    ) -> StoreResult<Option<()>> {
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(None);
        };
        let user_no = self.user_no(user);
        let query = "SELECT external_id, profile FROM tracked_users WHERE project_no = $1 AND no = $2 AND state = 0";
        let Some(row) = tx.query_opt(query, &[&project.no, &user_no]).await? else {
            return Ok(None);
        };
        let external_id: &str = row.get(0);
        let stored: &[u8] = row.get(1);
        let mut profile: Profile = postcard::from_bytes(stored).map_err(|_| damaged("profile"))?;
        let now = Micros::now();
        part.at = profile.latest().map_or(now, |latest| latest.max(now));
        if profile.merge(&part, Arrival(part.at.0)) {
            tx.execute(
                include_str!("../sql/ledger.change_profile.sql"),
                &[
                    &project.no,
                    &user_no,
                    &profile.name(),
                    &profile.email(),
                    &metadata_json(&profile),
                    &write_search_text(external_id, &profile),
                    &encode_profile(&profile)?,
                    &now.0,
                    &by.as_str(),
                ],
            )
            .await?;
            let client = tx.client()?;
            audit::write(client, by, Some(project.no), "user.update", user.as_str()).await?;
        }
        tx.commit().await?;
        Ok(Some(()))
    }

    /// Numbers of external ids; with `create`, missing users are made.
    pub(crate) async fn resolve_numbers(
        &self,
        project: &ProjectId,
        external_ids: &[String],
        create: bool,
    ) -> StoreResult<Result<Vec<Option<i64>>, Refusal>> {
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(Err(Refusal::NoSuchProject));
        };
        let named = Named {
            users: external_ids.iter().cloned().collect(),
            ..Named::default()
        };
        let known = Known::load(&tx, &project, &named).await?;
        let numbers = tx.take_numbers(named.count()).await?;
        let mut desk = Desk::new(self.keys(), &project, known, numbers);
        desk.now = Arrival(Micros::now().0);
        let is_missing = |id: &&String| desk.find_user(id).is_none() && !desk.is_suppressed(id);
        let missing = named.users.iter().filter(is_missing).count() as i64;
        let full = project
            .max_users
            .is_some_and(|max| desk.count_living() + missing > max);
        if create && full && missing > 0 {
            return Ok(Err(Refusal::TooManyUsers));
        }
        let mut found = Vec::with_capacity(external_ids.len());
        for id in external_ids {
            found.push(match desk.is_suppressed(id) {
                true => None,
                false if create => Some(desk.take_user(id)),
                false => desk.find_user(id),
            });
        }
        let unused = desk.unused_numbers();
        self.shared().return_numbers(unused);
        let users = desk.users.iter().map(|(no, staged)| (*no, staged));
        write_users(&tx, project.no, users, desk.now.0).await?;
        let (none, rows) = (Default::default(), Default::default());
        let sessions = OpenSessions::open(&tx, project.no, none, rows).await?;
        post(&tx, project.no, Postings::default(), sessions, &desk.users).await?;
        tx.commit().await?;
        Ok(Ok(found))
    }

    /// Lets an erased external id make a user again.
    pub(crate) async fn lift(
        &self,
        project: &ProjectId,
        external_id: &str,
        by: &Actor,
    ) -> StoreResult<bool> {
        let tx = Tx::begin(self).await?;
        let Some(project) = tx.lock_project(project).await? else {
            return Ok(false);
        };
        let hash = self.keys().pseudonym("user", project.no, external_id);
        let query = "DELETE FROM suppressions WHERE project_no = $1 AND external_hash = $2";
        let found = tx.execute(query, &[&project.no, &hash]).await?;
        if found > 0 {
            let client = tx.client()?;
            audit::write(client, by, Some(project.no), "suppression.lift", &hash).await?;
        }
        tx.commit().await?;
        Ok(found > 0)
    }
}
