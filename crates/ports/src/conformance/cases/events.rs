//! The log of product events: what is stored once, read in order, forgotten and removed.
use crate::DeleteMode;
use crate::conformance::build::{at, tester};
use crate::conformance::desk::Desk;
use crate::conformance::occur::{SayEvent, event, make_id};
use Appended::{Forgotten, Known, NoSuchProject, Stored};
use cognobserve_model::event::{Appended, DroppedEvent, EventFilter, EventGroup, Position, Who};
use cognobserve_model::id::{ProjectId, UserId};
use cognobserve_model::time::Micros;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub async fn an_event_is_stored_once_in_its_project(desk: Desk) {
    let other = desk.open_another("other").await;
    let first = desk.event(1).named("first");
    let batch = vec![
        first.clone(),
        desk.event(2),
        desk.event(1).named("second"),
        other.event(1),
        event(&ProjectId::new("prj_nobody"), 1),
        desk.event(2),
    ];
    let appended = desk.append(batch.clone()).await;
    let expected = [Stored, Stored, Known, Stored, NoSuchProject, Known];
    assert_eq!(appended, expected);
    assert_eq!(desk.events.count_stored().await.unwrap(), 3);
    let again = desk.append(batch).await;
    assert_eq!(again, [Known, Known, Known, Known, NoSuchProject, Known]);
    let mixed = vec![other.event(1), other.event(2), desk.event(3)];
    assert_eq!(desk.append(mixed).await, [Known, Stored, Stored]);
    assert_eq!(desk.append(Vec::new()).await, []);
    assert_eq!(desk.events.count_stored().await.unwrap(), 5);
    let expected = [
        first,
        desk.event(2),
        other.event(1),
        other.event(2),
        desk.event(3),
    ];
    assert_eq!(
        desk.all_events().await,
        expected,
        "the first stays as it was"
    );
}

pub async fn events_come_back_as_they_were_stored(desk: Desk) {
    let mut full = desk
        .event(1)
        .of("dev_ä", Some("usr_1"))
        .with("{\"a\":\"ü\\n\\\"\", \"n\":1.50}");
    full.session = Some("ses_1".into());
    full.client_type = Some("py/1.2".into());
    full.at = Micros(-7);
    full.arrived = Micros(i64::MAX);
    let concealed = desk.event(2).concealed("sha256:ab");
    desk.log(vec![full.clone(), concealed.clone()]).await;
    assert_eq!(desk.all_events().await, [full.clone(), concealed.clone()]);
    let listed = desk.events.list_events(&desk.mine(), None, 10).await;
    let listed: Vec<_> = listed.unwrap().into_iter().map(|(_, it)| it).collect();
    assert_eq!(listed, [concealed, full]);
}

pub async fn the_log_is_read_in_order_and_in_parts(desk: Desk) {
    let other = desk.open_another("other").await;
    desk.log(vec![desk.event(9), other.event(1)]).await;
    desk.log(vec![desk.event(3)]).await;
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let read = desk.read_events(after, 1).await;
        let Some((position, event)) = read.into_iter().next() else {
            break;
        };
        assert!(position > after);
        after = position;
        seen.push(event.id);
    }
    assert_eq!(seen, [make_id(9), make_id(1), make_id(3)]);
    assert_eq!(desk.read_events(Position::MAX, 1).await, []);
    assert_eq!(desk.read_events(0, 0).await, []);
}

const WRITERS: u32 = 8;
const ROUNDS: u32 = 25;

pub async fn a_reader_never_misses_what_many_append(desk: Desk) {
    let working = Arc::new(AtomicUsize::new(WRITERS as usize));
    let write = |writer: u32| {
        let (desk, working) = (desk.clone(), Arc::clone(&working));
        async move {
            for round in 0..ROUNDS {
                let first = (writer * ROUNDS + round) * 4;
                let batch = (first..first + 1 + round % 4).map(|n| desk.event(n));
                desk.log(batch.collect()).await;
            }
            working.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(writer)))
        .collect();
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let are_done = working.load(Ordering::SeqCst) == 0;
        let read = desk.read_events(after, 7).await;
        for (position, event) in &read {
            assert!(*position > after, "ascending");
            after = *position;
            seen.push(event.id);
        }
        if are_done && read.is_empty() {
            break;
        }
    }
    for writer in writers {
        writer.await.expect("all is appended");
    }
    let stored = desk.events.count_stored().await.unwrap();
    assert_eq!(seen.len() as u64, stored, "each was seen");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len() as u64, stored, "and once");
}

