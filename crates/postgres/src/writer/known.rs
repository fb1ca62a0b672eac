//! Everything stored that a transaction's pieces name or touch, read in two rounds.
use super::named::Named;
use super::rows::{SessionRow, StoredTrace, read_session, read_trace};
use super::tx::{Params, ProjectFacts, Tx};
use crate::error::{StoreResult, damaged};
use cognobserve_books::keys::Keys;
use cognobserve_books::staged::Staged;
use cognobserve_model::id::{ModelNo, SessionNo};
use cognobserve_model::trace::TraceState;
use futures_util::try_join;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

const FIND_TRACES: &str = include_str!("../sql/ledger.find_traces.sql");
const FIND_USERS: &str = include_str!("../sql/ledger.find_users.sql");
const FIND_SESSIONS: &str = include_str!("../sql/ledger.find_sessions.sql");
const FIND_SUPPRESSED: &str = "SELECT external_hash, user_no FROM suppressions WHERE project_no = $1 AND external_hash = ANY ($2)";
const FIND_MODELS: &str = "SELECT no, name FROM models WHERE project_no = $1 AND name = ANY ($2)";
const COUNT_LIVING: &str = "SELECT count(*) FROM tracked_users WHERE project_no = $1 AND state = 0";
const READ_SESSIONS: &str = include_str!("../sql/ledger.read_sessions.sql");
const READ_DEAD: &str = "SELECT no, external_hash FROM tracked_users WHERE project_no = $1 AND no = ANY ($2) AND state <> 0";
const READ_MODELS: &str = "SELECT no, name FROM models WHERE project_no = $1 AND no = ANY ($2)";
const READ_BODIES: &str = "SELECT trace_no, body FROM payloads WHERE project_no = $1 AND trace_no = ANY ($2) ORDER BY trace_no, no";

/// Rows as they are stored, by what the pieces call them.
#[derive(Default)]
pub(super) struct Known {
    pub traces: HashMap<Box<str>, StoredTrace>,
    /// Payload bodies of traces that get more, oldest first, by trace number.
    pub bodies: HashMap<i64, Vec<Vec<u8>>>,
    /// Living users.
    pub users: HashMap<Box<str>, i64>,
    /// Those of whom something is said.
    pub profiles: HashMap<i64, Staged>,
    pub living_count: i64,
    /// Deleted users that stored traces or suppressions name: keyed hash of the external id.
    pub dead: HashMap<i64, Box<str>>,
    /// By keyed hash: the tombstone.
    pub suppressed: HashMap<Box<str>, i64>,
    pub sessions: HashMap<Box<str>, i64>,
    pub session_rows: HashMap<i64, SessionRow>,
    pub models: HashMap<Box<str>, i64>,
    pub model_names: HashMap<i64, Arc<str>>,
}

impl Known {
    pub async fn load(tx: &Tx, project: &ProjectFacts, named: &Named) -> StoreResult<Known> {
        let mut known = Known::default();
        known.read_named(tx, project, named).await?;
        known.read_touched(tx, project, named).await?;
        Ok(known)
    }

    /// The first round: by name.
    async fn read_named(
        &mut self,
        tx: &Tx,
        project: &ProjectFacts,
        named: &Named,
    ) -> StoreResult<()> {
        let (no, keys) = (project.no, tx.store.keys());
        let trace_ids = Asked::of(&named.traces, |id| keys.pseudonym("id", no, id));
        let session_ids = Asked::of(&named.sessions, |id| keys.pseudonym("session", no, id));
        let users: Vec<&String> = named.users.iter().collect();
        let described: Vec<&String> = named.described.iter().collect();
        let hashes = match project.has_suppressions {
            true => hash_users(keys, no, &named.users),
            false => Vec::new(),
        };
        let is_new = |name: &&String| tx.store.shared().find_model(no, name).is_none();
        let models: Vec<&String> = named.models.iter().filter(is_new).collect();
        let by_trace: Params = &[&no, &trace_ids.all];
        let by_user: Params = &[&no, &users, &described];
        let by_hash: Params = &[&no, &hashes];
        let by_session: Params = &[&no, &session_ids.all];
        let by_model: Params = &[&no, &models];
        let by_project: Params = &[&no];
        let (no_sessions, is_unlimited) = (session_ids.all.is_empty(), project.max_users.is_none());
        let (traces, users, suppressed, sessions, models, living) = try_join!(
            tx.query_some(FIND_TRACES, by_trace, trace_ids.all.is_empty()),
            tx.query_some(FIND_USERS, by_user, users.is_empty()),
            tx.query_some(FIND_SUPPRESSED, by_hash, hashes.is_empty()),
            tx.query_some(FIND_SESSIONS, by_session, no_sessions),
            tx.query_some(FIND_MODELS, by_model, models.is_empty()),
            tx.query_some(COUNT_LIVING, by_project, is_unlimited),
        )?;
        for row in traces {
            let trace = read_trace(&row)?;
            for asked in trace_ids.who_asked(&trace.state.id) {
                self.traces.insert(asked.into(), trace.clone());
            }
        }
        for row in users {
            let (user, external_id): (i64, &str) = (row.get(0), row.get(1));
            if let Some(profile) = row.get::<_, Option<&[u8]>>(3) {
                let profile = postcard::from_bytes(profile).map_err(|_| damaged("profile"))?;
                let staged = Staged::stored(external_id.to_owned(), row.get(2), profile);
                self.profiles.insert(user, staged);
            }
            self.users.insert(external_id.into(), user);
        }
        for row in suppressed {
            let (hash, tombstone): (&str, i64) = (row.get(0), row.get(1));
            self.dead.insert(tombstone, hash.into());
            self.suppressed.insert(hash.into(), tombstone);
        }
        for row in sessions {
            let session = read_session(&row)?;
            for asked in session_ids.who_asked(&session.external_id) {
                self.sessions.insert(asked.into(), session.no);
            }
            self.session_rows.insert(session.no, session);
        }
        for row in models {
            let (model, name): (i64, &str) = (row.get(0), row.get(1));
            tx.store.shared().put_model(no, model, name);
        }
        for name in &named.models {
            if let Some(model) = tx.store.shared().find_model(no, name) {
                self.models.insert(name.as_str().into(), model);
                self.model_names.insert(model, name.as_str().into());
            }
        }
        self.living_count = living.first().map_or(0, |row| row.get(0));
        Ok(())
    }

