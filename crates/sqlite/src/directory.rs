//! Every user's sort keys and search text, in memory: lists are sorted and searched here.
//!
//! A copy of what is committed, changed only by the writer after its commit. About 250
//! bytes a user. Full measures and profiles stay on disk and are read for one page.
use cognobserve_model::measures::Measures;
use cognobserve_model::profile::Profile;
use cognobserve_model::query::{UserSort, fold_search};
use hashbrown::DefaultHashBuilder;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;

/// What a user is sorted and filtered by; times in µs.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub no: i64,
    pub external_id: Box<str>,
    pub created: i64,
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub sessions: i64,
    pub sums: Sums,
    text_at: usize,
    pub alive: bool,
}

impl Person {
    pub fn first_seen(&self) -> i64 {
        self.first.unwrap_or(self.created)
    }

    pub fn last_seen(&self) -> i64 {
        self.last.unwrap_or(self.created)
    }
}

/// The sums that users are sorted by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    trace_count: i64,
    error_trace_count: i64,
    error_count: i64,
    total_tokens: i64,
    pub cost_nanos: i128,
    ended_span_count: i64,
    span_latency_micros: i128,
}

/// What one commit adds to a user's totals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TotalsDelta {
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub sessions: i64,
    pub sums: Sums,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        let put = |sum: &mut i64, n: i64| *sum = sum.wrapping_add(n);
        put(&mut self.trace_count, other.trace_count);
        put(&mut self.error_trace_count, other.error_trace_count);
        put(&mut self.error_count, other.error_count);
        put(&mut self.total_tokens, other.total_tokens);
        self.cost_nanos += other.cost_nanos;
        put(&mut self.ended_span_count, other.ended_span_count);
        self.span_latency_micros += other.span_latency_micros;
    }
}

impl From<&Measures> for Sums {
    fn from(sum: &Measures) -> Sums {
        Sums {
            trace_count: sum.trace_count,
            error_trace_count: sum.error_trace_count,
            error_count: sum.error_count,
            total_tokens: sum.total_tokens,
            cost_nanos: sum.cost_nanos,
            ended_span_count: sum.ended_span_count,
            span_latency_micros: sum.span_latency_micros,
        }
    }
}

impl Person {
    /// The value that this person sorts by.
    pub fn sort_value(&self, sort: UserSort) -> Option<i128> {
        let sums = Measures {
            trace_count: self.sums.trace_count,
            error_trace_count: self.sums.error_trace_count,
            error_count: self.sums.error_count,
            total_tokens: self.sums.total_tokens,
            cost_nanos: self.sums.cost_nanos,
            ended_span_count: self.sums.ended_span_count,
            span_latency_micros: self.sums.span_latency_micros,
            ..Measures::default()
        };
        use cognobserve_model::time::Micros;
        let (first, last) = (Micros(self.first_seen()), Micros(self.last_seen()));
        cognobserve_model::report::sort_value(sort, first, last, &sums, self.sessions)
    }
}

/// Never part of UTF-8, so no needle crosses a field or a person.
const FIELD_END: u8 = 0xFF;

/// The people of one project.
#[derive(Default)]
pub(crate) struct People {
    persons: Vec<Person>,
    by_external: HashTable<u32>,
    by_no: HashMap<i64, u32>,
    hasher: DefaultHashBuilder,
    /// Folded name, e-mail and external id of everybody, one after the other.
    text: Vec<u8>,
    /// Where whose text starts, ascending; superseded entries stay until `compact`.
    starts: Vec<(usize, u32)>,
    stale_bytes: usize,
    /// Deleted users: their number and the keyed hash of their external id.
    pub dead: HashMap<i64, Box<str>>,
    /// Keyed hashes of external ids that are suppressed, with the tombstone's number.
    pub suppressed: HashMap<Box<str>, i64>,
}

impl People {
    pub fn find_external(&self, external_id: &str) -> Option<&Person> {
        let hash = self.hasher.hash_one(external_id);
        let same = |at: &u32| &*self.persons[*at as usize].external_id == external_id;
        self.by_external
            .find(hash, same)
            .map(|at| &self.persons[*at as usize])
    }

    pub fn find_no(&self, no: i64) -> Option<&Person> {
        let person = &self.persons[*self.by_no.get(&no)? as usize];
        person.alive.then_some(person)
    }

    pub fn living(&self) -> impl Iterator<Item = &Person> {
        self.persons.iter().filter(|person| person.alive)
    }

    pub fn count_living(&self) -> usize {
        self.by_external.len()
    }

    /// Adds somebody new, or takes over a changed profile.
    pub fn put(&mut self, no: i64, external_id: &str, created: i64, profile: &Profile) {
        let at = match self.by_no.get(&no) {
            Some(at) => *at,
            None => self.add(no, external_id, created),
        };
        self.write_text(at, profile);
    }

    fn add(&mut self, no: i64, external_id: &str, created: i64) -> u32 {
        let at = self.persons.len() as u32;
        self.persons.push(Person {
            no,
            external_id: external_id.into(),
            created,
            first: None,
            last: None,
            sessions: 0,
            sums: Sums::default(),
            text_at: usize::MAX,
            alive: true,
        });
        self.by_no.insert(no, at);
        let hash = self.hasher.hash_one(external_id);
        let (persons, hasher) = (&self.persons, &self.hasher);
        let rehash = |at: &u32| hasher.hash_one(&*persons[*at as usize].external_id);
        self.by_external.insert_unique(hash, at, rehash);
        at
    }

