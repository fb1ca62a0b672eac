//! What this worker has in hand: the partitions it reads, and per partition the entries that
//! it was given and has not finished.
//!
//! Only a view: the truth is in the server's leases and lists of pending entries. What a view
//! misses is found again by looking through those lists from time to time.
use cognobserve_ports::{DeliveryId, ErrorKind, StoreError};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

#[derive(Default)]
pub(crate) struct Hands {
    held: Mutex<BTreeMap<u16, Holding>>,
    changed: Notify,
    /// Why there may be nothing to hold.
    trouble: Mutex<Option<(ErrorKind, String)>>,
}

struct Holding {
    /// Until when the lease is surely ours.
    until: Instant,
    /// Since when it is to be given up.
    leaving: Option<Instant>,
    /// Whether stream and group were seen to.
    prepared: bool,
    /// Where looking through pending entries goes on; `None`: it is done.
    scan: Option<Scan>,
    next_scan: Instant,
    entries: HashSet<String>,
}

/// Looking through a partition's pending entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The last id that was looked at.
    pub(crate) after: Option<String>,
    /// After a change of hands everything is ours at once; later only what others left lying.
    pub(crate) is_takeover: bool,
}

impl Scan {
    fn begin(is_takeover: bool) -> Scan {
        Scan {
            after: None,
            is_takeover,
        }
    }
}

impl Hands {
    /// Notes what the server said to a renewal that began at `began`; answers how many
    /// partitions are held.
    pub(crate) fn renew(
        &self,
        began: Instant,
        lease_time: Duration,
        share: usize,
        renewed: &[u16],
        taken: &[u16],
    ) -> usize {
        let mut held = self.held.lock();
        let until = began + lease_time;
        held.retain(|partition, _| renewed.contains(partition));
        for partition in renewed {
            held.entry(*partition)
                .or_insert_with(|| Holding::new(until, lease_time))
                .until = until;
        }
        for partition in taken {
            held.insert(*partition, Holding::new(until, lease_time));
        }
        choose_leaving(&mut held, share);
        if !taken.is_empty() {
            self.changed.notify_waiters();
        }
        held.len()
    }

    /// Partitions to give up now: no read can be under way on them any more, and nothing of
    /// them is in hand (or has been for too long).
    pub(crate) fn list_given_up(&self, block: Duration, lease_time: Duration) -> Vec<u16> {
        let held = self.held.lock();
        let is_due = |holding: &Holding| {
            holding.leaving.is_some_and(|since| {
                let waited = since.elapsed();
                waited >= block * 2 && (holding.entries.is_empty() || waited >= lease_time)
            })
        };
        let due = held.iter().filter(|(_, holding)| is_due(holding));
        due.map(|(partition, _)| *partition).collect()
    }

    pub(crate) fn is_leaving_any(&self) -> bool {
        self.held
            .lock()
            .values()
            .any(|holding| holding.leaving.is_some())
    }

    /// The partitions to read from, beginning after `turn`, so that each is first in turn.
    pub(crate) fn list_readable(&self, turn: u16) -> Vec<u16> {
        let now = Instant::now();
        let held = self.held.lock();
        let readable = |(partition, holding): (&u16, &Holding)| {
            let is_readable = holding.until > now && holding.leaving.is_none() && holding.prepared;
            is_readable.then_some(*partition)
        };
        let mut partitions: Vec<u16> = held.iter().filter_map(readable).collect();
        let first = partitions.partition_point(|partition| *partition <= turn);
        partitions.rotate_left(first);
        partitions
    }

    pub(crate) fn list_unprepared(&self) -> Vec<u16> {
        let held = self.held.lock();
        let unprepared = held.iter().filter(|(_, holding)| !holding.prepared);
        unprepared.map(|(partition, _)| *partition).collect()
    }

    pub(crate) fn set_prepared(&self, partitions: &[u16]) {
        let mut held = self.held.lock();
        for partition in partitions {
            if let Some(holding) = held.get_mut(partition) {
                holding.prepared = true;
            }
        }
    }

