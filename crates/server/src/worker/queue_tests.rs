//! Tests of the queue over ledgers that count, stall, fail and panic.
use super::*;
use crate::worker::{Full, Share};
use async_trait::async_trait;
use cognobserve_model::id::{KeyId, ProjectId, SessionId, UserId};
use cognobserve_model::piece::{Piece, SpanPart};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::report::{Deleted, Repriced};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, DeleteMode, ErrorKind, Refusal, SessionPatch, StoreError};
use tokio::sync::Semaphore;

type Stored<T> = Result<T, StoreError>;

/// A ledger that notes its groups; a batch of the project `poison` fails its whole group.
struct Script {
    groups: Mutex<Vec<Vec<String>>>,
    gate: Semaphore,
    kind: ErrorKind,
    panics: bool,
}

impl Script {
    fn new(open: usize, kind: ErrorKind) -> Arc<Script> {
        Arc::new(Script {
            groups: Mutex::default(),
            gate: Semaphore::new(open),
            kind,
            panics: false,
        })
    }
}

#[async_trait]
impl Ledger for Script {
    async fn commit(&self, group: Vec<Batch>) -> Stored<Vec<Result<Committed, Refusal>>> {
        self.gate.acquire().await.unwrap().forget();
        let names: Vec<String> = group
            .iter()
            .map(|batch| batch.project.to_string())
            .collect();
        let poisoned = names.iter().any(|name| name == "poison");
        self.groups.lock().push(names);
        assert!(!(poisoned && self.panics), "poisoned");
        if poisoned {
            return Err(StoreError::new(self.kind, "poisoned"));
        }
        Ok(group
            .iter()
            .map(|batch| {
                if batch.project.as_str() == "full" {
                    Err(Refusal::TooManyUsers)
                } else {
                    Ok(Committed::default())
                }
            })
            .collect())
    }
    async fn last_arrival(&self) -> Stored<Arrival> {
        Ok(Arrival(0))
    }
    async fn patch_user(
        &self,
        _: &ProjectId,
        _: &UserId,
        _: ProfilePart,
        _: &Actor,
    ) -> Stored<Option<()>> {
        Ok(None)
    }
    async fn delete_user(
        &self,
        _: &ProjectId,
        _: &UserId,
        _: DeleteMode,
        _: &Actor,
    ) -> Stored<Option<Deleted>> {
        Ok(None)
    }
    async fn resolve_users(
        &self,
        _: &ProjectId,
        _: Vec<String>,
        _: bool,
    ) -> Stored<Result<Vec<Option<UserId>>, Refusal>> {
        Ok(Ok(Vec::new()))
    }
    async fn lift_suppression(&self, _: &ProjectId, _: &str, _: &Actor) -> Stored<bool> {
        Ok(false)
    }
    async fn patch_session(
        &self,
        _: &ProjectId,
        _: &SessionId,
        _: SessionPatch,
        _: &Actor,
    ) -> Stored<Option<()>> {
        Ok(None)
    }
    async fn delete_session(
        &self,
        _: &ProjectId,
        _: &SessionId,
        _: &Actor,
    ) -> Stored<Option<Deleted>> {
        Ok(None)
    }
    async fn delete_trace(&self, _: &ProjectId, _: &str, _: &Actor) -> Stored<Option<()>> {
        Ok(None)
    }
    async fn remove_expired_payloads(&self, _: Micros) -> Stored<u64> {
        Ok(0)
    }
    async fn reprice(&self, _: &ProjectId, _: bool) -> Stored<Vec<Repriced>> {
        Ok(Vec::new())
    }
}

fn batch(project: &str, spans: usize) -> Batch {
    let piece = Piece {
        trace_id: "t".into(),
        spans: vec![SpanPart::default(); spans],
        ..Piece::default()
    };
    Batch {
        project: ProjectId::new(project),
        key: KeyId::new("key_x"),
        pieces: vec![piece],
    }
}

fn start(ledger: Arc<Script>) -> Arc<LocalQueue> {
    LocalQueue::start(
        ledger,
        QueueLimits {
            group_spans: 10,
            ..QueueLimits::default()
        },
        Arc::default(),
    )
}

