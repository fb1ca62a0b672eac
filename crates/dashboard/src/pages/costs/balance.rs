//! What the rows sum to, what belongs to none of them, and the total: in words that keep books.
//! Invariant: rows + rest = total, to the nano and as shown; where not all rows are shown, nothing
//! else is claimed.
use crate::format::{self, Figure, Sum};
use cognobserve_model::query::CostGroup;
use cognobserve_model::report::CostReport;

pub struct Balance {
    /// `Users`.
    pub rows_name: String,
    pub rows: Figure,
    /// `without a user`; `None` where nothing can be without.
    pub rest_name: Option<String>,
    pub rest: Figure,
    pub total: Figure,
    /// `Users + without a user = total`, once it was checked.
    pub equation: Option<String>,
    /// Whether all rows are on this page.
    pub is_whole: bool,
}

/// What a table of such rows is called over its first column.
pub fn name_head(group: &CostGroup) -> String {
    match group {
        CostGroup::User => "User".into(),
        CostGroup::Model => "Model".into(),
        CostGroup::Day => "Day".into(),
        CostGroup::Session => "Session".into(),
        CostGroup::Metadata(key) => key.clone(),
    }
}

/// What is in no row, as a row of its own; a day is never without.
pub fn name_rest(group: &CostGroup) -> Option<String> {
    Some(match group {
        CostGroup::User => "without a user".into(),
        CostGroup::Model => "without a model".into(),
        CostGroup::Session => "without a session".into(),
        CostGroup::Metadata(key) => format!("without {key}"),
        CostGroup::Day => return None,
    })
}

/// The total's row: of a part of the rows it cannot be made to fit what is shown of them.
pub fn name_total(is_whole: bool) -> &'static str {
    match is_whole {
        true => "Total",
        false => "Total of all pages, rounded",
    }
}

/// What of the rows is more than the total, if anything is.
pub fn explain_rows(group: &CostGroup) -> Option<&'static str> {
    let is_model = *group == CostGroup::Model;
    is_model.then_some(
        "A trace with two models counts in both rows: traces and failed traces may add up to more \
         than the total. Spans, tokens and costs add up.",
    )
}

/// What the amounts of the column are, under it. `adds_up`: all of them are there, and as they are
/// shown they make the total.
pub fn explain_amounts(is_whole: bool, adds_up: bool) -> &'static str {
    match (is_whole, adds_up) {
        (_, true) => "Point at an amount for the exact one, which the CSV has, too.",
        (true, false) => {
            "Amounts are rounded one by one, so that those shown here make a little more or less than \
             the total shown: the exact ones, which add up, are in the titles and in the CSV."
        }
        (false, false) => {
            "Each amount is rounded by itself, so that those of all pages may differ from the total in \
             its last decimals: point at one for the exact amount, which the CSV has, too."
        }
    }
}

impl Balance {
    pub fn weigh(group: &CostGroup, report: &CostReport, is_whole: bool) -> Balance {
        let (total, rest) = (&report.total.0, &report.unattributed.0);
        let shown: i128 = report.rows.iter().map(|row| row.measures.cost_nanos).sum();
        let rows_name = match group {
            CostGroup::Metadata(key) => format!("Users with {key}"),
            other => format!("{}s", name_head(other)),
        };
        let rest_name = name_rest(group);
        let adds = shown + rest.cost_nanos == total.cost_nanos;
        let holds = is_whole && adds;
        let sum = Sum::of(rest, total);
        let equation = match &rest_name {
            None => format!("{rows_name} = total"),
            Some(rest) => format!("{rows_name} + {rest} = total"),
        };
        Balance {
            rows: match is_whole && !adds {
                false => sum.rows,
                true => format::spent_in(shown, 0, sum.places),
            },
            rest: sum.rest,
            total: sum.total,
            equation: holds.then_some(equation),
            rows_name,
            rest_name,
            is_whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_model::measures::Measures;
    use cognobserve_model::report::{CostKey, CostRow};

    fn report(rows: &[i128], rest: i128, total: i128) -> CostReport {
        let sums = |cost_nanos| Measures {
            cost_nanos,
            ..Measures::default()
        };
        let row = |(at, nanos): (usize, &i128)| CostRow {
            key: CostKey::Value(at.to_string()),
            measures: sums(*nanos),
            session_count: 0,
        };
        CostReport {
            rows: rows.iter().enumerate().map(row).collect(),
            next: None,
            unattributed: (sums(rest), 0),
            total: (sums(total), 0),
        }
    }

    #[test]
    fn what_does_not_add_up_says_so() {
        assert_eq!(name_total(true), "Total");
        assert!(name_total(false).contains("rounded"));
        assert!(explain_amounts(true, false).contains("rounded one by one"));
        assert!(!explain_amounts(true, true).contains("rounded"));
        assert!(explain_amounts(false, false).contains("those of all pages"));
        assert!(explain_rows(&CostGroup::Model).is_some());
        for group in [CostGroup::User, CostGroup::Day, CostGroup::Session] {
            assert_eq!(explain_rows(&group), None);
        }
    }

    #[test]
    fn the_equation_is_written_only_where_it_was_checked() {
        let user = CostGroup::User;
        let plan = CostGroup::Metadata("plan".into());
        let says = |group: &CostGroup, report: &CostReport, is_whole| {
            Balance::weigh(group, report, is_whole).equation
        };
        let balanced = report(&[3, 4], 5, 12);
        for (group, expected) in [
            (&user, "Users + without a user = total"),
            (&plan, "Users with plan + without plan = total"),
            (&CostGroup::Model, "Models + without a model = total"),
        ] {
            assert_eq!(says(group, &balanced, true).as_deref(), Some(expected));
        }
        let days = report(&[5, 7], 0, 12);
        let days = says(&CostGroup::Day, &days, true);
        assert_eq!(days.as_deref(), Some("Days = total"));
        assert_eq!(says(&user, &balanced, false), None, "rows on other pages");
        assert_eq!(says(&user, &report(&[3], 5, 12), true), None);
        let part = Balance::weigh(&user, &report(&[3], 5, 12), false);
        assert_eq!(part.rows.title, "$0.000000007", "of all pages");
        let wrong = Balance::weigh(&user, &report(&[3], 5, 12), true);
        assert_eq!(wrong.rows.title, "$0.000000003", "what the rows say");
    }
}
