//! How many users had a trace in each stretch of a chart: those of a day's sums, and where a day is cut, whoever has
//! more traces on it than in the parts that count elsewhere.
use crate::chart::Chart;
use crate::damaged;
use crate::user_days::Entries;
use cognobserve_model::query::UserSort;
use cognobserve_model::weight::Weight;
use cognobserve_ports::StoreError;
use hashbrown::{HashMap, HashSet};

/// Counts users over a chart of days.
pub struct SeenUsers<'c> {
    chart: &'c Chart<'c>,
    /// Users who do not count.
    hidden: HashSet<i64>,
    stretches: Vec<Stretch>,
}

enum Stretch {
    /// Of one whole day: each of its users comes once.
    Day(i64),
    /// Of several days or parts of days: users with their traces.
    Parts(HashMap<i64, i64>),
}

impl<'c> SeenUsers<'c> {
    /// `hidden`: nobody and whoever was erased; they have sums, too.
    pub fn new(chart: &'c Chart<'c>, hidden: HashSet<i64>) -> SeenUsers<'c> {
        let mut days = vec![0; chart.make_sums().len()];
        let (from, to) = chart.span_units();
        let whole = (from..to).filter_map(|day| chart.find_unit(day));
        whole.for_each(|stretch| days[stretch] += 1);
        for (from, _) in chart.list_parts_read() {
            // Also its day's sum, if it has a place, is not of this day alone.
            let touched = [chart.find(from), chart.find_rest(from)];
            touched
                .into_iter()
                .flatten()
                .for_each(|stretch| days[stretch] = 2);
        }
        let stretches = days.into_iter().map(|days| match days {
            1 => Stretch::Day(0),
            _ => Stretch::Parts(HashMap::new()),
        });
        SeenUsers {
            chart,
            hidden,
            stretches: stretches.collect(),
        }
    }

    /// The sums of a day's users of a band.
    ///
    /// # Errors
    /// The bytes do not read back.
    pub fn add_day(&mut self, day: i64, band: i64, row: &[u8]) -> Result<(), StoreError> {
        Entries::of(band, row).try_for_each(|entry| {
            let (user, measures) = entry?;
            self.add_sums(day, user, measures)
        })
    }

    /// One user's sums of a day.
    ///
    /// # Errors
    /// The bytes do not read back.
    pub fn add_sums(&mut self, day: i64, user: i64, measures: &[u8]) -> Result<(), StoreError> {
        let Some(stretch) = self.chart.find_unit(day) else {
            return Ok(());
        };
        let weight = Weight::decode(measures, UserSort::TraceCount);
        let traces = weight.ok_or_else(|| damaged("user day"))?.trace_count;
        self.put(stretch, user, traces);
        Ok(())
    }

    /// A trace of an instant of [`Chart::list_read`].
    pub fn add_trace(&mut self, at: i64, user: i64) {
        self.add_part(at, &[user]);
    }

    /// The user of each trace of an instant, or of a part that begins there.
    pub fn add_part(&mut self, at: i64, users: &[i64]) {
        for (stretch, traces) in [(self.chart.find(at), 1), (self.chart.find_rest(at), -1)] {
            if let Some(stretch) = stretch {
                users
                    .iter()
                    .for_each(|user| self.put(stretch, *user, traces));
            }
        }
    }

    fn put(&mut self, stretch: usize, user: i64, traces: i64) {
        if self.hidden.contains(&user) {
            return;
        }
        match &mut self.stretches[stretch] {
            Stretch::Day(users) => *users += i64::from(traces > 0),
            Stretch::Parts(users) => *users.entry(user).or_default() += traces,
        }
    }

    /// Users of each stretch.
    pub fn count(&self) -> Vec<i64> {
        let counts = self.stretches.iter().map(|stretch| match stretch {
            Stretch::Day(users) => *users,
            Stretch::Parts(users) => users.values().map(|traces| i64::from(*traces > 0)).sum(),
        });
        counts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_days::{band_of, push_entry};
    use cognobserve_model::measures::Measures;
    use cognobserve_model::time::Micros;
    use std::collections::{BTreeMap, BTreeSet};

    /// (user, when), days of 10.
    const TRACES: [(i64, i64); 9] = [
        (1, 0),
        (1, 9),
        (2, 9),
        (2, 11),
        (3, 12),
        (3, 19),
        (17, 25),
        (5, 8),
        (1, 31),
    ];
    const HIDDEN: i64 = 5;

    fn count(edges: &[i64]) -> Vec<i64> {
        let edges: Vec<Micros> = edges.iter().copied().map(Micros).collect();
        let chart = Chart::new(&edges, 10);
        let mut seen = SeenUsers::new(&chart, HashSet::from_iter([HIDDEN]));
        let mut days: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        for (user, at) in TRACES {
            *days.entry((at.div_euclid(10), user)).or_default() += 1;
        }
        for ((day, user), trace_count) in days {
            let sums = Measures {
                trace_count,
                ..Measures::default()
            };
            let mut row = Vec::new();
            push_entry(&mut row, user, &sums.encode()).unwrap();
            seen.add_day(day, band_of(user), &row).unwrap();
        }
        for (from, to) in chart.list_read() {
            let read = TRACES.iter().filter(|(_, at)| (from..to).contains(at));
            read.for_each(|(user, at)| seen.add_trace(*at, *user));
        }
        seen.count()
    }

    #[test]
    fn each_user_counts_once_in_a_stretch() {
        for edges in [
            &[0, 10, 20, 30, 40][..],
            &[0, 20, 40],
            &[-2, 8, 18, 28, 38],
            &[9, 10, 12],
            &[0, 5, 10, 10, 32],
            &[3, 33],
            &[8],
            &[],
        ] {
            let expected = edges.windows(2).map(|two| {
                let is_in = |at: i64| (two[0]..two[1]).contains(&at);
                let users = TRACES
                    .iter()
                    .filter(|(user, at)| *user != HIDDEN && is_in(*at));
                let users: BTreeSet<i64> = users.map(|(user, _)| *user).collect();
                users.len() as i64
            });
            assert_eq!(count(edges), expected.collect::<Vec<_>>(), "{edges:?}");
        }
    }
}
