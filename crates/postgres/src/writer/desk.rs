//! The desk of one transaction in one project: who and what the pieces name, as numbers.
//!
//! Looks in what is stored, then in what this transaction has made, then makes a new one.
//! Everything was read before: the fold waits for nothing.
use super::known::Known;
use super::tx::ProjectFacts;
use cognobserve_books::keys::Keys;
use cognobserve_books::staged::Staged;
use cognobserve_model::id::{ModelNo, SessionNo, UserNo};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::trace::{DeadUser, Registry};
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub(super) struct Desk<'a> {
    pub keys: &'a Keys,
    pub project: &'a ProjectFacts,
    pub known: Known,
    /// The stamp of the piece at hand; new rows are created at it.
    pub now: Arrival,
    /// The API key of the batch at hand.
    pub by: Box<str>,
    /// New users, and those of whom something was said.
    pub users: BTreeMap<i64, Staged>,
    new_users: HashMap<Box<str>, i64>,
    pub sessions: BTreeMap<i64, Staged>,
    new_sessions: HashMap<Box<str>, i64>,
    pub new_models: Vec<(i64, Box<str>)>,
    numbers: Vec<Range<i64>>,
}

impl<'a> Desk<'a> {
    /// `numbers`: as many as this transaction can need.
    pub fn new(
        keys: &'a Keys,
        project: &'a ProjectFacts,
        known: Known,
        numbers: Vec<Range<i64>>,
    ) -> Desk<'a> {
        Desk {
            keys,
            project,
            known,
            now: Arrival(0),
            by: "".into(),
            users: BTreeMap::new(),
            new_users: HashMap::new(),
            sessions: BTreeMap::new(),
            new_sessions: HashMap::new(),
            new_models: Vec::new(),
            numbers,
        }
    }

    /// A number that nothing else has.
    pub fn take_number(&mut self) -> i64 {
        while let Some(range) = self.numbers.last_mut() {
            if let Some(no) = range.next() {
                return no;
            }
            self.numbers.pop();
        }
        // More were reserved than can be asked for; the unique keys would refuse this one.
        0
    }

    pub fn unused_numbers(&mut self) -> Vec<Range<i64>> {
        std::mem::take(&mut self.numbers)
    }

    /// The number of a living user, if there is one.
    pub fn find_user(&self, external_id: &str) -> Option<i64> {
        let stored = self.known.users.get(external_id);
        stored.or_else(|| self.new_users.get(external_id)).copied()
    }

    /// The number of a living user, making one.
    pub fn take_user(&mut self, external_id: &str) -> i64 {
        if let Some(no) = self.find_user(external_id) {
            return no;
        }
        let no = self.take_number();
        self.new_users.insert(external_id.into(), no);
        let staged = Staged::fresh(external_id, self.now.0, &self.by);
        self.users.insert(no, staged);
        no
    }

    /// How many living users there will be.
    pub fn count_living(&self) -> i64 {
        self.known.living_count + self.new_users.len() as i64
    }

    /// Merges a fact about a living person.
    pub fn merge_profile(&mut self, no: i64, part: &ProfilePart) {
        if let Some(staged) = self.known.profiles.remove(&no) {
            self.users.insert(no, staged);
        }
        if let Some(staged) = self.users.get_mut(&no) {
            staged.merge(part, self.now, &self.by);
        }
    }

    /// Merges what a piece says of its session; an erased one takes nothing in.
    pub fn merge_session(&mut self, no: i64, external_id: &str, part: &ProfilePart) {
        if !self.sessions.contains_key(&no)
            && let Some(row) = self.known.session_rows.get(&no)
        {
            let staged = Staged::stored(row.external_id.clone(), row.created, row.profile.clone());
            self.sessions.insert(no, staged);
        }
        let staged = self.sessions.get_mut(&no);
        if let Some(staged) = staged.filter(|staged| *staged.external_id == *external_id) {
            staged.merge(part, self.now, &self.by);
        }
    }

    /// Whether there is such a session, stored or new.
    pub fn has_session(&self, no: i64) -> bool {
        self.known.session_rows.contains_key(&no) || self.sessions.contains_key(&no)
    }

    pub fn find_model_name(&self, model: ModelNo) -> Arc<str> {
        let name = self.known.model_names.get(&model.0);
        name.cloned().unwrap_or_else(|| "".into())
    }

    fn hash_user(&self, external_id: &str) -> String {
        self.keys.pseudonym("user", self.project.no, external_id)
    }

    fn find_suppressed(&self, external_id: &str) -> Option<i64> {
        if self.known.suppressed.is_empty() {
            return None;
        }
        let hash = self.hash_user(external_id);
        self.known.suppressed.get(hash.as_str()).copied()
    }
}

impl Registry for Desk<'_> {
    fn is_suppressed(&self, external_id: &str) -> bool {
        self.find_suppressed(external_id).is_some()
    }

    fn match_dead(&self, external_id: &str, dead: &[DeadUser]) -> Option<UserNo> {
        if dead.is_empty() {
            return None;
        }
        let hash = self.hash_user(external_id);
        let same = |dead: &&DeadUser| {
            let buried = self.known.dead.get(&dead.no.0);
            buried.is_some_and(|buried| **buried == *hash)
        };
        dead.iter().find(same).map(|dead| dead.no)
    }

    fn find_tombstone(&self, external_id: &str) -> Option<UserNo> {
        self.find_suppressed(external_id).map(UserNo)
    }

    fn is_dead(&self, user: UserNo) -> bool {
        self.known.dead.contains_key(&user.0)
    }

    fn resolve_user(&mut self, external_id: &str, _dead: &[DeadUser]) -> UserNo {
        UserNo(self.take_user(external_id))
    }

    fn resolve_session(&mut self, external_id: &str) -> SessionNo {
        let stored = self.known.sessions.get(external_id);
        let known = stored.or_else(|| self.new_sessions.get(external_id));
        if let Some(no) = known {
            return SessionNo(*no);
        }
        let no = self.take_number();
        self.new_sessions.insert(external_id.into(), no);
        let staged = Staged::fresh(external_id, self.now.0, &self.by);
        self.sessions.insert(no, staged);
        SessionNo(no)
    }

    fn resolve_model(&mut self, name: &str) -> ModelNo {
        if let Some(no) = self.known.models.get(name) {
            return ModelNo(*no);
        }
        let no = self.take_number();
        self.new_models.push((no, name.into()));
        self.known.models.insert(name.into(), no);
        self.known.model_names.insert(no, name.into());
        ModelNo(no)
    }

    fn pseudonym(&self, id: &str) -> Box<str> {
        self.keys.pseudonym("id", self.project.no, id).into()
    }
}
