//! Whole numbers in a column: all in one unit, so that they compare at a glance.
//! Invariant: what is not nothing never reads as nothing.
use super::{Figure, group};

/// What the numbers of a column are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountUnit {
    size: u64,
    sign: &'static str,
}

const UNITS: [CountUnit; 5] = [
    CountUnit { size: 1, sign: "" },
    CountUnit {
        size: 1_000,
        sign: "k",
    },
    CountUnit {
        size: 1_000_000,
        sign: "M",
    },
    CountUnit {
        size: 1_000_000_000,
        sign: "B",
    },
    CountUnit {
        size: 1_000_000_000_000,
        sign: "T",
    },
];
/// More digits are hard to read.
const MOST: u64 = 999_999;

impl CountUnit {
    /// The least in which the largest of them has six digits at most.
    pub fn of(numbers: impl IntoIterator<Item = i64>) -> CountUnit {
        let largest = numbers.into_iter().map(i64::unsigned_abs).max();
        let fits = |unit: &&CountUnit| unit.round(largest.unwrap_or(0)) <= MOST;
        *UNITS.iter().find(fits).unwrap_or(&UNITS[4])
    }

    fn round(self, size: u64) -> u64 {
        size / self.size + u64::from(size % self.size * 2 >= self.size && self.size > 1)
    }

    pub fn write(self, number: i64) -> Figure {
        let rounded = self.round(number.unsigned_abs());
        let minus = if number < 0 { "-" } else { "" };
        let text = match rounded {
            _ if number == 0 => "0".to_owned(),
            0 => format!("<1{}", self.sign),
            _ => format!("{minus}{}{}", group(rounded as i64), self.sign),
        };
        Figure {
            text,
            title: group(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(numbers: &[i64]) -> Vec<String> {
        let unit = CountUnit::of(numbers.iter().copied());
        let write = |number: &i64| unit.write(*number).text;
        numbers.iter().map(write).collect()
    }

    #[test]
    fn a_column_has_one_unit() {
        for (numbers, texts) in [
            (&[324_012, 83_317, 0][..], &["324,012", "83,317", "0"][..]),
            (&[999_999, 1], &["999,999", "1"]),
            (
                &[1_000_000, 83_500, 83_499, 500, 499, 0],
                &["1,000k", "84k", "83k", "1k", "<1k", "0"],
            ),
            (&[999_999_500, 7], &["1,000M", "<1M"]),
            (&[-2_500_000, 1_000], &["-2,500k", "1k"]),
            (&[], &[]),
        ] {
            assert_eq!(column(numbers), texts, "{numbers:?}");
        }
        let largest = CountUnit::of([i64::MIN, i64::MAX]);
        assert_eq!(largest.write(i64::MIN).text, "-9,223,372T");
        assert_eq!(largest.write(83_317).title, "83,317");
    }
}
