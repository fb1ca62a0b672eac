//! A token bucket in debt: who is above the rate waits until the average is right again.
//!
//! A request is let in while there is any token left, and charged when its spans are
//! known; so a batch larger than a second's worth can pass, and is paid for afterwards.
use std::time::Instant;

/// No debt is longer than this, in seconds of the rate.
const LONGEST_DEBT_S: f64 = 60.0;

/// The tokens of one project; a second's worth at most.
#[derive(Debug, Default)]
pub struct Bucket {
    /// Tokens and when they were counted; `None`: full.
    state: Option<(f64, Instant)>,
}

impl Bucket {
    /// `Err`: seconds until there is a token again.
    pub fn check(&mut self, rate: u32, now: Instant) -> Result<(), u32> {
        let tokens = self.refill(rate, now);
        if tokens > 0.0 && rate > 0 {
            return Ok(());
        }
        let wait_s = if rate == 0 {
            LONGEST_DEBT_S
        } else {
            -tokens / f64::from(rate)
        };
        Err((wait_s.ceil().clamp(1.0, LONGEST_DEBT_S)) as u32)
    }

    /// Takes tokens, into debt if need be.
    pub fn charge(&mut self, rate: u32, spans: usize, now: Instant) {
        let floor = -LONGEST_DEBT_S * f64::from(rate);
        let tokens = (self.refill(rate, now) - spans as f64).max(floor);
        self.state = Some((tokens, now));
    }

    /// Gives back what was charged for spans that were not booked.
    pub fn refund(&mut self, rate: u32, spans: usize, now: Instant) {
        let tokens = self.refill(rate, now) + spans as f64;
        self.state = Some((tokens.min(f64::from(rate)), now));
    }

    fn refill(&mut self, rate: u32, now: Instant) -> f64 {
        let rate = f64::from(rate);
        let tokens = match self.state {
            Some((tokens, since)) => {
                (tokens + now.saturating_duration_since(since).as_secs_f64() * rate).min(rate)
            }
            None => rate,
        };
        self.state = Some((tokens, now));
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_average_is_kept() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        assert_eq!(bucket.check(10, start), Ok(()));
        bucket.charge(10, 45, start);
        assert_eq!(bucket.check(10, start), Err(4));
        assert_eq!(
            bucket.check(10, start + Duration::from_millis(3_400)),
            Err(1)
        );
        assert_eq!(
            bucket.check(10, start + Duration::from_millis(3_600)),
            Ok(())
        );
    }

    #[test]
    fn what_was_not_booked_is_given_back() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        bucket.charge(10, 45, start);
        bucket.refund(10, 45, start);
        assert_eq!(bucket.check(10, start), Ok(()));
        bucket.refund(10, 1_000, start);
        bucket.charge(10, 20, start);
        assert_eq!(bucket.check(10, start), Err(1), "a second's worth at most");
    }

    #[test]
    fn debt_and_credit_are_bounded() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        bucket.charge(2, 1_000_000, start);
        assert_eq!(bucket.check(2, start), Err(60));
        let later = start + Duration::from_secs(10_000);
        bucket.charge(2, 2, later);
        assert_eq!(bucket.check(2, later), Err(1));
        assert_eq!(Bucket::default().check(0, start), Err(60));
    }
}
