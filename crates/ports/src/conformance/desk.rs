//! One project of a store under test, with short words for asking it.
//!
//! Every word panics where the store fails, so that a case only says what it expects.
use super::build::NOON;
use super::{Intake, Made, Store};
use crate::conformance::build::{tester, tester_key};
use crate::{Committed, DeleteMode, Events, Refusal};
use cognobserve_model::account::Project;
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::measures::Measures;
use cognobserve_model::piece::{Batch, Piece};
use cognobserve_model::price::{PriceEntry, Rates};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::query::{
    CostGroup, CostPosition, CostQuery, DayRange, PageRequest, Period, SessionFilter, SortOrder,
    TraceFilter, UserKey, UserQuery, UserSort,
};
use cognobserve_model::report::{
    CostReport, DayStats, Deleted, SessionStats, TraceDetail, TraceSummary, UserDetail, UserStats,
};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::{Day, MICROS_PER_DAY, MICROS_PER_QUARTER, Micros, Zone};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A project and the words for it. Clones share the project.
#[derive(Clone)]
pub struct Desk {
    pub store: Arc<dyn Store>,
    pub events: Arc<dyn Events>,
    intake: Arc<dyn Intake>,
    pub project: ProjectId,
    arrival: Arc<AtomicI64>,
}

/// A day after noon: events come in after they happened.
pub const FIRST_ARRIVAL: i64 = NOON.0 + MICROS_PER_DAY;
/// Pieces that bring no arrival of their own arrive an hour later than those that do.
const FIRST_STAMP: i64 = FIRST_ARRIVAL + 4 * MICROS_PER_QUARTER;

impl Desk {
    /// Makes the project `app` of workspace `acme`.
    pub async fn open(made: &Made) -> Desk {
        let project = made
            .store
            .create_project("acme", "app", &tester())
            .await
            .expect("a project is made");
        Desk {
            store: Arc::clone(&made.store),
            events: Arc::clone(&made.events),
            intake: Arc::clone(&made.intake),
            project: project.id,
            arrival: Arc::new(AtomicI64::new(FIRST_STAMP)),
        }
    }

    /// Another project of the same store.
    pub async fn open_another(&self, name: &str) -> Desk {
        let project: Project = self
            .store
            .create_project("acme", name, &tester())
            .await
            .expect("a project is made");
        Desk {
            project: project.id,
            ..self.clone()
        }
    }

    /// A stamp later than all before.
    pub fn stamp(&self) -> Arrival {
        Arrival(self.arrival.fetch_add(1000, Ordering::Relaxed))
    }

    /// Books pieces as one batch; those without an arrival arrive now, in order.
    pub async fn try_book(&self, mut pieces: Vec<Piece>) -> Result<Committed, Refusal> {
        for piece in &mut pieces {
            if piece.arrival == Arrival::default() {
                piece.arrival = self.stamp();
            }
        }
        let mut batch = Batch {
            project: self.project.clone(),
            key: tester_key(),
            pieces,
        };
        self.store.pack(&mut batch);
        let mut answers = self
            .intake
            .book(vec![batch])
            .await
            .expect("the batch is committed");
        assert_eq!(answers.len(), 1, "one answer per batch");
        answers.remove(0)
    }

    /// See [`Intake::keeps_groups`].
    pub fn keeps_groups(&self) -> bool {
        self.intake.keeps_groups()
    }

    pub async fn book(&self, pieces: Vec<Piece>) {
        let committed = self.try_book(pieces).await.expect("the batch is accepted");
        assert_eq!(committed.refused_spans, [], "no span is refused");
    }

    pub async fn book_one(&self, piece: Piece) {
        self.book(vec![piece]).await;
    }

    pub async fn find_user(&self, external_id: &str) -> Option<UserDetail> {
        let key = UserKey::External(external_id.into());
        self.store
            .find_user(&self.project, &key, Period::ALL)
            .await
            .expect("the user is read")
    }

    pub async fn user(&self, external_id: &str) -> UserStats {
        let found = self.find_user(external_id).await;
        found
            .unwrap_or_else(|| panic!("there is a user {external_id}"))
            .stats
    }

    pub async fn user_id(&self, external_id: &str) -> UserId {
        self.user(external_id).await.user.id
    }

    pub async fn sum_user(&self, external_id: &str) -> Measures {
        self.user(external_id).await.measures
    }

    /// External ids of all users, sorted by the store.
    pub async fn list_users(&self, query: UserQuery) -> Vec<UserStats> {
        self.store
            .list_users(&self.project, query)
            .await
            .expect("users are listed")
            .items
    }

    pub async fn list_ids(&self, query: UserQuery) -> Vec<String> {
        self.list_users(query)
            .await
            .into_iter()
            .map(|stats| stats.user.external_id)
            .collect()
    }

    pub async fn delete_user(&self, external_id: &str, mode: DeleteMode) -> Deleted {
        let id = self.user_id(external_id).await;
        let deleted = self
            .store
            .delete_user(&self.project, &id, mode, &tester())
            .await
            .expect("the user is deleted");
        deleted.expect("there was a user to delete")
    }

