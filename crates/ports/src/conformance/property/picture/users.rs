//! Users: lists in every order, details in periods, days in zones.
use super::{Painter, ZONES, page};
use crate::conformance::property::realise::{USER_IDS, time_of};
use crate::conformance::property::words::tell_measures;
use cognobserve_model::query::{
    DayRange, Period, SortOrder, UserKey, UserPosition, UserQuery, UserSort,
};
use cognobserve_model::report::UserStats;
use cognobserve_model::time::{Day, Micros, Zone};

fn ask_users(sort: UserSort, order: SortOrder, stats: Period) -> UserQuery {
    UserQuery {
        search: None,
        last_seen_from: None,
        last_seen_to: None,
        sort,
        order,
        stats,
        active_only: false,
        metadata: Vec::new(),
        page: page(100),
    }
}

impl Painter<'_> {
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

    pub(super) async fn paint_users(&mut self, periods: &[Period]) {
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
            self.paint_active(*sort, periods[n % periods.len()]).await;
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

    /// Those with a trace in a period are the ones whose sums in it have one.
    async fn paint_active(&mut self, sort: UserSort, period: Period) {
        for order in SortOrder::ALL {
            if self.mask.arrivals && matches!(sort, UserSort::FirstSeenAt) {
                continue;
            }
            let query = UserQuery {
                active_only: true,
                ..ask_users(sort, *order, period)
            };
            let paged = self.walk_users(query).await;
            let everybody = self.list_users(ask_users(sort, *order, period)).await;
            let active = everybody
                .into_iter()
                .filter(|stats| stats.measures.trace_count > 0)
                .map(|stats| stats.user.external_id);
            let active: Vec<String> = active.collect();
            assert_eq!(active, paged, "the active by {sort:?} in {period:?}");
            self.note(
                format!("active by {sort:?} {order:?} in {period:?}"),
                paged.join(" "),
            );
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

    pub(super) async fn paint_each_user(&mut self, periods: &[Period]) {
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
}
