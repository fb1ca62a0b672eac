//! The table of who comes back: a row for each week with somebody new, a column for each week after.
//! Invariant: a share is of all who were new in that week; weeks that have not begun have no cell.
use crate::format::{self, Figure};
use crate::pages::share;
use crate::view::View;
use cognobserve_model::event::ActiveQuarter;
use cognobserve_model::event::retention::{Cohort, list_cohorts};
use cognobserve_model::id::UserId;
use std::collections::HashSet;

/// Weeks after the first; the API has all.
const WEEKS: usize = 12;
/// Columns that tablets show, and phones.
const NARROW: usize = 8;
const PHONE: usize = 3;

pub struct Cell {
    /// `75%`
    pub text: String,
    /// `3 of 4`
    pub title: String,
    /// 0 to 4, the more the stronger.
    pub heat: usize,
    pub class: &'static str,
}

pub struct Row {
    /// Its Monday.
    pub week: String,
    pub size: Figure,
    /// `None`: not begun yet.
    pub cells: Vec<Option<Cell>>,
}

pub struct Cohorts {
    /// Weeks after the first, and how their columns are shown.
    pub weeks: Vec<(usize, &'static str)>,
    pub rows: Vec<Row>,
}

impl Cohorts {
    /// `known`: who was there before the period.
    pub fn new(view: &View, quarters: &[ActiveQuarter], known: &HashSet<UserId>) -> Cohorts {
        let (first, last) = view.days();
        let cohorts = list_cohorts(quarters, known, &view.zone, first, last);
        let longest = cohorts.iter().map(|it| it.active.len()).max();
        let weeks = longest.unwrap_or(0).saturating_sub(1).min(WEEKS);
        let row = |cohort: &Cohort| Row {
            week: view
                .zone
                .write(view.zone.start_of(cohort.week), "%b %-d, %Y"),
            size: format::count(super::whole(cohort.end_users)),
            cells: (1..=weeks).map(|week| Cell::new(cohort, week)).collect(),
        };
        Cohorts {
            rows: cohorts.iter().map(row).collect(),
            weeks: (1..=weeks).map(|week| (week, class_of(week))).collect(),
        }
    }
}

fn class_of(week: usize) -> &'static str {
    if week <= PHONE {
        "num"
    } else if week <= NARROW {
        "num hide-phone"
    } else {
        "num hide-narrow"
    }
}

impl Cell {
    fn new(cohort: &Cohort, week: usize) -> Option<Cell> {
        let active = *cohort.active.get(week)?;
        let percent = share(active.into(), cohort.end_users.into());
        Some(Cell {
            text: format!("{percent:.0}%"),
            title: format!("{active} of {}", cohort.end_users),
            heat: (percent / 25.0).ceil() as usize,
            class: class_of(week),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;
    use cognobserve_model::time::Micros;

    #[test]
    fn a_share_is_of_those_who_were_new() {
        let view = samples::project_view();
        let days_ago = |user: &str, days: i64| ActiveQuarter {
            end_user: UserId::new(user),
            quarter: Micros(view.now().0 - days * 86_400_000_000).quarter(),
        };
        let mut quarters = Vec::new();
        for user in ["a", "b", "c", "d"] {
            quarters.extend([days_ago(user, 14), days_ago(user, 7)]);
        }
        quarters.retain(|it| it.end_user != UserId::new("d") || *it == days_ago("d", 14));
        quarters.push(days_ago("e", 0));
        quarters.push(days_ago("f", 0));
        let known = HashSet::from([UserId::new("f")]);
        let told = Cohorts::new(&view, &quarters, &known);
        assert_eq!(told.weeks, [(1, "num"), (2, "num")]);
        let cells: Vec<Vec<String>> = told
            .rows
            .iter()
            .map(|row| {
                let text = |cell: &Option<Cell>| {
                    cell.as_ref().map_or("".into(), |it| {
                        format!("{} {} {}", it.text, it.title, it.heat)
                    })
                };
                row.cells.iter().map(text).collect()
            })
            .collect();
        assert_eq!(cells, [vec!["75% 3 of 4 3", "0% 0 of 4 0"], vec!["", ""]]);
        let sizes: Vec<&str> = told.rows.iter().map(|row| row.size.text.as_str()).collect();
        assert_eq!(sizes, ["4", "1"]);
    }
}
