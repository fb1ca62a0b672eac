//! What leaves the log before it was sent, and what must not leave any more: counted, and not sent.
use crate::rig::{PATIENCE, Rig, map, project, wait};
use cognobserve_model::event::Who;
use cognobserve_model::id::{DeveloperId, UserId};
use cognobserve_model::time::Micros;
use cognobserve_ports::Events;
use cognobserve_servers::outlet::{Outlet, Reaction, taken};
use cognobserve_telemetry::edition::{Edition, Provider};
use cognobserve_telemetry::event::EndUserId;
use serde_json::json;
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

/// A caller may hold the id of somebody who was erased meanwhile.
#[tokio::test]
async fn what_is_tracked_of_somebody_erased_is_nobodys_and_says_nothing() {
    for edition in [Edition::Cloud, Edition::OpenSource] {
        let rig = Rig::new(edition);
        let ann = EndUserId::new("usr_3");
        let pseudonym = rig.installation.pseudonyms.of_end_user(&ann);
        let user = UserId::new("usr_3");
        let project = project();
        let forgotten = rig.memory.forget_end_user(&project, &user, &pseudonym);
        forgotten.await.unwrap();
        let telemetry = rig.track_in();
        let developer = Some(DeveloperId::new("dev_abc123"));
        let properties = map(json!({"type": "planted"}));
        for user in [ann, EndUserId::new("usr_4")] {
            telemetry.track("seen", &properties, Some(user), developer.clone());
        }
        assert!(telemetry.shutdown(PATIENCE).await);
        let status = telemetry.status();
        assert_eq!((status.stored, status.dropped), (2, 0), "both count");
        let stored = rig.memory.events();
        let all = format!("{stored:?}");
        assert!(!all.contains("usr_3") && !all.contains(&pseudonym), "{all}");
        let of_others = stored.iter().filter(|it| it.properties.contains("type"));
        assert_eq!(of_others.count(), usize::from(edition == Edition::Cloud));
        let nobody = match edition {
            Edition::Cloud => Who::Known {
                developer: DeveloperId::new("dev_abc123"),
                end_user: None,
            },
            Edition::OpenSource => {
                let pseudonyms = &rig.installation.pseudonyms;
                Who::Concealed(pseudonyms.of_developer(&DeveloperId::new("dev_abc123")))
            }
        };
        assert_eq!(stored.iter().filter(|it| it.who == nobody).count(), 1);
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
