//! Stretches of time and counts of users, each trace looked at for each of them.
use crate::reference::count::Counted;
use crate::reference::state::{Fate, ProjectRecord};
use crate::reference::tally::sum_traces;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::Period;
use cognobserve_model::report::{UserChart, UserCounts};
use cognobserve_model::time::Micros;

impl ProjectRecord {
    /// Sums of those traces between each two edges.
    pub fn chart(
        &self,
        counted: &[Counted],
        edges: &[Micros],
        is_wanted: impl Fn(&Counted) -> bool,
    ) -> Vec<Measures> {
        let mut sums = Vec::new();
        for stretch in edges.windows(2) {
            let is_in = |trace: &&Counted| {
                is_wanted(trace) && stretch[0] <= trace.time && trace.time < stretch[1]
            };
            sums.push(sum_traces(counted.iter().filter(is_in)));
        }
        sums
    }

    pub fn count_users(&self, counted: &[Counted], period: Period) -> UserCounts {
        let mut counts = UserCounts::default();
        for at in (0..self.users.len()).filter(|at| self.users[*at].fate == Fate::Living) {
            let is_seen = |trace: &Counted| trace.user == Some(at) && period.contains(trace.time);
            let first_seen = self.describe_user(counted, at).first_seen;
            counts.total += 1;
            counts.active += i64::from(counted.iter().any(is_seen));
            counts.new += i64::from(period.contains(first_seen));
        }
        counts
    }

    pub fn chart_user_counts(&self, counted: &[Counted], edges: &[Micros]) -> UserChart {
        let mut chart = UserChart::default();
        if let Some(first) = edges.first() {
            let before = Period {
                from: None,
                to: Some(*first),
            };
            chart.before = self.count_users(counted, before).new;
        }
        for stretch in edges.windows(2) {
            let period = Period {
                from: Some(stretch[0]),
                to: Some(stretch[1]),
            };
            let counts = self.count_users(counted, period);
            chart.active.push(counts.active);
            chart.new.push(counts.new);
        }
        chart
    }
}
