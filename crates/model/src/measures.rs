//! Measures: what is counted per user, session, project, model and bucket.
//!
//! A commutative group: whatever was added can be taken away again, in any order, and
//! an empty sum is `Measures::default()`. Rates, means and percentiles are answered from
//! integers here and nowhere else.
use crate::histogram::Histogram;
use crate::id::ModelNo;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Additive measures. Counts and tokens wrap rather than panic at 2^63.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    pub trace_count: i64,
    pub span_count: i64,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub cached_tokens: i64,
    pub reasoning_tokens: i64,
    pub total_tokens: i64,
    /// Nano-dollars.
    pub cost_nanos: i128,
    pub unpriced_span_count: i64,
    /// Tokens of those spans.
    pub unpriced_tokens: i64,
    pub error_count: i64,
    pub error_trace_count: i64,
    pub ended_span_count: i64,
    /// Sum of the durations of ended spans, µs.
    pub span_latency_micros: i128,
    pub ended_trace_count: i64,
    /// Sum of the wall times of traces with an ended span, µs.
    pub trace_latency_micros: i128,
    /// Wall times of those traces.
    pub trace_latency: Histogram,
}

impl Measures {
    /// Adds `other` once (`sign` 1) or takes it away (`sign` -1).
    pub fn add(&mut self, other: &Measures, sign: i64) {
        let wide = i128::from(sign);
        let put = |sum: &mut i64, n: i64| *sum = sum.wrapping_add(n.wrapping_mul(sign));
        put(&mut self.trace_count, other.trace_count);
        put(&mut self.span_count, other.span_count);
        put(&mut self.prompt_tokens, other.prompt_tokens);
        put(&mut self.completion_tokens, other.completion_tokens);
        put(&mut self.cached_tokens, other.cached_tokens);
        put(&mut self.reasoning_tokens, other.reasoning_tokens);
        put(&mut self.total_tokens, other.total_tokens);
        self.cost_nanos += wide * other.cost_nanos;
        put(&mut self.unpriced_span_count, other.unpriced_span_count);
        put(&mut self.unpriced_tokens, other.unpriced_tokens);
        put(&mut self.error_count, other.error_count);
        put(&mut self.error_trace_count, other.error_trace_count);
        put(&mut self.ended_span_count, other.ended_span_count);
        self.span_latency_micros += wide * other.span_latency_micros;
        put(&mut self.ended_trace_count, other.ended_trace_count);
        self.trace_latency_micros += wide * other.trace_latency_micros;
        self.trace_latency.merge(&other.trace_latency, sign);
    }

    /// Whether nothing is counted: such a row need not be kept.
    pub fn is_zero(&self) -> bool {
        *self == Measures::default()
    }

    /// Share of ERROR spans in percent, 0 without spans; rounded to 6 decimals.
    pub fn error_rate(&self) -> f64 {
        percent(self.error_count, self.span_count)
    }

    /// Share of traces with an ERROR span in percent, 0 without traces; 6 decimals.
    pub fn error_trace_rate(&self) -> f64 {
        percent(self.error_trace_count, self.trace_count)
    }

    /// Mean duration of ended spans in ms, 3 decimals; `None` without any.
    pub fn avg_latency_ms(&self) -> Option<f64> {
        mean_ms(self.span_latency_micros, self.ended_span_count)
    }

    /// Mean wall time of traces in ms, 3 decimals; `None` without an ended span.
    pub fn avg_trace_latency_ms(&self) -> Option<f64> {
        mean_ms(self.trace_latency_micros, self.ended_trace_count)
    }

    /// Percentile of the traces' wall time in ms, within 2 %.
    pub fn trace_latency_percentile_ms(&self, percent: u32) -> Option<f64> {
        self.trace_latency.percentile(percent).map(micros_to_ms)
    }

    /// Compact bytes for a store's column; read back by [`Measures::decode`].
    pub fn encode(&self) -> Vec<u8> {
        // Writing integers and a list into a growing Vec has no failure.
        postcard::to_extend(self, Vec::with_capacity(64)).unwrap_or_default()
    }

    /// Reads only the counts and leaves the histogram empty: for sums over many rows.
    pub fn decode_counts(bytes: &[u8]) -> Option<Measures> {
        Numbers(bytes).read_counts()
    }

