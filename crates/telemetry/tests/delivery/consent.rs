//! Whoever says no: nothing is stored, nothing is sent.
use crate::rig::{PATIENCE, Rig, wait};
use cognobserve_servers::outlet::{Outlet, taken};
use cognobserve_telemetry::consent::Consent;
use cognobserve_telemetry::edition::{Edition, Provider};
use std::time::Duration;

#[tokio::test]
async fn without_consent_nothing_is_stored_or_sent() {
    let no = Consent {
        configured: Some(false),
        ..Consent::default()
    };
    let off = Consent {
        telemetry_enabled: Some("off"),
        ..Consent::default()
    };
    let untracked = Consent {
        do_not_track: Some("1"),
        ..Consent::default()
    };
    for consent in [no, off, untracked] {
        let rig = Rig::new(Edition::Cloud);
        rig.gate.set(consent.is_given());
        let outlet = Outlet::open(|_| taken());
        let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
        let telemetry = rig.track_in();
        telemetry.track_error("timeout", None, None);
        assert!(telemetry.shutdown(PATIENCE).await);
        assert_eq!(
            (telemetry.status().withheld, telemetry.status().is_enabled),
            (1, false)
        );
        assert!(rig.memory.events().is_empty());
        running.shutdown(PATIENCE).await;
        assert!(outlet.received().is_empty());
    }
}

#[tokio::test]
async fn a_no_holds_for_what_waits_also_at_the_end() {
    let rig = Rig::new(Edition::Cloud);
    let outlet = Outlet::open(|_| taken());
    rig.store(5).await;
    // The store is away, so that the call waits.
    rig.memory
        .fails
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let telemetry = rig.track_in();
    telemetry.track_error("timeout", None, None);
    rig.gate.set(false);
    rig.memory
        .fails
        .store(false, std::sync::atomic::Ordering::Relaxed);
    assert!(telemetry.shutdown(PATIENCE).await);
    assert_eq!(telemetry.status().withheld, 1);
    assert_eq!(rig.memory.events().len(), 5);
    let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(outlet.received().is_empty());
    // A yes lets what was captured with one go.
    rig.gate.set(true);
    rig.settled(Provider::Amplitude, 5).await;
    running.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_developer_s_no_is_theirs_alone_and_holds_for_what_waits() {
    let rig = Rig::new(Edition::Cloud);
    let outlet = Outlet::open(|_| taken());
    rig.store(5).await;
    rig.opt_out(true).await;
    let telemetry = rig.track_in();
    telemetry.track_error("timeout", None, None);
    assert!(telemetry.flush(PATIENCE).await);
    assert_eq!(
        (telemetry.status().withheld, rig.memory.events().len()),
        (1, 5)
    );
    let running = rig.serve("a", &[(Provider::Amplitude, &outlet.url)]);
    let progress = rig.settled(Provider::Amplitude, 5).await;
    assert_eq!(progress.dropped.get("opted_out"), Some(&5));
    assert!(outlet.received().is_empty());
    rig.opt_out(false).await;
    telemetry.track_error("timeout", None, None);
    let sent = wait("one more", async || {
        (rig.progress(Provider::Amplitude).await.sent == 1).then_some(())
    });
    sent.await;
    running.shutdown(PATIENCE).await;
}
