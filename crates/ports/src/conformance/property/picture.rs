//! Everything that a store answers about a world, as lines that two stores must share.
//!
//! A line says what was asked and what was answered, without ids of the store's own.
use super::apply::Side;
use super::plan::World;
use super::realise::{SESSION_IDS, TRACE_IDS, USER_IDS, time_of};
use cognobserve_model::id::ProjectId;
use cognobserve_model::measures::Measures;
use cognobserve_model::query::{
    CostGroup, CostQuery, DayRange, PageRequest, Period, SessionFilter, SortOrder, TimePosition,
    TraceFilter, UserKey, UserPosition, UserQuery, UserSort,
};
use cognobserve_model::report::{
    CostKey, CostRow, SessionStats, SpanDetail, TraceDetail, TraceSummary, UserStats,
};
use cognobserve_model::span::Level;
use cognobserve_model::time::{Day, Micros, Zone};

const ZONES: [&str; 3] = ["UTC", "Asia/Kathmandu", "America/St_Johns"];

/// What a picture leaves out.
#[derive(Clone, Copy, Default)]
pub struct Mask {
    /// Arrival stamps, and what follows from them.
    pub arrivals: bool,
}

/// One project of a side, being looked at.
struct Painter<'a> {
    side: &'a Side,
    project: &'a ProjectId,
    mask: Mask,
    lines: Vec<String>,
}

/// All answers about one project.
pub async fn paint(side: &Side, project: usize, world: &World, mask: Mask) -> Vec<String> {
    let mut painter = Painter {
        side,
        project: &side.projects[project],
        mask,
        lines: Vec::new(),
    };
    let bound = |index: Option<u8>| index.map(time_of);
    let mut periods: Vec<Period> = world
        .periods
        .iter()
        .map(|(from, to)| Period {
            from: bound(*from),
            to: bound(*to),
        })
        .collect();
    periods.insert(0, Period::ALL);
    painter.paint_users(&periods).await;
    painter.paint_each_user(&periods).await;
    painter.paint_sessions().await;
    painter.paint_traces(&periods).await;
    painter.paint_costs(&periods).await;
    painter.lines
}

fn page<P>(limit: usize) -> PageRequest<P> {
    PageRequest { limit, after: None }
}

fn ask_users(sort: UserSort, order: SortOrder, stats: Period) -> UserQuery {
    UserQuery {
        search: None,
        last_seen_from: None,
        last_seen_to: None,
        sort,
        order,
        stats,
        metadata: Vec::new(),
        page: page(100),
    }
}

