//! How many events other installations may send on, by address and in all. Bounded whoever comes.
use crate::ingest::rate::Bucket;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

/// Events a second of one address, and of all.
const OF_ADDRESS: u32 = 20;
const OF_ALL: u32 = 500;
/// Addresses remembered; beyond, all are forgotten, and the limit of all is left.
const MOST_ADDRESSES: usize = 10_000;

#[derive(Debug, Default)]
pub struct RelayGate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    of_all: Bucket,
    of_address: HashMap<Option<IpAddr>, Bucket>,
}

impl RelayGate {
    /// `Err`: seconds until more is taken.
    pub fn check(&self, address: Option<IpAddr>, now: Instant) -> Result<(), u32> {
        let mut state = self.0.lock();
        state.of_all.check(OF_ALL, now)?;
        match state.of_address.get_mut(&address) {
            Some(bucket) => bucket.check(OF_ADDRESS, now),
            None => Ok(()),
        }
    }

    /// Counts events that came; a request without any counts as one.
    pub fn charge(&self, address: Option<IpAddr>, events: usize, now: Instant) {
        let mut state = self.0.lock();
        let events = events.max(1);
        state.of_all.charge(OF_ALL, events, now);
        if state.of_address.len() >= MOST_ADDRESSES && !state.of_address.contains_key(&address) {
            state.of_address.clear();
        }
        let bucket = state.of_address.entry(address).or_default();
        bucket.charge(OF_ADDRESS, events, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_loud_address_waits_alone_until_all_are_too_loud() {
        let gate = RelayGate::default();
        let address = |n: u8| Some(IpAddr::from([10, 0, 0, n]));
        let now = Instant::now();
        gate.charge(address(1), 100, now);
        assert_eq!(gate.check(address(1), now), Err(4));
        assert_eq!(gate.check(address(2), now), Ok(()));
        assert_eq!(gate.check(None, now), Ok(()));
        let later = now + Duration::from_secs(5);
        assert_eq!(gate.check(address(1), later), Ok(()));
        for n in 2..8 {
            gate.charge(address(n), 100, now);
        }
        assert_eq!(gate.check(address(99), now), Err(1));
    }

    #[test]
    fn addresses_are_not_remembered_without_bound() {
        let gate = RelayGate::default();
        let now = Instant::now();
        for n in 0..=u32::try_from(MOST_ADDRESSES).unwrap() {
            gate.charge(Some(IpAddr::from(n.to_be_bytes())), 1, now);
        }
        assert!(gate.0.lock().of_address.len() <= MOST_ADDRESSES);
    }
}
