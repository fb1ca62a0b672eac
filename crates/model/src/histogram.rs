//! Latency histogram: counts that can be added and taken away, percentiles within 2 %.
//!
//! Integer only, so that what one machine added another can take away: values below 64
//! have a bin each, above that an octave has 32 bins (half a bin is 1.6 % of the value).
use serde::{Deserialize, Serialize};

/// Sparse counts, ordered by bin; a bin with count 0 is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram(Vec<(u16, i64)>);

const EXACT: u64 = 64;
const SUB_BITS: u32 = 5;

/// The bin of a value (µs); negative values count as 0.
pub fn bin_of(value: i64) -> u16 {
    let value = u64::try_from(value).unwrap_or(0);
    if value < EXACT {
        return value as u16;
    }
    let exponent = value.ilog2();
    let sub = (value >> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1);
    (EXACT + u64::from((exponent - 6) << SUB_BITS) + sub) as u16
}

/// The middle of a bin (µs).
pub fn middle_of(bin: u16) -> i64 {
    let bin = u64::from(bin);
    if bin < EXACT {
        return bin as i64;
    }
    let exponent = ((bin - EXACT) >> SUB_BITS) as u32 + 6;
    let sub = (bin - EXACT) & ((1 << SUB_BITS) - 1);
    let width = 1u64 << (exponent - SUB_BITS);
    let low = (1u64 << exponent) + sub * width;
    (low + (width - 1) / 2) as i64
}

impl Histogram {
    /// Adds `count` (which may be negative) at the bin of `value` µs.
    pub fn add(&mut self, value: i64, count: i64) {
        self.add_bin(bin_of(value), count);
    }

    /// Adds `count` in a bin, see [`bin_of`].
    pub fn add_bin(&mut self, bin: u16, count: i64) {
        if count == 0 {
            return;
        }
        match self.0.binary_search_by_key(&bin, |(b, _)| *b) {
            Ok(at) => {
                self.0[at].1 += count;
                if self.0[at].1 == 0 {
                    self.0.remove(at);
                }
            }
            Err(at) => self.0.insert(at, (bin, count)),
        }
    }

    /// Adds `sign` times another histogram.
    pub fn merge(&mut self, other: &Histogram, sign: i64) {
        let mut place = 0;
        for (bin, count) in &other.0 {
            place = self.add_bin_after(place, *bin, sign * count);
        }
    }

    /// [`Histogram::add_bin`] for bins in ascending order: `place` is 0, then what the last
    /// call answered. The bin is looked for from there in steps that double, since what adds up
    /// many histograms finds the next one near. Bins in another order are only found later.
    pub(crate) fn add_bin_after(&mut self, place: usize, bin: u16, count: i64) -> usize {
        let is_before = |entry: &(u16, i64)| entry.0 < bin;
        let is_ahead = place
            .checked_sub(1)
            .is_none_or(|last| self.0.get(last).is_some_and(is_before));
        let start = if is_ahead { place } else { 0 };
        let rest = &self.0[start..];
        let mut reach = 1;
        while rest.get(reach).is_some_and(is_before) {
            reach *= 2;
        }
        let near = &rest[reach / 2..rest.len().min(reach + 1)];
        let at = start + reach / 2 + near.partition_point(is_before);
        match self.0.get_mut(at) {
            _ if count == 0 => {}
            Some((found, sum)) if *found == bin => {
                *sum += count;
                if *sum == 0 {
                    self.0.remove(at);
                }
            }
            _ => self.0.insert(at, (bin, count)),
        }
        at
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nearest-rank percentile in µs (`percent` 1–100), `None` when empty.
    pub fn percentile(&self, percent: u32) -> Option<i64> {
        let total: i64 = self.0.iter().map(|(_, n)| *n).sum();
        if total <= 0 {
            return None;
        }
        let rank = (i128::from(total) * i128::from(percent) + 99) / 100;
        let mut seen: i128 = 0;
        for (bin, count) in &self.0 {
            seen += i128::from(*count);
            if seen >= rank {
                return Some(middle_of(*bin));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bins_are_contiguous() {
        let mut last = 0;
        for value in 0..100_000 {
            let bin = bin_of(value);
            assert!(bin == last || bin == last + 1, "{value}");
            last = bin;
        }
        assert!(bin_of(i64::MAX) < 2000);
    }

    proptest! {
        #[test]
        fn percentiles_stay_within_two_percent(mut values in prop::collection::vec(0i64..10_000_000_000, 1..200), percent in 1u32..=100) {
            let mut histogram = Histogram::default();
            for value in &values { histogram.add(*value, 1); }
            values.sort_unstable();
            let rank = (values.len() * percent as usize).div_ceil(100).max(1);
            let exact = values[rank - 1] as f64;
            let got = histogram.percentile(percent).unwrap() as f64;
            prop_assert!((got - exact).abs() <= exact * 0.02 + 0.5, "{got} {exact}");
            for value in &values { histogram.add(*value, -1); }
            prop_assert!(histogram.is_empty());
        }

        #[test]
        fn bins_in_any_order_come_to_the_same(bins in prop::collection::vec((0u16..40, -2i64..3), 0..120), is_sorted: bool) {
            let mut bins = bins;
            if is_sorted {
                bins.sort_unstable();
            }
            let (mut one, mut other, mut place) = (Histogram::default(), Histogram::default(), 0);
            for (bin, count) in bins {
                one.add_bin(bin, count);
                place = other.add_bin_after(place, bin, count);
                prop_assert_eq!(&one, &other);
            }
            let mut sum = one.clone();
            sum.merge(&other, 1);
            sum.merge(&one, -1);
            prop_assert_eq!(&sum, &one);
        }
    }
}
