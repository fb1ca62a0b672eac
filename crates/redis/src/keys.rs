//! The names of all keys, and which partition a trace is in.
//!
//! The prefix in braces is the hash tag: all keys of a queue are in one slot.
use cognobserve_model::id::ProjectId;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// The consumer group of every partition's stream.
pub(crate) const GROUP: &str = "ledger";

#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Hash: what was fixed when the queue was made.
    pub(crate) queue: String,
    /// Sorted set: living workers, by the time (ms) until which they count as living.
    pub(crate) workers: String,
    /// Stream: dead letters.
    pub(crate) dead: String,
    /// Hash: what happened to dead letters.
    pub(crate) counts: String,
    /// String per partition: the worker that reads it.
    pub(crate) leases: Vec<String>,
    /// Stream per partition.
    pub(crate) entries: Vec<String>,
}

impl Keys {
    pub(crate) fn new(prefix: &str, partitions: u16) -> Keys {
        let name = |rest: &str| format!("{{{prefix}}}:{rest}");
        let each = |rest: &str| {
            (0..partitions)
                .map(|partition| name(&format!("{rest}:{partition}")))
                .collect()
        };
        Keys {
            queue: name("queue"),
            workers: name("workers"),
            dead: name("dead"),
            counts: name("counts"),
            leases: each("lease"),
            entries: each("entries"),
        }
    }

    pub(crate) fn lease(&self, partition: u16) -> &str {
        &self.leases[usize::from(partition)]
    }

    pub(crate) fn stream(&self, partition: u16) -> &str {
        &self.entries[usize::from(partition)]
    }

    pub(crate) fn partitions(&self) -> u16 {
        u16::try_from(self.entries.len()).unwrap_or(u16::MAX)
    }

    /// All pieces of a trace are in one partition, whoever pushes them: this must never change.
    pub(crate) fn find_partition(&self, project: &ProjectId, trace_id: &str) -> u16 {
        let mut hasher = SipHasher13::new();
        hasher.write(project.as_str().as_bytes());
        hasher.write(&[0xff]);
        hasher.write(trace_id.as_bytes());
        let partition = hasher.finish() % u64::from(self.partitions());
        u16::try_from(partition).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_stays_in_its_partition_for_ever() {
        let keys = Keys::new("p", 32);
        let project = ProjectId::new("prj_1");
        let found = ["a", "b", "c", "d"].map(|id| keys.find_partition(&project, id));
        assert_eq!(found, [11, 22, 3, 19]);
        assert_eq!(keys.stream(7), "{p}:entries:7");
    }
}
