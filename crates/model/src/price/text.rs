//! A price as a person writes it: `2.50 per Mtok`, `2.5e-06 per token`.
//!
//! Read exactly into pico-dollars per token or refused, never rounded; what is written
//! reads back as the same price.

/// The most that one token may cost, in pico-dollars: one dollar.
pub const MAX_PRICE_PICOS: i64 = 1_000_000_000_000;

/// What an amount of dollars is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceUnit {
    PerToken,
    /// Per thousand tokens.
    PerKtok,
    /// Per million tokens.
    PerMtok,
}

/// Why a text is not a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    #[error("a price needs its unit: `per token`, `per Ktok` or `per Mtok`")]
    NoUnit,
    #[error("not a decimal number of dollars, zero or more")]
    NotANumber,
    #[error("finer than 0.000001 dollars per million tokens")]
    TooFine,
    #[error("more than one dollar per token")]
    TooLarge,
}

impl PriceUnit {
    /// The power of ten from dollars per unit to pico-dollars per token.
    fn exponent(self) -> i64 {
        match self {
            PriceUnit::PerToken => 12,
            PriceUnit::PerKtok => 9,
            PriceUnit::PerMtok => 6,
        }
    }

    fn read(text: &str) -> Option<PriceUnit> {
        match text.trim().to_ascii_lowercase().as_str() {
            "token" => Some(PriceUnit::PerToken),
            "ktok" => Some(PriceUnit::PerKtok),
            "mtok" => Some(PriceUnit::PerMtok),
            _ => None,
        }
    }
}

/// Reads `AMOUNT per UNIT` or `AMOUNT/UNIT` (token, Ktok, Mtok; any case) into
/// pico-dollars per token.
///
/// # Errors
/// Without a unit, and as [`parse_amount`].
pub fn parse_price(text: &str) -> Result<i64, PriceError> {
    let parts = text.split_once('/').or_else(|| text.split_once(" per "));
    let (amount, unit) = parts.ok_or(PriceError::NoUnit)?;
    parse_amount(amount, PriceUnit::read(unit).ok_or(PriceError::NoUnit)?)
}

/// Reads a decimal number of dollars (`2.50`, `$2.5`, `1.5e-7`) into pico-dollars per
/// token, exactly.
///
/// # Errors
/// If it is no number or negative, finer than a pico-dollar per token, or above
/// [`MAX_PRICE_PICOS`].
pub fn parse_amount(text: &str, unit: PriceUnit) -> Result<i64, PriceError> {
    let text = text.trim();
    let text = text.strip_prefix('$').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !(whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit())
        || whole.len() + fraction.len() == 0
    {
        return Err(PriceError::NotANumber);
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let cut = (digits.len() - significant.len()) as i64;
    let power = exponent + unit.exponent() - fraction.len() as i64 + cut;
    scale(significant.trim_start_matches('0'), power)
}

/// `digits * 10^power`; the digits neither begin nor end with a zero.
fn scale(digits: &str, power: i64) -> Result<i64, PriceError> {
    if digits.is_empty() {
        return Ok(0);
    }
    if power < 0 {
        return Err(PriceError::TooFine);
    }
    if digits.len() as i64 + power > 13 {
        return Err(PriceError::TooLarge);
    }
    let number: i64 = digits.parse().map_err(|_| PriceError::NotANumber)?;
    let picos = number * 10_i64.pow(power as u32);
    if picos > MAX_PRICE_PICOS {
        Err(PriceError::TooLarge)
    } else {
        Ok(picos)
    }
}

fn parse_exponent(text: &str) -> Result<i64, PriceError> {
    let exponent: i32 = text.parse().map_err(|_| PriceError::NotANumber)?;
    Ok(i64::from(exponent))
}

/// Writes a price in dollars per million tokens, with two to six decimals:
/// `2.50 per Mtok`. [`parse_price`] reads it back.
pub fn format_price(picos: i64) -> String {
    let sign = if picos < 0 { "-" } else { "" };
    let picos = picos.unsigned_abs();
    let (dollars, micros) = (picos / 1_000_000, picos % 1_000_000);
    let decimals = format!("{micros:06}");
    let kept = decimals.trim_end_matches('0').len().max(2);
    format!("{sign}{dollars}.{} per Mtok", &decimals[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_are_read_exactly() {
        for (text, picos) in [
            ("2.5e-06 per token", 2_500_000),
            ("2.50 per Mtok", 2_500_000),
            ("$0.15/Mtok", 150_000),
            ("0.0025 per ktok", 2_500_000),
            ("1.5E-7/token", 150_000),
            ("0.000000000001 per token", 1),
            ("0.000001 per Mtok", 1),
            ("0 per Mtok", 0),
            ("0e-999999999 per token", 0),
            (".5 per mtok", 500_000),
            ("5. per mtok", 5_000_000),
            ("000600.000000000000000000 per Mtok", 600_000_000),
            ("1 per token", MAX_PRICE_PICOS),
            ("1e+6 per Mtok", MAX_PRICE_PICOS),
        ] {
            assert_eq!(parse_price(text), Ok(picos), "{text}");
        }
    }

    #[test]
    fn what_is_no_exact_price_is_refused() {
        use PriceError::*;
        for (text, error) in [
            ("2.5", NoUnit),
            ("2.5 per hour", NoUnit),
            ("per Mtok", NoUnit),
            (" per Mtok", NotANumber),
            ("-1 per Mtok", NotANumber),
            ("1,5 per Mtok", NotANumber),
            (". per Mtok", NotANumber),
            ("1e per Mtok", NotANumber),
            ("1e99999999999 per Mtok", NotANumber),
            ("NaN per Mtok", NotANumber),
            ("0.0000001 per Mtok", TooFine),
            ("1.0000000000001e-7 per token", TooFine),
            ("1e-2147483648 per token", TooFine),
            ("1e2147483647 per token", TooLarge),
            ("1.000000000001 per token", TooLarge),
            ("99999999999999999999 per Mtok", TooLarge),
        ] {
            assert_eq!(parse_price(text), Err(error), "{text}");
        }
    }

    #[test]
    fn prices_are_written_per_million() {
        assert_eq!(format_price(2_500_000), "2.50 per Mtok");
        assert_eq!(format_price(20_000), "0.02 per Mtok");
        assert_eq!(format_price(37_500), "0.0375 per Mtok");
        assert_eq!(format_price(1), "0.000001 per Mtok");
        assert_eq!(format_price(0), "0.00 per Mtok");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(picos in 0..=MAX_PRICE_PICOS) {
            prop_assert_eq!(parse_price(&format_price(picos)), Ok(picos));
            let plain = format!("{picos}e-12");
            prop_assert_eq!(parse_amount(&plain, PriceUnit::PerToken), Ok(picos));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,30}") {
            let _ = parse_price(&text);
        }

        #[test]
        fn any_number_is_read_or_refused_without_panic(
            text in "[0-9]{0,25}\\.?[0-9]{0,25}(e[+-]?[0-9]{1,11})?",
        ) {
            for unit in [PriceUnit::PerToken, PriceUnit::PerKtok, PriceUnit::PerMtok] {
                let read = parse_amount(&text, unit);
                prop_assert!(read.is_err() || (0..=MAX_PRICE_PICOS).contains(&read.unwrap()));
            }
        }
    }
}