pub async fn the_same_event_sent_many_times_at_once_is_stored_once(desk: Desk) {
    let send = |_| {
        let desk = desk.clone();
        tokio::spawn(async move { desk.append(vec![desk.event(1), desk.event(2)]).await })
    };
    let sent: Vec<_> = (0..WRITERS).map(send).collect();
    let mut stored = 0;
    for sent in sent {
        let appended = sent.await.unwrap();
        stored += appended.iter().filter(|it| **it == Stored).count();
    }
    assert_eq!(stored, 2);
    assert_eq!(desk.all_events().await.len(), 2);
}

pub async fn who_is_forgotten_leaves_no_event(desk: Desk) {
    let other = desk.open_another("other").await;
    let ann = |desk: &Desk, n| desk.event(n).of("dev_a", Some("usr_ann"));
    let mut batch: Vec<_> = (10..40).map(|n| ann(&desk, n)).collect();
    batch.extend([
        desk.event(1).of("dev_a", Some("usr_bob")),
        desk.event(2).concealed("sha256:ann"),
        desk.event(3).concealed("sha256:bob"),
        desk.event(4),
        ann(&other, 5),
        other.event(6).concealed("sha256:ann"),
    ]);
    desk.log(batch).await;
    let forget = async |project: &ProjectId| {
        let user = UserId::new("usr_ann");
        let events = &desk.events;
        let forgotten = events.forget_end_user(project, &user, "sha256:ann").await;
        forgotten.expect("an answer")
    };
    assert_eq!(forget(&ProjectId::new("prj_nobody")).await, 0);
    assert_eq!(forget(&desk.project).await, 31);
    assert_eq!(forget(&desk.project).await, 0);
    let left: Vec<_> = desk.all_events().await.iter().map(|it| it.id).collect();
    assert_eq!(left, [1, 3, 4, 5, 6].map(make_id));
    assert_eq!(desk.events.count_stored().await.unwrap(), 36);
    let bob = desk.event(41).of("dev_a", Some("usr_bob"));
    let late = vec![
        ann(&desk, 10),
        bob,
        desk.event(42).concealed("sha256:ann"),
        ann(&other, 43),
        desk.event(1).of("dev_a", Some("usr_ann")),
        desk.event(10),
    ];
    let again = desk.append(late).await;
    let expected = [Forgotten, Stored, Forgotten, Stored, Forgotten, Stored];
    assert_eq!(again, expected, "not under who is gone; as nobody's");
    let left: Vec<_> = desk.all_events().await.iter().map(|it| it.id).collect();
    assert_eq!(left, [1, 3, 4, 5, 6, 41, 43, 10].map(make_id));
}

/// Found before, erased meanwhile, appended after: what a request does that is slower than the erasure.
pub async fn who_is_erased_between_is_not_stored(desk: Desk) {
    let find = async || {
        let wanted = vec!["ann".to_owned()];
        let found = desk.store.resolve_users(&desk.project, wanted, true).await;
        found.unwrap().unwrap().remove(0)
    };
    let ann = find().await.expect("a new user");
    let known = |n| desk.event(n).of("dev_a", Some(ann.as_str()));
    desk.log(vec![known(1), desk.event(2).concealed("sha256:ann")])
        .await;
    let late = vec![known(3), desk.event(4).concealed("sha256:ann")];
    let forget = async || {
        let events = &desk.events;
        let forgotten = events.forget_end_user(&desk.project, &ann, "sha256:ann");
        forgotten.await.unwrap()
    };
    assert_eq!(forget().await, 2);
    let (store, project, by) = (&desk.store, &desk.project, tester());
    let erased = store.delete_user(project, &ann, DeleteMode::Erase, &by);
    assert!(erased.await.unwrap().is_some());
    assert_eq!(forget().await, 0);
    assert_eq!(desk.append(late.clone()).await, [Forgotten, Forgotten]);
    assert_eq!(desk.all_events().await, []);
    assert_eq!(find().await, None, "suppressed");
    let lifted = store.lift_suppression(project, "ann", &by);
    assert!(lifted.await.unwrap());
    let anew = find().await.expect("another user");
    let fresh = desk.event(5).of("dev_a", Some(anew.as_str()));
    assert_eq!(desk.append(vec![fresh]).await, [Stored]);
    assert_eq!(desk.append(late).await, [Forgotten, Forgotten], "for good");
}

/// Erased while many append: nothing of theirs is left, whoever was first.
pub async fn who_is_forgotten_while_many_append_leaves_no_event(desk: Desk) {
    let write = |writer: u32| {
        let desk = desk.clone();
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let n = (writer * ROUNDS + round) * 2;
                let theirs = desk.event(n).of("dev_a", Some("usr_ann"));
                desk.append(vec![theirs, desk.event(n + 1)]).await;
            }
        })
    };
    let writers: Vec<_> = (0..WRITERS).map(write).collect();
    let user = UserId::new("usr_ann");
    let forgotten = desk
        .events
        .forget_end_user(&desk.project, &user, "sha256:ann");
    forgotten.await.unwrap();
    for writer in writers {
        writer.await.expect("all is appended");
    }
    let left = desk.all_events().await;
    assert_eq!(left.len(), (WRITERS * ROUNDS) as usize, "the others' alone");
    assert!(
        left.iter()
            .all(|event| matches!(&event.who, Who::Known { end_user: None, .. }))
    );
}

