//! Rounds over the reference store, in which no trace ever names a session.
use super::*;
use cognobserve_model::event::{EventFilter, EventId, StoredEvent, Who};
use cognobserve_model::id::DeveloperId;
use cognobserve_ports::reference::ReferenceStore;
use cognobserve_ports::{Accounts, Actor};

#[tokio::test]
async fn a_round_ends_where_the_next_begins_and_patience_ends() {
    let store = ReferenceStore::default();
    let project = store.create_project("w", "p", &Actor::Operator).await;
    let project = project.unwrap().id;
    let most = (PAGE * MAX_PAGES) as u32;
    let event = |n: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        StoredEvent {
            id: EventId(id),
            project: project.clone(),
            who: Who::Known {
                developer: DeveloperId::new("dev_1"),
                end_user: None,
            },
            name: "e".into(),
            session: None,
            awaited: Some(format!("chat-{}", n % 3)),
            client_type: None,
            properties: "{}".into(),
            at: Micros(0),
            arrived: Micros(0),
        }
    };
    for first in (0..most + 5).step_by(5_000) {
        let some = (first..(most + 5).min(first + 5_000)).map(event);
        store.append_events(some.collect()).await.unwrap();
    }
    let waiting = async || store.list_awaited(0, usize::MAX).await.unwrap().len() as u32;
    let patient = Micros(PATIENCE_MICROS);
    let next = link(&store, &store, 0, patient).await.unwrap();
    assert_eq!((next, waiting().await), (u64::from(most), most + 5));
    assert_eq!(link(&store, &store, next, patient).await.unwrap(), 0);

    let late = Micros(PATIENCE_MICROS + 1);
    link(&store, &store, 0, late).await.unwrap();
    assert_eq!(waiting().await, 5);
    link(&store, &store, 0, late).await.unwrap();
    assert_eq!(waiting().await, 0);
    let filter = EventFilter {
        project: Some(project),
        ..EventFilter::default()
    };
    let all = store.list_events(&filter, None, usize::MAX).await.unwrap();
    assert_eq!(all.len() as u32, most + 5);
    assert!(all.iter().all(|(_, it)| it.session.is_none()));
}