    /// Adds what [`Measures::encode`] wrote, without making the histogram of it first.
    /// `None`, with the counts added or not, if the bytes are not that.
    pub fn add_encoded(&mut self, bytes: &[u8]) -> Option<()> {
        Numbers(bytes).add_to(self)
    }

    /// Reads what [`Measures::encode`] wrote; `None` if the bytes are not that.
    pub fn decode(bytes: &[u8]) -> Option<Measures> {
        postcard::from_bytes(bytes).ok()
    }
}

/// Sums per model as [`encode_models`] wrote them, each added to its own. `None`, with some
/// added or not, if the bytes are not that.
pub fn add_models(sums: &mut BTreeMap<i64, Measures>, bytes: &[u8]) -> Option<()> {
    let mut numbers = Numbers(bytes);
    for _ in 0..numbers.read_u128()? {
        let model = numbers.read_i64()?;
        numbers.add_to(sums.entry(model).or_default())?;
    }
    Some(())
}

/// Compact bytes for a store's column; read back by [`add_models`].
pub fn encode_models(models: &[(ModelNo, Measures)]) -> Vec<u8> {
    // Writing integers and lists into a growing Vec has no failure.
    postcard::to_extend(models, Vec::with_capacity(96)).unwrap_or_default()
}

/// Zigzag varints, one after the other, as postcard writes signed integers: read here by
/// hand since sums over a period read hundreds of thousands of them.
pub(crate) struct Numbers<'a>(pub &'a [u8]);

