//! Workers that come, go, die and fall asleep.
use crate::harness::{
    PATIENCE, assert_empty, command, list_ids, make_batch, make_settings, open, pull_pieces,
    wait_until,
};
use cognobserve_ports::Queue;
use cognobserve_redis::{RedisQueue, Settings};
use std::time::{Duration, Instant};

const IDS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

fn short_leases() -> Settings {
    Settings {
        lease_time: Duration::from_millis(1500),
        ..make_settings()
    }
}

async fn count_held(queue: &RedisQueue) -> usize {
    let stats = queue.stats().await.expect("stats");
    let mine = stats.partitions.iter();
    mine.filter(|one| one.worker.as_deref() == Some(queue.worker()))
        .count()
}

#[tokio::test]
async fn what_a_dead_worker_had_comes_to_another_after_the_lease() {
    let settings = short_leases();
    let (first, second) = (open(&settings).await, open(&settings).await);
    first.push(&make_batch(&IDS)).await.expect("pushed");
    let lost = pull_pieces(&first, 10).await;
    let died = Instant::now();
    drop(first);
    let found = pull_pieces(&second, 10).await;
    assert!(died.elapsed() > Duration::from_millis(500));
    assert!(found.iter().all(|one| one.attempts == 2), "{found:?}");
    let sorted = |mut ids: Vec<_>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(list_ids(&found)), sorted(list_ids(&lost)));
    second.acknowledge(&list_ids(&found)).await.expect("done");
    assert_empty(&second).await;
}

#[tokio::test]
async fn who_leaves_hands_over_at_once() {
    let settings = Settings {
        lease_time: Duration::from_secs(6),
        ..make_settings()
    };
    let (first, second) = (open(&settings).await, open(&settings).await);
    first.push(&make_batch(&IDS)).await.expect("pushed");
    pull_pieces(&first, 10).await;
    // Also out of a pull that would wait for long.
    let long = first.pull(10, PATIENCE);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), long)
            .await
            .is_err()
    );
    let leaving = Instant::now();
    first.leave().await.expect("left");
    assert!(leaving.elapsed() < Duration::from_secs(4));
    assert_eq!(first.stats().await.expect("stats").workers, [""; 0]);
    let left = Instant::now();
    let found = pull_pieces(&second, 10).await;
    assert!(left.elapsed() < Duration::from_secs(3), "without waiting");
    assert!(found.iter().all(|one| one.attempts == 2));
    // Who left may come back.
    second.leave().await.expect("left");
    let found = pull_pieces(&first, 10).await;
    assert!(found.iter().all(|one| one.attempts == 3));
}

#[tokio::test]
async fn a_worker_that_slept_acknowledges_late_and_nothing_is_lost() {
    let settings = short_leases();
    let second = open(&settings).await;
    second.push(&make_batch(&IDS)).await.expect("pushed");
    let (tell, told) = tokio::sync::oneshot::channel();
    // A runtime of its own, so that sleeping stops all that the worker does.
    let sleeper = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let first = open(&settings).await;
            let found = pull_pieces(&first, 10).await;
            tell.send(()).expect("somebody waits");
            std::thread::sleep(Duration::from_secs(4));
            first.acknowledge(&list_ids(&found)).await.expect("late");
            // It goes on with what is left for it.
            while let Ok(found) = first.pull(10, Duration::from_secs(1)).await {
                if found.is_empty() {
                    break;
                }
                first.acknowledge(&list_ids(&found)).await.expect("done");
            }
            first.leave().await.expect("left");
        });
    });
    told.await.expect("pulled");
    let found = pull_pieces(&second, 10).await;
    assert!(found.iter().all(|one| one.attempts == 2));
    second.push(&make_batch(&IDS)).await.expect("pushed");
    tokio::task::spawn_blocking(|| sleeper.join().expect("no panic"))
        .await
        .expect("it ends");
    second.acknowledge(&list_ids(&found)).await.expect("twice");
    wait_until("all is done", async || {
        let found = second.pull(10, Duration::from_millis(100)).await;
        let ids = list_ids(&found.expect("a pull"));
        second.acknowledge(&ids).await.expect("done");
        second.health().await.expect("health").depth == 0
    })
    .await;
    assert_empty(&second).await;
}

#[tokio::test]
async fn partitions_are_shared_fairly_as_workers_come_and_go() {
    let settings = short_leases();
    let one = open(&settings).await;
    let pull = async |queue: &RedisQueue| {
        let found = queue.pull(10, Duration::from_millis(20)).await;
        assert!(found.expect("a pull").is_empty());
    };
    wait_until("one has all", async || {
        pull(&one).await;
        count_held(&one).await == 8
    })
    .await;
    let (two, three) = (open(&settings).await, open(&settings).await);
    let began = Instant::now();
    wait_until("three have their shares", async || {
        for queue in [&one, &two, &three] {
            pull(queue).await;
        }
        let mut shares = vec![
            count_held(&one).await,
            count_held(&two).await,
            count_held(&three).await,
        ];
        shares.sort_unstable();
        shares == [2, 3, 3]
    })
    .await;
    assert!(began.elapsed() < settings.lease_time * 4, "within seconds");
    two.leave().await.expect("left");
    drop(three);
    wait_until("one has all again", async || {
        pull(&one).await;
        count_held(&one).await == 8
    })
    .await;
}

