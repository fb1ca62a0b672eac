//! The desk of one group commit: who and what the pieces name, resolved to numbers.
//!
//! Looks in what this transaction has made, then in what is committed, then makes a new
//! one. A failure is kept until the merge is over: the fold itself cannot fail.
use super::sequences::take;
use super::{Caches, Changes, Shared};
use crate::directory::People;
use crate::error::sql;
use crate::held::Held;
use crate::load::{decode_profile, encode_profile};
use cognobserve_books::keys::{HashKind, Keys};
use cognobserve_books::staged::Staged;
use cognobserve_model::id::{ModelNo, SessionNo, UserNo};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::trace::{DeadUser, Registry};
use cognobserve_ports::StoreError;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(super) struct Desk<'a, 'c> {
    pub tx: &'a Held<'c>,
    pub caches: &'a mut Caches,
    pub shared: &'a Shared,
    pub people: Option<&'a People>,
    pub project_no: i64,
    /// The stamp of the piece at hand; new rows are created at it.
    pub now: Arrival,
    /// The API key of the batch at hand.
    pub by: Box<str>,
    pub users: BTreeMap<i64, Staged>,
    user_numbers: HashMap<Box<str>, i64>,
    pub sessions: BTreeMap<i64, Staged>,
    pub failed: Option<StoreError>,
}

impl<'a, 'c> Desk<'a, 'c> {
    pub fn new(
        tx: &'a Held<'c>,
        caches: &'a mut Caches,
        shared: &'a Shared,
        people: Option<&'a People>,
        project_no: i64,
    ) -> Desk<'a, 'c> {
        Desk {
            tx,
            caches,
            shared,
            people,
            project_no,
            now: Arrival(0),
            by: "".into(),
            users: BTreeMap::new(),
            user_numbers: HashMap::new(),
            sessions: BTreeMap::new(),
            failed: None,
        }
    }

    /// The number of a living user, if there is one.
    pub fn find_user(&self, external_id: &str) -> Option<i64> {
        let committed = self
            .people
            .and_then(|people| people.find_external(external_id));
        let committed = committed.map(|person| person.no);
        committed.or_else(|| self.user_numbers.get(external_id).copied())
    }

    /// The number of a living user, making one.
    pub fn take_user(&mut self, external_id: &str) -> i64 {
        if let Some(no) = self.find_user(external_id) {
            return no;
        }
        let no = take(&mut self.caches.next.user);
        self.user_numbers.insert(external_id.into(), no);
        self.users
            .insert(no, Staged::fresh(external_id, self.now.0, &self.by));
        no
    }

    /// Merges a fact about a living person.
    pub fn merge_profile(&mut self, no: i64, part: &ProfilePart) -> Result<(), StoreError> {
        if !self.users.contains_key(&no) {
            let staged = load_staged(
                self.tx,
                "SELECT external_id, created, profile FROM users WHERE no = ?1",
                no,
            )?;
            self.users.insert(no, staged);
        }
        if let Some(staged) = self.users.get_mut(&no) {
            staged.merge(part, self.now, &self.by);
        }
        Ok(())
    }

    /// Merges what a piece says of its session; an erased one takes nothing in.
    pub fn merge_session(
        &mut self,
        no: i64,
        external_id: &str,
        part: &ProfilePart,
    ) -> Result<(), StoreError> {
        if !self.sessions.contains_key(&no) {
            let staged = load_staged(
                self.tx,
                "SELECT external_id, created, profile FROM sessions WHERE no = ?1",
                no,
            )?;
            self.sessions.insert(no, staged);
        }
        let staged = self.sessions.get_mut(&no);
        if let Some(staged) = staged.filter(|staged| *staged.external_id == *external_id) {
            staged.merge(part, self.now, &self.by);
        }
        Ok(())
    }

    fn try_session(&mut self, external_id: &str) -> Result<i64, StoreError> {
        let key = (self.project_no, Box::<str>::from(external_id));
        if let Some(no) = self.caches.recent_sessions.get(&key) {
            return Ok(*no);
        }
        let hash = self
            .shared
            .keys
            .hash(HashKind::Session, self.project_no, external_id);
        let mut found = None;
        for no in self.caches.sessions.find(self.tx, hash)? {
            if session_has_id(self.tx, &self.shared.keys, no, self.project_no, external_id)? {
                found = Some(no);
                break;
            }
        }
        let no = match found {
            Some(no) => no,
            None => {
                let no = take(&mut self.caches.next.session);
                self.caches.sessions.insert(self.tx, hash, no)?;
                self.sessions
                    .insert(no, Staged::fresh(external_id, self.now.0, &self.by));
                no
            }
        };
        if self.caches.recent_sessions.len() >= 100_000 {
            self.caches.recent_sessions.clear();
        }
        self.caches.recent_sessions.insert(key, no);
        Ok(no)
    }

    fn try_model(&mut self, name: &str) -> Result<i64, StoreError> {
        let key = (self.project_no, Box::<str>::from(name));
        if let Some(no) = self.caches.models.get(&key) {
            return Ok(*no);
        }
        let mut find = self
            .tx
            .prepare_cached("SELECT no FROM models WHERE project_no = ?1 AND name = ?2")
            .map_err(sql)?;
        let found: Option<i64> = find
            .query_row((self.project_no, name), |row| row.get(0))
            .optional()
            .map_err(sql)?;
        let no = match found {
            Some(no) => no,
            None => {
                let no = take(&mut self.caches.next.model);
                let mut insert = self
                    .tx
                    .prepare_cached("INSERT INTO models (no, project_no, name) VALUES (?1, ?2, ?3)")
                    .map_err(sql)?;
                insert.execute((no, self.project_no, name)).map_err(sql)?;
                no
            }
        };
        self.caches.model_names.insert(no, name.into());
        self.caches.models.insert(key, no);
        Ok(no)
    }

