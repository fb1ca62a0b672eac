//! What a sink looks up about an event before it leaves, and remembers for a while: the developer's profile, and
//! whether their project wants anything sent.
use crate::event::DeveloperProfile;
use async_trait::async_trait;
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_ports::{Events, StoreError};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const PROFILES_LAST: Duration = Duration::from_secs(60);
/// A change is to be seen within 5 s.
const CHOICES_LAST: Duration = Duration::from_secs(4);
const MOST: usize = 10_000;

/// Where developers' accounts are.
#[async_trait]
pub trait Developers: Send + Sync {
    /// Of the owner of the developer's workspace, who was there first; `None`: nobody has an account.
    async fn find_email(&self, developer: &DeveloperId) -> Result<Option<String>, StoreError>;
}

/// Values that hold for a while.
struct Memory<K, V> {
    lasts: Duration,
    values: HashMap<K, (Instant, V)>,
}

impl<K: Clone + Eq + Hash, V: Clone> Memory<K, V> {
    fn lasting(lasts: Duration) -> Memory<K, V> {
        Memory {
            lasts,
            values: HashMap::new(),
        }
    }

    fn get(&self, key: &K) -> Option<V> {
        let (since, value) = self.values.get(key)?;
        (since.elapsed() < self.lasts).then(|| value.clone())
    }

    fn put(&mut self, key: &K, value: V) {
        if self.values.len() >= MOST {
            self.values.clear();
        }
        self.values.insert(key.clone(), (Instant::now(), value));
    }
}

/// Of one sink.
pub struct Known {
    /// `None`: this sink is told of nobody.
    developers: Option<Arc<dyn Developers>>,
    emails: Memory<DeveloperId, Option<String>>,
    choices: Memory<ProjectId, bool>,
}

impl Known {
    pub fn new(developers: Option<Arc<dyn Developers>>) -> Known {
        Known {
            developers,
            emails: Memory::lasting(PROFILES_LAST),
            choices: Memory::lasting(CHOICES_LAST),
        }
    }

    /// Adds what is known of the developer. Accounts have no country, so that none is told.
    pub async fn complete(
        &mut self,
        developer: Option<&DeveloperId>,
        profile: &mut DeveloperProfile,
    ) -> Result<(), StoreError> {
        let (Some(source), Some(developer)) = (&self.developers, developer) else {
            return Ok(());
        };
        if let Some(known) = self.emails.get(developer) {
            profile.email = known;
            return Ok(());
        }
        let found = source.find_email(developer).await?;
        self.emails.put(developer, found.clone());
        profile.email = found;
        Ok(())
    }

    pub async fn has_opted_out(
        &mut self,
        events: &dyn Events,
        project: &ProjectId,
    ) -> Result<bool, StoreError> {
        if let Some(known) = self.choices.get(project) {
            return Ok(known);
        }
        let found = events.has_opted_out(project).await?;
        // A no is asked for again each time: what is dropped for one that is over would be lost.
        if !found {
            self.choices.put(project, found);
        }
        Ok(found)
    }
}