pub async fn old_events_are_removed_by_arrival_in_steps(desk: Desk) {
    let old = (0..7).map(|n| desk.event(n).when(1_000 - i64::from(n)));
    desk.log(old.collect()).await;
    let first = desk.position_of(0).await;
    let drop = DroppedEvent {
        position: first,
        event: make_id(0),
        reason: "gone".into(),
        at: at(9),
    };
    let held = desk.events.hold_sink("sink", "me", at(0), at(60)).await;
    assert_eq!(held.unwrap().as_deref(), Some(""));
    let saved = desk.events.save_progress("sink", "me", "p", vec![drop]);
    assert!(saved.await.unwrap());
    assert_eq!(desk.events.remove_events(at(0), 10).await.unwrap(), 0);
    assert_eq!(desk.events.remove_events(at(5), 2).await.unwrap(), 2);
    let left: Vec<_> = desk.all_events().await.iter().map(|it| it.id).collect();
    assert_eq!(left, [2, 3, 4, 5, 6].map(make_id), "those that came first");
    assert_eq!(desk.events.list_dropped("sink", 10).await.unwrap(), []);
    assert_eq!(desk.events.remove_events(at(5), 10).await.unwrap(), 3);
    assert_eq!(desk.events.remove_events(at(5), 10).await.unwrap(), 0);
    assert_eq!(desk.events.count_stored().await.unwrap(), 7);
    desk.log(vec![desk.event(100)]).await;
    assert!(desk.position_of(100).await > desk.position_of(6).await);
}

pub async fn no_place_in_the_log_is_given_twice(desk: Desk) {
    desk.log(vec![desk.event(1), desk.event(2)]).await;
    let last = desk.position_of(2).await;
    let all = Micros(i64::MAX);
    assert_eq!(desk.events.remove_events(all, 10).await.unwrap(), 2);
    desk.log(vec![desk.event(3)]).await;
    assert!(desk.position_of(3).await > last);
}

pub async fn a_deleted_project_takes_its_events(desk: Desk) {
    let other = desk.open_another("other").await;
    desk.log(vec![desk.event(1), other.event(2), other.event(3)])
        .await;
    let drop = DroppedEvent {
        position: desk.position_of(2).await,
        event: make_id(2),
        reason: "refused".into(),
        at: at(1),
    };
    let events = &desk.events;
    events.hold_sink("sink", "me", at(0), at(9)).await.unwrap();
    let saved = events.save_progress("sink", "me", "p", vec![drop]).await;
    assert!(saved.unwrap());
    let deleted = desk.store.delete_project(&other.project, &tester()).await;
    assert!(deleted.unwrap());
    assert_eq!(desk.all_events().await, [desk.event(1)]);
    assert_eq!(events.list_dropped("sink", 9).await.unwrap(), []);
    assert_eq!(other.count(&other.mine(), None).await, []);
    let of_all = EventFilter::default();
    assert_eq!(
        desk.count(&of_all, Some(EventGroup::Event)).await,
        [(Some("memory_created".into()), 1)]
    );
    assert_eq!(desk.append(vec![other.event(4)]).await, [NoSuchProject]);
    assert_eq!(events.count_stored().await.unwrap(), 3);
    assert_eq!(
        events.list_progress().await.unwrap(),
        [("sink".into(), "p".into())]
    );
}

pub async fn a_workspace_opts_out_with_all_its_projects(desk: Desk) {
    let other = desk.open_another("other").await;
    let apart = desk.store.create_project("apart", "app", &tester()).await;
    let apart = apart.unwrap().id;
    let ask = async |project: &ProjectId| desk.events.has_opted_out(project).await.unwrap();
    assert!(!ask(&desk.project).await);
    for out in [true, true, false] {
        let told = desk.events.opt_out(&desk.project, out, &tester()).await;
        assert!(told.unwrap());
        assert_eq!(ask(&desk.project).await, out);
        assert_eq!(ask(&other.project).await, out, "one developer");
        assert!(!ask(&apart).await);
    }
    let nobody = ProjectId::new("prj_nobody");
    let told = desk.events.opt_out(&nobody, true, &tester()).await;
    assert!(!told.unwrap());
    assert!(!ask(&nobody).await);
}
