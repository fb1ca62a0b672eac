//! Charts over edges of every kind, counts of users, and each user's models.
use super::{Painter, ZONES};
use crate::conformance::cases::charting::count_traces;
use crate::conformance::property::plan::TIMES;
use crate::conformance::property::realise::{USER_IDS, time_of};
use crate::conformance::property::words::tell_measures;
use cognobserve_model::id::UserId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{Period, UserKey};
use cognobserve_model::time::{Day, MICROS_PER_QUARTER, Micros, Zone};

/// Where things happen, days of a zone, and quarters of an hour.
fn list_edges() -> [Vec<Micros>; 3] {
    let mut times: Vec<Micros> = (0..TIMES).map(time_of).collect();
    times.sort_unstable();
    let zone = Zone::parse(ZONES[1]).expect("a zone");
    let first = Day::parse("2024-03-04").expect("a day");
    let days = (0..12).map(|n| zone.start_of(first.plus(n)));
    let quarters = (-8..100).map(|n| Micros(time_of(0).0 + n * MICROS_PER_QUARTER));
    [times, days.collect(), quarters.collect()]
}

impl Painter<'_> {
    /// Notes the stretches that have something.
    fn note_chart(&mut self, asked: &str, sums: &[Measures]) {
        self.note(asked, sums.len());
        for (n, sum) in sums.iter().enumerate().filter(|(_, sum)| !sum.is_zero()) {
            self.note(format!("{asked} [{n}]"), tell_measures(sum, true));
        }
    }

    pub(super) async fn paint_charts(&mut self, periods: &[Period]) {
        let (store, project) = (&self.side.store, self.project);
        let mut users = Vec::new();
        for id in USER_IDS {
            let key = UserKey::External(id.into());
            let found = store.find_user(project, &key, Period::ALL).await;
            let found = found.expect("the user is read");
            let nobody = || UserId::new("usr_nobody");
            users.push(found.map_or_else(nobody, |found| found.stats.user.id));
        }
        for (kind, edges) in list_edges().iter().enumerate() {
            let sums = store.chart_project(project, edges).await;
            self.note_chart(&format!("chart {kind}"), &sums.expect("a chart"));
            let charts = store.chart_users(project, &users, edges).await;
            let charts = charts.expect("charts");
            let counts = store.chart_trace_counts(project, &users, edges).await;
            assert_eq!(counts.expect("traces are counted"), count_traces(&charts));
            let seen = store.chart_user_counts(project, edges).await;
            let mut seen = seen.expect("a chart of users");
            if self.mask.arrivals {
                (seen.before, seen.new) = (0, Vec::new());
            }
            self.note(format!("users of chart {kind}"), format!("{seen:?}"));
            for (id, sums) in USER_IDS.iter().zip(&charts) {
                self.note_chart(&format!("chart {kind} of {id}"), sums);
            }
        }
        for period in periods {
            let counts = store.count_users(project, *period).await;
            let mut counts = counts.expect("users are counted");
            if self.mask.arrivals {
                counts.new = 0;
            }
            self.note(format!("users in {period:?}"), format!("{counts:?}"));
            for id in USER_IDS {
                let key = UserKey::External(id.into());
                let models = store.cost_user_by_model(project, &key, *period).await;
                for (name, sum) in models.expect("costs are read").unwrap_or_default() {
                    let asked = format!("{name:?} of {id} in {period:?}");
                    self.note(asked, tell_measures(&sum, true));
                }
            }
        }
    }
}
