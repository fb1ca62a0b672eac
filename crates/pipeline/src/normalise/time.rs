//! Times: RFC 3339 or epoch milliseconds, to the microsecond, within what a clock can show.
use crate::given::Given;
use crate::warning::Reason;
use cognobserve_model::time::{EARLIEST, LATEST, MICROS_PER_DAY, Micros, parse_rfc3339};

/// Reads a time; `now` is when the request came.
pub fn read_time(given: &Given, now: Micros) -> Result<Option<Micros>, Reason> {
    let at = match given {
        Given::Absent | Given::Null => return Ok(None),
        Given::Text(text) => parse_rfc3339(text).map_err(|_| Reason::InvalidTime)?,
        Given::Int(millis) => Micros(millis.checked_mul(1000).ok_or(Reason::TimeOutOfRange)?),
        Given::Decimal(_) | Given::Float(_) => read_millis(given.as_f64())?,
        Given::Other => return Err(Reason::InvalidTime),
    };
    check_range(at, now).map(Some)
}

/// Milliseconds with a fraction, as JavaScript's high-resolution clocks write them.
fn read_millis(millis: Option<f64>) -> Result<Micros, Reason> {
    let micros = millis.ok_or(Reason::InvalidTime)? * 1000.0;
    if !micros.is_finite() || micros.abs() >= LATEST.0 as f64 {
        return Err(Reason::TimeOutOfRange);
    }
    Ok(Micros(micros as i64))
}

/// Reads nanoseconds since 1970, 0 = not given.
pub fn read_nanos(nanos: u64, now: Micros) -> Result<Option<Micros>, Reason> {
    if nanos == 0 {
        return Ok(None);
    }
    let micros = i64::try_from(nanos / 1000).map_err(|_| Reason::TimeOutOfRange)?;
    check_range(Micros(micros), now).map(Some)
}

fn check_range(at: Micros, now: Micros) -> Result<Micros, Reason> {
    let is_sane = at >= EARLIEST && at.0 <= now.0.saturating_add(MICROS_PER_DAY).min(LATEST.0);
    is_sane.then_some(at).ok_or(Reason::TimeOutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_wire::json::Raw;

    const NOW: Micros = Micros(1_772_600_767_000_000);

    fn read(json: &str) -> Result<Option<Micros>, Reason> {
        read_time(
            &Given::from(serde_json::from_str::<Raw>(json).unwrap()),
            NOW,
        )
    }

    #[test]
    fn reads_what_is_documented() {
        let at = Ok(Some(Micros(1_772_600_767_891_234)));
        assert_eq!(read("\"2026-03-04T05:06:07.891234567Z\""), at);
        assert_eq!(read("\" 2026-03-04T06:06:07.891234+01:00\""), at);
        assert_eq!(
            read("1772600767891"),
            Ok(Some(Micros(1_772_600_767_891_000)))
        );
        assert_eq!(read("1772600767891.234"), at);
        assert_eq!(
            read("1.772600767891e12"),
            Ok(Some(Micros(1_772_600_767_891_000)))
        );
        assert_eq!(read("null"), Ok(None));
    }

    #[test]
    fn leaves_out_what_no_clock_shows() {
        for json in [
            "\"1999-12-31T23:59:59.999999Z\"",
            "0",
            "-5",
            "1772600767",
            "9223372036854775807",
            "1e300",
            "1772687167001",
        ] {
            assert_eq!(read(json), Err(Reason::TimeOutOfRange), "{json}");
        }
        for json in [
            "\"yesterday\"",
            "\"\"",
            "\"2026-03-04\"",
            "\"2026-03-04T05:06:07\"",
            "true",
            "{}",
        ] {
            assert_eq!(read(json), Err(Reason::InvalidTime), "{json}");
        }
        assert!(read("1772687167000").is_ok());
        assert!(read("946684800000").is_ok());
    }

    #[test]
    fn reads_nanoseconds() {
        assert_eq!(read_nanos(0, NOW), Ok(None));
        assert_eq!(
            read_nanos(1_772_600_767_000_001_999, NOW),
            Ok(Some(Micros(NOW.0 + 1)))
        );
        assert_eq!(read_nanos(u64::MAX, NOW), Err(Reason::TimeOutOfRange));
        assert_eq!(read_nanos(7, NOW), Err(Reason::TimeOutOfRange));
    }
}
