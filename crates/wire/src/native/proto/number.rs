//! Numbers of protobuf as JSON tokens.
//! Invariant: a token reads back to the same number; what JSON has no number for is the bare word that cleaning knows.

/// Above this not every whole number is a float: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A float as a token; whole ones without a fraction, as JSON's own writers do.
pub(super) fn write_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        let word = if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        return word.to_owned();
    }
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return (number as i64).to_string();
    }
    // The shortest digits that read back to the same float.
    serde_json::Number::from_f64(number).map_or_else(|| "null".to_owned(), |n| n.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_json_tokens() {
        for (number, token) in [
            (1.0, "1"),
            (-0.0, "0"),
            (0.000_000_15, "1.5e-7"),
            (2.5, "2.5"),
            (-9_007_199_254_740_992.0, "-9007199254740992"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(write_double(number), token);
        }
        for number in [f64::MAX, f64::MIN_POSITIVE, 1e300, 0.1 + 0.2, 1e17] {
            assert_eq!(write_double(number).parse(), Ok(number));
        }
    }
}
