//! From the door to the worker and out of the queue.
use crate::harness::{
    PATIENCE, assert_empty, describe, list_ids, make_batch, make_piece, make_settings, open,
    pull_pieces,
};
use cognobserve_model::payload::PayloadPart;
use cognobserve_model::piece::{Batch, SessionPart, SpanPayload};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Delivery, Queue};
use cognobserve_redis::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

fn batches(deliveries: &[Delivery]) -> impl Iterator<Item = &Batch> {
    deliveries.iter().map(|one| &one.batch)
}

#[tokio::test]
async fn what_is_pushed_is_delivered_whole_and_gone_when_acknowledged() {
    let queue = open(&make_settings()).await;
    let mut batch = make_batch(&["a", "b", "c", "d", "e", "f", "g", "h", "a"]);
    let piece = &mut batch.pieces[2];
    piece.name = Some("Grüße \u{1F600}".into());
    piece.timestamp = Some(Micros(-5));
    piece.metadata = Some(r#"{"a":[1,2.50]}"#.into());
    piece.session = Some(SessionPart {
        external_id: "ses".into(),
        name: None,
        metadata: Some("{}".into()),
    });
    piece.profiles.push(ProfilePart {
        user: "john".into(),
        at: Micros(7),
        name: Some(None),
        email: None,
        metadata: vec![("k".into(), None), ("l".into(), Some("1".into()))],
    });
    piece.spans[0].kind = Some(SpanKind::Generation);
    piece.spans[0].level = Some(Level::Error);
    piece.spans[0].usage.prompt = Some(i64::MAX);
    piece.spans[0].cost.total = Some(-1);
    piece.spans[0].payload = SpanPayload {
        input: Some("\"hello\"".into()),
        ..SpanPayload::default()
    };
    assert!(PayloadPart::take(&mut batch.pieces[3].clone()).is_none());

    queue.push(&batch).await.expect("pushed");
    let health = queue.health().await.expect("health");
    assert!(health.depth > 1 && health.pending == 0, "{health:?}");
    assert!(health.oldest_age.is_some() && health.memory_used > 0);

    let found = pull_pieces(&queue, 9).await;
    assert_eq!(describe(batches(&found)), describe([&batch]));
    assert!(found.iter().all(|one| one.attempts == 1));
    let health = queue.health().await.expect("health");
    assert_eq!(health.pending, health.depth);
    assert_eq!(health.workers, 1);

    queue.acknowledge(&list_ids(&found)).await.expect("done");
    assert_empty(&queue).await;
    queue.acknowledge(&list_ids(&found)).await.expect("twice");
    assert_empty(&queue).await;
}

#[tokio::test]
async fn a_trace_is_in_one_partition_and_with_one_worker() {
    let settings = Settings {
        lease_time: Duration::from_secs(6),
        ..make_settings()
    };
    let (door, one, two) = (
        open(&settings).await,
        open(&settings).await,
        open(&settings).await,
    );
    // Both have their share before anything comes.
    let began = Instant::now();
    loop {
        for queue in [&one, &two] {
            let nothing = queue.pull(1, Duration::from_millis(50)).await;
            assert!(nothing.expect("a pull").is_empty());
        }
        let stats = door.stats().await.expect("stats");
        let held = |name: &str| {
            let mine = |one: &&_| is_held(one, name);
            stats.partitions.iter().filter(mine).count()
        };
        if held(one.worker()) == 4 && held(two.worker()) == 4 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{stats:?}");
    }
    let names: Vec<String> = (0..40).map(|number| format!("trace-{number}")).collect();
    for _ in 0..5 {
        for some in names.chunks(7) {
            let ids: Vec<&str> = some.iter().map(String::as_str).collect();
            door.push(&make_batch(&ids)).await.expect("pushed");
        }
    }
    let mut seen: BTreeMap<String, BTreeSet<(u16, usize)>> = BTreeMap::new();
    let mut count = 0;
    let began = Instant::now();
    while count < 200 {
        assert!(began.elapsed() < PATIENCE, "{count} of 200");
        for (at, queue) in [&one, &two].into_iter().enumerate() {
            let found = queue.pull(1000, Duration::from_millis(20)).await;
            for delivery in found.expect("a pull") {
                for piece in &delivery.batch.pieces {
                    let places = seen.entry(piece.trace_id.clone()).or_default();
                    places.insert((delivery.id.partition, at));
                    count += 1;
                }
                queue.acknowledge(&[delivery.id]).await.expect("done");
            }
        }
    }
    assert_eq!(seen.len(), 40);
    assert!(seen.values().all(|places| places.len() == 1), "{seen:?}");
    let workers: BTreeSet<usize> = seen.values().flatten().map(|(_, at)| *at).collect();
    assert_eq!(workers.len(), 2, "both had something to do");
    assert_empty(&door).await;
}

fn is_held(stats: &cognobserve_ports::PartitionStats, worker: &str) -> bool {
    stats.worker.as_deref() == Some(worker)
}

#[tokio::test]
async fn a_large_batch_becomes_several_entries_and_a_large_piece_one() {
    let settings = Settings {
        partitions: 1,
        entry_bytes: 10_000,
        ..make_settings()
    };
    let queue = open(&settings).await;
    let mut batch = make_batch(&["a"; 10]);
    for (at, piece) in batch.pieces.iter_mut().enumerate() {
        let bytes = if at == 4 { 100_000 } else { 3_000 };
        piece.packed = Some(vec![7; bytes].into());
    }
    queue.push(&batch).await.expect("pushed");
    // Three of the small ones fit: 3 + 1, the large one, 3 + 2.
    assert_eq!(queue.health().await.expect("health").depth, 5);
    let found = pull_pieces(&queue, 10).await;
    assert_eq!(describe(batches(&found)), describe([&batch]));
}

#[tokio::test]
async fn a_pull_brings_about_as_many_spans_as_it_was_asked_for() {
    let settings = Settings {
        partitions: 2,
        ..make_settings()
    };
    let queue = open(&settings).await;
    assert!(
        queue
            .pull(1, Duration::ZERO)
            .await
            .expect("a pull")
            .is_empty()
    );
    for _ in 0..30 {
        queue.push(&make_batch(&["a"])).await.expect("pushed");
    }
    let mut counts = Vec::new();
    let mut all = Vec::new();
    while all.len() < 30 {
        let found = queue.pull(7, Duration::from_secs(1)).await.expect("a pull");
        counts.push(found.len());
        all.extend(found);
    }
    assert!(counts.iter().all(|count| *count <= 7), "{counts:?}");
    assert!(counts.len() <= 7, "{counts:?}");
    queue.acknowledge(&list_ids(&all)).await.expect("done");
    // A single entry above the limit comes all the same.
    queue.push(&make_batch(&["a"; 20])).await.expect("pushed");
    let found = queue.pull(7, Duration::from_secs(5)).await.expect("a pull");
    assert_eq!(found[0].batch.pieces.len(), 20);
}

#[tokio::test]
async fn a_pull_that_is_dropped_loses_nothing() {
    let queue = open(&make_settings()).await;
    let door = async {
        for number in 0..100 {
            let id = format!("t{number}");
            queue.push(&make_batch(&[&id])).await.expect("pushed");
        }
    };
    let worker = async {
        let mut found = Vec::new();
        let began = Instant::now();
        while found.len() < 100 {
            assert!(began.elapsed() < PATIENCE, "{} of 100", found.len());
            let pull = queue.pull(3, Duration::from_millis(300));
            let most = Duration::from_micros(rand::random_range(0..2000));
            if let Ok(pulled) = tokio::time::timeout(most, pull).await {
                found.extend(pulled.expect("a pull"));
            }
        }
        found
    };
    let ((), found) = tokio::join!(door, worker);
    assert!(found.iter().all(|one| one.attempts == 1));
    queue.acknowledge(&list_ids(&found)).await.expect("done");
    assert_empty(&queue).await;
}

#[tokio::test]
async fn waiting_ends_when_what_was_there_is_gone() {
    let queue = open(&make_settings()).await;
    assert!(
        queue
            .wait_until_empty(Duration::ZERO)
            .await
            .expect("an answer")
    );
    queue
        .push(&make_batch(&["a", "b", "c"]))
        .await
        .expect("pushed");
    let short = Duration::from_millis(50);
    assert!(!queue.wait_until_empty(short).await.expect("an answer"));
    let found = pull_pieces(&queue, 3).await;
    assert!(!queue.wait_until_empty(short).await.expect("an answer"));
    let waiting = queue.wait_until_empty(PATIENCE);
    let working = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        // What comes later does not hold it up.
        queue
            .push(&make_batch(&["a", "b", "c"]))
            .await
            .expect("pushed");
        queue.acknowledge(&list_ids(&found)).await.expect("done");
    };
    let (waited, ()) = tokio::join!(waiting, working);
    assert!(waited.expect("an answer"));
    assert_eq!(pull_pieces(&queue, 3).await.len(), found.len());
}

