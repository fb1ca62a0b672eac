//! What was given up: kept whole, listed, queued again or dropped.
use crate::harness::{
    assert_empty, command, describe, list_ids, make_batch, make_settings, open, pull_pieces,
    wait_until,
};
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::SpanPart;
use cognobserve_model::profile::ProfilePart;
use cognobserve_ports::{Dead, DeadId, ErrorKind, Queue};
use cognobserve_redis::Settings;
use std::time::Duration;

#[tokio::test]
async fn the_buried_can_be_listed_replayed_and_dropped() {
    let queue = open(&make_settings()).await;
    let batch = make_batch(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    queue.push(&batch).await.expect("pushed");
    let found = pull_pieces(&queue, 8).await;
    for delivery in &found {
        let reason = "the ledger does not take it";
        queue.bury(&delivery.id, reason).await.expect("buried");
        queue.bury(&delivery.id, "twice").await.expect("harmless");
        queue
            .acknowledge(std::slice::from_ref(&delivery.id))
            .await
            .expect("late");
    }
    assert_empty(&queue).await;
    let letters = queue.list_dead(None, 1000).await.expect("a list");
    assert_eq!(letters.len(), found.len());
    for (letter, delivery) in letters.iter().zip(&found) {
        assert_eq!(letter.project.as_deref(), Some("prj_test"));
        assert_eq!(letter.partition, delivery.id.partition);
        assert_eq!(letter.spans, delivery.batch.pieces.len() as u64);
        assert_eq!(letter.attempts, 1);
        assert_eq!(letter.reason, "the ledger does not take it");
        assert!(letter.bytes > 20 && letter.pushed_at <= letter.buried_at);
        assert!(letter.pushed_at.0 > 1_600_000_000_000_000);
    }
    // Page by page it is the same list.
    let mut after: Option<DeadId> = None;
    let mut paged = Vec::new();
    loop {
        let page = queue.list_dead(after.as_ref(), 2).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        paged.extend(page);
    }
    assert_eq!(paged, letters);

    let first = Dead::These(vec![letters[0].id.clone()]);
    assert_eq!(queue.replay_dead(&first).await.expect("replayed"), 1);
    assert_eq!(queue.replay_dead(&first).await.expect("gone"), 0);
    let again = pull_pieces(&queue, found[0].batch.pieces.len()).await;
    assert_eq!(describe([&again[0].batch]), describe([&found[0].batch]));
    assert_eq!(again[0].attempts, 1);
    queue.acknowledge(&list_ids(&again)).await.expect("done");

    let second = Dead::These(vec![letters[1].id.clone()]);
    assert_eq!(queue.drop_dead(&second).await.expect("dropped"), 1);
    let rest = letters.len() as u64 - 2;
    assert_eq!(queue.replay_dead(&Dead::All).await.expect("replayed"), rest);
    assert_eq!(queue.list_dead(None, 10).await.expect("a list"), []);
    let stats = queue.stats().await.expect("stats");
    assert_eq!(stats.dead, 0);
    assert_eq!(stats.counts.buried, letters.len() as u64);
    assert_eq!(stats.counts.replayed, rest + 1);
    assert_eq!((stats.counts.dropped, stats.counts.unreadable), (1, 0));
    let depth: u64 = stats.partitions.iter().map(|one| one.depth).sum();
    assert_eq!(depth, rest);

    let wrong = Dead::These(vec![DeadId("- +".into())]);
    assert!(queue.drop_dead(&wrong).await.is_err());
}

#[tokio::test]
async fn many_letters_are_gone_through_page_by_page() {
    let settings = Settings {
        partitions: 1,
        ..make_settings()
    };
    let queue = open(&settings).await;
    for _ in 0..250 {
        queue.push(&make_batch(&["a"])).await.expect("pushed");
    }
    for delivery in pull_pieces(&queue, 250).await {
        queue.bury(&delivery.id, "no").await.expect("buried");
    }
    assert_eq!(queue.list_dead(None, 999).await.expect("a list").len(), 250);
    assert_eq!(queue.list_dead(None, 120).await.expect("a list").len(), 120);
    assert_eq!(queue.replay_dead(&Dead::All).await.expect("replayed"), 250);
    for delivery in pull_pieces(&queue, 250).await {
        queue.bury(&delivery.id, "no").await.expect("buried");
    }
    assert_eq!(queue.drop_dead(&Dead::All).await.expect("dropped"), 250);
    assert_eq!(queue.drop_dead(&Dead::All).await.expect("dropped"), 0);
    assert_empty(&queue).await;
}

#[tokio::test]
async fn without_room_for_dead_letters_entries_stay() {
    let settings = Settings {
        partitions: 1,
        max_dead: 2,
        lease_time: Duration::from_millis(600),
        ..make_settings()
    };
    let queue = open(&settings).await;
    for _ in 0..3 {
        queue.push(&make_batch(&["a"])).await.expect("pushed");
    }
    let found = pull_pieces(&queue, 3).await;
    for delivery in &found[..2] {
        queue.bury(&delivery.id, "no").await.expect("buried");
    }
    let error = queue.bury(&found[2].id, "no").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(queue.health().await.expect("health").depth, 1);
    // An entry that cannot be read waits for room by itself.
    let stream = format!("{{{}}}:entries:0", settings.prefix);
    command(&settings.url, &["XADD", &stream, "*", "b", "\u{1}junk"]);
    let nothing = queue.pull(10, Duration::from_secs(1)).await;
    assert!(nothing.expect("a pull").is_empty());
    assert_eq!(queue.health().await.expect("health").depth, 2);
    assert_eq!(queue.drop_dead(&Dead::All).await.expect("dropped"), 2);
    queue.bury(&found[2].id, "now").await.expect("buried");
    wait_until("there is room", async || {
        let nothing = queue.pull(10, Duration::from_millis(100)).await;
        assert!(nothing.expect("a pull").is_empty());
        queue.health().await.expect("health").depth == 0
    })
    .await;
    let stats = queue.stats().await.expect("stats");
    assert_eq!((stats.dead, stats.counts.unreadable), (2, 1));
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_as_it_is() {
    let settings = Settings {
        partitions: 1,
        ..make_settings()
    };
    let queue = open(&settings).await;
    let stream = format!("{{{}}}:entries:0", settings.prefix);
    let add = |words: &[&str]| {
        command(&settings.url, &[&["XADD", &stream, "*"], words].concat());
    };
    queue.push(&make_batch(&["before"])).await.expect("pushed");
    add(&["b", "\u{63}of a later version", "p", "prj_x", "n", "5"]);
    add(&[
        "b",
        "\u{1}junk",
        "reason",
        "a field of theirs",
        "partition",
        "99",
    ]);
    add(&["nothing", "of ours"]);
    queue.push(&make_batch(&["after"])).await.expect("pushed");
    let found = pull_pieces(&queue, 2).await;
    assert_eq!(found.len(), 2);
    queue.acknowledge(&list_ids(&found)).await.expect("done");
    assert_empty(&queue).await;

    let letters = queue.list_dead(None, 10).await.expect("a list");
    let reasons: Vec<&str> = letters.iter().map(|one| one.reason.as_str()).collect();
    assert!(reasons[0].contains("format 99"), "{reasons:?}");
    assert!(reasons[1].contains("cannot be read"), "{reasons:?}");
    assert!(reasons[2].contains("no body"), "{reasons:?}");
    assert_eq!(letters[0].project.as_deref(), Some("prj_x"));
    assert_eq!((letters[0].spans, letters[1].partition), (5, 0));
    assert_eq!(queue.stats().await.expect("stats").counts.unreadable, 3);

    // Queued again they are the same entries, and are buried again.
    assert_eq!(queue.replay_dead(&Dead::All).await.expect("replayed"), 3);
    let words = ["XRANGE", &stream, "-", "+"];
    let kept = format!("{:?}", command(&settings.url, &words));
    assert!(
        kept.contains("a field of theirs") && kept.contains("of ours"),
        "{kept}"
    );
    wait_until("they are buried", async || {
        let nothing = queue.pull(10, Duration::from_millis(50)).await;
        assert!(nothing.expect("a pull").is_empty());
        queue.health().await.expect("health").dead == 3
    })
    .await;
}

#[tokio::test]
async fn a_person_is_taken_out_of_dead_letters_and_the_others_stay() {
    let settings = Settings {
        partitions: 1,
        ..make_settings()
    };
    let queue = open(&settings).await;
    let project = ProjectId::new("prj_test");
    let mut mixed = make_batch(&[
        "by-envelope",
        "by-span",
        "by-profile",
        "later-piece",
        "of-others",
    ]);
    let [_, by_span, by_profile, later_piece, of_others] = &mut mixed.pieces[..] else {
        unreachable!("five pieces");
    };
    let john = || Some("john".to_owned());
    by_span.user = None;
    by_span.spans.push(SpanPart {
        id: "s".into(),
        user: john(),
        ..SpanPart::default()
    });
    by_profile.user = None;
    by_profile.profiles.push(ProfilePart {
        user: "john".into(),
        ..ProfilePart::default()
    });
    // The rest of a trace that another letter says is theirs.
    later_piece.user = None;
    later_piece.trace_id = "by-span".into();
    of_others.user = Some("johnny".into());
    let mut kept = mixed.clone();
    kept.pieces.drain(..4);
    let alone = make_batch(&["only-theirs"]);
    let mut elsewhere = make_batch(&["x"]);
    elsewhere.project = ProjectId::new("prj_other");
    for batch in [&mixed, &alone, &elsewhere] {
        queue.push(batch).await.expect("pushed");
        for delivery in pull_pieces(&queue, batch.pieces.len()).await {
            queue.bury(&delivery.id, "why").await.expect("buried");
        }
    }
    assert_eq!(queue.forget_user(&project, "nobody").await.expect("0"), 0);
    assert_eq!(queue.forget_user(&project, "john").await.expect("2"), 2);
    assert_eq!(queue.forget_user(&project, "john").await.expect("0"), 0);
    let letters = queue.list_dead(None, 10).await.expect("a list");
    assert_eq!(letters.len(), 2);
    let rest = letters
        .iter()
        .find(|one| one.project.as_deref() == Some("prj_test"));
    let rest = rest.expect("what others sent");
    assert_eq!(
        (rest.traces, rest.spans, rest.reason.as_str()),
        (1, 1, "why")
    );
    assert!(rest.pushed_at.0 > 1_600_000_000_000_000);
    assert_eq!(queue.replay_dead(&Dead::All).await.expect("replayed"), 2);
    let found = pull_pieces(&queue, 2).await;
    let found = describe(found.iter().map(|one| &one.batch));
    assert_eq!(found, describe([&kept, &elsewhere]));
}
