//! A heap of measured times and what is said of it.
use std::time::Duration;

#[derive(Default)]
pub struct Latencies(Vec<u64>);

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took.as_micros() as u64);
    }

    pub fn append(&mut self, mut other: Latencies) {
        self.0.append(&mut other.0);
    }

    /// Nearest rank, in ms; 0 without any.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
        sorted
            .get(rank)
            .map_or(0.0, |micros| *micros as f64 / 1000.0)
    }

    /// `p50 / p99` in ms.
    pub fn write_ms(&self) -> String {
        let write = |ms: f64| {
            if ms < 10.0 {
                format!("{ms:.2}")
            } else {
                format!("{ms:.0}")
            }
        };
        format!(
            "{} / {}",
            write(self.percentile_ms(50)),
            write(self.percentile_ms(99))
        )
    }
}
