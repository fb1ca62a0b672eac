//! Profiles of users and sessions: every fact that was ever said, the last one wins.
//!
//! Last by event time, then arrival, per field and per metadata key. A deletion is a fact
//! like any other.
use cognobserve_model::profile::{MAX_METADATA_BYTES, ProfilePart};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Name,
    Email,
    Key(String),
}

#[derive(Clone)]
struct Fact {
    field: Field,
    value: Option<String>,
    at: Micros,
    arrival: Arrival,
}

/// All facts about one user or session.
#[derive(Clone, Default)]
pub(super) struct Facts {
    facts: Vec<Fact>,
    /// When what a reader sees last changed.
    pub updated: Micros,
}

impl Facts {
    pub fn new(created: Micros) -> Facts {
        Facts {
            facts: Vec::new(),
            updated: created,
        }
    }

    fn find(&self, field: &Field) -> Option<&str> {
        let said = self.facts.iter().filter(|fact| fact.field == *field);
        said.max_by_key(|fact| (fact.at, fact.arrival))?
            .value
            .as_deref()
    }

    pub fn name(&self) -> Option<String> {
        self.find(&Field::Name).map(String::from)
    }

    pub fn email(&self) -> Option<String> {
        self.find(&Field::Email).map(String::from)
    }

    /// Live metadata, keys sorted; values are JSON texts.
    pub fn metadata(&self) -> Vec<(String, String)> {
        let mut live = BTreeMap::new();
        for fact in &self.facts {
            if let Field::Key(key) = &fact.field
                && let Some(value) = self.find(&fact.field)
            {
                live.insert(key.clone(), value.to_owned());
            }
        }
        live.into_iter().collect()
    }

    /// JSON object text of the live metadata.
    pub fn metadata_json(&self) -> String {
        super::payload::write_object(&self.metadata())
    }

    /// Notes what a piece says; it arrived at `arrival` and was true at `part.at`.
    pub fn note(&mut self, part: &ProfilePart, arrival: Arrival) {
        let before = (self.name(), self.email(), self.metadata());
        let mut say = |field: Field, value: &Option<String>| {
            self.facts.push(Fact {
                field,
                value: value.clone(),
                at: part.at,
                arrival,
            });
        };
        if let Some(name) = &part.name {
            say(Field::Name, name);
        }
        if let Some(email) = &part.email {
            say(Field::Email, email);
        }
        let mut merged: BTreeMap<&str, &str> = before
            .2
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        merged.extend(
            part.metadata
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_deref().unwrap_or_default())),
        );
        // A quote each side of the key, a colon, a comma and the braces.
        if merged
            .iter()
            .map(|(key, value)| key.len() + value.len() + 6)
            .sum::<usize>()
            <= MAX_METADATA_BYTES
        {
            for (key, value) in &part.metadata {
                say(Field::Key(key.clone()), value);
            }
        }
        if before != (self.name(), self.email(), self.metadata()) {
            self.updated = Micros(arrival.0);
        }
    }

    /// A change by the API: at the time of the request, but after all that is known.
    pub fn patch(&mut self, mut part: ProfilePart) {
        let requested = part.at;
        let latest = self.facts.iter().map(|fact| fact.at).max();
        part.at = latest.map_or(requested, |latest| latest.max(requested));
        let arrivals = self.facts.iter().map(|fact| fact.arrival.0);
        let arrival = arrivals.fold(part.at.0, i64::max);
        let updated = self.updated;
        let before = (self.name(), self.email(), self.metadata());
        self.note(&part, Arrival(arrival));
        self.updated = if before == (self.name(), self.email(), self.metadata()) {
            updated
        } else {
            requested
        };
    }
}
