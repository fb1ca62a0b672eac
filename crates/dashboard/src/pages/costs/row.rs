//! A row of costs: what it is about, where that leads, what it counted, and its share of the total.
use crate::format::{self, CountUnit, Figure};
use crate::link::Link;
use crate::pages::owner::Names;
use crate::pages::row::{session_link, user_link};
use crate::pages::share;
use crate::view::View;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::CostGroup;
use cognobserve_model::report::{CostKey, CostReport, CostRow};

pub struct Row {
    pub text: String,
    pub link: Option<Link>,
    /// The users behind it with their costs, to download.
    pub csv: Option<Link>,
    pub traces: Figure,
    pub calls: Figure,
    pub tokens: Figure,
    pub failed: Figure,
    pub cost: Figure,
    /// Of the total, in percent.
    pub share: f64,
}

/// What the rows of a table are measured by.
pub struct Scale {
    total: i128,
    /// Decimals of every cost.
    places: usize,
    traces: CountUnit,
    calls: CountUnit,
    tokens: CountUnit,
    failed: CountUnit,
}

impl Scale {
    pub fn of(report: &CostReport) -> Scale {
        let total = report.total.0.cost_nanos;
        let costs = report.rows.iter().map(|row| row.measures.cost_nanos);
        let unit = |read: fn(&Measures) -> i64| {
            let rows = report.rows.iter().map(|row| read(&row.measures));
            let apart = [&report.unattributed.0, &report.total.0].map(read);
            CountUnit::of(rows.chain(apart))
        };
        Scale {
            total,
            places: format::places(costs.chain([total])),
            traces: unit(|it| it.trace_count),
            calls: unit(|it| it.span_count),
            tokens: unit(|it| it.total_tokens),
            failed: unit(|it| it.error_trace_count),
        }
    }

    /// Whether the costs as shown, with the rest, add to the total as shown.
    pub fn adds_up(&self, report: &CostReport) -> bool {
        let rows = report.rows.iter().map(|row| &row.measures);
        let costs = rows.chain([&report.unattributed.0]);
        format::adds_up(costs.map(|sums| sums.cost_nanos), self.total, self.places)
    }
}

impl Row {
    pub fn new(text: String, link: Option<Link>, sums: &Measures, of: &Scale) -> Row {
        let (nanos, unpriced) = (sums.cost_nanos, sums.unpriced_span_count);
        Row {
            text,
            link,
            csv: None,
            traces: of.traces.write(sums.trace_count),
            calls: of.calls.write(sums.span_count),
            tokens: of.tokens.write(sums.total_tokens),
            failed: of.failed.write(sums.error_trace_count),
            cost: format::spent_in(nanos, unpriced, of.places),
            share: share(nanos, of.total),
        }
    }

    pub fn describe(
        view: &View,
        group: &CostGroup,
        row: CostRow,
        names: &Names,
        scale: &Scale,
    ) -> Row {
        let csv = match &row.key {
            CostKey::Value(value) => link_users(view, "/users.csv", group, value),
            _ => None,
        };
        let (text, link) = name_row(view, group, row.key, names);
        Row {
            csv,
            ..Row::new(text, link, &row.measures, scale)
        }
    }
}

fn name_row(view: &View, group: &CostGroup, key: CostKey, names: &Names) -> (String, Option<Link>) {
    match key {
        CostKey::User {
            id, external_id, ..
        } => {
            let text = match names.call(&id, &external_id) {
                name if name == external_id => external_id,
                name => format!("{name} ({external_id})"),
            };
            (text, Some(user_link(view, id.as_str())))
        }
        CostKey::Tombstone { .. } => ("erased user".to_owned(), None),
        CostKey::Model(name) => {
            let link = view.link("/traces").with("model", &name);
            (name, Some(link))
        }
        CostKey::Day(day) => {
            let day = day.to_string();
            let link = view
                .link("/costs")
                .with("period", "")
                .with("from", &day)
                .with("to", &day);
            (day, Some(link))
        }
        CostKey::Session { id, external_id } => {
            (external_id, Some(session_link(view, id.as_str())))
        }
        CostKey::Value(value) => {
            let link = link_users(view, "/users", group, &value);
            (value, link)
        }
    }
}

/// The users whose metadata has this value; an empty one cannot be filtered by.
fn link_users(view: &View, path: &str, group: &CostGroup, value: &str) -> Option<Link> {
    let CostGroup::Metadata(key) = group else {
        return None;
    };
    let users = view.link(path).with("sortBy", "totalCost");
    (!value.is_empty()).then(|| users.with(&format!("metadata.{key}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    #[test]
    fn a_value_leads_to_the_users_who_have_it() {
        let view = samples::project_view();
        let group = CostGroup::Metadata("company".into());
        let link = |value: &str| {
            let key = CostKey::Value(value.into());
            let (text, link) = name_row(&view, &group, key, &Names::default());
            assert_eq!(text, value);
            link.map(|link| link.to_string())
        };
        assert_eq!(
            link("Acme & Co").unwrap(),
            "/users?projectId=prj_1&sortBy=totalCost&metadata.company=Acme+%26+Co"
        );
        assert_eq!(link(""), None);
        let csv = link_users(&view, "/users.csv", &group, "Acme").unwrap();
        assert_eq!(
            csv.to_string(),
            "/users.csv?projectId=prj_1&sortBy=totalCost&metadata.company=Acme"
        );
    }

    fn report(row: Measures, total: Measures) -> CostReport {
        CostReport {
            rows: vec![CostRow {
                key: CostKey::Model("gpt-4o".into()),
                measures: row,
                session_count: 0,
            }],
            next: None,
            unattributed: Default::default(),
            total: (total, 0),
        }
    }

    #[test]
    fn a_column_is_counted_in_the_unit_of_its_total() {
        let sums = |total_tokens, span_count| Measures {
            total_tokens,
            span_count,
            ..Measures::default()
        };
        let report = report(sums(83_317, 999), sums(1_324_012, 9_999));
        let scale = Scale::of(&report);
        let row = Row::new("a".into(), None, &report.rows[0].measures, &scale);
        let total = Row::new("all".into(), None, &report.total.0, &scale);
        assert_eq!([row.tokens.text, total.tokens.text], ["83k", "1,324k"]);
        assert_eq!([row.calls.text, total.calls.text], ["999", "9,999"]);
    }

    #[test]
    fn a_share_is_of_the_total() {
        let sums = |cost_nanos| Measures {
            cost_nanos,
            ..Measures::default()
        };
        let report = report(sums(50), sums(200));
        let scale = Scale::of(&report);
        let row = Row::new("Ann".into(), None, &report.rows[0].measures, &scale);
        assert_eq!(row.share, 25.0);
    }
}
