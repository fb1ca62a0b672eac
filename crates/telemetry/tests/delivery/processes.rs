//! Several processes over one log, one after the other and at once.
use crate::rig::{PATIENCE, Rig, check_all_came, wait};
use cognobserve_servers::outlet::{Outlet, Reaction, taken};
use cognobserve_telemetry::edition::{Edition, Provider};
use std::time::Duration;

#[tokio::test]
async fn restarts_in_the_middle_lose_nothing_and_count_each_once() {
    let rig = Rig::new(Edition::Cloud);
    let mut asked = 0;
    // Of three requests one is answered, one only after it was taken, one not at all.
    let outlet = Outlet::open(move |_| {
        asked += 1;
        std::thread::sleep(Duration::from_millis(20));
        match asked % 3 {
            0 => taken(),
            1 => Reaction::Cut,
            _ => Reaction::Answer(503, String::new()),
        }
    });
    rig.store(12_000).await;
    for round in 0..8 {
        let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
        let before = outlet.received().len();
        wait("a request", async || {
            (outlet.received().len() > before).then_some(())
        })
        .await;
        match round % 2 {
            // As if it were killed.
            0 => running.shutdown(Duration::ZERO).await,
            _ => running.shutdown(PATIENCE).await,
        }
    }
    let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
    let progress = rig.settled(Provider::Amplitude, 12_000).await;
    assert_eq!(progress.sent, 12_000);
    assert!(progress.dropped.is_empty() && progress.beyond.is_empty());
    check_all_came(&outlet, |_| true, 12_000);
    running.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn of_two_processes_one_serves_and_the_other_takes_over() {
    let rig = Rig::new(Edition::OpenSource);
    let outlet = Outlet::open(|_| taken());
    let sinks = [(Provider::Posthog, outlet.url.as_str())];
    let first = rig.serve("a", &sinks);
    rig.store(500).await;
    rig.settled(Provider::Posthog, 500).await;
    let second = rig.serve("b", &sinks);
    rig.store(500).await;
    rig.settled(Provider::Posthog, 1_000).await;
    let ids: usize = outlet
        .received()
        .iter()
        .map(|request| request.ids().len())
        .sum();
    assert_eq!(ids, 1_000, "none came twice");
    first.shutdown(PATIENCE).await;
    rig.store(500).await;
    let progress = rig.settled(Provider::Posthog, 1_500).await;
    assert_eq!(progress.sent, 1_500);
    let ids: usize = outlet
        .received()
        .iter()
        .map(|request| request.ids().len())
        .sum();
    assert_eq!(ids, 1_500);
    second.shutdown(PATIENCE).await;
}
