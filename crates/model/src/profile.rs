//! A user's profile: per field and per metadata key, the last writer by event time wins.
//!
//! A deletion keeps its time, so that a replayed older value does not come back.
use crate::stamp::Arrival;
use crate::time::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest merged metadata, in bytes of its JSON.
pub const MAX_METADATA_BYTES: usize = 64 * 1024;

/// What a piece (or a PATCH) says about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfilePart {
    /// External id of the person; normalised.
    pub user: String,
    /// When it was true: min(own timestamp, else earliest span start, else arrival; arrival).
    pub at: Micros,
    /// `Some(None)` clears, `None` leaves.
    pub name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    /// JSON text per key; `None` deletes the key.
    pub metadata: Vec<(String, Option<String>)>,
}

impl ProfilePart {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.email.is_none() && self.metadata.is_empty()
    }
}

type Written<T> = (T, Micros, Arrival);

/// A merged profile with the time of each fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    name: Option<Written<Option<String>>>,
    email: Option<Written<Option<String>>>,
    metadata: BTreeMap<String, Written<Option<String>>>,
}

impl Profile {
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref()?.0.as_deref()
    }

    pub fn email(&self) -> Option<&str> {
        self.email.as_ref()?.0.as_deref()
    }

    /// JSON text of a metadata value.
    pub fn metadata_value(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.0.as_deref()
    }

    /// Live metadata, keys sorted; values are JSON texts.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        self.metadata
            .iter()
            .filter_map(|(key, (value, _, _))| Some((key.as_str(), value.as_deref()?)))
    }

    /// The latest event time of any fact; a PATCH must not be older.
    pub fn latest(&self) -> Option<Micros> {
        let fields = [&self.name, &self.email];
        let fields = fields.into_iter().flatten().map(|(_, at, _)| *at);
        fields
            .chain(self.metadata.values().map(|(_, at, _)| *at))
            .max()
    }

    /// Merges what arrived; tells whether anything a reader sees has changed.
    /// Metadata that would grow beyond [`MAX_METADATA_BYTES`] is left out as a whole.
    pub fn merge(&mut self, part: &ProfilePart, arrival: Arrival) -> bool {
        let mut changed = false;
        if let Some(name) = &part.name {
            changed |= write(&mut self.name, name.clone(), part.at, arrival);
        }
        if let Some(email) = &part.email {
            changed |= write(&mut self.email, email.clone(), part.at, arrival);
        }
        if self.size_with(&part.metadata) <= MAX_METADATA_BYTES {
            for (key, value) in &part.metadata {
                let mut slot = self.metadata.remove(key);
                changed |= write(&mut slot, value.clone(), part.at, arrival);
                if let Some(slot) = slot {
                    self.metadata.insert(key.clone(), slot);
                }
            }
        }
        changed
    }

    fn size_with(&self, added: &[(String, Option<String>)]) -> usize {
        let size = |key: &str, value: Option<&str>| key.len() + value.map_or(0, str::len) + 6;
        let stored = |key: &str| {
            self.metadata
                .get(key)
                .map_or(0, |(value, _, _)| size(key, value.as_deref()))
        };
        let mut total: usize = self.metadata.keys().map(|key| stored(key)).sum();
        for (key, value) in added {
            total = (total + size(key, value.as_deref())).saturating_sub(stored(key));
        }
        total
    }
}

fn write(
    slot: &mut Option<Written<Option<String>>>,
    value: Option<String>,
    at: Micros,
    arrival: Arrival,
) -> bool {
    match slot {
        Some((_, set_at, set_by)) if (*set_at, *set_by) > (at, arrival) => false,
        Some((old, set_at, set_by)) => {
            let changed = *old != value;
            (*old, *set_at, *set_by) = (value, at, arrival);
            changed
        }
        None => {
            let changed = value.is_some();
            *slot = Some((value, at, arrival));
            changed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(at: i64, name: Option<Option<&str>>, metadata: &[(&str, Option<&str>)]) -> ProfilePart {
        ProfilePart {
            user: "u".into(),
            at: Micros(at),
            name: name.map(|n| n.map(String::from)),
            email: None,
            metadata: metadata
                .iter()
                .map(|(k, v)| (k.to_string(), v.map(String::from)))
                .collect(),
        }
    }

    #[test]
    fn newer_facts_survive_replays_in_any_order() {
        let parts = [
            part(
                1,
                Some(Some("Old")),
                &[("plan", Some("\"free\"")), ("a", Some("1"))],
            ),
            part(2, Some(Some("New")), &[("plan", None)]),
            part(3, None, &[("b", Some("2"))]),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
            let mut profile = Profile::default();
            for i in order {
                profile.merge(&parts[i], Arrival(i as i64));
            }
            assert_eq!(profile.name(), Some("New"));
            assert_eq!(
                profile.metadata().collect::<Vec<_>>(),
                [("a", "1"), ("b", "2")]
            );
            assert!(!profile.merge(&parts[0], Arrival(9)));
        }
    }

    #[test]
    fn metadata_stays_bounded() {
        let big = format!("\"{}\"", "x".repeat(40_000));
        let mut profile = Profile::default();
        profile.merge(&part(1, None, &[("a", Some(&big))]), Arrival(1));
        profile.merge(
            &part(2, Some(Some("kept")), &[("b", Some(&big))]),
            Arrival(2),
        );
        assert_eq!(profile.metadata().count(), 1);
        assert_eq!(profile.name(), Some("kept"));
    }
}
