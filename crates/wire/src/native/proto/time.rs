//! `google.protobuf.Timestamp` as the RFC 3339 text that JSON has for it.
//! Invariant: a time that has no such text becomes a token that the rules for times refuse; nothing is guessed.

use crate::protobuf::Fields;

/// 0001-01-01 and 9999-12-31T23:59:59, the ends of a Timestamp.
const RANGE_S: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const DAY_S: i64 = 86_400;

/// Reads a Timestamp to a JSON token.
pub(super) fn write_time(message: &[u8]) -> Result<String, &'static str> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    for field in Fields(message) {
        match field? {
            (1, value) => seconds = value.number() as i64,
            (2, value) => nanos = value.number() as i64,
            _ => {}
        }
    }
    if !RANGE_S.contains(&seconds) {
        // Epoch milliseconds that no clock shows.
        return Ok(seconds.saturating_mul(1000).to_string());
    }
    if !(0..1_000_000_000).contains(&nanos) {
        return Ok("\"\"".to_owned());
    }
    let (year, month, day) = find_date(seconds.div_euclid(DAY_S));
    let second = seconds.rem_euclid(DAY_S);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    // As JSON's own writers of messages do: digits by threes, as many as are needed.
    let fraction = match nanos {
        0 => String::new(),
        _ if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        _ if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
        _ => format!(".{nanos:09}"),
    };
    Ok(format!(
        "\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z\""
    ))
}

/// Year, month and day of a day counted from 1970-01-01, by the Gregorian rule. Years begin in March here, so that the
/// leap day is the last, and eras of 400 years are all alike.
fn find_date(day: i64) -> (i64, i64, i64) {
    let since_era_0 = day + 719_468;
    let (era, of_era) = (
        since_era_0.div_euclid(146_097),
        since_era_0.rem_euclid(146_097),
    );
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, is_next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + is_next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    #[derive(Message)]
    struct Timestamp {
        #[prost(int64, tag = "1")]
        seconds: i64,
        #[prost(int32, tag = "2")]
        nanos: i32,
    }

    fn write(seconds: i64, nanos: i32) -> String {
        write_time(&Timestamp { seconds, nanos }.encode_to_vec()).unwrap()
    }

    #[test]
    fn times_are_rfc_3339() {
        for (seconds, nanos, text) in [
            (0, 0, "\"1970-01-01T00:00:00Z\""),
            (-1, 999_999_999, "\"1969-12-31T23:59:59.999999999Z\""),
            (951_782_400, 20_000_000, "\"2000-02-29T00:00:00.020Z\""),
            (951_782_400, 20_000, "\"2000-02-29T00:00:00.000020Z\""),
            (951_782_400, 1, "\"2000-02-29T00:00:00.000000001Z\""),
            (
                1_772_600_767,
                891_234_567,
                "\"2026-03-04T05:06:07.891234567Z\"",
            ),
            (4_107_542_399, 0, "\"2100-02-28T23:59:59Z\""),
            (4_107_542_400, 0, "\"2100-03-01T00:00:00Z\""),
            (-62_135_596_800, 0, "\"0001-01-01T00:00:00Z\""),
            (253_402_300_799, 0, "\"9999-12-31T23:59:59Z\""),
        ] {
            assert_eq!(write(seconds, nanos), text);
        }
    }

    #[test]
    fn what_is_no_time_is_a_token_that_is_none() {
        assert_eq!(write(253_402_300_800, 0), "253402300800000");
        assert_eq!(write(i64::MIN, 0), i64::MIN.to_string());
        assert_eq!(write(1_772_600_767, -1), "\"\"");
        assert_eq!(write(1_772_600_767, 1_000_000_000), "\"\"");
        assert!(write_time(&[0x08]).is_err());
    }

    /// Each day follows the one before it.
    #[test]
    fn days_follow_each_other() {
        let lengths = |year: i64| {
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if is_leap { 29 } else { 28 };
            [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let (mut year, mut month, mut day) = (1, 1, 1);
        for number in -719_162..=2_932_896 {
            assert_eq!(find_date(number), (year, month, day));
            day += 1;
            if day > lengths(year)[month as usize - 1] {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!((year, month, day), (10_000, 1, 1));
    }
}
