//! Random schedules: workers that come, leave, die, bury and dawdle; whatever happens, each
//! batch is done at least once and nothing stays in the queue.
use crate::harness::{
    assert_empty, describe, list_ids, make_batch, make_settings, open, wait_until,
};
use cognobserve_ports::{Dead, Delivery, Queue};
use cognobserve_redis::{RedisQueue, Settings};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::time::Duration;

struct Worker {
    queue: RedisQueue,
    in_hand: Vec<Delivery>,
}

/// Pieces that were acknowledged, by arrival.
type Done = BTreeMap<i64, String>;

async fn act(worker: &mut Worker, random: &mut StdRng, done: &mut Done) {
    match random.random_range(0..10) {
        0..5 => {
            let limit = random.random_range(1..40);
            let wait = Duration::from_millis(random.random_range(0..30));
            let pulled = worker.queue.pull(limit, wait).await.expect("a pull");
            worker.in_hand.extend(pulled);
        }
        5 => {
            // Given up by a caller that has no time.
            let pull = worker.queue.pull(10, Duration::from_millis(50));
            let most = Duration::from_micros(random.random_range(0..3000));
            if let Ok(pulled) = tokio::time::timeout(most, pull).await {
                worker.in_hand.extend(pulled.expect("a pull"));
            }
        }
        6 => {
            if let Some(delivery) = worker.in_hand.pop() {
                worker
                    .queue
                    .bury(&delivery.id, "chance")
                    .await
                    .expect("buried");
            }
        }
        _ => {
            let keep = random.random_range(0..=worker.in_hand.len());
            let some = worker.in_hand.split_off(keep);
            worker
                .queue
                .acknowledge(&list_ids(&some))
                .await
                .expect("done");
            for delivery in &some {
                done.extend(describe([&delivery.batch]));
            }
        }
    }
}

async fn run(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let settings = Settings {
        lease_time: Duration::from_millis(random.random_range(300..900)),
        partitions: random.random_range(1..12),
        entry_bytes: random.random_range(100..4000),
        ..make_settings()
    };
    let door = open(&settings).await;
    let mut workers: Vec<Worker> = Vec::new();
    let (mut pushed, mut done) = (Done::new(), Done::new());
    for _ in 0..150 {
        match random.random_range(0..20) {
            0..2 if workers.len() < 4 => workers.push(Worker {
                queue: open(&settings).await,
                in_hand: Vec::new(),
            }),
            2 if !workers.is_empty() => {
                let at = random.random_range(0..workers.len());
                // Dies, or leaves with things in hand.
                let worker = workers.swap_remove(at);
                if random.random_bool(0.5) {
                    worker.queue.leave().await.expect("left");
                }
            }
            3..9 => {
                let ids: Vec<String> = (0..random.random_range(1..12))
                    .map(|_| format!("t{}", random.random_range(0..30)))
                    .collect();
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                let batch = make_batch(&ids);
                door.push(&batch).await.expect("pushed");
                pushed.extend(describe([&batch]));
            }
            _ if !workers.is_empty() => {
                let at = random.random_range(0..workers.len());
                act(&mut workers[at], &mut random, &mut done).await;
            }
            _ => {}
        }
    }
    // Whoever is left ends in one way or the other, and one worker cleans up.
    for worker in workers {
        if random.random_bool(0.5) {
            worker.queue.leave().await.expect("left");
        }
    }
    wait_until("all is done", async || {
        let found = door
            .pull(1000, Duration::from_millis(50))
            .await
            .expect("a pull");
        door.acknowledge(&list_ids(&found)).await.expect("done");
        for delivery in &found {
            done.extend(describe([&delivery.batch]));
        }
        let health = door.health().await.expect("health");
        if health.depth == 0 && health.dead > 0 {
            door.replay_dead(&Dead::All).await.expect("replayed");
            return false;
        }
        health.depth == 0
    })
    .await;
    assert_empty(&door).await;
    assert_eq!(done, pushed, "seed {seed}");
}

#[test]
fn whatever_workers_do_everything_is_done() {
    let first: u64 = rand::random();
    std::thread::scope(|scope| {
        for seed in (0..8).map(|number| first.wrapping_add(number)) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            scope.spawn(move || {
                eprintln!("seed {seed}");
                runtime.block_on(run(seed));
            });
        }
    });
}
