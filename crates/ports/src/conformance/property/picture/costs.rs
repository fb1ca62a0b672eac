//! Costs by every group, and models without a price.
use super::{Painter, ZONES, page};
use crate::conformance::property::words::{sort, tell_measures, tell_session_id};
use cognobserve_model::query::{CostGroup, CostQuery, Period};
use cognobserve_model::report::{CostKey, CostRow};
use cognobserve_model::time::Zone;

impl Painter<'_> {
    pub(super) async fn paint_costs(&mut self, periods: &[Period]) {
        let groups = [
            CostGroup::User,
            CostGroup::Model,
            CostGroup::Day,
            CostGroup::Session,
            CostGroup::Metadata("plan".into()),
        ];
        for (n, period) in periods.iter().enumerate() {
            for group in &groups {
                let zone = Zone::parse(ZONES[n % 3]).expect("a zone");
                let query = CostQuery {
                    sessions: true,
                    group: group.clone(),
                    period: *period,
                    zone,
                    page: page(100),
                };
                let report = self
                    .side
                    .store
                    .report_costs(self.project, query)
                    .await
                    .expect("costs are reported");
                let counts_sessions = *group != CostGroup::Model;
                let count = |sessions: i64| if counts_sessions { sessions } else { 0 };
                let is_something =
                    |row: &&CostRow| row.measures.trace_count != 0 || count(row.session_count) != 0;
                let rows = report.rows.iter().filter(is_something);
                let told = rows.map(|row| {
                    format!(
                        "{} sessions {} {}",
                        self.tell_key(&row.key),
                        count(row.session_count),
                        tell_measures(&row.measures, false)
                    )
                });
                let told = told.collect();
                let asked = format!("costs by {group:?} in {period:?}");
                self.note_all(&asked, told);
                for (what, (measures, sessions)) in [
                    ("unattributed", &report.unattributed),
                    ("total", &report.total),
                ] {
                    self.note(
                        format!("{asked} {what}"),
                        format!(
                            "sessions {} {}",
                            count(*sessions),
                            tell_measures(measures, false)
                        ),
                    );
                }
            }
        }
        let unpriced = self
            .side
            .store
            .list_unpriced(self.project)
            .await
            .expect("unpriced models are listed");
        let told = unpriced
            .iter()
            .map(|row| format!("{:?} {} {}", row.model, row.span_count, row.total_tokens));
        let told = sort(told.collect());
        self.note("unpriced", told.join(" "));
    }

    fn tell_key(&self, key: &CostKey) -> String {
        match key {
            CostKey::User {
                external_id, name, ..
            } => format!("user {external_id} {name:?}"),
            CostKey::Tombstone { id } => self.side.tell_tomb(id),
            CostKey::Session { external_id, .. } => {
                format!("session {}", tell_session_id(external_id))
            }
            other => format!("{other:?}"),
        }
    }
}
