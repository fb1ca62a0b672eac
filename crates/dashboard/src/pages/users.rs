//! The list of users: searched, sorted by any column, filtered by metadata, with a line each.
use super::metadata_keys::list_keys;
use super::pager::{Pager, Paging};
use super::row::UserRow;
use super::traces::keep_fields;
use super::{Html, PageError};
use crate::format;
use crate::frame::Frame;
use crate::glossary::{ERRORS, FAILED_SHARE};
use crate::link::Link;
use askama::Template;
use cognobserve_model::query::{
    PageRequest, SortOrder, UserPosition, UserQuery, UserSort, fold_search,
};
use cognobserve_model::report::UserCounts;
use cognobserve_ports::Reports;
use futures_util::try_join;

pub const ROWS: usize = 50;

/// What the URL asks for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// As it was typed.
    pub search: String,
    pub sort: UserSort,
    pub order: SortOrder,
    pub metadata: Vec<(String, String)>,
    /// Also users without a trace in the period.
    pub everybody: bool,
    pub after: Option<UserPosition>,
}

impl Ask {
    /// The question; also what a CSV of the list asks.
    pub fn to_query(&self, view: &crate::View, limit: usize) -> UserQuery {
        let period = view.period();
        UserQuery {
            search: Some(fold_search(&self.search)).filter(|text| !text.is_empty()),
            last_seen_from: None,
            last_seen_to: None,
            sort: self.sort,
            order: self.order,
            stats: period,
            active_only: !self.everybody,
            metadata: self.metadata.clone(),
            page: PageRequest {
                limit,
                after: self.after.clone(),
            },
        }
    }

    /// The list's address with this question in it, on its first page.
    pub fn link(&self, view: &crate::View, path: &str) -> Link {
        let mut link = view.link(path).with("search", &self.search);
        if self.sort != UserSort::LastSeenAt {
            link = link.with("sortBy", self.sort.as_str());
        }
        if self.order != SortOrder::Desc {
            link = link.with("sortOrder", self.order.as_str());
        }
        for (key, value) in &self.metadata {
            link = link.with(&format!("metadata.{key}"), value);
        }
        if self.everybody {
            link.with("everybody", "true")
        } else {
            link
        }
    }
}

impl Ask {
    /// What a CSV of the list is called after: `all users company=Acme search=ann`.
    pub fn subject(&self) -> String {
        let mut words = vec![if self.everybody { "all users" } else { "users" }.to_owned()];
        let conditions = self.metadata.iter();
        words.extend(conditions.map(|(key, value)| format!("{key}={value}")));
        if !self.search.is_empty() {
            words.push(format!("search={}", self.search));
        }
        words.join(" ")
    }
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    frame: Frame,
    ask: Ask,
    /// How many users there are, in words.
    tally: String,
    columns: Vec<Column>,
    /// What there is to sort by, for screens on which some columns are not seen.
    sorts: Vec<(&'static str, &'static str)>,
    rows: Vec<UserRow>,
    pager: Pager,
    clear: Link,
    csv: Link,
    /// Hidden fields of the filter form.
    kept: Vec<(String, String)>,
    filters: Vec<(String, Link)>,
    /// To offer where one is typed.
    keys: Vec<String>,
    is_filtered: bool,
    /// The list of all, if there are users and none of them in the period.
    others: Option<Link>,
}

/// A column's head.
struct Column {
    text: &'static str,
    class: &'static str,
    link: Option<Link>,
    /// `ascending` or `descending`, if the list is sorted by it.
    sorted: &'static str,
}

pub async fn render(
    reports: &dyn Reports,
    frame: Frame,
    ask: Ask,
    paging: &Paging<'_, UserPosition>,
) -> Html {
    let view = frame.view.clone().ok_or(PageError::NotFound)?;
    let project = &view.project.id;
    let (page, counts, keys) = try_join!(
        reports.list_users(project, ask.to_query(&view, ROWS)),
        reports.count_users(project, view.period()),
        list_keys(reports, project),
    )?;
    let ids: Vec<_> = page.items.iter().map(|it| it.user.id.clone()).collect();
    let bars = match ids.is_empty() {
        true => Vec::new(),
        false => {
            let edges = view.edges();
            reports.chart_trace_counts(project, &ids, &edges).await?
        }
    };
    let rows = UserRow::list(&view, &page.items, &bars);
    let is_filtered = !ask.search.is_empty() || !ask.metadata.is_empty();
    let here = ask.link(&view, "/users");
    let cleared = Ask {
        search: String::new(),
        metadata: Vec::new(),
        everybody: false,
        ..ask.clone()
    };
    let everybody = Ask {
        everybody: true,
        ..ask.clone()
    };
    let page = UsersPage {
        others: (counts.total > 0).then(|| everybody.link(&view, "/users")),
        tally: match is_filtered {
            true => tell_matches(&view, &ask, &counts, rows.len(), page.next.is_some()),
            false => tell_all(&view, &counts, ask.everybody),
        },
        columns: list_columns(&view, &ask),
        sorts: list_sorts(),
        pager: paging.lead(&here, rows.len(), page.next.as_ref()),
        rows,
        clear: cleared.link(&view, "/users"),
        csv: ask.link(&view, "/users.csv"),
        kept: keep_fields(&here, &["search", "everybody", "sortBy", "sortOrder"]),
        filters: list_filters(&view, &ask),
        keys,
        is_filtered,
        frame: frame.with_period(here),
        ask,
    };
    Ok(page.render()?)
}

