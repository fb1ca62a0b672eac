//! Changes to users: profiles, resolving external ids, lifting a suppression.
use super::desk::Desk;
use super::{Caches, Writer, commit};
use crate::audit;
use crate::error::{StoreResult, sql};
use crate::load::{decode_profile, encode_profile};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_model::trace::Registry;
use cognobserve_ports::{Actor, Refusal};
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashSet;

impl Writer {
    /// Merges into a profile at the time of the request.
    pub fn patch_user(
        &mut self,
        project: &str,
        user_no: i64,
        mut part: ProfilePart,
        by: &Actor,
    ) -> StoreResult<Option<()>> {
        self.transact(|tx, caches, shared, changes| {
            let Some(project) = commit::find_project(tx, caches, project)? else { return Ok(None) };
            let query = "SELECT external_id, created, profile FROM users WHERE no = ?1 AND project_no = ?2 AND state = 0";
            let row = tx.query_row(query, [user_no, project.no], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?)));
            let Some((external_id, created, profile)) = row.optional().map_err(sql)? else { return Ok(None) };
            let mut profile = decode_profile(&profile)?;
            let now = Micros::now();
            part.at = profile.latest().map_or(now, |latest| latest.max(now));
            if profile.merge(&part, Arrival(part.at.0)) {
                tx.execute(
                    "UPDATE users SET profile = ?2, updated = ?3, updated_by = ?4 WHERE no = ?1",
                    (user_no, encode_profile(&profile)?, now.0, by.as_str()),
                )
                .map_err(sql)?;
                changes.put(project.no, user_no, &external_id, created, profile);
                let id = shared.keys.obscure("usr_", user_no);
                audit::write(tx, by, Some(project.no), "user.update", &id)?;
            }
            Ok(Some(()))
        })
    }

    /// Numbers of external ids; with `create`, missing users are made.
    pub fn resolve_users(
        &mut self,
        project: &str,
        external_ids: &[String],
        create: bool,
    ) -> StoreResult<Result<Vec<Option<i64>>, Refusal>> {
        self.transact(|tx, caches, shared, changes| {
            let Some(project) = commit::find_project(tx, caches, project)? else {
                return Ok(Err(Refusal::NoSuchProject));
            };
            let directory = shared.directory.read();
            let people = directory.people(project.no);
            let mut desk = Desk::new(tx, caches, shared, people, project.no);
            desk.now = Arrival(Micros::now().0);
            let missing: HashSet<&String> = external_ids
                .iter()
                .filter(|id| desk.find_user(id).is_none() && !desk.is_suppressed(id))
                .collect();
            let living = people.map_or(0, crate::directory::People::count_living);
            let full = project
                .max_users
                .is_some_and(|max| (living + missing.len()) as i64 > max);
            if create && full && !missing.is_empty() {
                return Ok(Err(Refusal::TooManyUsers));
            }
            let mut numbers = Vec::with_capacity(external_ids.len());
            for id in external_ids {
                numbers.push(match desk.is_suppressed(id) {
                    true => None,
                    false if create => Some(desk.take_user(id)),
                    false => desk.find_user(id),
                });
            }
            desk.write_staged(changes)?;
            Ok(Ok(numbers))
        })
    }

    /// Lets an erased external id make a user again.
    pub fn lift_suppression(
        &mut self,
        project: &str,
        external_id: &str,
        by: &Actor,
    ) -> StoreResult<bool> {
        self.transact(|tx, caches, shared, changes| {
            let Some(project) = commit::find_project(tx, caches, project)? else {
                return Ok(false);
            };
            let hash = shared.keys.pseudonym("user", project.no, external_id);
            let found = tx
                .execute(
                    "DELETE FROM suppressions WHERE project_no = ?1 AND external_hash = ?2",
                    (project.no, &hash),
                )
                .map_err(sql)?;
            if found > 0 {
                changes.lift(project.no, &hash);
                audit::write(tx, by, Some(project.no), "suppression.lift", &hash)?;
            }
            Ok(found > 0)
        })
    }
}

/// The living user of this project with this number, from the store.
pub(super) fn find_living(
    tx: &Connection,
    caches: &mut Caches,
    project: &str,
    user_no: i64,
) -> StoreResult<Option<(std::sync::Arc<super::ProjectFacts>, String)>> {
    let Some(project) = commit::find_project(tx, caches, project)? else {
        return Ok(None);
    };
    let query = "SELECT external_id FROM users WHERE no = ?1 AND project_no = ?2 AND state = 0";
    let external_id: Option<String> = tx
        .query_row(query, [user_no, project.no], |row| row.get(0))
        .optional()
        .map_err(sql)?;
    Ok(external_id.map(|id| (project, id)))
}
