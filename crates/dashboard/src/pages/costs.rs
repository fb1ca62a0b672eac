//! Where the money went: by user, model, day, session or metadata, with a balance that holds.
mod balance;
mod row;
mod unknown_key;

use self::balance::{Balance, explain_amounts, explain_rows, name_head, name_rest, name_total};
use self::row::{Row, Scale};
use self::unknown_key::UnknownKey;
use super::metadata_keys::list_keys;
use super::overview::{Unpriced, list_unpriced};
use super::owner::Names;
use super::pager::{Pager, Paging};
use super::{Html, PageError};
use crate::chart::{self, Chart};
use crate::format;
use crate::frame::{Choice, Frame};
use crate::link::Link;
use crate::view::View;
use askama::Template;
use cognobserve_model::id::UserId;
use cognobserve_model::query::{CostGroup, CostPosition, CostQuery, PageRequest};
use cognobserve_model::report::{CostKey, CostRow};
use cognobserve_ports::Reports;
use futures_util::try_join;

const ROWS: usize = 50;
/// Metadata keys beside the other groups; the rest are typed.
const KEY_TABS: usize = 4;
/// Longest key there.
const KEY_CHARS: usize = 24;

/// What the URL asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    pub group: CostGroup,
    pub after: Option<CostPosition>,
}

impl Ask {
    /// As the API calls it.
    pub fn word(&self) -> String {
        match &self.group {
            CostGroup::User => "user".into(),
            CostGroup::Model => "model".into(),
            CostGroup::Day => "day".into(),
            CostGroup::Session => "session".into(),
            CostGroup::Metadata(key) => format!("metadata.{key}"),
        }
    }

    pub fn link(&self, view: &View, path: &str) -> Link {
        view.link(path).with("groupBy", self.word())
    }

