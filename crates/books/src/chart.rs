//! Lays the stretches between edges over whole units (days, quarters of an hour), which rollups
//! answer; a unit with an edge inside it is cut, and is read from its traces.
use cognobserve_model::measures::Measures;
use cognobserve_model::time::Micros;

/// Stretches of time, each up to where the next begins, over units of so many µs.
pub struct Chart<'e> {
    edges: &'e [Micros],
    unit: i64,
}

impl<'e> Chart<'e> {
    /// `edges` ascend; less than two make no stretch.
    pub fn new(edges: &'e [Micros], unit: i64) -> Chart<'e> {
        Chart { edges, unit }
    }

    /// Nothing, for each stretch.
    pub fn make_sums(&self) -> Vec<Measures> {
        vec![Measures::default(); self.edges.len().saturating_sub(1)]
    }

    /// `[first, last)` of all that is charted; nothing without two edges.
    fn bounds(&self) -> (i64, i64) {
        match self.edges {
            [first, .., last] => (first.0, last.0),
            _ => (0, 0),
        }
    }

    /// The stretch that an instant lies in.
    pub fn find(&self, at: i64) -> Option<usize> {
        let begun = self.edges.partition_point(|edge| edge.0 <= at);
        (begun < self.edges.len())
            .then(|| begun.checked_sub(1))
            .flatten()
    }

    /// The stretch that a whole unit lies in; `None` if it is cut or outside.
    pub fn find_unit(&self, unit_no: i64) -> Option<usize> {
        let stretch = self.find(unit_no * self.unit)?;
        (self.edges[stretch + 1].0 >= (unit_no + 1) * self.unit).then_some(stretch)
    }

    /// Units that may lie in a stretch, half-open; empty if none does.
    pub fn span_units(&self) -> (i64, i64) {
        let (from, to) = self.bounds();
        let first = from.div_euclid(self.unit) + i64::from(from.rem_euclid(self.unit) != 0);
        (first, to.div_euclid(self.unit).max(first))
    }

    /// What lies in units that are cut, in µs: half-open, in order and apart.
    pub fn list_cut(&self) -> Vec<(i64, i64)> {
        let (first, last) = self.bounds();
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for edge in self.edges.iter().map(|edge| edge.0) {
            let start = edge - edge.rem_euclid(self.unit);
            if start == edge {
                continue;
            }
            let (from, to) = (start.max(first), (start + self.unit).min(last));
            match runs.last_mut() {
                Some((_, end)) if from <= *end => *end = to,
                _ if from < to => runs.push((from, to)),
                _ => {}
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(at: &[i64]) -> Vec<Micros> {
        at.iter().copied().map(Micros).collect()
    }

    #[test]
    fn every_instant_is_in_one_place() {
        for at in [
            &[0, 10, 20][..],
            &[0, 10, 10, 13, 17, 40],
            &[3, 4, 5, 9],
            &[-25, -10, 7, 12, 31],
            &[9, 11, 60],
            &[5, 5],
            &[5],
            &[],
        ] {
            let edges = edges(at);
            let chart = Chart::new(&edges, 10);
            let (from, to) = chart.span_units();
            let cut = chart.list_cut();
            assert!(cut.windows(2).all(|two| two[0].1 < two[1].0), "{at:?}");
            for instant in -30..70 {
                let expected = edges
                    .windows(2)
                    .position(|two| (two[0].0..two[1].0).contains(&instant));
                assert_eq!(chart.find(instant), expected, "{at:?} {instant}");
                let unit = instant.div_euclid(10);
                let whole = (from..to)
                    .contains(&unit)
                    .then(|| chart.find_unit(unit))
                    .flatten();
                let is_cut = cut.iter().any(|(from, to)| (*from..*to).contains(&instant));
                assert_eq!(
                    whole.is_some() || is_cut,
                    expected.is_some(),
                    "{at:?} {instant}"
                );
                assert!(!(whole.is_some() && is_cut), "{at:?} {instant}");
                assert!(whole.is_none() || whole == expected, "{at:?} {instant}");
            }
            assert_eq!(chart.make_sums().len(), at.len().saturating_sub(1));
        }
    }

    #[test]
    fn edges_on_the_grid_cut_nothing() {
        assert_eq!(Chart::new(&edges(&[-10, 0, 30]), 10).list_cut(), []);
    }
}
