//! Cuts a half-open period into whole units (days, quarters of an hour), which rollups answer,
//! and ragged ends, which are summed from the traces. The parts tile the period exactly.
use cognobserve_model::query::Period;

/// Stand for an open side, before and after all times.
pub const OPEN_FROM: i64 = i64::MIN;
pub const OPEN_TO: i64 = i64::MAX;

/// A part of a period; bounds are half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// In whole units.
    Whole(i64, i64),
    Micros(i64, i64),
}

/// A period's bounds in µs.
pub fn bounds(period: Period) -> (i64, i64) {
    (
        period.from.map_or(OPEN_FROM, |from| from.0),
        period.to.map_or(OPEN_TO, |to| to.0),
    )
}

/// Cuts a period into whole units (of so many µs) and its ragged ends.
pub fn split(period: Period, unit: i64) -> Vec<Stretch> {
    let (from, to) = bounds(period);
    if from >= to {
        return Vec::new();
    }
    // An open side is a whole unit without end.
    let first = if from == OPEN_FROM {
        from
    } else {
        from.div_euclid(unit) + i64::from(from.rem_euclid(unit) != 0)
    };
    let last = if to == OPEN_TO {
        to
    } else {
        to.div_euclid(unit)
    };
    if first >= last {
        return vec![Stretch::Micros(from, to)];
    }
    let mut parts = vec![Stretch::Whole(first, last)];
    if from != OPEN_FROM && from < first * unit {
        parts.insert(0, Stretch::Micros(from, first * unit));
    }
    if to != OPEN_TO && last * unit < to {
        parts.push(Stretch::Micros(last * unit, to));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::time::{MICROS_PER_DAY, MICROS_PER_QUARTER, Micros};

    fn period(from: Option<i64>, to: Option<i64>) -> Period {
        Period {
            from: from.map(Micros),
            to: to.map(Micros),
        }
    }

    #[test]
    fn parts_tile_the_period() {
        let (day, quarter) = (MICROS_PER_DAY, MICROS_PER_QUARTER);
        let periods = [
            (5, 9),
            (0, day),
            (1, day),
            (quarter - 1, 3 * day + quarter + 1),
            (day - 1, day + 1),
            (3, day + 3),
            (-day - 1, 2 * day),
        ];
        for ((from, to), unit) in periods
            .into_iter()
            .flat_map(|period| [(period, day), (period, quarter)])
        {
            let mut at = from;
            for part in split(period(Some(from), Some(to)), unit) {
                let (start, end) = match part {
                    Stretch::Whole(a, b) => (a * unit, b * unit),
                    Stretch::Micros(a, b) => (a, b),
                };
                assert_eq!(start, at, "{from} {to}");
                assert!(end > start);
                at = end;
            }
            assert_eq!(at, to, "{from} {to}");
        }
        assert_eq!(
            split(Period::ALL, day),
            [Stretch::Whole(OPEN_FROM, OPEN_TO)]
        );
        assert_eq!(split(period(Some(7), Some(7)), day), []);
        assert_eq!(
            split(period(None, Some(day)), day),
            [Stretch::Whole(OPEN_FROM, 1)]
        );
    }
}