    /// The server has lost streams: see to all of them again.
    pub(crate) fn forget_prepared(&self) {
        for holding in self.held.lock().values_mut() {
            holding.prepared = false;
        }
    }

    pub(crate) fn lose(&self, partition: u16) {
        self.held.lock().remove(&partition);
    }

    pub(crate) fn lose_all(&self) {
        self.held.lock().clear();
    }

    /// An answer was lost, and what it brought with it: look through everything.
    pub(crate) fn scan_all(&self) {
        for holding in self.held.lock().values_mut() {
            holding.scan.get_or_insert_with(|| Scan::begin(false));
        }
    }

    /// The next partition whose pending entries are to be looked through.
    pub(crate) fn find_scan(&self, every: Duration) -> Option<(u16, Scan)> {
        let now = Instant::now();
        for (partition, holding) in self.held.lock().iter_mut() {
            if holding.until <= now || holding.leaving.is_some() || !holding.prepared {
                continue;
            }
            if holding.scan.is_none() && holding.next_scan <= now {
                holding.next_scan = now + every;
                holding.scan = Some(Scan::begin(false));
            }
            if let Some(scan) = &holding.scan {
                return Some((*partition, scan.clone()));
            }
        }
        None
    }

    /// Where the scan goes on; `None`: it is done.
    pub(crate) fn advance_scan(&self, partition: u16, after: Option<String>) {
        let mut held = self.held.lock();
        let Some(holding) = held.get_mut(&partition) else {
            return;
        };
        holding.scan = match (holding.scan.take(), after) {
            (Some(scan), Some(after)) => Some(Scan {
                after: Some(after),
                ..scan
            }),
            _ => None,
        };
    }

    pub(crate) fn has(&self, partition: u16, entry: &str) -> bool {
        let held = self.held.lock();
        held.get(&partition)
            .is_some_and(|holding| holding.entries.contains(entry))
    }

    pub(crate) fn put(&self, id: &DeliveryId) {
        if let Some(holding) = self.held.lock().get_mut(&id.partition) {
            holding.entries.insert(id.entry.clone());
        }
    }

    pub(crate) fn finish(&self, id: &DeliveryId) {
        if let Some(holding) = self.held.lock().get_mut(&id.partition) {
            holding.entries.remove(&id.entry);
        }
    }

    /// Notes whether the leases could be kept.
    pub(crate) fn set_trouble(&self, error: Option<&StoreError>) {
        *self.trouble.lock() = error.map(|error| (error.kind(), error.to_string()));
    }

    /// An error if there is nothing to read for want of leases.
    pub(crate) fn check_trouble(&self) -> Result<(), StoreError> {
        if !self.list_readable(0).is_empty() {
            return Ok(());
        }
        match &*self.trouble.lock() {
            Some((kind, message)) => Err(StoreError::new(*kind, message.clone())),
            None => Ok(()),
        }
    }

    /// Waits until partitions were taken, or so long.
    pub(crate) async fn wait(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.changed.notified()).await;
    }
}

impl Holding {
    fn new(until: Instant, scan_every: Duration) -> Holding {
        Holding {
            until,
            leaving: None,
            prepared: false,
            scan: Some(Scan::begin(true)),
            next_scan: Instant::now() + scan_every,
            entries: HashSet::new(),
        }
    }
}

/// As many partitions leave as are above the share; those with nothing in hand first.
fn choose_leaving(held: &mut BTreeMap<u16, Holding>, share: usize) {
    let excess = held.len().saturating_sub(share);
    let mut order: Vec<(bool, usize, u16)> = held
        .iter()
        .map(|(partition, holding)| {
            let stays = holding.leaving.is_none();
            (stays, holding.entries.len(), *partition)
        })
        .collect();
    order.sort_unstable();
    for (at, (_, _, partition)) in order.into_iter().enumerate() {
        if let Some(holding) = held.get_mut(&partition) {
            holding.leaving = match at < excess {
                true => holding.leaving.or_else(|| Some(Instant::now())),
                false => None,
            };
        }
    }
}