    pub async fn patch(&self, external_id: &str, part: ProfilePart) {
        let id = self.user_id(external_id).await;
        let patched = self
            .store
            .patch_user(&self.project, &id, part, &tester())
            .await;
        patched
            .expect("the profile is patched")
            .expect("there is a user to patch");
    }

    pub async fn list_traces(&self, filter: TraceFilter) -> Vec<TraceSummary> {
        let page = PageRequest {
            limit: 1000,
            after: None,
        };
        let found = self
            .store
            .list_traces(&self.project, filter, page)
            .await
            .expect("traces are listed");
        found.expect("user and session of the filter exist").items
    }

    pub async fn list_trace_ids(&self, filter: TraceFilter) -> Vec<String> {
        self.list_traces(filter)
            .await
            .into_iter()
            .map(|trace| trace.id)
            .collect()
    }

    pub async fn trace(&self, id: &str) -> TraceDetail {
        let found = self
            .store
            .find_trace(&self.project, id)
            .await
            .expect("the trace is read");
        found.unwrap_or_else(|| panic!("there is a trace {id}"))
    }

    pub async fn list_sessions(&self, filter: SessionFilter) -> Vec<SessionStats> {
        let page = PageRequest {
            limit: 1000,
            after: None,
        };
        let found = self
            .store
            .list_sessions(&self.project, filter, page)
            .await
            .expect("sessions are listed");
        found.expect("the user of the filter exists").items
    }

    pub async fn find_session(&self, external_id: &str) -> Option<SessionStats> {
        let all = self.list_sessions(SessionFilter::default()).await;
        all.into_iter()
            .find(|session| session.external_id == external_id)
    }

    pub async fn session(&self, external_id: &str) -> SessionStats {
        let found = self.find_session(external_id).await;
        found.unwrap_or_else(|| panic!("there is a session {external_id}"))
    }

    /// External id of a session's owner.
    pub async fn owner_of(&self, external_id: &str) -> Option<String> {
        self.session(external_id)
            .await
            .user
            .and_then(|user| user.external_id)
    }

    pub async fn delete_session(&self, id: &SessionId) -> Option<Deleted> {
        self.store
            .delete_session(&self.project, id, &tester())
            .await
            .expect("the session is deleted")
    }

    pub async fn report_costs(&self, group: CostGroup, period: Period) -> CostReport {
        self.ask_costs(group, period, true).await
    }

    /// The same without counting sessions.
    pub async fn report_costs_alone(&self, group: CostGroup, period: Period) -> CostReport {
        self.ask_costs(group, period, false).await
    }

    async fn ask_costs(&self, group: CostGroup, period: Period, sessions: bool) -> CostReport {
        let page: PageRequest<CostPosition> = PageRequest {
            limit: 1000,
            after: None,
        };
        let query = CostQuery {
            group,
            sessions,
            period,
            zone: Zone::utc(),
            page,
        };
        self.store
            .report_costs(&self.project, query)
            .await
            .expect("costs are reported")
    }

    /// The whole project's sums.
    pub async fn sum_project(&self) -> Measures {
        self.report_costs(CostGroup::User, Period::ALL)
            .await
            .total
            .0
    }

    /// What belongs to nobody.
    pub async fn sum_unattributed(&self) -> Measures {
        self.report_costs(CostGroup::User, Period::ALL)
            .await
            .unattributed
            .0
    }

    pub async fn analyse(
        &self,
        external_id: &str,
        zone: &str,
        today: &str,
        days: u32,
    ) -> Vec<DayStats> {
        let zone = Zone::parse(zone).expect("a zone");
        let range = DayRange {
            zone,
            today: Day::parse(today).expect("a day"),
            days,
        };
        let key = UserKey::External(external_id.into());
        let found = self
            .store
            .analyse_user(&self.project, &key, range)
            .await
            .expect("days are answered");
        found.expect("there is a user to analyse")
    }

    /// Sets a model's price, nano-dollars per token, from a time on.
    pub async fn price(
        &self,
        model: &str,
        prompt_nanos: i64,
        completion_nanos: i64,
        from: Option<Micros>,
    ) {
        let rates = Rates {
            prompt: Some(prompt_nanos * 1000),
            completion: Some(completion_nanos * 1000),
            ..Rates::default()
        };
        self.put_price(model, rates, from).await;
    }

    pub async fn put_price(&self, model: &str, rates: Rates, from: Option<Micros>) {
        let entry = PriceEntry {
            model: model.into(),
            effective_from: from.map(|from| from.0),
            rates,
        };
        self.store
            .put_prices(&self.project, vec![entry], &tester())
            .await
            .expect("the price is stored");
    }

    pub async fn verify(&self) {
        let found = self.store.verify().await.expect("verify answers");
        assert_eq!(found.difference_count, 0, "{:#?}", found.differences);
    }
}

/// Everybody, latest first.
pub fn everybody() -> UserQuery {
    UserQuery {
        search: None,
        last_seen_from: None,
        last_seen_to: None,
        sort: UserSort::LastSeenAt,
        order: SortOrder::Desc,
        stats: Period::ALL,
        active_only: false,
        metadata: Vec::new(),
        page: PageRequest {
            limit: 1000,
            after: None,
        },
    }
}

/// `[from, to)`.
pub fn between(from: Micros, to: Micros) -> Period {
    Period {
        from: Some(from),
        to: Some(to),
    }
}
