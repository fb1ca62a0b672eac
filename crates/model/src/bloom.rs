//! A small Bloom filter: "surely not here" for ids, in memory.
//!
//! Says no for sure, yes perhaps (about 1 % wrong when filled to its capacity).

/// Bits set for hashed keys; 10 bits a key, 6 probes.
#[derive(Clone, Debug)]
pub struct Bloom {
    words: Vec<u64>,
    mask: u64,
}

const PROBES: u64 = 6;

impl Bloom {
    /// An empty filter for about `capacity` keys.
    pub fn with_capacity(capacity: usize) -> Self {
        let words = (capacity * 10 / 64).next_power_of_two().max(1);
        Self {
            words: vec![0; words],
            mask: words as u64 * 64 - 1,
        }
    }

    /// Adds a key that is already a well-mixed 64-bit hash.
    pub fn insert(&mut self, hash: u64) {
        let mut at = hash;
        let step = hash.rotate_left(32) | 1;
        for _ in 0..PROBES {
            let bit = at & self.mask;
            self.words[(bit >> 6) as usize] |= 1 << (bit & 63);
            at = at.wrapping_add(step);
        }
    }

    /// `false`: the key was never added.
    pub fn may_contain(&self, hash: u64) -> bool {
        let mut at = hash;
        let step = hash.rotate_left(32) | 1;
        for _ in 0..PROBES {
            let bit = at & self.mask;
            if self.words[(bit >> 6) as usize] & (1 << (bit & 63)) == 0 {
                return false;
            }
            at = at.wrapping_add(step);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(n: u64) -> u64 {
        let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z ^ (z >> 31)
    }

    #[test]
    fn never_forgets_and_rarely_invents() {
        let mut bloom = Bloom::with_capacity(10_000);
        (0..10_000).for_each(|n| bloom.insert(mix(n)));
        assert!((0..10_000).all(|n| bloom.may_contain(mix(n))));
        let wrong = (10_000..110_000)
            .filter(|n| bloom.may_contain(mix(*n)))
            .count();
        assert!(wrong < 2_000, "{wrong}");
    }
}
