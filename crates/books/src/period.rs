//! Cuts a half-open period into whole units (days, quarters of an hour), which rollups answer,
//! and ragged ends, which are summed from the traces. The parts tile the period exactly, or
//! ([`lay`]) reach over an end by what is taken away again.
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

/// A period laid over whole units.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Laid {
    /// Those whose sums are added, half-open.
    pub units: (i64, i64),
    pub ends: Vec<End>,
}

/// A stretch whose traces are read, half-open in µs.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    pub from: i64,
    pub to: i64,
    /// 1: its traces are added; -1: they are taken away, since their unit is added as a whole.
    pub sign: i64,
}

/// Lays a period over units of so many µs so that little is left to be read from traces: of a
/// unit that an end lies in, the shorter part.
pub fn lay(period: Period, unit: i64) -> Laid {
    let (from, to) = bounds(period);
    if from >= to {
        return Laid::default();
    }
    let is_cut = |at: i64| at != OPEN_FROM && at != OPEN_TO && at.rem_euclid(unit) != 0;
    let (cut_from, cut_to) = (is_cut(from), is_cut(to));
    let unit_of = |at: i64, is_open: bool| if is_open { at } else { at.div_euclid(unit) };
    let (mut first, mut last) = (unit_of(from, from == OPEN_FROM), unit_of(to, to == OPEN_TO));
    let mut ends = Vec::new();
    let mut read = |from: i64, to: i64, sign: i64| ends.push(End { from, to, sign });
    if cut_from && cut_to && first == last {
        // Both in one unit.
        let start = first * unit;
        if to - from <= unit / 2 {
            read(from, to, 1);
        } else {
            read(start, from, -1);
            read(to, start + unit, -1);
            last += 1;
        }
        return Laid {
            units: (first, last),
            ends,
        };
    }
    if cut_from {
        let (start, end) = (first * unit, (first + 1) * unit);
        if end - from <= unit / 2 {
            read(from, end, 1);
            first += 1;
        } else {
            read(start, from, -1);
        }
    }
    if cut_to {
        let (start, end) = (last * unit, (last + 1) * unit);
        if to - start <= unit / 2 {
            read(start, to, 1);
        } else {
            read(to, end, -1);
            last += 1;
        }
    }
    Laid {
        units: (first, last),
        ends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_of_a_laid_period_counts_once_and_none_outside() {
        let bounds = || (-25..25).map(Some).chain([None]);
        for (from, to) in bounds().flat_map(|from| bounds().map(move |to| (from, to))) {
            let laid = lay(period(from, to), 10);
            let read: i64 = laid.ends.iter().map(|end| end.to - end.from).sum();
            assert!(read <= 10, "{from:?} {to:?}: {laid:?}");
            for instant in -40..40_i64 {
                let unit =
                    i64::from((laid.units.0..laid.units.1).contains(&instant.div_euclid(10)));
                let ends = laid
                    .ends
                    .iter()
                    .filter(|end| (end.from..end.to).contains(&instant));
                let counted = unit + ends.map(|end| end.sign).sum::<i64>();
                let lies_in =
                    from.is_none_or(|from| from <= instant) && to.is_none_or(|to| instant < to);
                assert_eq!(
                    counted,
                    i64::from(lies_in),
                    "{from:?} {to:?} {instant}: {laid:?}"
                );
            }
        }
    }
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