impl Painter<'_> {
    fn note(&mut self, asked: impl std::fmt::Display, answer: impl std::fmt::Display) {
        self.lines.push(format!("{asked}: {answer}"));
    }

    /// Notes lines in the order of the answer; where the order may depend on hidden ids, sorted.
    fn note_all(&mut self, asked: &str, mut answers: Vec<String>) {
        if self.side.maker.erases() {
            answers.sort();
        }
        self.note(asked, answers.len());
        for (n, answer) in answers.into_iter().enumerate() {
            self.note(format!("{asked} [{n}]"), answer);
        }
    }

    fn tell_stats(&self, stats: &UserStats, is_whole: bool) -> String {
        let user = &stats.user;
        let seen = match self.mask.arrivals && stats.measures.trace_count == 0 {
            true => String::new(),
            false => format!("{} {}", user.first_seen, user.last_seen),
        };
        let created = if self.mask.arrivals {
            Micros(0)
        } else {
            user.created
        };
        let profile = (&user.name, &user.email, &user.metadata);
        let sums = tell_measures(&stats.measures, is_whole);
        format!(
            "{} {profile:?} seen {seen} created {created} sessions {} {sums}",
            user.external_id, stats.session_count
        )
    }

    async fn list_users(&mut self, query: UserQuery) -> Vec<UserStats> {
        self.side
            .store
            .list_users(self.project, query)
            .await
            .expect("users are listed")
            .items
    }

    async fn paint_users(&mut self, periods: &[Period]) {
        for period in periods {
            let listed = self
                .list_users(ask_users(UserSort::TotalCost, SortOrder::Desc, *period))
                .await;
            let told = listed
                .iter()
                .map(|stats| self.tell_stats(stats, false))
                .collect::<Vec<_>>();
            for (n, line) in told.into_iter().enumerate() {
                self.note(format!("users by cost in {period:?} [{n}]"), line);
            }
        }
        for (n, sort) in UserSort::ALL.iter().enumerate() {
            let order = SortOrder::ALL[n % 2];
            if self.mask.arrivals && matches!(sort, UserSort::FirstSeenAt | UserSort::LastSeenAt) {
                continue;
            }
            let query = ask_users(*sort, order, Period::ALL);
            let whole: Vec<String> = self
                .list_users(query.clone())
                .await
                .into_iter()
                .map(|stats| stats.user.external_id)
                .collect();
            let paged = self.walk_users(query).await;
            assert_eq!(whole, paged, "pages of two meet everyone once by {sort:?}");
            self.note(format!("users by {sort:?} {order:?}"), whole.join(" "));
        }
        let time = time_of(9);
        let mut asked = vec![UserQuery {
            search: Some("n".into()),
            ..ask_users(UserSort::TraceCount, SortOrder::Asc, Period::ALL)
        }];
        asked.push(UserQuery {
            metadata: vec![("plan".into(), "1".into())],
            ..asked[0].clone()
        });
        asked[1].search = None;
        if !self.mask.arrivals {
            asked.push(UserQuery {
                last_seen_from: Some(time),
                last_seen_to: Some(Micros(time.0 + 1_000_000_000)),
                ..asked[1].clone()
            });
        }
        for query in asked {
            let ids: Vec<String> = self
                .list_users(query.clone())
                .await
                .into_iter()
                .map(|stats| stats.user.external_id)
                .collect();
            self.note(
                format!(
                    "users where {:?} {:?} {:?}",
                    query.search, query.metadata, query.last_seen_from
                ),
                ids.join(" "),
            );
        }
        if !self.mask.arrivals {
            let summary = self
                .side
                .store
                .summarise(self.project, time)
                .await
                .expect("the summary is read");
            let top: Vec<String> = summary
                .top_by_cost
                .iter()
                .map(|top| format!("{} {:?} {}", top.external_id, top.name, top.cost_nanos))
                .collect();
            let counts = (summary.total_users, summary.active_users, summary.new_users);
            self.note("summary", format!("{counts:?} {top:?}"));
        }
    }

    async fn walk_users(&mut self, mut query: UserQuery) -> Vec<String> {
        let mut seen = Vec::new();
        query.page.limit = 2;
        loop {
            let found = self
                .side
                .store
                .list_users(self.project, query.clone())
                .await
                .expect("users are listed");
            seen.extend(found.items.into_iter().map(|stats| stats.user.external_id));
            let next: Option<UserPosition> = found.next;
            if next.is_none() {
                return seen;
            }
            query.page.after = next;
        }
    }

    async fn paint_each_user(&mut self, periods: &[Period]) {
        for id in USER_IDS {
            let key = UserKey::External(id.into());
            for period in periods {
                let found = self
                    .side
                    .store
                    .find_user(self.project, &key, *period)
                    .await
                    .expect("the user is read");
                let told = found
                    .as_ref()
                    .map(|found| self.tell_stats(&found.stats, true));
                self.note(format!("user {id} in {period:?}"), told.unwrap_or_default());
                if period.is_all() {
                    let sessions = found
                        .iter()
                        .flat_map(|found| &found.sessions)
                        .map(|session| self.tell_session(session))
                        .collect();
                    self.note_all(&format!("sessions shown of {id}"), sessions);
                }
            }
            for zone in ZONES {
                let range = DayRange {
                    zone: Zone::parse(zone).expect("a zone"),
                    today: Day::parse("2024-03-12").expect("a day"),
                    days: 5,
                };
                let days = self
                    .side
                    .store
                    .analyse_user(self.project, &key, range)
                    .await
                    .expect("days are read");
                for day in days.unwrap_or_default() {
                    let sums = tell_measures(&day.measures, true);
                    self.note(
                        format!("{id} on {} in {zone}", day.day),
                        format!("sessions {} {sums}", day.session_count),
                    );
                }
            }
        }
    }

    fn tell_session(&self, session: &SessionStats) -> String {
        let sums = tell_measures(&session.measures, true);
        let is_empty = session.measures.trace_count == 0;
        let seen = match self.mask.arrivals && is_empty {
            true => String::new(),
            false => format!("{} {}", session.first_seen, session.last_seen),
        };
        let created = if self.mask.arrivals {
            Micros(0)
        } else {
            session.created
        };
        let owner = self.side.tell_user(session.user.as_ref());
        let id = tell_session_id(&session.external_id);
        format!(
            "{id} {:?} {} owner {owner} seen {seen} created {created} {sums}",
            session.name, session.metadata
        )
    }

    async fn paint_sessions(&mut self) {
        let mut filters = vec![
            SessionFilter::default(),
            SessionFilter {
                search: Some("s".into()),
                ..SessionFilter::default()
            },
        ];
        for id in USER_IDS {
            let key = UserKey::External(id.into());
            let found = self
                .side
                .store
                .find_user(self.project, &key, Period::ALL)
                .await
                .expect("the user is read");
            filters.extend(found.map(|found| SessionFilter {
                user: Some(found.stats.user.id),
                ..SessionFilter::default()
            }));
        }
        for (n, filter) in filters.into_iter().enumerate() {
            let listed = self
                .side
                .store
                .list_sessions(self.project, filter, page(100))
                .await
                .expect("sessions are listed");
            let listed = listed.expect("the user exists").items;
            // A hidden id is found or not by chance.
            let told = listed
                .iter()
                .filter(|session| n != 1 || SESSION_IDS.contains(&session.external_id.as_str()));
            let told: Vec<String> = told.map(|session| self.tell_session(session)).collect();
            let told = if self.mask.arrivals { sort(told) } else { told };
            self.note_all(&format!("sessions of filter {n}"), told);
            if n > 0 {
                continue;
            }
            for session in &listed {
                let one = self
                    .side
                    .store
                    .find_session(self.project, &session.id)
                    .await
                    .expect("the session is read");
                assert_eq!(
                    one.as_ref(),
                    Some(session),
                    "list and detail of a session agree"
                );
                let timeline = self
                    .side
                    .store
                    .read_timeline(self.project, &session.id, page(100))
                    .await
                    .expect("the timeline is read");
                let timeline = timeline.expect("the session exists").items;
                let told = timeline
                    .iter()
                    .map(|trace| self.tell_detail(trace))
                    .collect();
                let seen = if self.mask.arrivals {
                    Micros(0)
                } else {
                    session.last_seen
                };
                self.note_all(
                    &format!(
                        "timeline of {} until {seen}",
                        tell_session_id(&session.external_id)
                    ),
                    told,
                );
            }
        }
    }

    fn tell_summary(&self, trace: &TraceSummary) -> String {
        let session = trace
            .session
            .as_ref()
            .map(|session| (tell_session_id(&session.external_id), session.name.clone()));
        let spans: Vec<String> = trace
            .spans
            .iter()
            .map(|span| {
                format!(
                    "{} {:?} {:?} {} {:?}",
                    tell_id(&span.id),
                    span.name,
                    span.level,
                    span.total_tokens,
                    span.cost_nanos
                )
            })
            .collect();
        let time = if self.mask.arrivals && trace.time.0 >= super::realise::ARRIVED {
            Micros(0)
        } else {
            trace.time
        };
        format!(
            "{} {:?} at {time} of {} in {session:?} meta {} took {:?} {} spans {:?}",
            tell_trace_id(&trace.id),
            trace.name,
            self.side.tell_user(trace.user.as_ref()),
            trace.metadata,
            trace.latency_micros,
            tell_measures(&trace.measures, true),
            sort(spans),
        )
    }

    fn tell_detail(&self, trace: &TraceDetail) -> String {
        let spans = sort(trace.spans.iter().map(tell_span).collect());
        let arrived = if self.mask.arrivals {
            Micros(0)
        } else {
            trace.arrived
        };
        format!(
            "{} arrived {arrived} {}",
            self.tell_summary(&trace.summary),
            spans.join(" | ")
        )
    }

    async fn paint_traces(&mut self, periods: &[Period]) {
        let listed = self.list_traces(TraceFilter::default()).await;
        let told = listed
            .iter()
            .map(|trace| self.tell_summary(trace))
            .collect();
        self.note_all("traces", told);
        let mut details = Vec::new();
        for trace in &listed {
            let found = self
                .side
                .store
                .find_trace(self.project, &trace.id)
                .await
                .expect("the trace is read");
            let found = found.unwrap_or_else(|| panic!("a listed trace is found: {}", trace.id));
            assert_eq!(found.summary, *trace, "list and detail of a trace agree");
            details.push(self.tell_detail(&found));
        }
        self.note_all("trace details", details);
        let none = TraceFilter::default;
        let mut filters = vec![
            TraceFilter {
                level: Some(Level::Error),
                ..none()
            },
            TraceFilter {
                level: Some(Level::Default),
                ..none()
            },
            TraceFilter {
                model: Some("own".into()),
                ..none()
            },
            TraceFilter {
                name: Some("Plan".into()),
                ..none()
            },
            TraceFilter {
                search: Some("plan b".into()),
                ..none()
            },
            TraceFilter {
                min_latency_micros: Some(1_000_000),
                ..none()
            },
        ];
        filters.extend(periods.iter().map(|period| TraceFilter {
            period: *period,
            ..none()
        }));
        for filter in filters {
            let asked = format!("traces where {filter:?}");
            let ids = self
                .list_traces(filter)
                .await
                .into_iter()
                .map(|trace| format!("{} {}", tell_trace_id(&trace.id), trace.time))
                .collect();
            self.note_all(&asked, ids);
        }
    }

    async fn list_traces(&mut self, filter: TraceFilter) -> Vec<TraceSummary> {
        let (mut all, mut after): (_, Option<TimePosition>) = (Vec::new(), None);
        loop {
            let request = PageRequest { limit: 3, after };
            let found = self
                .side
                .store
                .list_traces(self.project, filter.clone(), request)
                .await
                .expect("traces are listed");
            let found = found.expect("the filter names nobody");
            all.extend(found.items);
            after = found.next;
            if after.is_none() {
                return all;
            }
        }
    }

    async fn paint_costs(&mut self, periods: &[Period]) {
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
        // Whether a model's tokens include those that a client priced is left to the store.
        let told = unpriced
            .iter()
            .map(|row| format!("{:?} {}", row.model, row.span_count));
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

fn sort(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

/// All fields; with `is_whole` also the histogram, which list rows may leave out.
fn tell_measures(measures: &Measures, is_whole: bool) -> String {
    let mut told = measures.clone();
    if !is_whole {
        told.trace_latency = Default::default();
    }
    if told.is_zero() {
        "zero".into()
    } else {
        format!("{told:?}")
    }
}

fn tell_session_id(id: &str) -> &str {
    if SESSION_IDS.contains(&id) {
        id
    } else {
        "(erased)"
    }
}

fn tell_trace_id(id: &str) -> &str {
    if TRACE_IDS.contains(&id) {
        id
    } else {
        "(erased)"
    }
}

/// A span's id; ids of erased spans are longer than any in these worlds.
fn tell_id(id: &str) -> &str {
    if id.len() < 7 { id } else { "(erased)" }
}

fn tell_span(span: &SpanDetail) -> String {
    let id = tell_id(&span.id);
    let parent = span.parent.as_deref().map(tell_id);
    let said = (
        &span.name,
        span.kind,
        span.level,
        &span.status_message,
        &span.model,
    );
    let times = (
        span.start.map(|time| time.0),
        span.end.map(|time| time.0),
        span.latency_micros,
    );
    let payload = (
        &span.input,
        &span.output,
        &span.metadata,
        &span.model_parameters,
    );
    let usage = span.usage.effective();
    format!(
        "{id} under {parent:?} {said:?} {times:?} {usage:?} {:?} counted {} {payload:?}",
        span.pricing, span.counted
    )
}