async fn submit(
    queue: &Arc<LocalQueue>,
    project: &str,
    spans: usize,
    way: Way,
) -> Result<Committed, Setback> {
    let mut reservation = queue.budget().open(Arc::new(Share::default()));
    reservation.grow(100).unwrap();
    queue.submit(batch(project, spans), reservation, way).await
}

/// Submits all at once, the first being under way before the others are queued.
async fn submit_all(
    queue: &Arc<LocalQueue>,
    ledger: &Script,
    projects: &[&str],
) -> Vec<Result<Committed, Setback>> {
    let mut tasks = Vec::new();
    for project in projects {
        let (queue, project) = (queue.clone(), project.to_string());
        tasks.push(tokio::spawn(async move {
            submit(&queue, &project, 4, Way::Grouped).await
        }));
        tokio::task::yield_now().await;
    }
    ledger.gate.add_permits(1000);
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn what_waits_is_committed_together_up_to_the_limit() {
    let ledger = Script::new(0, ErrorKind::Internal);
    let queue = start(ledger.clone());
    let answers = submit_all(&queue, &ledger, &["a", "b", "c", "full", "e", "f"]).await;
    assert!(matches!(
        answers[3],
        Err(Setback::Refused(Refusal::TooManyUsers))
    ));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    let groups = ledger.groups.lock().clone();
    assert_eq!(groups, [vec!["a"], vec!["b", "c", "full"], vec!["e", "f"]]);
    assert_eq!(queue.budget().used_bytes(), 0);
}

#[tokio::test]
async fn a_poisoned_batch_sinks_no_other_for_long() {
    let mut script = Script::new(0, ErrorKind::Internal);
    for panics in [false, true] {
        let ledger = Arc::get_mut(&mut script).unwrap();
        ledger.panics = panics;
        ledger.gate = Semaphore::new(0);
        let queue = start(script.clone());
        let answers = submit_all(&queue, &script, &["a", "b", "poison"]).await;
        assert!(answers[0].is_ok());
        assert!(matches!(answers[1], Err(Setback::Sunk(_))));
        assert!(submit(&queue, "b", 4, Way::Alone).await.is_ok());
        assert!(matches!(
            submit(&queue, "poison", 4, Way::Alone).await,
            Err(Setback::Failed)
        ));
        queue.drain().await;
        drop(queue);
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_told_as_such() {
    let ledger = Script::new(0, ErrorKind::Unavailable);
    let queue = start(ledger.clone());
    let answers = submit_all(&queue, &ledger, &["a", "b", "poison"]).await;
    assert!(matches!(
        answers[1..],
        [Err(Setback::Unavailable), Err(Setback::Unavailable)]
    ));
}

#[tokio::test]
async fn draining_commits_what_was_taken_and_takes_no_more() {
    let ledger = Script::new(0, ErrorKind::Internal);
    let queue = start(ledger.clone());
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { submit(&queue, "a", 1, Way::Grouped).await }
    });
    tokio::task::yield_now().await;
    ledger.gate.add_permits(1);
    queue.drain().await;
    assert!(waiting.await.unwrap().is_ok());
    assert!(!queue.is_open());
    assert!(matches!(
        submit(&queue, "b", 1, Way::Grouped).await,
        Err(Setback::Unavailable)
    ));
}

#[tokio::test]
async fn a_caller_that_went_away_is_committed_and_frees_its_bytes() {
    let ledger = Script::new(0, ErrorKind::Internal);
    let queue = start(ledger.clone());
    let gone = tokio::spawn({
        let queue = queue.clone();
        async move { submit(&queue, "a", 1, Way::Grouped).await }
    });
    tokio::task::yield_now().await;
    gone.abort();
    let _ = gone.await;
    assert_eq!(queue.budget().used_bytes(), 100);
    ledger.gate.add_permits(1);
    queue.drain().await;
    assert_eq!(*ledger.groups.lock(), [vec!["a"]]);
    assert_eq!(queue.budget().used_bytes(), 0);
}

#[test]
fn a_full_budget_names_whose_it_is() {
    let budget = Arc::new(Budget::new(10, 5));
    assert_eq!(budget.open(Arc::default()).grow(6), Err(Full::Request));
}