    /// The name of a model number, from memory or the store.
    pub fn read_model_name(&mut self, no: i64) -> Result<Arc<str>, StoreError> {
        if let Some(name) = self.caches.model_names.get(&no) {
            return Ok(Arc::clone(name));
        }
        let mut statement = self
            .tx
            .prepare_cached("SELECT name FROM models WHERE no = ?1")
            .map_err(sql)?;
        let name: String = statement.query_row([no], |row| row.get(0)).map_err(sql)?;
        if self.caches.model_names.len() >= 100_000 {
            self.caches.model_names.clear();
            self.caches.models.clear();
        }
        let name: Arc<str> = name.into();
        self.caches.model_names.insert(no, Arc::clone(&name));
        Ok(name)
    }

    fn keep<T: Default>(&mut self, result: Result<T, StoreError>) -> T {
        result.unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            T::default()
        })
    }

    /// Writes new and changed users.
    pub fn write_staged(&self, changes: &mut Changes) -> Result<(), StoreError> {
        for (no, staged) in &self.users {
            let (project_no, profile) = (self.project_no, &staged.profile);
            if staged.is_new {
                self.tx.run(
                    "INSERT INTO users (no, project_no, state, external_id, profile, created, updated, updated_by) VALUES (?1, ?2, 0, ?3, ?4, ?5, ?5, ?6)",
                    (no, project_no, &*staged.external_id, encode_profile(profile)?, staged.created, &*staged.by),
                )?;
            } else if staged.visible {
                self.tx.run(
                    "UPDATE users SET profile = ?2, updated = ?3, updated_by = ?4 WHERE no = ?1",
                    (no, encode_profile(profile)?, self.now.0, &*staged.by),
                )?;
            } else if staged.changed {
                self.tx.run(
                    "UPDATE users SET profile = ?2 WHERE no = ?1",
                    (no, encode_profile(profile)?),
                )?;
            }
            if staged.is_new || staged.visible {
                changes.put(
                    project_no,
                    *no,
                    &staged.external_id,
                    staged.created,
                    profile.clone(),
                );
            }
        }
        Ok(())
    }
}

fn load_staged(conn: &Connection, query: &'static str, no: i64) -> Result<Staged, StoreError> {
    let mut statement = conn.prepare_cached(query).map_err(sql)?;
    let row: (String, i64, Vec<u8>) = statement
        .query_row([no], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(sql)?;
    Ok(Staged::stored(row.0, row.1, decode_profile(&row.2)?))
}

/// Whether a session row is the one with this external id (or its pseudonym, once erased).
pub(crate) fn session_has_id(
    conn: &Held,
    keys: &Keys,
    no: i64,
    project_no: i64,
    external_id: &str,
) -> Result<bool, StoreError> {
    let query = "SELECT external_id FROM sessions WHERE no = ?1 AND project_no = ?2";
    let stored: Option<String> = conn.find(query, [no, project_no], |row| row.get(0))?;
    Ok(stored.is_some_and(|stored| {
        stored == external_id || stored == keys.pseudonym("session", project_no, external_id)
    }))
}

impl Desk<'_, '_> {
    fn hash_user(&self, external_id: &str) -> String {
        self.shared
            .keys
            .pseudonym("user", self.project_no, external_id)
    }

    fn find_suppressed(&self, external_id: &str) -> Option<i64> {
        let suppressed = &self
            .people
            .filter(|people| !people.suppressed.is_empty())?
            .suppressed;
        suppressed
            .get(self.hash_user(external_id).as_str())
            .copied()
    }
}

impl Registry for Desk<'_, '_> {
    fn is_suppressed(&self, external_id: &str) -> bool {
        self.find_suppressed(external_id).is_some()
    }

    fn match_dead(&self, external_id: &str, dead: &[DeadUser]) -> Option<UserNo> {
        let people = self.people.filter(|_| !dead.is_empty())?;
        let hash = self.hash_user(external_id);
        let same = |dead: &&DeadUser| {
            people
                .dead
                .get(&dead.no.0)
                .is_some_and(|buried| **buried == *hash)
        };
        dead.iter().find(same).map(|dead| dead.no)
    }

    fn find_tombstone(&self, external_id: &str) -> Option<UserNo> {
        self.find_suppressed(external_id).map(UserNo)
    }

    fn is_dead(&self, user: UserNo) -> bool {
        self.people
            .is_some_and(|people| people.dead.contains_key(&user.0))
    }

    fn resolve_user(&mut self, external_id: &str, _dead: &[DeadUser]) -> UserNo {
        UserNo(self.take_user(external_id))
    }

    fn resolve_session(&mut self, external_id: &str) -> SessionNo {
        let no = self.try_session(external_id);
        SessionNo(self.keep(no))
    }

    fn resolve_model(&mut self, name: &str) -> ModelNo {
        let no = self.try_model(name);
        ModelNo(self.keep(no))
    }

    fn pseudonym(&self, id: &str) -> Box<str> {
        self.shared.keys.pseudonym("id", self.project_no, id).into()
    }
}
