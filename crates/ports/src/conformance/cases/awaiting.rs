//! Events that came before the first trace of their session.
use crate::conformance::desk::Desk;
use cognobserve_model::event::StoredEvent;
use cognobserve_model::id::SessionId;

pub async fn events_wait_for_their_session(desk: Desk) {
    let awaiting = |n: u32, session: &str| StoredEvent {
        awaited: Some(session.to_owned()),
        ..desk.event(n)
    };
    let other = desk.open_another("other").await;
    desk.log(vec![
        awaiting(1, "chat"),
        desk.event(2),
        awaiting(3, "größe"),
        StoredEvent {
            awaited: Some("chat".to_owned()),
            ..other.event(4)
        },
        awaiting(5, "never"),
    ])
    .await;
    let events = &desk.events;
    let waiting = async |after, limit| {
        let found = events.list_awaited(after, limit).await.unwrap();
        let told = found
            .into_iter()
            .map(|it| (it.position, it.project, it.external_id));
        told.collect::<Vec<_>>()
    };
    let mut places = Vec::new();
    for n in 1..=5 {
        places.push(desk.position_of(n).await);
    }
    let all = [
        (places[0], desk.project.clone(), "chat".to_owned()),
        (places[2], desk.project.clone(), "größe".to_owned()),
        (places[3], other.project.clone(), "chat".to_owned()),
        (places[4], desk.project.clone(), "never".to_owned()),
    ];
    assert_eq!(waiting(0, 10).await, all);
    assert_eq!(waiting(places[0], 2).await, all[1..3]);
    let session = |id: &str| Some(SessionId::new(id));
    let found = vec![
        (places[0], session("ses_1")),
        (places[1], session("ses_2")),
        (places[4], None),
        (9_999, session("ses_3")),
    ];
    events.link_awaited(found).await.unwrap();
    assert_eq!(waiting(0, 10).await, all[1..3]);
    // What waits no longer keeps what it has.
    events.link_awaited(vec![(places[0], None)]).await.unwrap();
    let told: Vec<_> = desk
        .all_events()
        .await
        .into_iter()
        .map(|it| (it.session, it.awaited))
        .collect();
    let none = (None, None);
    let linked = (Some("ses_1".to_owned()), None);
    let waits = |session: &str| (None, Some(session.to_owned()));
    assert_eq!(
        told,
        [linked, none.clone(), waits("größe"), waits("chat"), none]
    );
}