impl Numbers<'_> {
    /// Steps over some.
    pub fn skip(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            let last = self.0.iter().position(|byte| *byte < 0x80)?;
            self.0 = self.0.get(last + 1..)?;
        }
        Some(())
    }

    /// The fields in their order, less the last.
    fn read_counts(&mut self) -> Option<Measures> {
        Some(Measures {
            trace_count: self.read_i64()?,
            span_count: self.read_i64()?,
            prompt_tokens: self.read_i64()?,
            completion_tokens: self.read_i64()?,
            cached_tokens: self.read_i64()?,
            reasoning_tokens: self.read_i64()?,
            total_tokens: self.read_i64()?,
            cost_nanos: self.read_i128()?,
            unpriced_span_count: self.read_i64()?,
            unpriced_tokens: self.read_i64()?,
            error_count: self.read_i64()?,
            error_trace_count: self.read_i64()?,
            ended_span_count: self.read_i64()?,
            span_latency_micros: self.read_i128()?,
            ended_trace_count: self.read_i64()?,
            trace_latency_micros: self.read_i128()?,
            trace_latency: Histogram::default(),
        })
    }

    /// Adds what is read to sums.
    fn add_to(&mut self, sum: &mut Measures) -> Option<()> {
        let counts = self.read_counts()?;
        sum.add(&counts, 1);
        let mut place = 0;
        for _ in 0..self.read_u128()? {
            let bin = u16::try_from(self.read_u128()?).ok()?;
            let count = self.read_i64()?;
            place = sum.trace_latency.add_bin_after(place, bin, count);
        }
        Some(())
    }

    fn read_u128(&mut self) -> Option<u128> {
        if let Some(value) = self.read_short() {
            return Some(value.into());
        }
        let mut value = 0;
        for shift in (0..u128::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u128::from(byte & 0x7F) << shift;
            if *byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A number of up to nine bytes, as nearly all are; nothing is read of a longer one.
    fn read_short(&mut self) -> Option<u64> {
        let mut value = 0;
        for (at, byte) in self.0.iter().take(9).enumerate() {
            value |= u64::from(byte & 0x7F) << (7 * at);
            if *byte < 0x80 {
                self.0 = self.0.get(at + 1..)?;
                return Some(value);
            }
        }
        None
    }

    pub fn read_i128(&mut self) -> Option<i128> {
        let value = self.read_u128()?;
        Some((value >> 1) as i128 ^ -((value & 1) as i128))
    }

    pub fn read_i64(&mut self) -> Option<i64> {
        if let Some(value) = self.read_short() {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
        i64::try_from(self.read_i128()?).ok()
    }
}

/// Milliseconds of a number of µs; exact to the µs.
pub fn micros_to_ms(micros: i64) -> f64 {
    micros as f64 / 1000.0
}

/// `part / whole * 100`, rounded half up to 6 decimals by integers.
fn percent(part: i64, whole: i64) -> f64 {
    if whole <= 0 {
        return 0.0;
    }
    let (part, whole) = (i128::from(part), i128::from(whole));
    let millionths = (part * 100_000_000 * 2 + whole).div_euclid(2 * whole);
    millionths as f64 / 1e6
}

/// Mean of µs in ms, rounded half up to 3 decimals, i.e. to the µs, by integers.
fn mean_ms(sum_micros: i128, count: i64) -> Option<f64> {
    if count <= 0 {
        return None;
    }
    let count = i128::from(count);
    let micros = (2 * sum_micros + count).div_euclid(2 * count);
    Some(micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_can_be_taken_away() {
        let mut one = Measures {
            trace_count: 1,
            cost_nanos: 17,
            trace_latency_micros: 900,
            ..Measures::default()
        };
        one.trace_latency.add(900, 1);
        let mut sum = Measures::default();
        sum.add(&one, 1);
        sum.add(&one, 1);
        sum.add(&one, -1);
        assert_eq!(sum, one);
        assert_eq!(Measures::decode(&sum.encode()), Some(one.clone()));
        sum.add(&one, -1);
        assert!(sum.is_zero());
    }

    #[test]
    fn counts_read_like_the_whole() {
        let wide = [
            0,
            1,
            -1,
            63,
            -64,
            64,
            300,
            i64::MAX,
            i64::MIN,
            1 << 55,
            -(1 << 56),
        ];
        for (at, n) in wide.into_iter().enumerate() {
            let mut sum = Measures {
                trace_count: n,
                span_count: wide[(at + 1) % wide.len()],
                total_tokens: n.wrapping_neg(),
                cost_nanos: i128::from(n) * i128::from(i64::MAX),
                unpriced_tokens: n,
                error_trace_count: -1,
                span_latency_micros: i128::MIN + i128::from(n.unsigned_abs()),
                trace_latency_micros: i128::MAX - i128::from(n.unsigned_abs()),
                ..Measures::default()
            };
            sum.trace_latency.add(5, 1);
            sum.trace_latency.add(n, -7);
            let bytes = sum.encode();
            let mut added = Measures::default();
            assert_eq!(added.add_encoded(&bytes), Some(()));
            assert_eq!(added, sum);
            let cut = &bytes[..bytes.len() - 1];
            assert_eq!(Measures::default().add_encoded(cut), None, "cut off");
            sum.trace_latency = Histogram::default();
            assert_eq!(Measures::decode_counts(&bytes).as_ref(), Some(&sum));
            assert_eq!(Measures::decode_counts(&bytes[..16]), None, "cut off");
        }
    }

    #[test]
    fn sums_per_model_are_read_back() {
        let mut one = Measures {
            span_count: 300,
            cost_nanos: -5,
            ..Measures::default()
        };
        one.trace_latency.add(900, 2);
        let models = [(ModelNo(0), Measures::default()), (ModelNo(1 << 40), one)];
        let bytes = encode_models(&models);
        let mut sums = BTreeMap::new();
        assert_eq!(add_models(&mut sums, &bytes), Some(()));
        let wanted = models.into_iter().map(|(model, sum)| (model.0, sum));
        assert_eq!(sums, wanted.collect());
        for cut in 0..bytes.len() {
            assert_eq!(
                add_models(&mut sums, &bytes[..cut]),
                None,
                "cut off at {cut}"
            );
        }
        assert_eq!(add_models(&mut sums, &encode_models(&[])), Some(()));
    }

    #[test]
    fn rates_and_means_are_rounded_from_integers() {
        let sum = Measures {
            span_count: 3,
            error_count: 1,
            ended_span_count: 3,
            span_latency_micros: 1000,
            ..Measures::default()
        };
        assert_eq!(sum.error_rate(), 33.333333);
        assert_eq!(sum.avg_latency_ms(), Some(0.333));
        assert_eq!(Measures::default().error_rate(), 0.0);
        assert_eq!(Measures::default().avg_latency_ms(), None);
    }
}
