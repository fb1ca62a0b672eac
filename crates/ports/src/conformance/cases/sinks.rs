//! Who reads the log of product events on behalf of a sink, how far it is, what it gave up.
use crate::conformance::build::at;
use crate::conformance::desk::Desk;
use crate::conformance::occur::make_id;
use cognobserve_model::event::DroppedEvent;

async fn hold(desk: &Desk, holder: &str, now: i64, until: i64) -> Option<String> {
    let held = desk.events.hold_sink("sink", holder, at(now), at(until));
    held.await.expect("an answer")
}

async fn save(desk: &Desk, holder: &str, progress: &str, dropped: Vec<DroppedEvent>) -> bool {
    let saved = desk
        .events
        .save_progress("sink", holder, progress, dropped)
        .await;
    saved.expect("an answer")
}

/// A drop of event `n`, at so many seconds.
async fn give_up(desk: &Desk, n: u32, reason: &str, seconds: i64) -> DroppedEvent {
    DroppedEvent {
        position: desk.position_of(n).await,
        event: make_id(n),
        reason: reason.into(),
        at: at(seconds),
    }
}

pub async fn one_holds_a_sink_at_a_time(desk: Desk) {
    assert!(
        !save(&desk, "one", "x", Vec::new()).await,
        "nobody holds it"
    );
    assert_eq!(hold(&desk, "one", 0, 10).await.as_deref(), Some(""));
    assert_eq!(hold(&desk, "two", 9, 99).await, None);
    assert!(!save(&desk, "two", "theirs", Vec::new()).await);
    assert!(save(&desk, "one", "a", Vec::new()).await);
    assert_eq!(hold(&desk, "one", 5, 20).await.as_deref(), Some("a"));
    assert_eq!(hold(&desk, "two", 19, 99).await, None, "prolonged");
    assert!(save(&desk, "one", "b", Vec::new()).await);
    let taken = hold(&desk, "two", 20, 30).await;
    assert_eq!(taken.as_deref(), Some("b"), "its time is over");
    assert!(!save(&desk, "one", "c", Vec::new()).await, "too late");
    assert_eq!(hold(&desk, "one", 21, 99).await, None);
    assert!(save(&desk, "two", "d", Vec::new()).await);
    let other = desk.events.hold_sink("another", "one", at(0), at(1)).await;
    assert_eq!(other.unwrap().as_deref(), Some(""));
    let progress = desk.events.list_progress().await.unwrap();
    let expected = [("another", ""), ("sink", "d")];
    assert_eq!(
        progress,
        expected.map(|(sink, at)| (sink.into(), at.into()))
    );
}

pub async fn of_many_who_ask_at_once_one_holds_a_sink(desk: Desk) {
    let ask = |n: i64| {
        let desk = desk.clone();
        tokio::spawn(async move { hold(&desk, &format!("holder {n}"), 0, 10).await })
    };
    let asked: Vec<_> = (0..8).map(ask).collect();
    let mut holders = 0;
    for asked in asked {
        holders += usize::from(asked.await.unwrap().is_some());
    }
    assert_eq!(holders, 1);
}

pub async fn what_a_sink_gave_up_is_listed(desk: Desk) {
    desk.log((1..5).map(|n| desk.event(n)).collect()).await;
    hold(&desk, "me", 0, 10).await;
    let one = give_up(&desk, 1, "400", 50).await;
    let two = give_up(&desk, 2, "too big", 40).await;
    let three = give_up(&desk, 3, "400", 50).await;
    assert!(save(&desk, "me", "1", vec![three.clone(), one.clone()]).await);
    assert!(save(&desk, "me", "2", vec![two.clone()]).await);
    let four = give_up(&desk, 4, "theirs", 60).await;
    assert!(!save(&desk, "you", "3", vec![four]).await, "not theirs");
    let listed = desk.events.list_dropped("sink", 10).await.unwrap();
    let expected = [three.clone(), one, two];
    assert_eq!(listed, expected);
    let listed = desk.events.list_dropped("sink", 1).await.unwrap();
    assert_eq!(listed[..], expected[..1]);
    assert_eq!(desk.events.list_dropped("another", 9).await.unwrap(), []);
    // Said anew, after a break: it is one drop, as said last.
    let again = give_up(&desk, 3, "500", 70).await;
    let gone = DroppedEvent {
        position: three.position + 100,
        ..three
    };
    assert!(save(&desk, "me", "4", vec![gone, again.clone()]).await);
    let listed = desk.events.list_dropped("sink", 10).await.unwrap();
    assert_eq!(listed[0], again);
    assert_eq!(listed.len(), 3, "what is gone is not given up");
}
