//! How many events other installations may send on, by address and in all. Bounded whoever comes.
use crate::ingest::rate::Bucket;
use crate::worker::Share;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Events a second of one address, and of all.
const OF_ADDRESS: u32 = 20;
const OF_ALL: u32 = 500;
/// Addresses remembered; beyond, all are forgotten, and the limit of all is left.
const MOST_ADDRESSES: usize = 10_000;

#[derive(Debug, Default)]
pub struct RelayGate {
    buckets: Mutex<Buckets>,
    share: Arc<Share>,
}

#[derive(Debug, Default)]
struct Buckets {
    of_all: Bucket,
    of_address: HashMap<Option<IpAddr>, Bucket>,
}

impl RelayGate {
    /// Of the bytes in flight, as much as a project may have: for all who come.
    pub fn share(&self) -> Arc<Share> {
        Arc::clone(&self.share)
    }

    /// Lets events in and counts them at once, so that of many requests at the same time no more pass than one after
    /// the other; a request without any counts as one. `Err`: seconds until more is taken; then nothing is counted.
    pub fn admit(&self, address: Option<IpAddr>, events: usize, now: Instant) -> Result<(), u32> {
        let mut buckets = self.buckets.lock();
        buckets.of_all.check(OF_ALL, now)?;
        if let Some(bucket) = buckets.of_address.get_mut(&address) {
            bucket.check(OF_ADDRESS, now)?;
        } else if buckets.of_address.len() >= MOST_ADDRESSES {
            buckets.of_address.clear();
        }
        let events = events.max(1);
        buckets.of_all.charge(OF_ALL, events, now);
        let bucket = buckets.of_address.entry(address).or_default();
        bucket.charge(OF_ADDRESS, events, now);
        Ok(())
    }

    /// Takes back what was counted of a request that was let in, and failed for a reason of ours.
    pub fn give_back(&self, address: Option<IpAddr>, events: usize, now: Instant) {
        let mut buckets = self.buckets.lock();
        let events = events.max(1);
        buckets.of_all.refund(OF_ALL, events, now);
        if let Some(bucket) = buckets.of_address.get_mut(&address) {
            bucket.refund(OF_ADDRESS, events, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn address(n: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, n]))
    }

    #[test]
    fn a_loud_address_waits_alone_until_all_are_too_loud() {
        let gate = RelayGate::default();
        let now = Instant::now();
        assert_eq!(gate.admit(address(1), 100, now), Ok(()));
        assert_eq!(gate.admit(address(1), 1, now), Err(4));
        assert_eq!(gate.admit(address(2), 1, now), Ok(()));
        assert_eq!(gate.admit(None, 0, now), Ok(()));
        let later = now + Duration::from_secs(5);
        assert_eq!(gate.admit(address(1), 1, later), Ok(()));
        for n in 3..8 {
            assert_eq!(gate.admit(address(n), 100, later), Ok(()));
        }
        assert_eq!(gate.admit(address(99), 1, later), Err(1));
    }

    /// Nobody passes between the look and the count.
    #[test]
    fn of_many_at_once_only_those_pass_who_would_one_by_one() {
        let gate = RelayGate::default();
        let now = Instant::now();
        let passed: usize = std::thread::scope(|scope| {
            let ask = || usize::from(gate.admit(address(1), 100, now).is_ok());
            let asked: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
            asked.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(passed, 1);
    }

    #[test]
    fn what_failed_later_is_given_back() {
        let gate = RelayGate::default();
        let now = Instant::now();
        assert_eq!(gate.admit(address(1), 100, now), Ok(()));
        gate.give_back(address(1), 100, now);
        gate.give_back(address(2), 100, now);
        assert_eq!(gate.admit(address(1), 20, now), Ok(()));
        assert_eq!(gate.admit(address(1), 1, now), Err(1));
    }

    #[test]
    fn addresses_are_not_remembered_without_bound() {
        let gate = RelayGate::default();
        let mut now = Instant::now();
        for n in 0..=u32::try_from(MOST_ADDRESSES).unwrap() {
            // Slow enough for all together.
            now += Duration::from_millis(2);
            let address = Some(IpAddr::from(n.to_be_bytes()));
            assert_eq!(gate.admit(address, 1, now), Ok(()));
        }
        assert!(gate.buckets.lock().of_address.len() <= MOST_ADDRESSES);
    }
}
