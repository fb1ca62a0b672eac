//! What leaves the log before it was sent, and what must not leave any more: counted, and not sent.
use crate::outlet::{Outlet, Reaction, taken};
use crate::rig::{PATIENCE, Rig, project, wait};
use cognobserve_model::id::UserId;
use cognobserve_model::time::Micros;
use cognobserve_ports::Events;
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::event::EndUserId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A provider that takes nothing until it is told to.
fn open_shut() -> (Outlet, Arc<AtomicBool>) {
    let is_open = Arc::new(AtomicBool::new(false));
    let reaction = is_open.clone();
    let outlet = Outlet::open(move |_| match reaction.load(Relaxed) {
        true => taken(),
        false => Reaction::With(503, "Retry-After: 5\r\n".to_owned(), String::new()),
    });
    (outlet, is_open)
}

async fn was_asked(outlet: &Outlet) {
    wait("a request", async || {
        (!outlet.received().is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_removed_unread_is_counted() {
    let rig = Rig::new(Edition::Cloud);
    rig.store(30).await;
    let end = Micros(i64::MAX);
    assert_eq!(rig.memory.remove_events(end, 20).await.unwrap(), 20);
    let outlet = Outlet::open(|_| taken());
    let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
    let progress = rig.settled(Provider::Amplitude, 30).await;
    assert_eq!((progress.sent, progress.dropped["expired"]), (10, 20));
    rig.store(5).await;
    let progress = rig.settled(Provider::Amplitude, 35).await;
    assert_eq!((progress.sent, progress.dropped["expired"]), (15, 20));
    running.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn who_is_erased_while_their_events_wait_is_not_told_of() {
    for edition in [Edition::Cloud, Edition::OpenSource] {
        let rig = Rig::new(edition);
        let (outlet, is_open) = open_shut();
        let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
        rig.store(70).await;
        was_asked(&outlet).await;
        let before = outlet.received().len();
        let pseudonyms = &rig.installation.pseudonyms;
        let pseudonym = pseudonyms.of_end_user(&EndUserId::new("usr_3"));
        let user = UserId::new("usr_3");
        let project = project();
        let forgotten = rig.memory.forget_end_user(&project, &user, &pseudonym);
        assert_eq!(forgotten.await.unwrap(), 10);
        is_open.store(true, Relaxed);
        let progress = rig.settled(Provider::Amplitude, 70).await;
        assert_eq!((progress.sent, progress.dropped["expired"]), (60, 10));
        for request in &outlet.received()[before..] {
            let is_told = request.body.contains("usr_3") || request.body.contains(&pseudonym);
            assert!(!is_told, "{}", request.body);
        }
        running.shutdown(PATIENCE).await;
    }
}

#[tokio::test]
async fn who_opts_out_while_their_events_wait_is_not_told_of() {
    let rig = Rig::new(Edition::Cloud);
    let (outlet, is_open) = open_shut();
    let running = rig.serve("a", &[(Provider::Posthog, &outlet.url)]);
    rig.store(10).await;
    was_asked(&outlet).await;
    let before = outlet.received().len();
    rig.opt_out(true).await;
    is_open.store(true, Relaxed);
    let progress = rig.settled(Provider::Posthog, 10).await;
    assert_eq!((progress.sent, progress.dropped["opted_out"]), (0, 10));
    assert_eq!(outlet.received().len(), before);
    running.shutdown(PATIENCE).await;
}
