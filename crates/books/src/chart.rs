//! Lays the stretches between edges over whole units (days, quarters of an hour), which rollups
//! answer; a unit with an edge inside it is cut, and is read from its traces.
//!
//! Of a cut unit not all need be read: the longest part is what is left of the unit's sum when
//! the others are taken away. In a zone of its own every day is cut, near one end.
use cognobserve_model::measures::Measures;
use cognobserve_model::time::Micros;

/// Stretches of time, each up to where the next begins, over units of so many µs.
pub struct Chart<'e> {
    edges: &'e [Micros],
    unit: i64,
    /// In order.
    cut: Vec<CutUnit>,
}

/// A unit with an edge inside.
struct CutUnit {
    no: i64,
    /// The stretch that has what is left of the unit's sum.
    rest: Option<usize>,
    /// The parts whose traces are read: half-open, in order and apart.
    read: Vec<(i64, i64)>,
}

/// A part of a unit, and the stretch that it lies in.
type Part = ((i64, i64), Option<usize>);

impl<'e> Chart<'e> {
    /// `edges` ascend; less than two make no stretch.
    pub fn new(edges: &'e [Micros], unit: i64) -> Chart<'e> {
        let mut chart = Chart {
            edges,
            unit,
            cut: Vec::new(),
        };
        let inside = edges.iter().filter(|edge| edge.0.rem_euclid(unit) != 0);
        let mut units: Vec<i64> = inside.map(|edge| edge.0.div_euclid(unit)).collect();
        units.dedup();
        chart.cut = units.into_iter().map(|no| chart.cut_unit(no)).collect();
        chart
    }

    fn cut_unit(&self, no: i64) -> CutUnit {
        let mut parts = self.list_parts(no);
        let length = |part: &Part| part.0.1 - part.0.0;
        let charted: i64 = parts
            .iter()
            .filter(|part| part.1.is_some())
            .map(length)
            .sum();
        let of_a_stretch = parts
            .iter()
            .enumerate()
            .filter(|(_, part)| part.1.is_some());
        let longest = of_a_stretch.max_by_key(|(_, part)| length(part));
        let longest = longest.map(|(at, part)| (at, length(part)));
        // Only if that reads less than what is charted.
        let rest = longest.filter(|(_, longest)| self.unit - longest < charted);
        let rest = match rest {
            Some((at, _)) => parts.remove(at).1,
            None => {
                parts.retain(|part| part.1.is_some());
                None
            }
        };
        let read = parts.into_iter().map(|part| part.0);
        CutUnit {
            no,
            rest,
            read: read.collect(),
        }
    }

    /// A unit cut at every edge inside it.
    fn list_parts(&self, no: i64) -> Vec<Part> {
        let (start, end) = (no * self.unit, (no + 1) * self.unit);
        let inside = self.edges.iter().map(|edge| edge.0);
        let inside = inside.filter(|edge| start < *edge && *edge < end);
        let mut bounds: Vec<i64> = std::iter::once(start).chain(inside).chain([end]).collect();
        bounds.dedup();
        let parts = bounds.windows(2).map(|two| (two[0], two[1]));
        parts.map(|part| (part, self.find(part.0))).collect()
    }

    /// Nothing, for each stretch.
    pub fn make_sums(&self) -> Vec<Measures> {
        vec![Measures::default(); self.edges.len().saturating_sub(1)]
    }

    /// The stretch that an instant lies in: what is read of it counts there.
    pub(crate) fn find(&self, at: i64) -> Option<usize> {
        let begun = self.edges.partition_point(|edge| edge.0 <= at);
        (begun < self.edges.len())
            .then(|| begun.checked_sub(1))
            .flatten()
    }

    fn find_cut(&self, unit_no: i64) -> Option<&CutUnit> {
        let at = self.cut.binary_search_by_key(&unit_no, |unit| unit.no);
        at.ok().map(|at| &self.cut[at])
    }

    /// The stretch that an instant of [`Chart::list_read`] is taken away from, since the whole
    /// unit is added to it.
    pub(crate) fn find_rest(&self, at: i64) -> Option<usize> {
        self.find_cut(at.div_euclid(self.unit))?.rest
    }

    /// The stretch that a unit's sum is added to, if any.
    pub fn find_unit(&self, unit_no: i64) -> Option<usize> {
        match self.find_cut(unit_no) {
            Some(cut) => cut.rest,
            None => self.find(unit_no * self.unit),
        }
    }

    /// Units whose sums may be asked for, half-open; empty if none is.
    pub fn span_units(&self) -> (i64, i64) {
        match self.edges {
            [first, .., last] => {
                let first = first.0.div_euclid(self.unit);
                let last =
                    last.0.div_euclid(self.unit) + i64::from(last.0.rem_euclid(self.unit) != 0);
                (first, last.max(first))
            }
            _ => (0, 0),
        }
    }

    /// Where traces are to be read, in µs: half-open, in order and apart.
    pub fn list_read(&self) -> Vec<(i64, i64)> {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for (from, to) in self.cut.iter().flat_map(|unit| &unit.read) {
            match runs.last_mut() {
                Some((_, end)) if from == end => *end = *to,
                _ => runs.push((*from, *to)),
            }
        }
        runs
    }

    /// The same, cut at every edge: each lies in one stretch, or in none.
    pub fn list_parts_read(&self) -> Vec<(i64, i64)> {
        let parts = self.cut.iter().flat_map(|unit| &unit.read);
        parts.copied().collect()
    }

    /// Adds a number of traces of what begins at `from`, of [`Chart::list_parts_read`], to where
    /// they count, and takes it away where their unit is added as a whole.
    pub fn place_count(&self, from: i64, count: i64, counts: &mut [i64]) {
        if let Some(stretch) = self.find(from) {
            counts[stretch] += count;
        }
        if let Some(stretch) = self.find_rest(from) {
            counts[stretch] -= count;
        }
    }

    /// Adds a trace of an instant of [`Chart::list_read`] to where it counts, and takes it away
    /// where its unit is added as a whole.
    pub fn place(&self, at: i64, measures: &Measures, sums: &mut [Measures]) {
        if let Some(stretch) = self.find(at) {
            sums[stretch].add(measures, 1);
        }
        if let Some(stretch) = self.find_rest(at) {
            sums[stretch].add(measures, -1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(at: &[i64]) -> Vec<Micros> {
        at.iter().copied().map(Micros).collect()
    }

    /// How often each stretch counts an instant that has a trace of its own, with its unit's sum.
    fn count(chart: &Chart, instant: i64) -> Vec<i64> {
        let mut counts = vec![0; chart.make_sums().len()];
        let (from, to) = chart.span_units();
        let unit = instant.div_euclid(10);
        if let Some(stretch) = chart.find_unit(unit).filter(|_| (from..to).contains(&unit)) {
            counts[stretch] += 1;
        }
        let read = chart.list_read();
        if read
            .iter()
            .any(|(from, to)| (*from..*to).contains(&instant))
        {
            let mut sums = chart.make_sums();
            let one = Measures {
                trace_count: 1,
                ..Measures::default()
            };
            chart.place(instant, &one, &mut sums);
            let placed = counts.iter_mut().zip(&sums);
            placed.for_each(|(count, sum)| *count += sum.trace_count);
            let parts = chart.list_parts_read().into_iter();
            let mut parts = parts.filter(|(from, to)| (*from..*to).contains(&instant));
            let mut placed = vec![0; sums.len()];
            let (from, _) = parts.next().expect("it lies in one");
            chart.place_count(from, 1, &mut placed);
            let summed = sums.iter().map(|sum| sum.trace_count);
            assert!(summed.eq(placed) && parts.next().is_none(), "{instant}");
        }
        counts
    }

    #[test]
    fn every_instant_counts_once_where_it_lies() {
        for at in [
            &[0, 10, 20][..],
            &[0, 10, 10, 13, 17, 40],
            &[3, 4, 5, 9],
            &[-25, -10, 7, 12, 31],
            &[-8, 2, 12, 22],
            &[-2, 8, 18, 28, 28],
            &[1, 9, 11],
            &[9, 11, 60],
            &[5, 5],
            &[5],
            &[],
        ] {
            let edges = edges(at);
            let chart = Chart::new(&edges, 10);
            let read = chart.list_read();
            assert!(read.windows(2).all(|two| two[0].1 < two[1].0), "{at:?}");
            for instant in -30..70 {
                let lies_in = |two: &[Micros]| (two[0].0..two[1].0).contains(&instant);
                let expected = edges.windows(2).map(|two| i64::from(lies_in(two)));
                let expected: Vec<i64> = expected.collect();
                assert_eq!(count(&chart, instant), expected, "{at:?} {instant}");
            }
        }
    }

    #[test]
    fn days_of_another_zone_are_read_near_one_end_alone() {
        let edges = edges(&[-2, 8, 18, 28]);
        let chart = Chart::new(&edges, 10);
        // Also what lies outside, if that is less than what lies inside.
        assert_eq!(chart.list_read(), [(-2, 0), (8, 10), (18, 20), (28, 30)]);
        assert_eq!(chart.find_unit(0), Some(0));
        assert_eq!((chart.find(8), chart.find_rest(8)), (Some(1), Some(0)));
        // Of the first unit less than half is charted: that is read itself.
        assert_eq!((chart.find_unit(-1), chart.find_unit(2)), (None, Some(2)));
    }

    #[test]
    fn edges_on_the_grid_cut_nothing() {
        assert_eq!(Chart::new(&edges(&[-10, 0, 30]), 10).list_read(), []);
    }
}
