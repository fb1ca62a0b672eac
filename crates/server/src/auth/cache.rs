//! Grants of keys, remembered for less than five seconds.
//!
//! A key that is not remembered is looked up at once, so that a new one works at once; what
//! is remembered is looked up again, by one request alone, before it is too old to be used.
//! A key that expires does so to the moment, remembered or not.
use super::caller::Caller;
use super::power::Power;
use crate::ingest::lane::Lane;
use cognobserve_model::account::KeyHash;
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Accounts, Actor, ErrorKind, StoreError};
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// From this age on one request looks the grant up again while others still use it.
const STALE_AFTER: Duration = Duration::from_secs(2);
/// Older than this it is not used. A slow look-up adds to it, so it stays well under 5 s.
const DEAD_AFTER: Duration = Duration::from_secs(4);
/// Valid keys remembered at a time.
const MAX_ENTRIES: usize = 10_000;

struct Entry {
    caller: Arc<Caller>,
    expires: Option<Micros>,
    fetched: Instant,
    refreshing: AtomicBool,
}

/// Remembers grants; asks `Accounts` for the rest.
pub struct GrantCache {
    accounts: Arc<dyn Accounts>,
    entries: RwLock<HashMap<KeyHash, Arc<Entry>>>,
    /// How often something was forgotten: what was looked up before is not remembered after.
    forgotten: AtomicU64,
    lanes: Mutex<HashMap<ProjectId, Arc<Lane>>>,
}

impl GrantCache {
    pub fn new(accounts: Arc<dyn Accounts>) -> GrantCache {
        GrantCache {
            accounts,
            entries: RwLock::default(),
            forgotten: AtomicU64::new(0),
            lanes: Mutex::default(),
        }
    }

    /// Who shows this key; `None` if it grants nothing.
    pub async fn authenticate(&self, hash: &KeyHash) -> Result<Option<Arc<Caller>>, StoreError> {
        self.authenticate_at(hash, Micros::now()).await
    }

    async fn authenticate_at(
        &self,
        hash: &KeyHash,
        now: Micros,
    ) -> Result<Option<Arc<Caller>>, StoreError> {
        let Some(entry) = self.find_entry(hash) else {
            return self.look_up(hash).await;
        };
        // The end of a key is never moved, so that nobody needs to be asked.
        if entry.expires.is_some_and(|end| now >= end) {
            self.entries.write().remove(hash);
            return Ok(None);
        }
        let age = entry.fetched.elapsed();
        if age < STALE_AFTER || (age < DEAD_AFTER && entry.refreshing.swap(true, Ordering::Relaxed))
        {
            return Ok(Some(entry.caller.clone()));
        }
        match self.look_up(hash).await {
            Err(error) if age < DEAD_AFTER && error.kind() == ErrorKind::Unavailable => {
                entry.refreshing.store(false, Ordering::Relaxed);
                Ok(Some(entry.caller.clone()))
            }
            answer => answer,
        }
    }

    fn find_entry(&self, hash: &KeyHash) -> Option<Arc<Entry>> {
        let entries = self.entries.read();
        // The table compares byte by byte, but only hashes of what was sent: their time
        // tells nothing about a stored key. The whole is compared in constant time.
        let (stored, entry) = entries.get_key_value(hash)?;
        bool::from(stored.ct_eq(hash)).then(|| entry.clone())
    }

    async fn look_up(&self, hash: &KeyHash) -> Result<Option<Arc<Caller>>, StoreError> {
        let fetched = Instant::now();
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let Some(grant) = self.accounts.authenticate(hash).await? else {
            self.entries.write().remove(hash);
            return Ok(None);
        };
        let lane = self.lane_of(&grant.project.id);
        let caller = Arc::new(Caller {
            actor: Actor::Key(grant.key),
            developer: grant.developer,
            end_user: None,
            power: Power::Key(grant.scopes),
            project: grant.project,
            lane,
        });
        let entry = Entry {
            caller: caller.clone(),
            expires: grant.expires,
            fetched,
            refreshing: AtomicBool::new(false),
        };
        let mut entries = self.entries.write();
        if self.forgotten.load(Ordering::Acquire) != forgotten {
            return Ok(Some(caller));
        }
        if entries.len() >= MAX_ENTRIES && !entries.contains_key(hash) {
            entries.retain(|_, entry| entry.fetched.elapsed() < DEAD_AFTER);
            if entries.len() >= MAX_ENTRIES {
                entries.clear();
            }
        }
        entries.insert(*hash, Arc::new(entry));
        Ok(Some(caller))
    }

    /// What this process revoked is revoked here at once; other processes ask again in time.
    pub fn forget_key(&self, key: &KeyId) {
        let mut entries = self.entries.write();
        self.forgotten.fetch_add(1, Ordering::Release);
        entries.retain(|_, entry| entry.caller.actor != Actor::Key(key.clone()));
    }

    /// The lane of a project; the same one for all its keys, as long as the process lives.
    pub fn lane_of(&self, project: &ProjectId) -> Arc<Lane> {
        self.lanes
            .lock()
            .entry(project.clone())
            .or_default()
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::account::Scopes;
    use cognobserve_ports::NewKey;
    use cognobserve_ports::reference::ReferenceStore;

    #[tokio::test]
    async fn a_remembered_key_expires_to_the_moment() {
        let store = Arc::new(ReferenceStore::default());
        let by = Actor::Operator;
        let project = store.create_project("acme", "app", &by).await.unwrap();
        let end = Micros(Micros::now().0 + 3_600_000_000);
        for (hash, expires) in [([1; 32], Some(end)), ([2; 32], None)] {
            let key = NewKey {
                hash,
                prefix: "co_sk_x".into(),
                name: "key".into(),
                scopes: Scopes::DEFAULT,
                expires,
            };
            store.create_key(&project.id, key, &by).await.unwrap();
        }
        let cache = GrantCache::new(store);
        let opens = async |byte: u8, at: i64| {
            let caller = cache.authenticate_at(&[byte; 32], Micros(at)).await;
            caller.unwrap().is_some()
        };
        assert!(opens(1, end.0 - 1).await, "looked up");
        assert!(opens(1, end.0 - 1).await, "remembered");
        assert!(!opens(1, end.0).await, "remembered, and over");
        assert!(opens(2, end.0 - 1).await && opens(2, end.0).await);
    }
}