#[tokio::test]
async fn more_workers_than_partitions_do_not_fight() {
    let settings = Settings {
        partitions: 1,
        ..short_leases()
    };
    let (one, two) = (open(&settings).await, open(&settings).await);
    for round in 0..10 {
        one.push(&make_batch(&["a"])).await.expect("pushed");
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "round {round}");
            let (first, second) = tokio::join!(
                one.pull(10, Duration::from_millis(100)),
                two.pull(10, Duration::from_millis(100))
            );
            let mut found = first.expect("a pull");
            found.extend(second.expect("a pull"));
            if !found.is_empty() {
                assert_eq!(found.len(), 1);
                one.acknowledge(&list_ids(&found)).await.expect("done");
                break;
            }
        }
    }
    assert_empty(&one).await;
}

#[tokio::test]
async fn what_was_read_by_nobody_is_found_again() {
    let settings = Settings {
        partitions: 1,
        ..short_leases()
    };
    let queue = open(&settings).await;
    queue.push(&make_batch(&["a"])).await.expect("pushed");
    let first = pull_pieces(&queue, 1).await;
    // An answer that never arrived: at a worker that has gone, and at this one.
    let stream = format!("{{{}}}:entries:0", settings.prefix);
    for worker in ["gone", queue.worker()] {
        queue.push(&make_batch(&["a"])).await.expect("pushed");
        let words = ["XREADGROUP", "GROUP", "ledger", worker, "COUNT", "1"];
        let streams = ["STREAMS", &stream, ">"];
        command(&settings.url, &[&words[..], &streams[..]].concat());
    }
    let found = pull_pieces(&queue, 2).await;
    assert!(found.iter().all(|one| one.attempts == 2), "{found:?}");
    // What it has in hand is not given to it again.
    assert!(list_ids(&found).iter().all(|id| *id != first[0].id));
    queue.acknowledge(&list_ids(&first)).await.expect("done");
    queue.acknowledge(&list_ids(&found)).await.expect("done");
    assert_empty(&queue).await;
}

#[tokio::test]
async fn workers_that_are_done_are_forgotten() {
    let settings = Settings {
        partitions: 1,
        ..make_settings()
    };
    for _ in 0..5 {
        let queue = open(&settings).await;
        queue.push(&make_batch(&["a"])).await.expect("pushed");
        let found = pull_pieces(&queue, 1).await;
        queue.acknowledge(&list_ids(&found)).await.expect("done");
        queue.leave().await.expect("left");
    }
    let stream = format!("{{{}}}:entries:0", settings.prefix);
    let words = ["XINFO", "CONSUMERS", &stream, "ledger"];
    let redis::Value::Array(known) = command(&settings.url, &words) else {
        panic!("no list");
    };
    assert_eq!(known.len(), 1, "the last one only");
}

#[tokio::test]
async fn a_long_list_of_pending_entries_is_taken_over_to_its_end() {
    let settings = Settings {
        partitions: 1,
        ..make_settings()
    };
    let (first, second) = (open(&settings).await, open(&settings).await);
    for _ in 0..350 {
        first.push(&make_batch(&["a"])).await.expect("pushed");
    }
    pull_pieces(&first, 350).await;
    first.leave().await.expect("left");
    let left = Instant::now();
    let mut found = Vec::new();
    while found.len() < 350 {
        assert!(left.elapsed() < settings.lease_time, "{}", found.len());
        // First a page is more than fits, then more than a page fits.
        let limit = if found.is_empty() { 70 } else { 1000 };
        let pulled = second.pull(limit, Duration::from_millis(100)).await;
        found.extend(pulled.expect("a pull"));
    }
    assert!(found.iter().all(|one| one.attempts == 2));
    second.acknowledge(&list_ids(&found)).await.expect("done");
    assert_empty(&second).await;
}

#[tokio::test]
async fn who_has_lost_a_lease_takes_nothing_new() {
    let settings = Settings {
        partitions: 1,
        ..make_settings()
    };
    let queue = open(&settings).await;
    queue.push(&make_batch(&["a"])).await.expect("pushed");
    pull_pieces(&queue, 1).await;
    // Without its knowing, as after a failover that lost the last writes.
    let lease = format!("{{{}}}:lease:0", settings.prefix);
    command(&settings.url, &["SET", &lease, "another", "PX", "60000"]);
    queue.push(&make_batch(&["a"])).await.expect("pushed");
    let nothing = queue.pull(10, Duration::ZERO).await.expect("a pull");
    assert!(nothing.is_empty());
    let health = queue.health().await.expect("health");
    assert_eq!((health.depth, health.pending), (2, 1));
}