/// Begins with how many the list has.
fn tell_all(view: &crate::View, counts: &UserCounts, everybody: bool) -> String {
    let [active, new] = [counts.active, counts.new].map(|n| format::count(n).text);
    let (total, within) = (format::count(counts.total).text, view.within());
    match everybody {
        true => {
            let users = format::noun(counts.total, "user");
            format!("{total} {users} in all, {active} active and {new} new {within}")
        }
        false => format!("{active} active {within}, {new} new, {total} in all"),
    }
}

/// The counts are of everybody: of those who match, it is known how many are on this page and
/// whether more follow.
fn tell_matches(
    view: &crate::View,
    ask: &Ask,
    counts: &UserCounts,
    listed: usize,
    more: bool,
) -> String {
    let among = match ask.everybody {
        true => format!("{} users", format::count(counts.total).text),
        false => format!(
            "{} users active {}",
            format::count(counts.active).text,
            view.within()
        ),
    };
    match (&ask.after, more) {
        (None, false) if listed == 1 => format!("1 match among {among}"),
        (None, false) => format!("{listed} matches among {among}"),
        (None, true) => format!("More than {listed} matches among {among}"),
        (Some(_), _) => format!("More matches among {among}"),
    }
}

fn list_columns(view: &crate::View, ask: &Ask) -> Vec<Column> {
    let column = |text, class, sort: Option<UserSort>| {
        let is_sorted = sort == Some(ask.sort);
        let link = sort.map(|sort| {
            let order = match (is_sorted, ask.order) {
                (true, SortOrder::Desc) => SortOrder::Asc,
                (true, SortOrder::Asc) => SortOrder::Desc,
                (false, _) if sort == UserSort::Name => SortOrder::Asc,
                (false, _) => SortOrder::Desc,
            };
            Ask {
                sort,
                order,
                after: None,
                ..ask.clone()
            }
            .link(view, "/users")
        });
        let sorted = match (is_sorted, ask.order) {
            (false, _) => "",
            (true, SortOrder::Asc) => "ascending",
            (true, SortOrder::Desc) => "descending",
        };
        Column {
            text,
            class,
            link,
            sorted,
        }
    };
    vec![
        column("User", "", Some(UserSort::Name)),
        column("Activity", "hide-narrow", None),
        column("Traces", "num hide-phone", Some(UserSort::TraceCount)),
        column("Sessions", "num hide-narrow", Some(UserSort::SessionCount)),
        column("Tokens", "num hide-narrow", Some(UserSort::TotalTokens)),
        column("Cost", "num", Some(UserSort::TotalCost)),
        column(ERRORS, "num", Some(UserSort::ErrorCount)),
        column(
            FAILED_SHARE,
            "num hide-narrow",
            Some(UserSort::ErrorTraceRate),
        ),
        column("Latency", "num hide-narrow", Some(UserSort::AvgLatencyMs)),
        column("First seen", "num hide-narrow", Some(UserSort::FirstSeenAt)),
        column("Last seen", "num hide-phone", Some(UserSort::LastSeenAt)),
    ]
}

/// Each sort's word and name.
fn list_sorts() -> Vec<(&'static str, &'static str)> {
    let name = |sort: &UserSort| match sort {
        UserSort::LastSeenAt => "last seen",
        UserSort::FirstSeenAt => "first seen",
        UserSort::TraceCount => "traces",
        UserSort::TotalCost => "cost",
        UserSort::TotalTokens => "tokens",
        UserSort::ErrorCount => "errors",
        UserSort::ErrorTraceRate => "failed traces %",
        UserSort::AvgLatencyMs => "latency",
        UserSort::SessionCount => "sessions",
        UserSort::Name => "name",
    };
    let sorts = UserSort::ALL.iter();
    sorts.map(|sort| (sort.as_str(), name(sort))).collect()
}

/// Each metadata condition, with the list without it.
fn list_filters(view: &crate::View, ask: &Ask) -> Vec<(String, Link)> {
    let without = |at: usize| {
        let mut rest = ask.clone();
        rest.metadata.remove(at);
        rest.link(view, "/users")
    };
    let named = ask.metadata.iter().enumerate();
    named
        .map(|(at, (key, value))| (format!("{key} = {value}"), without(at)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    #[test]
    fn what_the_list_has_comes_first() {
        let view = samples::project_view();
        let counts = |total| UserCounts {
            total,
            active: 67,
            new: 12,
        };
        assert_eq!(
            tell_all(&view, &counts(400), false),
            "67 active in the last 30 days, 12 new, 400 in all"
        );
        assert_eq!(
            tell_all(&view, &counts(400), true),
            "400 users in all, 67 active and 12 new in the last 30 days"
        );
        assert!(tell_all(&view, &counts(1), true).starts_with("1 user in all"));
    }

    #[test]
    fn a_download_is_called_after_the_filter() {
        let mut ask = Ask {
            search: String::new(),
            sort: UserSort::LastSeenAt,
            order: SortOrder::Desc,
            metadata: Vec::new(),
            everybody: false,
            after: None,
        };
        let view = samples::project_view();
        let name = |ask: &Ask| view.file_name(&ask.subject(), "csv");
        let days = "2026-04-29..2026-05-28.csv";
        assert_eq!(name(&ask), format!("shop-users-{days}"));
        ask.metadata = vec![("company".into(), "Acme & Co \"\r\n/..".into())];
        assert_eq!(name(&ask), format!("shop-users-company-Acme-Co-{days}"));
        ask.search = "ann@".into();
        ask.everybody = true;
        let expected = format!("shop-all-users-company-Acme-Co-search-ann-{days}");
        assert_eq!(name(&ask), expected);
        ask.search = "x".repeat(255);
        assert!(name(&ask).len() <= 150, "{}", name(&ask));
    }
}
