//! What a list of users is ordered by in a period: of all measures the one or two that count,
//! since the others of thousands of users would be read and added for a page of fifty.
use crate::measures::{Measures, Numbers};
use crate::query::UserSort;
use crate::report::sort_value;
use crate::time::Micros;

/// Sums for one order; added and taken away like measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    pub trace_count: i64,
    sum: i128,
    /// What `sum` is divided by, if by anything but the traces.
    count: i64,
}

/// Where the two numbers of a [`Weight`] stand among those that [`Measures::encode`] writes.
struct Places {
    sum: usize,
    count: usize,
}

const TRACE_COUNT: usize = 0;

/// In the order of the fields of [`Measures`].
fn places_of(sort: UserSort) -> Places {
    let (count, sum) = match sort {
        UserSort::TotalTokens => (TRACE_COUNT, 6),
        UserSort::TotalCost => (TRACE_COUNT, 7),
        UserSort::ErrorCount => (TRACE_COUNT, 10),
        UserSort::ErrorTraceRate => (TRACE_COUNT, 11),
        UserSort::AvgLatencyMs => (12, 13),
        UserSort::TraceCount
        | UserSort::SessionCount
        | UserSort::FirstSeenAt
        | UserSort::LastSeenAt
        | UserSort::Name => (TRACE_COUNT, TRACE_COUNT),
    };
    Places { sum, count }
}

impl Weight {
    /// Of what [`Measures::encode`] wrote; `None` if the bytes are cut off before.
    pub fn decode(bytes: &[u8], sort: UserSort) -> Option<Weight> {
        let places = places_of(sort);
        let mut numbers = Numbers(bytes);
        let mut weight = Weight {
            trace_count: numbers.read_i64()?,
            ..Weight::default()
        };
        let mut at = TRACE_COUNT + 1;
        if places.count > TRACE_COUNT {
            numbers.skip(places.count - at)?;
            weight.count = numbers.read_i64()?;
            at = places.count + 1;
        }
        if places.sum > TRACE_COUNT {
            numbers.skip(places.sum - at)?;
            weight.sum = numbers.read_i128()?;
        }
        Some(weight)
    }

    pub fn of(measures: &Measures, sort: UserSort) -> Weight {
        let sum = match sort {
            UserSort::TotalTokens => measures.total_tokens.into(),
            UserSort::TotalCost => measures.cost_nanos,
            UserSort::ErrorCount => measures.error_count.into(),
            UserSort::ErrorTraceRate => measures.error_trace_count.into(),
            UserSort::AvgLatencyMs => measures.span_latency_micros,
            UserSort::TraceCount
            | UserSort::SessionCount
            | UserSort::FirstSeenAt
            | UserSort::LastSeenAt
            | UserSort::Name => 0,
        };
        let count = match sort {
            UserSort::AvgLatencyMs => measures.ended_span_count,
            _ => 0,
        };
        Weight {
            trace_count: measures.trace_count,
            sum,
            count,
        }
    }

    /// Adds `other` once (`sign` 1) or takes it away (`sign` -1).
    pub fn add(&mut self, other: Weight, sign: i64) {
        let put = |sum: &mut i64, n: i64| *sum = sum.wrapping_add(n.wrapping_mul(sign));
        put(&mut self.trace_count, other.trace_count);
        put(&mut self.count, other.count);
        self.sum += i128::from(sign) * other.sum;
    }

    /// [`sort_value`] of the whole measures; of orders by times or names, nothing.
    pub fn sort_value(&self, sort: UserSort, session_count: i64) -> Option<i128> {
        // Whatever was counted wraps at the same number of bits.
        let narrow = self.sum as i64;
        let mut measures = Measures {
            trace_count: self.trace_count,
            ended_span_count: self.count,
            ..Measures::default()
        };
        match sort {
            UserSort::TotalTokens => measures.total_tokens = narrow,
            UserSort::TotalCost => measures.cost_nanos = self.sum,
            UserSort::ErrorCount => measures.error_count = narrow,
            UserSort::ErrorTraceRate => measures.error_trace_count = narrow,
            UserSort::AvgLatencyMs => measures.span_latency_micros = self.sum,
            UserSort::TraceCount | UserSort::SessionCount => {}
            UserSort::FirstSeenAt | UserSort::LastSeenAt | UserSort::Name => return None,
        }
        sort_value(sort, Micros(0), Micros(0), &measures, session_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field another number, some of many bytes.
    fn measures(seed: i64) -> Measures {
        let mut next = (1..).map(|n: i64| (n * 7 + seed) << ((seed + n) % 40));
        let mut take = || next.next().unwrap();
        let mut measures = Measures {
            trace_count: take(),
            span_count: take(),
            prompt_tokens: -take(),
            completion_tokens: take(),
            cached_tokens: take(),
            reasoning_tokens: take(),
            total_tokens: take(),
            cost_nanos: i128::from(take()) << 60,
            unpriced_span_count: take(),
            unpriced_tokens: take(),
            error_count: take(),
            error_trace_count: take(),
            ended_span_count: take(),
            span_latency_micros: i128::from(take()) << 30,
            ended_trace_count: take(),
            trace_latency_micros: take().into(),
            ..Measures::default()
        };
        measures.trace_latency.add(900, 2);
        measures
    }

    #[test]
    fn a_weight_sorts_as_all_measures_do() {
        for sort in UserSort::ALL {
            if matches!(sort, UserSort::FirstSeenAt | UserSort::LastSeenAt) {
                continue;
            }
            let (mut sum, mut weight) = (Measures::default(), Weight::default());
            for seed in 0..60 {
                let one = measures(seed);
                let read = Weight::decode(&one.encode(), *sort).unwrap();
                assert_eq!(read, Weight::of(&one, *sort), "{sort:?}");
                let sign = if seed % 4 == 3 { -1 } else { 1 };
                weight.add(read, sign);
                sum.add(&one, sign);
                let expected = sort_value(*sort, Micros(1), Micros(2), &sum, 5);
                assert_eq!(weight.sort_value(*sort, 5), expected, "{sort:?} {seed}");
                assert_eq!(weight.trace_count, sum.trace_count);
            }
            assert_eq!(Weight::decode(&[], *sort), None);
        }
        let none = Weight::default().sort_value(UserSort::AvgLatencyMs, 0);
        assert_eq!(none, None);
    }

    #[test]
    fn bytes_that_are_cut_off_before_the_number_are_refused() {
        let bytes = measures(3).encode();
        let enough = (0..=bytes.len())
            .filter(|length| Weight::decode(&bytes[..*length], UserSort::TotalCost).is_some());
        let least = enough.min().unwrap();
        assert!(least > 8 && least < bytes.len() / 2, "{least}");
        let damaged = [0xFF; 40];
        assert_eq!(Weight::decode(&damaged, UserSort::AvgLatencyMs), None);
    }
}
