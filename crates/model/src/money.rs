//! Money: nano-dollars, exact. No float on the way in or in a sum.
use std::fmt;

/// Nano-dollars (1e-9 USD). `i64` for a span, `i128` for sums.
pub type Nanos = i64;

/// The most that one span may claim to cost, in nano-dollars: a million dollars.
pub const MAX_SPAN_COST_NANOS: i64 = 1_000_000 * 1_000_000_000;

/// Why a text is not an amount of dollars that a span may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("not a decimal number")]
    NotANumber,
    #[error("negative")]
    Negative,
    #[error("more than 1,000,000 dollars")]
    TooLarge,
}

/// Reads a decimal number of dollars (`12`, `0.0000015`, `1.5e-7`) exactly and rounds it
/// half to even to nano-dollars.
pub fn parse_dollars(text: &str) -> Result<Nanos, AmountError> {
    let (negative, digits, exponent) = split_decimal(text)?;
    let is_zero = digits.iter().all(|d| *d == 0);
    if is_zero {
        return Ok(0);
    }
    if negative {
        return Err(AmountError::Negative);
    }
    // value = 0.d1d2d3… * 10^exponent; wanted: value * 10^9, rounded.
    let whole_digits = exponent + 9;
    if whole_digits > 16 {
        return Err(AmountError::TooLarge);
    }
    if whole_digits < 0 {
        return Ok(0);
    }
    let whole_digits = usize::try_from(whole_digits).unwrap_or(0);
    let mut nanos: i64 = 0;
    for place in 0..whole_digits {
        nanos = nanos * 10 + i64::from(digits.get(place).copied().unwrap_or(0));
    }
    let rest = digits.get(whole_digits..).unwrap_or(&[]);
    if rounds_up(rest, nanos % 2 != 0) {
        nanos += 1;
    }
    if nanos > MAX_SPAN_COST_NANOS {
        return Err(AmountError::TooLarge);
    }
    Ok(nanos)
}

/// Whether `0.rest` is above a half, or a half before an odd digit.
fn rounds_up(rest: &[u8], odd: bool) -> bool {
    match rest.first() {
        None => false,
        Some(d) if *d > 5 => true,
        Some(d) if *d < 5 => false,
        Some(_) => odd || rest[1..].iter().any(|d| *d != 0),
    }
}

/// `(negative, digits without leading zeros, e)` with value = 0.digits * 10^e.
fn split_decimal(text: &str) -> Result<(bool, Vec<u8>, i64), AmountError> {
    let text = text.trim();
    if text.is_empty() || text.len() > 400 {
        return Err(AmountError::NotANumber);
    }
    let (negative, text) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (
            &text[..at],
            text[at + 1..]
                .parse::<i32>()
                .map_err(|_| AmountError::NotANumber)?,
        ),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
        return Err(AmountError::NotANumber);
    }
    let digits: Vec<u8> = whole
        .bytes()
        .chain(fraction.bytes())
        .map(|b| b - b'0')
        .collect();
    let leading = digits.iter().take_while(|d| **d == 0).count();
    let exponent = i64::from(exponent) + whole.len() as i64 - leading as i64;
    Ok((negative, digits[leading..].to_vec(), exponent))
}

/// A sum of money that prints as dollars with nine decimals (`0.000001500`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Dollars(pub i128);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        write!(
            f,
            "{sign}{}.{:09}",
            nanos / 1_000_000_000,
            nanos % 1_000_000_000
        )
    }
}

impl Dollars {
    /// The nearest number of dollars that JSON's readers can hold; for display.
    pub fn to_f64(self) -> f64 {
        // Parsing the exact decimal gives the nearest double; dividing would round twice.
        self.to_string().parse().unwrap_or(f64::MAX)
    }
}

/// `tokens * price` in pico-dollars, rounded half to even to nano-dollars.
pub fn round_pico_to_nanos(picos: i128) -> i128 {
    let whole = picos.div_euclid(1000);
    let rest = picos.rem_euclid(1000);
    match rest.cmp(&500) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + (whole & 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_exactly() {
        assert_eq!(parse_dollars("0.1"), Ok(100_000_000));
        assert_eq!(parse_dollars("1.5e-7"), Ok(150));
        assert_eq!(parse_dollars("1.5E+2"), Ok(150_000_000_000));
        assert_eq!(parse_dollars("0.0000000005"), Ok(0));
        assert_eq!(parse_dollars("0.0000000015"), Ok(2));
        assert_eq!(parse_dollars("0.00000000050000001"), Ok(1));
        assert_eq!(parse_dollars("1000000"), Ok(MAX_SPAN_COST_NANOS));
        assert_eq!(
            parse_dollars("1000000.000000001"),
            Err(AmountError::TooLarge)
        );
        assert_eq!(parse_dollars("1e400"), Err(AmountError::TooLarge));
        assert_eq!(parse_dollars("1e-400"), Ok(0));
        assert_eq!(parse_dollars("-0.0"), Ok(0));
        assert_eq!(parse_dollars("-1"), Err(AmountError::Negative));
        for bad in ["", ".", "NaN", "inf", "1e", "0x1", "1,5", "--1"] {
            assert_eq!(parse_dollars(bad), Err(AmountError::NotANumber), "{bad}");
        }
    }

    #[test]
    fn halves_go_to_even() {
        assert_eq!(round_pico_to_nanos(500), 0);
        assert_eq!(round_pico_to_nanos(1500), 2);
        assert_eq!(round_pico_to_nanos(2500), 2);
        assert_eq!(round_pico_to_nanos(2501), 3);
    }

    #[test]
    fn dollars_print_nine_decimals() {
        assert_eq!(Dollars(1_500).to_string(), "0.000001500");
        assert_eq!(Dollars(-12_000_000_001).to_string(), "-12.000000001");
        assert_eq!(Dollars(100_000_000).to_f64(), 0.1);
    }
}