    /// The second round: what the stored traces name by number.
    async fn read_touched(
        &mut self,
        tx: &Tx,
        project: &ProjectFacts,
        named: &Named,
    ) -> StoreResult<()> {
        if self.traces.is_empty() {
            return Ok(());
        }
        let mut touched = Touched::default();
        for trace in self.traces.values() {
            touched.note(&trace.state);
            touched
                .sessions
                .extend(trace.booked.session.map(|session| session.0));
        }
        let no = project.no;
        let with_payload = named.with_payload.iter();
        let bodies: Vec<i64> = with_payload
            .filter_map(|id| self.traces.get(id.as_str()))
            .map(|trace| trace.no)
            .collect();
        let users: Vec<i64> = touched.users.into_iter().collect();
        let is_missing = |session: &i64| !self.session_rows.contains_key(session);
        let sessions: Vec<i64> = touched.sessions.into_iter().filter(is_missing).collect();
        let mut models = Vec::new();
        for model in touched.models {
            match tx.store.shared().find_model_name(model) {
                Some(name) => drop(self.model_names.insert(model, name)),
                None => models.push(model),
            }
        }
        let by_user: Params = &[&no, &users];
        let by_session: Params = &[&no, &sessions];
        let by_model: Params = &[&no, &models];
        let by_trace: Params = &[&no, &bodies];
        let (dead, sessions, models, bodies) = try_join!(
            tx.query_some(READ_DEAD, by_user, users.is_empty()),
            tx.query_some(READ_SESSIONS, by_session, sessions.is_empty()),
            tx.query_some(READ_MODELS, by_model, models.is_empty()),
            tx.query_some(READ_BODIES, by_trace, bodies.is_empty()),
        )?;
        for row in dead {
            let hash: Option<&str> = row.get(1);
            self.dead
                .insert(row.get(0), hash.unwrap_or_default().into());
        }
        for row in sessions {
            let session = read_session(&row)?;
            self.session_rows.insert(session.no, session);
        }
        for row in models {
            let (model, name): (i64, &str) = (row.get(0), row.get(1));
            tx.store.shared().put_model(no, model, name);
            self.model_names.insert(model, name.into());
        }
        for row in bodies {
            self.bodies.entry(row.get(0)).or_default().push(row.get(1));
        }
        Ok(())
    }
}

/// Names as they were asked, and the pseudonyms under which they may be stored.
struct Asked<'n> {
    all: Vec<String>,
    pseudonyms: HashMap<String, &'n str>,
    names: &'n BTreeSet<String>,
}

impl<'n> Asked<'n> {
    fn of(names: &'n BTreeSet<String>, pseudonym: impl Fn(&str) -> String) -> Asked<'n> {
        let pseudonyms: HashMap<String, &str> = names
            .iter()
            .map(|name| (pseudonym(name), name.as_str()))
            .collect();
        let all = names.iter().chain(pseudonyms.keys()).cloned().collect();
        Asked {
            all,
            pseudonyms,
            names,
        }
    }

    /// The names that mean what is stored under `id`.
    fn who_asked<'i>(&self, id: &'i str) -> impl Iterator<Item = &'i str>
    where
        'n: 'i,
    {
        let own = self.names.contains(id).then_some(id);
        let hidden = self.pseudonyms.get(id).copied();
        own.into_iter().chain(hidden)
    }
}

fn hash_users(keys: &Keys, project_no: i64, users: &BTreeSet<String>) -> Vec<String> {
    let hash = |id: &String| keys.pseudonym("user", project_no, id);
    users.iter().map(hash).collect()
}

/// Numbers that stored traces name.
#[derive(Default)]
struct Touched {
    users: BTreeSet<i64>,
    sessions: BTreeSet<i64>,
    models: BTreeSet<i64>,
}

impl Touched {
    fn note(&mut self, state: &TraceState) {
        let on_spans = state.spans.iter().filter_map(|span| span.user);
        let named = state.user.into_iter().chain(on_spans);
        let named = named.chain(state.former_users.iter().copied());
        let named = named.chain(state.dead_users.iter().map(|dead| dead.no));
        self.users.extend(named.map(|user| user.0));
        self.sessions.extend(list_sessions(state));
        let models = state.spans.iter().filter_map(|span| span.model);
        let models = models.filter(|model| *model != ModelNo::NONE);
        self.models.extend(models.map(|model| model.0));
    }
}

/// The sessions that a trace names.
pub(super) fn list_sessions(state: &TraceState) -> BTreeSet<i64> {
    let on_spans = state.spans.iter().filter_map(|span| span.session);
    let named = state.session.into_iter().chain(on_spans);
    named
        .filter(|session| *session != SessionNo::NONE)
        .map(|session| session.0)
        .collect()
}