    pub fn to_query(&self, view: &View, limit: usize) -> CostQuery {
        CostQuery {
            // The page shows none.
            sessions: false,
            group: self.group.clone(),
            period: view.period(),
            zone: view.zone.clone(),
            page: PageRequest {
                limit,
                after: self.after.clone(),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "costs.html")]
struct CostsPage {
    frame: Frame,
    words: String,
    groups: Vec<Choice>,
    /// The same by the most usual metadata keys, and by the one that is chosen.
    key_groups: Vec<Choice>,
    /// To offer where one is typed.
    keys: Vec<String>,
    head: String,
    /// Instead of rows, if nobody has the key.
    unknown: Option<UnknownKey>,
    chart: Chart,
    rows: Vec<Row>,
    unattributed: Option<Row>,
    total: Row,
    balance: Balance,
    /// What does not add up, and why.
    note: Option<&'static str>,
    /// How far the amounts add up as shown.
    amounts: &'static str,
    pager: Pager,
    csv: Link,
    kept: Vec<(String, String)>,
    prices: Link,
    unpriced: Vec<Unpriced>,
}

pub async fn render(
    reports: &dyn Reports,
    frame: Frame,
    ask: Ask,
    paging: &Paging<'_, CostPosition>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let project = &view.project.id;
    let edges = view.edges();
    // All days of the longest period.
    let rows = if ask.group == CostGroup::Day {
        400
    } else {
        ROWS
    };
    let (mut report, bars, unpriced, keys) = try_join!(
        reports.report_costs(project, ask.to_query(&view, rows)),
        reports.chart_project(project, &edges),
        reports.list_unpriced(project),
        list_keys(reports, project),
    )?;
    if ask.group == CostGroup::Day {
        report.rows.sort_by_key(|row| match row.key {
            CostKey::Day(day) => std::cmp::Reverse(Some(day)),
            _ => std::cmp::Reverse(None),
        });
    }
    let here = ask.link(&view, "/costs");
    let is_first = ask.after.is_none();
    let is_whole = is_first && report.next.is_none();
    let balance = Balance::weigh(&ask.group, &report, is_whole);
    let pager = paging.lead(&here, report.rows.len(), report.next.as_ref());
    let (total, rest) = (report.total.0.clone(), report.unattributed.0.clone());
    let scale = Scale::of(&report);
    let amounts = explain_amounts(is_whole, is_whole && scale.adds_up(&report));
    let unknown = match &ask.group {
        CostGroup::Metadata(key) if is_first && report.rows.is_empty() => {
            Some(unknown_key::look_up(reports, &view, &ask, key, &keys).await?)
        }
        _ => None,
    };
    let names = Names::read(reports, project, list_users(&report.rows)).await?;
    let has_rest = rest.span_count > 0 || rest.trace_count > 0;
    let rest_name = name_rest(&ask.group).filter(|_| has_rest);
    let describe = |row| Row::describe(&view, &ask.group, row, &names, &scale);
    let rows: Vec<Row> = report.rows.into_iter().map(describe).collect();
    let page = CostsPage {
        words: view.headline(),
        groups: list_groups(&view, &ask),
        key_groups: list_key_groups(&view, &ask, &keys),
        keys,
        head: name_head(&ask.group),
        unknown,
        chart: Chart::new(&view, "cost", "Cost", "bars", vec![chart::cost(&bars)]),
        unattributed: rest_name.map(|name| Row::new(name, None, &rest, &scale)),
        total: Row::new(name_total(is_whole).into(), None, &total, &scale),
        rows,
        balance,
        amounts,
        note: explain_rows(&ask.group),
        pager,
        csv: ask.link(&view, "/costs.csv"),
        kept: super::traces::keep_fields(&view.link("/costs"), &[]),
        prices: view.link("/settings/prices"),
        unpriced: list_unpriced(unpriced, usize::MAX),
        frame: frame.with_period(here),
    };
    Ok(page.render()?)
}

/// Those of the rows that are users.
pub fn list_users(rows: &[CostRow]) -> Vec<UserId> {
    let users = rows.iter().filter_map(|row| match &row.key {
        CostKey::User { id, .. } => Some(id.clone()),
        _ => None,
    });
    users.collect()
}

fn list_groups(view: &View, ask: &Ask) -> Vec<Choice> {
    let groups = [
        ("Users", CostGroup::User),
        ("Models", CostGroup::Model),
        ("Days", CostGroup::Day),
        ("Sessions", CostGroup::Session),
    ];
    let choice = |(text, group): (&str, CostGroup)| Choice {
        text: text.to_owned(),
        is_current: ask.group == group,
        link: Ask { group, after: None }.link(view, "/costs"),
    };
    groups.into_iter().map(choice).collect()
}

/// The chosen key is always among them, so that one of all groups is lit.
fn list_key_groups(view: &View, ask: &Ask, keys: &[String]) -> Vec<Choice> {
    let chosen = match &ask.group {
        CostGroup::Metadata(key) => Some(key),
        _ => None,
    };
    let usual = &keys[..keys.len().min(KEY_TABS)];
    let other = chosen.filter(|key| !usual.contains(key));
    let choice = |key: &String| Choice {
        text: format::shorten(key, KEY_CHARS),
        is_current: chosen == Some(key),
        link: Ask {
            group: CostGroup::Metadata(key.clone()),
            after: None,
        }
        .link(view, "/costs"),
    };
    usual.iter().chain(other).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    #[test]
    fn the_chosen_key_is_lit_also_if_it_is_rare() {
        let view = samples::project_view();
        let keys: Vec<String> = (0..9).map(|n| format!("k{n}")).collect();
        let lit = |group: CostGroup| -> Vec<String> {
            let ask = Ask { group, after: None };
            let choices = list_key_groups(&view, &ask, &keys);
            let show = |it: &Choice| match it.is_current {
                true => it.text.to_uppercase(),
                false => it.text.clone(),
            };
            choices.iter().map(show).collect()
        };
        let key = |name: &str| CostGroup::Metadata(name.into());
        assert_eq!(lit(CostGroup::User), ["k0", "k1", "k2", "k3"]);
        assert_eq!(lit(key("k1")), ["k0", "K1", "k2", "k3"]);
        assert_eq!(lit(key("k8")), ["k0", "k1", "k2", "k3", "K8"]);
        let long = lit(key(&"y".repeat(200)));
        assert_eq!(long.last().unwrap().chars().count(), KEY_CHARS + 1);
        let none = Ask {
            group: key("plan"),
            after: None,
        };
        let only = list_key_groups(&view, &none, &[]);
        assert_eq!(
            only[0].link.to_string(),
            "/costs?projectId=prj_1&groupBy=metadata.plan"
        );
    }
}
