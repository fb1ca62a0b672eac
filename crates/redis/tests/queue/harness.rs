//! Queues of a test's own, batches, and what was delivered.
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::piece::{Batch, Piece, SpanPart};
use cognobserve_model::stamp::Arrival;
use cognobserve_ports::{Delivery, DeliveryId, Queue};
use cognobserve_redis::{RedisQueue, Settings};
use cognobserve_servers::redis;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Long enough for a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A new queue's settings, on the process' server.
pub fn make_settings() -> Settings {
    settings_on(redis().url())
}

pub fn settings_on(url: &str) -> Settings {
    Settings {
        prefix: format!("test-{:016x}", rand::random::<u64>()),
        partitions: 8,
        ..Settings::new(url)
    }
}

pub async fn open(settings: &Settings) -> RedisQueue {
    RedisQueue::open(settings.clone()).await.expect("it opens")
}

/// A command as an operator would give it.
pub fn command(url: &str, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(url).expect("a URL");
    let mut connection = client.get_connection().expect("a connection");
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query(&mut connection).expect("an answer")
}

/// One piece with one span, never the same twice.
pub fn make_piece(trace_id: &str) -> Piece {
    static ARRIVAL: AtomicI64 = AtomicI64::new(1);
    let arrival = ARRIVAL.fetch_add(1, Ordering::Relaxed);
    Piece {
        trace_id: trace_id.into(),
        arrival: Arrival(arrival),
        user: Some("john".into()),
        packed: Some(vec![0, 159, 146, 150].into()),
        spans: vec![SpanPart {
            id: format!("s{arrival}"),
            ..SpanPart::default()
        }],
        ..Piece::default()
    }
}

pub fn make_batch(trace_ids: &[&str]) -> Batch {
    Batch {
        project: ProjectId::new("prj_test"),
        key: KeyId::new("key_test"),
        pieces: trace_ids.iter().map(|id| make_piece(id)).collect(),
    }
}

/// Pieces by their arrival, as texts that can be compared.
pub fn describe<'a>(batches: impl IntoIterator<Item = &'a Batch>) -> BTreeMap<i64, String> {
    let mut all = BTreeMap::new();
    for batch in batches {
        for piece in &batch.pieces {
            let text = format!("{} {} {piece:?}", batch.project, batch.key);
            assert!(all.insert(piece.arrival.0, text).is_none(), "a piece twice");
        }
    }
    all
}

pub fn list_ids(deliveries: &[Delivery]) -> Vec<DeliveryId> {
    deliveries.iter().map(|one| one.id.clone()).collect()
}

/// Pulls until so many pieces have come.
pub async fn pull_pieces(queue: &RedisQueue, count: usize) -> Vec<Delivery> {
    let began = Instant::now();
    let mut found: Vec<Delivery> = Vec::new();
    while found
        .iter()
        .map(|one| one.batch.pieces.len())
        .sum::<usize>()
        < count
    {
        let left = PATIENCE.saturating_sub(began.elapsed());
        assert!(!left.is_zero(), "{} deliveries only", found.len());
        let pulled = queue.pull(1000, left.min(Duration::from_secs(1))).await;
        found.extend(pulled.expect("a pull"));
    }
    found
}

/// Until it is so; the queue's state changes with time only.
pub async fn wait_until<F: AsyncFnMut() -> bool>(what: &str, mut is_so: F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub async fn assert_empty(queue: &RedisQueue) {
    let health = queue.health().await.expect("health");
    assert_eq!((health.depth, health.pending), (0, 0));
    assert_eq!(health.oldest_age, None);
}
