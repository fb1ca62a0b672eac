//! What is tried again, and when.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use crate::time::read_http_date;

const FIRST_PAUSE: f64 = 0.5;
const LONGEST_PAUSE: f64 = 30.0;
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

pub(crate) fn is_retried(status: u16) -> bool {
    matches!(status, 0 | 429 | 500..)
}

/// Doubled each time, with a jitter of a half; `chance` is from 0 to 1.
pub(crate) fn find_pause(attempt: u32, chance: f64) -> Duration {
    let whole = (FIRST_PAUSE * 2f64.powi(attempt.min(16) as i32)).min(LONGEST_PAUSE);
    Duration::from_secs_f64(whole * (0.5 + 0.5 * chance))
}

pub(crate) fn draw() -> f64 {
    (RandomState::new().hash_one(0u8) >> 11) as f64 / (1u64 << 53) as f64
}

/// Seconds or a date; nonsense is none.
pub(crate) fn read_retry_after(text: &str, now: SystemTime) -> Duration {
    let text = text.trim();
    let wanted = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_nan() => Duration::ZERO,
        Ok(seconds) => Duration::from_secs_f64(seconds.clamp(0.0, 60.0)),
        Err(_) => read_http_date(text)
            .and_then(|date| date.duration_since(now).ok())
            .unwrap_or_default(),
    };
    wanted.min(LONGEST_RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn pauses_double_with_jitter_up_to_half_a_minute() {
        let whole = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0];
        for (attempt, seconds) in whole.into_iter().enumerate() {
            assert_eq!(find_pause(attempt as u32, 1.0).as_secs_f64(), seconds);
            assert_eq!(find_pause(attempt as u32, 0.0).as_secs_f64(), seconds / 2.0);
        }
        assert!(
            (0..1000)
                .map(|_| draw())
                .all(|chance| (0.0..1.0).contains(&chance))
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (text, seconds) in [
            ("3", 3.0),
            ("0.5", 0.5),
            ("-1", 0.0),
            ("9999", 60.0),
            ("NaN", 0.0),
            ("inf", 60.0),
            ("soon", 0.0),
            ("", 0.0),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
            ("Sun, 06 Nov 1994 08:49:27 GMT", 0.0),
        ] {
            assert_eq!(read_retry_after(text, now).as_secs_f64(), seconds, "{text}");
        }
    }
}
