//! Sessions and traces: lists, filters, details, timelines.
use super::{Painter, page};
use crate::conformance::property::realise::{ARRIVED, SESSION_IDS, USER_IDS};
use crate::conformance::property::words::{
    sort, tell_id, tell_measures, tell_session_id, tell_span, tell_trace_id,
};
use cognobserve_model::query::{
    PageRequest, Period, SessionFilter, TimePosition, TraceFilter, UserKey,
};
use cognobserve_model::report::{SessionStats, TraceDetail, TraceSummary};
use cognobserve_model::span::Level;
use cognobserve_model::time::Micros;

impl Painter<'_> {
    pub(super) fn tell_session(&self, session: &SessionStats) -> String {
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

    pub(super) async fn paint_sessions(&mut self) {
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
        let time = if self.mask.arrivals && trace.time.0 >= ARRIVED {
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

    pub(super) async fn paint_traces(&mut self, periods: &[Period]) {
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
}
