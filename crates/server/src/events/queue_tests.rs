//! Tests of the group commit, over the reference store and one that fails.
use super::*;
use cognobserve_model::event::{EventId, Who};
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_model::time::Micros;
use cognobserve_ports::reference::ReferenceStore;
use cognobserve_ports::{Accounts, Actor};

async fn open() -> (Arc<ReferenceStore>, ProjectId) {
    let store = Arc::new(ReferenceStore::new());
    let made = store.create_project("w", "p", &Actor::Operator).await;
    let project = made.unwrap().id;
    (store, project)
}

fn event(project: &ProjectId, n: u8) -> StoredEvent {
    StoredEvent {
        id: EventId([n; 16]),
        project: project.clone(),
        who: Who::Known {
            developer: DeveloperId::new("dev_1"),
            end_user: None,
        },
        name: "e".into(),
        session: None,
        awaited: None,
        client_type: None,
        properties: "{}".into(),
        at: Micros(0),
        arrived: Micros(0),
    }
}

#[tokio::test]
async fn each_gets_its_own_answer_however_they_are_grouped() {
    let (store, project) = open().await;
    let bell = Bell::default();
    let mut heard = bell.listen();
    let queue = EventQueue::start(store.clone(), bell);
    let nobody = ProjectId::new("prj_nobody");
    let first = vec![event(&project, 1), event(&nobody, 2), event(&project, 3)];
    let second = vec![event(&project, 3), event(&project, 4)];
    let (first, second) = (queue.append(first, None), queue.append(second, None));
    let (first, second, none) = tokio::join!(first, second, queue.append(Vec::new(), None));
    use Appended::{Known, NoSuchProject, Stored};
    assert_eq!(first.unwrap(), [Stored, NoSuchProject, Stored]);
    assert_eq!(second.unwrap(), [Known, Stored]);
    assert_eq!(none.unwrap(), []);
    assert_eq!(store.count_stored().await.unwrap(), 3);
    heard.changed().await.unwrap();
}

#[tokio::test]
async fn who_comes_when_it_is_full_is_sent_away_and_nobody_else() {
    let (store, project) = open().await;
    let queue = EventQueue::start(store.clone(), Bell::default());
    // Nothing is written before this task waits for the first time.
    let append = |n: usize| {
        let mut event = event(&project, 0);
        event.id.0[..8].copy_from_slice(&n.to_be_bytes());
        queue.append(vec![event], None)
    };
    let all = futures_util::future::join_all((0..=MAX_WAITING).map(append)).await;
    let full = all.iter().filter(|it| matches!(it, Err(Refused::Full)));
    assert_eq!(full.count(), 1);
    assert_eq!(store.count_stored().await.unwrap(), MAX_WAITING as u64);
    let again = append(MAX_WAITING).await;
    assert_eq!(again.unwrap(), [Appended::Stored]);
}
