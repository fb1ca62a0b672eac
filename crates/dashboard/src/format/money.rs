//! Money as people read it: dollars, what is at least known of them, and sums of two that add up.
//! Invariant: what is shown is the nearest to the exact amount in the title, on every page.
use super::{Figure, group, plural, three_digits};
use cognobserve_model::measures::Measures;
use cognobserve_model::money::Dollars;

/// Decimals of an amount that is exact.
const NANO_PLACES: usize = 9;
/// Decimals that an amount has at most, unless a sum needs more of them.
const MOST_PLACES: usize = 4;

/// Cents from a dollar on, four places below, so that columns stay even.
pub fn usd(nanos: i128) -> Figure {
    let dollars = nanos as f64 / 1e9;
    // By integers: a half is rounded up here as in columns, which a binary fraction may not be.
    match dollars.abs() {
        size if size >= 999_999.5 => Figure {
            text: format!(
                "{}${}M",
                if nanos < 0 { "-" } else { "" },
                three_digits(size / 1e6)
            ),
            title: name_exactly(nanos),
        },
        size if size >= 0.995 => usd_in(nanos, 2),
        _ => usd_in(nanos, MOST_PLACES),
    }
}

fn name_exactly(nanos: i128) -> String {
    format!("${}", Dollars(nanos))
}

/// The decimals of a column of money: cents if something in it is large, else four.
pub fn places(nanos: impl Iterator<Item = i128>) -> usize {
    match nanos.map(i128::abs).max() {
        Some(most) if most >= 99_995_000_000 => 2,
        _ => MOST_PLACES,
    }
}

/// How many of the last place an amount is, to the nearest.
fn round(nanos: i128, places: usize) -> i128 {
    let one = nanos_of_one(places);
    nanos.signum() * ((nanos.abs() + one / 2) / one)
}

/// One of the last place.
fn nanos_of_one(places: usize) -> i128 {
    10_i128.pow((NANO_PLACES - places) as u32)
}

/// An amount in a column with so many decimals, so that the points stand under each other.
fn usd_in(nanos: i128, places: usize) -> Figure {
    let units = round(nanos, places);
    let base = 10_i128.pow(places as u32);
    let (whole, rest) = (units.abs() / base, units.abs() % base);
    let sign = if nanos < 0 { "-" } else { "" };
    let text = match units {
        _ if nanos == 0 => "$0".to_owned(),
        0 => format!("<$0.{:0>places$}", 1),
        _ => format!("{sign}${}.{rest:0>places$}", group(whole as i64)),
    };
    Figure {
        text,
        title: name_exactly(nanos),
    }
}

/// What was spent, as far as it is known: more, if spans had tokens and no price.
pub fn spent(sums: &Measures) -> Figure {
    let known = usd(sums.cost_nanos);
    at_least(known, sums.cost_nanos, sums.unpriced_span_count)
}

/// The same in a column with so many [`places`].
pub fn spent_in(nanos: i128, unpriced: i64, places: usize) -> Figure {
    at_least(usd_in(nanos, places), nanos, unpriced)
}

/// Says of an amount that more was spent. Nothing known is no amount at all, since `$0` reads as
/// free; next to nothing is told by its first digit.
fn at_least(known: Figure, nanos: i128, unpriced: i64) -> Figure {
    if unpriced == 0 {
        return known;
    }
    let text = match known.text {
        _ if nanos == 0 => "unpriced".to_owned(),
        text if text.starts_with('<') => format!("≥ {}", first_digit(nanos)),
        text => format!("≥ {text}"),
    };
    Figure {
        text,
        title: format!("{}, and {} unpriced", known.title, plural(unpriced, "span")),
    }
}

/// An amount that its column has too few decimals for, cut after the first digit that is not 0.
fn first_digit(nanos: i128) -> String {
    let digits = nanos.unsigned_abs().checked_ilog10().unwrap_or(0) as usize;
    let places = NANO_PLACES.saturating_sub(digits);
    let one = nanos_of_one(places);
    usd_in(nanos / one * one, places).text
}

/// A part of what was spent, and what is left, in decimals in which they add to the whole.
pub(crate) struct Sum {
    pub rows: Figure,
    pub rest: Figure,
    pub total: Figure,
    /// The decimals of all three.
    pub places: usize,
}

impl Sum {
    /// `total` holds `rest`; the rows are all else of it.
    pub fn of(rest: &Measures, total: &Measures) -> Sum {
        let rows_nanos = total.cost_nanos - rest.cost_nanos;
        let rows_unpriced = total.unpriced_span_count - rest.unpriced_span_count;
        let places = places_that_add(rows_nanos, rest.cost_nanos);
        let show = |sums: &Measures| spent_in(sums.cost_nanos, sums.unpriced_span_count, places);
        Sum {
            rows: spent_in(rows_nanos, rows_unpriced, places),
            rest: show(rest),
            total: show(total),
            places,
        }
    }
}

/// The fewest decimals in which two amounts are seen and, each rounded by itself, add to their
/// rounded sum. Cents will do if both have some; nine always do, since they are exact.
fn places_that_add(one: i128, other: i128) -> usize {
    const DOLLAR: i128 = 995_000_000;
    const TEN_CENTS: i128 = 95_000_000;
    let parts = [one, other].map(i128::abs);
    let seen = parts.into_iter().filter(|nanos| *nanos > 0);
    let least = seen.clone().min().unwrap_or(0);
    let fewest = match least >= TEN_CENTS && seen.sum::<i128>() >= DOLLAR {
        true => 2,
        false => MOST_PLACES,
    };
    let adds = |places: &usize| {
        let [one_units, other_units] = [one, other].map(|nanos| round(nanos, *places));
        let is_seen = least == 0 || round(least, *places) > 0;
        is_seen && one_units + other_units == round(one + other, *places)
    };
    let tried = [fewest].into_iter().chain(MOST_PLACES..NANO_PLACES);
    tried.into_iter().find(adds).unwrap_or(NANO_PLACES)
}

/// Whether a column's amounts, each rounded by itself, add to its rounded total.
pub(crate) fn adds_up(nanos: impl Iterator<Item = i128>, total: i128, places: usize) -> bool {
    let units = nanos.map(|nanos| round(nanos, places));
    units.sum::<i128>() == round(total, places)
}

#[cfg(test)]
mod tests;
