//! Slows down those who guess passwords: by account and address, and more loosely by address.
//!
//! Invariant: what one address does never keeps another one out of an account; memory is bounded.
//! An attempt counts as failed until it succeeds, so that many at once are not one.
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Failures that cost nothing, of an account from an address.
const FREE_OF_PAIR: u32 = 5;
const LONGEST_OF_PAIR: Duration = Duration::from_secs(300);
/// The like, of an address: a whole office may be behind it.
const FREE_OF_ADDRESS: u32 = 30;
const LONGEST_OF_ADDRESS: Duration = Duration::from_secs(60);
/// After so long without an attempt all is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(900);
const MAX_ENTRIES: usize = 20_000;

#[derive(Clone, Copy, Debug)]
struct Entry {
    failures: u32,
    /// Nothing is tried before.
    blocked_until: Instant,
    last: Instant,
}

#[derive(Debug, Default)]
struct Table(HashMap<u64, Entry>);

impl Table {
    fn find_wait(&self, key: u64, now: Instant) -> Option<Duration> {
        let entry = self.0.get(&key)?;
        let wait = entry.blocked_until.saturating_duration_since(now);
        (!wait.is_zero()).then_some(wait)
    }

    fn note_attempt(&mut self, key: u64, free: u32, longest: Duration, now: Instant) {
        self.make_room(now);
        let entry = self.0.entry(key).or_insert(Entry {
            failures: 0,
            blocked_until: now,
            last: now,
        });
        if now.duration_since(entry.last) >= FORGET_AFTER {
            entry.failures = 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.last = now;
        if entry.failures >= free {
            let doublings = (entry.failures - free).min(16);
            let delay = Duration::from_secs(1 << doublings).min(longest);
            entry.blocked_until = now + delay;
        }
    }

    /// Takes an attempt back; what came before stays.
    fn forgive(&mut self, key: u64, free: u32) {
        if let Some(entry) = self.0.get_mut(&key) {
            entry.failures = entry.failures.saturating_sub(1);
            if entry.failures < free {
                entry.blocked_until = entry.last;
            }
        }
    }

    /// The old ones go first; if all are young, those that tried least.
    fn make_room(&mut self, now: Instant) {
        if self.0.len() < MAX_ENTRIES {
            return;
        }
        self.0
            .retain(|_, entry| now.duration_since(entry.last) < FORGET_AFTER);
        let mut least = 1;
        while self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, entry| entry.failures > least);
            least *= 2;
        }
    }
}

/// Remembers failed log-ins of this process.
#[derive(Debug, Default)]
pub struct Throttle {
    seed: RandomState,
    pairs: Mutex<Table>,
    addresses: Mutex<Table>,
}

/// An attempt that was let through.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pair: u64,
    address: u64,
}

impl Throttle {
    /// Counts an attempt to get into an account. `Err`: how long nothing will be tried.
    pub fn admit(&self, account: &str, address: Option<IpAddr>) -> Result<Attempt, Duration> {
        self.admit_at(account, address, Instant::now())
    }

    fn admit_at(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Attempt, Duration> {
        let place = address.map(read_place);
        let attempt = Attempt {
            pair: self.seed.hash_one((account, place)),
            address: self.seed.hash_one(place),
        };
        let (mut pairs, mut addresses) = (self.pairs.lock(), self.addresses.lock());
        let wait = pairs
            .find_wait(attempt.pair, now)
            .max(addresses.find_wait(attempt.address, now));
        if let Some(wait) = wait {
            return Err(wait);
        }
        pairs.note_attempt(attempt.pair, FREE_OF_PAIR, LONGEST_OF_PAIR, now);
        addresses.note_attempt(attempt.address, FREE_OF_ADDRESS, LONGEST_OF_ADDRESS, now);
        Ok(attempt)
    }

    /// It was right: the account's failures from there are forgotten, the address keeps its own.
    pub fn note_success(&self, attempt: Attempt) {
        self.pairs.lock().0.remove(&attempt.pair);
        self.addresses
            .lock()
            .forgive(attempt.address, FREE_OF_ADDRESS);
    }
}

/// One customer of a provider has a whole /64 of addresses.
fn read_place(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => u128::from(address) >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn guessing_gets_slower_and_others_do_not_notice() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for _ in 0..FREE_OF_PAIR {
            assert!(throttle.admit_at("ann", at("10.0.0.1"), now).is_ok());
        }
        let first = throttle.admit_at("ann", at("10.0.0.1"), now).unwrap_err();
        assert!(first <= Duration::from_secs(1) && !first.is_zero());
        assert!(throttle.admit_at("ann", at("10.0.0.2"), now).is_ok());
        assert!(throttle.admit_at("bob", at("10.0.0.1"), now).is_ok());
        let mut last = first;
        for _ in 0..12 {
            now += last;
            assert!(throttle.admit_at("ann", at("10.0.0.1"), now).is_ok());
            let wait = throttle.admit_at("ann", at("10.0.0.1"), now).unwrap_err();
            assert!(wait >= last, "{wait:?} after {last:?}");
            last = wait;
        }
        assert_eq!(last, LONGEST_OF_PAIR);
        now += FORGET_AFTER;
        assert!(throttle.admit_at("ann", at("10.0.0.1"), now).is_ok());
        assert!(throttle.admit_at("ann", at("10.0.0.1"), now).is_ok());
    }

    #[test]
    fn a_right_password_clears_the_account_but_not_the_address() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..FREE_OF_PAIR - 1 {
            throttle.admit_at("ann", at("10.0.0.1"), now).unwrap();
        }
        let attempt = throttle.admit_at("ann", at("10.0.0.1"), now).unwrap();
        throttle.note_success(attempt);
        assert!(throttle.admit_at("ann", at("10.0.0.1"), now).is_ok());
        for n in 0..FREE_OF_ADDRESS {
            let _ = throttle.admit_at(&format!("name {n}"), at("10.0.0.1"), now);
        }
        assert!(throttle.admit_at("new", at("10.0.0.1"), now).is_err());
        assert!(throttle.admit_at("new", at("10.0.0.9"), now).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_a_network_of_version_six_is_one() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..MAX_ENTRIES + 10 {
            let address = IpAddr::V4(u32::try_from(n).unwrap().into());
            throttle.admit_at("ann", Some(address), now).unwrap();
        }
        assert!(throttle.pairs.lock().0.len() <= MAX_ENTRIES);
        assert!(throttle.addresses.lock().0.len() <= MAX_ENTRIES);
        for n in 0..FREE_OF_PAIR {
            let address = at(&format!("2001:db8::{n}"));
            assert!(throttle.admit_at("bob", address, now).is_ok());
        }
        assert!(throttle.admit_at("bob", at("2001:db8::99"), now).is_err());
        assert!(throttle.admit_at("bob", at("2001:db8:0:1::1"), now).is_ok());
    }
}
