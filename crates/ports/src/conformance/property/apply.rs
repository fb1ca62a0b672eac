//! Plays a world on one store: the same calls, whatever ids the store gives.
//!
//! Every answer is told in words that do not depend on those ids, so that two stores can
//! be compared call by call.
use super::plan::{Step, World};
use super::realise::{
    ARRIVED, MODEL_NAMES, Maker, SESSION_IDS, TRACE_IDS, USER_IDS, make_profile, name_of, time_of,
};
use crate::conformance::build::{tester, tester_key};
use crate::conformance::{Intake, Made, Store};
use crate::{DeleteMode, SessionPatch};
use cognobserve_model::id::{ProjectId, SessionId, UserId};
use cognobserve_model::piece::{Batch, Piece};
use cognobserve_model::price::{PriceEntry, Rates};
use cognobserve_model::query::{PageRequest, Period, SessionFilter, UserKey};
use cognobserve_model::report::{Repriced, UserRef};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use std::collections::HashMap;
use std::sync::Arc;

/// A store and the projects of one world in it.
pub struct Side {
    pub store: Arc<dyn Store>,
    intake: Arc<dyn Intake>,
    pub projects: Vec<ProjectId>,
    /// Erased users, by the step that erased them.
    pub tombs: HashMap<UserId, String>,
    pub maker: Maker,
    serial: i64,
    booked: Vec<(u8, Piece)>,
}

impl Side {
    /// Makes the world's projects; `label` keeps their names apart from other worlds'.
    pub async fn open(made: &Made, label: &str, world: &World) -> Side {
        let store = Arc::clone(&made.store);
        let mut projects = Vec::new();
        for n in 0..2 {
            let project = store
                .create_project("acme", &format!("{label}-{n}"), &tester())
                .await
                .expect("a project is made");
            projects.push(project.id);
        }
        Side {
            store,
            intake: Arc::clone(&made.intake),
            projects,
            tombs: HashMap::new(),
            maker: Maker::of(world),
            serial: 0,
            booked: Vec::new(),
        }
    }

    pub async fn close(&self) {
        for project in &self.projects {
            assert!(
                self.store
                    .delete_project(project, &tester())
                    .await
                    .expect("the project is deleted")
            );
        }
    }

    fn project(&self, index: u8) -> &ProjectId {
        &self.projects[usize::from(index)]
    }

    async fn find_user(&self, project: u8, user: u8) -> Option<UserId> {
        let key = UserKey::External(USER_IDS[usize::from(user)].to_owned());
        let found = self
            .store
            .find_user(self.project(project), &key, Period::ALL)
            .await
            .expect("users are read");
        found.map(|found| found.stats.user.id)
    }

    async fn find_session(&self, project: u8, session: u8) -> Option<SessionId> {
        let page = PageRequest {
            limit: 100,
            after: None,
        };
        let listed = self
            .store
            .list_sessions(self.project(project), SessionFilter::default(), page)
            .await;
        let listed = listed
            .expect("sessions are read")
            .expect("no user is asked for")
            .items;
        let wanted = SESSION_IDS[usize::from(session)];
        listed
            .into_iter()
            .find(|stats| stats.external_id == wanted)
            .map(|stats| stats.id)
    }

    /// Plays all steps; answers what each call said.
    pub async fn play(&mut self, world: &World) -> Vec<String> {
        let mut said = Vec::new();
        for (n, step) in world.steps.iter().enumerate() {
            let answer = self.play_step(n, step).await;
            said.push(format!("step {n} answers {answer}"));
        }
        said
    }