    fn write_text(&mut self, at: u32, profile: &Profile) {
        let start = self.text.len();
        let external = fold_search(&self.persons[at as usize].external_id);
        for field in [
            profile.name().map(fold_search),
            profile.email().map(fold_search),
            Some(external),
        ]
        .into_iter()
        .flatten()
        {
            self.text.extend_from_slice(field.as_bytes());
            self.text.push(FIELD_END);
        }
        let person = &mut self.persons[at as usize];
        if person.text_at != usize::MAX {
            self.stale_bytes += self.text.len() - start;
        }
        person.text_at = start;
        self.starts.push((start, at));
        if self.stale_bytes > 1 << 20 && self.stale_bytes > self.text.len() / 2 {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let mut text = Vec::with_capacity(self.text.len() - self.stale_bytes);
        let mut starts = Vec::with_capacity(self.persons.len());
        for (index, (start, at)) in self.starts.iter().enumerate() {
            let person = &mut self.persons[*at as usize];
            if person.text_at != *start || !person.alive {
                continue;
            }
            let end = self
                .starts
                .get(index + 1)
                .map_or(self.text.len(), |(next, _)| *next);
            person.text_at = text.len();
            starts.push((text.len(), *at));
            text.extend_from_slice(&self.text[*start..end]);
        }
        (self.text, self.starts, self.stale_bytes) = (text, starts, 0);
    }

    /// Takes over committed totals.
    pub fn set_totals(
        &mut self,
        no: i64,
        first: Option<i64>,
        last: Option<i64>,
        sessions: i64,
        sums: Sums,
    ) {
        if let Some(at) = self.by_no.get(&no) {
            let person = &mut self.persons[*at as usize];
            (person.first, person.last, person.sessions, person.sums) =
                (first, last, sessions, sums);
        }
    }

    /// Adds what a commit brought. Bounds only widen.
    pub fn add_totals(&mut self, no: i64, delta: &TotalsDelta) {
        if let Some(at) = self.by_no.get(&no) {
            let person = &mut self.persons[*at as usize];
            person.first = [person.first, delta.first].into_iter().flatten().min();
            person.last = person.last.max(delta.last);
            person.sessions += delta.sessions;
            person.sums.add(&delta.sums);
        }
    }

    /// Takes somebody out; overwrites the text.
    pub fn remove(&mut self, no: i64) {
        let Some(at) = self.by_no.remove(&no) else {
            return;
        };
        let hash = self
            .hasher
            .hash_one(&*self.persons[at as usize].external_id);
        if let Ok(entry) = self.by_external.find_entry(hash, |other| *other == at) {
            entry.remove();
        }
        let person = &mut self.persons[at as usize];
        person.alive = false;
        person.external_id = "".into();
        let index = self
            .starts
            .partition_point(|(start, _)| *start < person.text_at);
        let end = self
            .starts
            .get(index + 1)
            .map_or(self.text.len(), |(next, _)| *next);
        let start = person.text_at.min(end);
        self.stale_bytes += end - start;
        self.text[start..end].fill(FIELD_END);
    }

    /// The name that a person sorts by: the first field of the text, as `User::sort_name` says.
    pub fn sort_name(&self, person: &Person) -> &str {
        let text = self.text.get(person.text_at..).unwrap_or_default();
        let name = text.split(|byte| matches!(*byte, FIELD_END | 1)).next();
        std::str::from_utf8(name.unwrap_or_default()).unwrap_or_default()
    }

    /// Those whose text contains `needle` (folded, not empty), each once.
    pub fn search(&self, needle: &str) -> Vec<&Person> {
        let finder = memchr::memmem::Finder::new(needle.as_bytes());
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(hit) = self.text.get(from..).and_then(|rest| finder.find(rest)) {
            let index = self
                .starts
                .partition_point(|(start, _)| *start <= from + hit)
                - 1;
            let (start, at) = self.starts[index];
            let person = &self.persons[at as usize];
            if person.alive && person.text_at == start {
                found.push(person);
            }
            match self.starts.get(index + 1) {
                Some((next, _)) => from = *next,
                None => break,
            }
        }
        found
    }
}

/// People by project number.
#[derive(Default)]
pub(crate) struct Directory {
    projects: HashMap<i64, People>,
}

impl Directory {
    pub fn people(&self, project_no: i64) -> Option<&People> {
        self.projects.get(&project_no)
    }

    pub fn people_mut(&mut self, project_no: i64) -> &mut People {
        self.projects.entry(project_no).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::profile::ProfilePart;
    use cognobserve_model::stamp::Arrival;

    fn profile(name: &str) -> Profile {
        let mut profile = Profile::default();
        let part = ProfilePart {
            name: Some(Some(name.into())),
            ..ProfilePart::default()
        };
        profile.merge(&part, Arrival(1));
        profile
    }

    #[test]
    fn search_finds_current_text_only() {
        let mut people = People::default();
        people.put(1, "user-1", 0, &profile("Ålice 50%"));
        people.put(2, "user-2", 0, &profile("Bob_x"));
        let found = |people: &People, text: &str| {
            people
                .search(&fold_search(text))
                .iter()
                .map(|p| p.no)
                .collect::<Vec<_>>()
        };
        assert_eq!(found(&people, "åLICE"), [1]);
        assert_eq!(found(&people, "user"), [1, 2]);
        assert_eq!(found(&people, "_"), [2]);
        assert!(found(&people, "1user").is_empty());
        people.put(1, "user-1", 0, &profile("Carol"));
        assert!(found(&people, "ålice").is_empty());
        assert_eq!(found(&people, "carol"), [1]);
        people.compact();
        assert_eq!(found(&people, "user"), [2, 1]);
        people.remove(2);
        assert_eq!(found(&people, "user"), [1]);
        assert!(people.find_external("user-2").is_none());
        assert_eq!(people.count_living(), 1);
    }
}