#[tokio::test]
async fn what_an_earlier_version_has_pushed_can_be_read() {
    let settings = Settings {
        partitions: 1,
        ..make_settings()
    };
    let queue = open(&settings).await;
    let mut piece = make_piece("trace");
    piece.arrival = cognobserve_model::stamp::Arrival(300);
    piece.spans[0].id = "span".into();
    let batch = Batch {
        pieces: vec![piece],
        ..make_batch(&[])
    };
    let stream = format!("{{{}}}:entries:0", settings.prefix);
    let client = redis::Client::open(settings.url.as_str()).expect("a URL");
    let mut connection = client.get_connection().expect("a connection");
    let mut add = redis::cmd("XADD");
    add.arg(&stream).arg("*").arg("b").arg(GOLDEN);
    add.exec(&mut connection).expect("added");
    queue.push(&batch).await.expect("pushed");
    // It is still written like that.
    let range = redis::cmd("XREVRANGE")
        .arg(&stream)
        .arg("+")
        .arg("-")
        .to_owned();
    type Row = (String, Vec<(String, Vec<u8>)>);
    let rows: Vec<Row> = range.query(&mut connection).expect("entries");
    let body = rows[0].1.iter().find(|(name, _)| name == "b").expect("b");
    assert_eq!(body.1, GOLDEN);
    let found = pull_pieces(&queue, 2).await;
    assert_eq!(found.len(), 2);
    for delivery in &found {
        assert_eq!(describe([&delivery.batch]), describe([&batch]));
    }
}

/// Never edited: another layout is another format, with another first byte.
const GOLDEN: &[u8] = b"\x01\x08prj_test\x08key_test\x01\x05trace\xd8\x04\x00\x00\x01\x04john\x00\x00\x01\x04span\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x04\x00\x9f\x92\x96";