    async fn play_step(&mut self, n: usize, step: &Step) -> String {
        match step {
            Step::Book(batches) => {
                let mut group = Vec::new();
                for plans in batches {
                    // A batch is of one project: the first piece's.
                    let project = plans.first().map_or(0, |plan| plan.project);
                    let mut pieces = Vec::new();
                    for plan in plans {
                        let piece = self.maker.piece(plan, self.serial);
                        self.serial += 1;
                        self.booked.push((project, piece.clone()));
                        pieces.push(piece);
                    }
                    group.push(self.pack(project, pieces));
                }
                self.commit(group).await
            }
            Step::Again { nth, is_retry } => {
                let Some((project, mut piece)) = self
                    .booked
                    .get(usize::from(*nth) % self.booked.len().max(1))
                    .cloned()
                else {
                    return "nothing was booked".into();
                };
                if *is_retry {
                    piece.arrival = Arrival(ARRIVED + 1_000_000 + self.booked.len() as i64);
                    self.booked.push((project, piece.clone()));
                }
                let batch = self.pack(project, vec![piece]);
                self.commit(vec![batch]).await
            }
            Step::Unlink { project, user } => {
                self.delete_user(n, *project, *user, DeleteMode::Unlink)
                    .await
            }
            Step::Erase { project, user } => {
                self.delete_user(n, *project, *user, DeleteMode::Erase)
                    .await
            }
            Step::Lift { project, user } => {
                let id = USER_IDS[usize::from(*user)];
                format!(
                    "{:?}",
                    self.store
                        .lift_suppression(self.project(*project), id, &tester())
                        .await
                        .expect("lifting answers")
                )
            }
            Step::DeleteTrace { project, trace } => {
                let id = TRACE_IDS[usize::from(*trace)];
                format!(
                    "{:?}",
                    self.store
                        .delete_trace(self.project(*project), id, &tester())
                        .await
                        .expect("the trace is deleted")
                )
            }
            Step::DeleteSession { project, session } => {
                let Some(id) = self.find_session(*project, *session).await else {
                    return "no session".into();
                };
                format!(
                    "{:?}",
                    self.store
                        .delete_session(self.project(*project), &id, &tester())
                        .await
                        .expect("the session is deleted")
                )
            }
            Step::Patch {
                project,
                user,
                profile,
            } => {
                let Some(id) = self.find_user(*project, *user).await else {
                    return "no user".into();
                };
                let mut part = make_profile(profile, "");
                part.at = Micros::now();
                let by = tester();
                format!(
                    "{:?}",
                    self.store
                        .patch_user(self.project(*project), &id, part, &by)
                        .await
                        .expect("the user is patched")
                )
            }
            Step::PatchSession {
                project,
                session,
                name,
            } => {
                let Some(id) = self.find_session(*project, *session).await else {
                    return "no session".into();
                };
                let patch = SessionPatch {
                    name: Some(name.map(name_of)),
                    metadata: vec![("m".into(), None)],
                };
                format!(
                    "{:?}",
                    self.store
                        .patch_session(self.project(*project), &id, patch, &tester())
                        .await
                        .expect("the session is patched")
                )
            }
            Step::Price {
                project,
                model,
                nanos,
                from,
            } => {
                let nanos = i64::from(*nanos);
                let rates = Rates {
                    prompt: Some(nanos * 1000),
                    completion: Some(nanos * 2100),
                    cached: Some(nanos * 55),
                    ..Rates::default()
                };
                let entry = PriceEntry {
                    model: MODEL_NAMES[usize::from(*model)].into(),
                    effective_from: from.map(|from| time_of(from).0),
                    rates,
                };
                self.store
                    .put_prices(self.project(*project), vec![entry], &tester())
                    .await
                    .expect("prices are stored");
                String::new()
            }
            Step::Reprice { project, apply } => {
                let rows = self
                    .store
                    .reprice(self.project(*project), *apply)
                    .await
                    .expect("repricing answers");
                let mut told: Vec<String> =
                    rows.iter().map(|row| self.tell_repriced(row)).collect();
                told.sort();
                told.join("; ")
            }
        }
    }

    fn pack(&self, project: u8, pieces: Vec<Piece>) -> Batch {
        let mut batch = Batch {
            project: self.project(project).clone(),
            key: tester_key(),
            pieces,
        };
        self.store.pack(&mut batch);
        batch
    }

    async fn commit(&self, group: Vec<Batch>) -> String {
        format!(
            "{:?}",
            self.intake
                .book(group)
                .await
                .expect("the group is committed")
        )
    }

    async fn delete_user(
        &mut self,
        step: usize,
        project: u8,
        user: u8,
        mode: DeleteMode,
    ) -> String {
        let Some(id) = self.find_user(project, user).await else {
            return "no user".into();
        };
        let deleted = self
            .store
            .delete_user(self.project(project), &id, mode, &tester())
            .await
            .expect("the user is deleted");
        if mode == DeleteMode::Erase {
            self.tombs.insert(id, format!("tomb {step}"));
        }
        format!("{deleted:?}")
    }

    fn tell_repriced(&self, row: &Repriced) -> String {
        let change = row.after_nanos - row.before_nanos;
        format!(
            "{} {} spans {change:+}",
            self.tell_user(row.user.as_ref()),
            row.spans
        )
    }

    /// A user by the name that does not depend on the store.
    pub fn tell_user(&self, user: Option<&UserRef>) -> String {
        match user {
            None => "nobody".into(),
            Some(UserRef {
                external_id: Some(id),
                ..
            }) => id.clone(),
            Some(UserRef {
                id,
                external_id: None,
            }) => self.tell_tomb(id),
        }
    }

    pub fn tell_tomb(&self, id: &UserId) -> String {
        self.tombs
            .get(id)
            .cloned()
            .unwrap_or_else(|| format!("unknown tomb {id}"))
    }
}
