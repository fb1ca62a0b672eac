//! Servers that are full, away, forgetful, hung, or not what we need.
use crate::harness::{
    assert_empty, command, describe, list_ids, make_batch, make_settings, open, pull_pieces,
    settings_on, wait_until,
};
use cognobserve_model::piece::Batch;
use cognobserve_ports::{ErrorKind, Queue};
use cognobserve_redis::{RedisQueue, Settings};
use cognobserve_servers::RedisServer;
use std::time::{Duration, Instant};

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

async fn fail_to_open(settings: Settings) -> cognobserve_ports::StoreError {
    match RedisQueue::open(settings).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn the_number_of_partitions_cannot_change() {
    let settings = make_settings();
    open(&settings)
        .await
        .push(&make_batch(&IDS))
        .await
        .expect("pushed");
    let other = Settings {
        partitions: 9,
        ..settings.clone()
    };
    let error = fail_to_open(other).await;
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let text = error.to_string();
    assert!(
        text.contains("8 partitions") && text.contains('9'),
        "{text}"
    );
    open(&settings).await;
}

#[tokio::test]
async fn wrong_settings_are_refused_without_their_secrets() {
    for settings in [
        Settings::new("http://user:secret@127.0.0.1:1"),
        Settings {
            partitions: 0,
            ..make_settings()
        },
        Settings {
            prefix: "{x}".into(),
            ..make_settings()
        },
        Settings {
            roots: Some("no-such-file.pem".into()),
            ..Settings::new("rediss://:secret@127.0.0.1:1")
        },
    ] {
        let error = fail_to_open(settings.clone()).await;
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        let text = format!("{error:?} {settings:?}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn an_absent_server_is_unavailable_in_time() {
    let began = Instant::now();
    let error = fail_to_open(Settings::new("redis://127.0.0.1:1")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    // An address that answers nothing at all.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let settings = Settings {
        connect_timeout: Duration::from_millis(300),
        ..Settings::new(url)
    };
    let error = fail_to_open(settings).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_wrong_password_does_not_pass_for_a_server_that_is_away() {
    let server = RedisServer::start_with(&["--requirepass", "right"]);
    let url = |password: &str| {
        server
            .url()
            .replace("redis://", &format!("redis://:{password}@"))
    };
    open(&settings_on(&url("right"))).await;
    for wrong in [url("wrong"), server.url().to_owned()] {
        let error = fail_to_open(settings_on(&wrong)).await;
        assert_eq!(error.kind(), ErrorKind::Internal, "{error:?}");
    }
}

#[tokio::test]
async fn a_full_server_takes_nothing_and_is_emptied_all_the_same() {
    let server = RedisServer::start_with(&["--maxmemory-policy", "noeviction"]);
    let settings = Settings {
        lease_time: Duration::from_millis(1500),
        ..settings_on(server.url())
    };
    let (door, first) = (open(&settings).await, open(&settings).await);
    door.push(&make_batch(&IDS)).await.expect("pushed");
    pull_pieces(&first, 6).await;
    command(server.url(), &["CONFIG", "SET", "maxmemory", "1mb"]);
    let error = door.push(&make_batch(&IDS)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(door.check_ready().await.is_err());
    assert_eq!(
        door.health().await.expect("health").memory_limit,
        Some(1 << 20)
    );
    // Even by a worker that comes new, after the former one died.
    drop(first);
    let second = open(&settings).await;
    let found = pull_pieces(&second, 6).await;
    let (last, rest) = found.split_last().expect("some");
    second.acknowledge(&list_ids(rest)).await.expect("done");
    second.bury(&last.id, "no").await.expect("buried");
    assert_empty(&second).await;
    // Queued again would be pushed.
    let all = cognobserve_ports::Dead::All;
    let error = second.replay_dead(&all).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    command(server.url(), &["CONFIG", "SET", "maxmemory", "0"]);
    door.check_ready().await.expect("room again");
    door.push(&make_batch(&IDS)).await.expect("pushed");
    assert_eq!(second.replay_dead(&all).await.expect("replayed"), 1);
}

#[tokio::test]
async fn pushes_are_refused_while_the_workers_are_too_far_behind() {
    let settings = Settings {
        max_age: Some(Duration::from_millis(1500)),
        ..make_settings()
    };
    let queue = open(&settings).await;
    queue.push(&make_batch(&["a"])).await.expect("pushed");
    wait_until("it is too old", async || {
        queue.push(&make_batch(&["b"])).await.is_err()
    })
    .await;
    let error = queue.check_ready().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    wait_until("all is done", async || {
        let found = queue.pull(1000, Duration::ZERO).await.expect("a pull");
        queue.acknowledge(&list_ids(&found)).await.expect("done");
        queue.health().await.expect("health").depth == 0
    })
    .await;
    wait_until("it is taken again", async || {
        queue.push(&make_batch(&["c"])).await.is_ok()
    })
    .await;
    queue.check_ready().await.expect("ready");
}

#[tokio::test]
async fn what_was_accepted_survives_a_killed_server() {
    let mut server = RedisServer::start_with(&DURABLE);
    let settings = Settings {
        lease_time: Duration::from_millis(1500),
        connect_timeout: Duration::from_millis(500),
        ..settings_on(server.url())
    };
    let (door, worker) = (open(&settings).await, open(&settings).await);
    assert_eq!(door.health().await.expect("health").warnings, [""; 0]);
    let mut accepted: Vec<Batch> = Vec::new();
    let mut in_hand = Vec::new();
    let mut finished: Vec<Batch> = Vec::new();
    for _ in 0..3 {
        for _ in 0..50 {
            let batch = make_batch(&IDS);
            door.push(&batch).await.expect("pushed");
            accepted.push(batch);
        }
        // Some are done, some in hand, some were never delivered.
        wait_until("some have come", async || {
            let found = worker.pull(60, Duration::from_millis(200)).await;
            in_hand.extend(found.unwrap_or_default());
            in_hand.len() > 20
        })
        .await;
        let some: Vec<_> = in_hand.drain(..10).collect();
        worker.acknowledge(&list_ids(&some)).await.expect("done");
        finished.extend(some.into_iter().map(|one| one.batch));
        // Pushes go on while it dies.
        let kill = tokio::task::spawn_blocking(move || {
            server.kill();
            server
        });
        loop {
            let batch = make_batch(&IDS);
            match door.push(&batch).await {
                Ok(()) => accepted.push(batch),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
                    break;
                }
            }
        }
        server = kill.await.expect("killed");
        assert!(worker.pull(10, Duration::from_millis(100)).await.is_err());
        server = tokio::task::spawn_blocking(move || {
            server.restart();
            server
        })
        .await
        .expect("restarted");
        wait_until("pushes are taken again", async || {
            let batch = make_batch(&IDS);
            let pushed = door.push(&batch).await.is_ok();
            if pushed {
                accepted.push(batch);
            }
            pushed
        })
        .await;
    }
    let wanted = describe(&accepted);
    let mut seen: std::collections::BTreeMap<i64, String> = describe(&finished);
    wait_until("all is done", async || {
        let found = worker.pull(1000, Duration::from_millis(200)).await;
        in_hand.extend(found.unwrap_or_default());
        for delivery in &in_hand {
            seen.extend(describe([&delivery.batch]));
        }
        let acknowledged = worker.acknowledge(&list_ids(&in_hand)).await;
        in_hand.clear();
        let health = door.health().await;
        acknowledged.is_ok() && health.is_ok_and(|health| health.depth == 0)
    })
    .await;
    // A push that failed may have been kept.
    seen.retain(|arrival, _| wanted.contains_key(arrival));
    assert_eq!(seen.len(), wanted.len());
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn a_server_that_forgot_everything_is_used_again() {
    let server = RedisServer::start();
    let settings = Settings {
        lease_time: Duration::from_millis(900),
        ..settings_on(server.url())
    };
    let queue = open(&settings).await;
    let warnings = queue.health().await.expect("health").warnings;
    assert!(warnings[0].contains("appendonly no"), "{warnings:?}");
    for _ in 0..3 {
        queue.push(&make_batch(&IDS)).await.expect("pushed");
        let found = pull_pieces(&queue, 6).await;
        command(server.url(), &["FLUSHALL"]);
        queue
            .acknowledge(&list_ids(&found))
            .await
            .expect("harmless");
        queue.bury(&found[0].id, "late").await.expect("harmless");
    }
    queue.push(&make_batch(&IDS)).await.expect("pushed");
    pull_pieces(&queue, 6).await;
    // Streams alone may go, too.
    for partition in 0..8 {
        let stream = format!("{{{}}}:entries:{partition}", settings.prefix);
        command(server.url(), &["DEL", &stream]);
    }
    queue.push(&make_batch(&IDS)).await.expect("pushed");
    pull_pieces(&queue, 6).await;
}

#[tokio::test]
async fn a_hung_server_holds_nobody_up() {
    let server = RedisServer::start();
    let settings = Settings {
        connect_timeout: Duration::from_millis(300),
        response_timeout: Duration::from_millis(500),
        ..settings_on(server.url())
    };
    let queue = open(&settings).await;
    queue.push(&make_batch(&IDS)).await.expect("pushed");
    pull_pieces(&queue, 6).await;
    let late = open(&settings).await;
    server.signal("STOP");
    let batch = make_batch(&IDS);
    let began = Instant::now();
    // Also not in turn, one after the other.
    let (one, two, three, four) = tokio::join!(
        queue.push(&batch),
        queue.pull(10, Duration::from_millis(100)),
        queue.health(),
        queue.wait_until_empty(Duration::from_secs(1)),
    );
    let kinds = [
        one.unwrap_err().kind(),
        two.unwrap_err().kind(),
        three.unwrap_err().kind(),
        four.unwrap_err().kind(),
    ];
    let took = began.elapsed();
    // Whoever has no partitions yet is told, too.
    wait_until("it is told", async || {
        late.pull(10, Duration::ZERO).await.is_err()
    })
    .await;
    server.signal("CONT");
    assert_eq!(kinds, [ErrorKind::Unavailable; 4]);
    assert!(took < Duration::from_secs(4), "{took:?}");
    wait_until("it is back", async || queue.check_ready().await.is_ok()).await;
    queue.push(&make_batch(&["more"])).await.expect("pushed");
    drop(queue);
    late.leave().await.expect("left");
}

#[tokio::test]
async fn a_server_that_hides_its_settings_is_warned_about() {
    let server = RedisServer::start_with(&DURABLE);
    let words = [
        "ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-config",
    ];
    command(server.url(), &words);
    let url = server.url().replace("redis://", "redis://app:secret@");
    let queue = open(&settings_on(&url)).await;
    let warnings = queue.health().await.expect("health").warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("cannot be checked"), "{warnings:?}");
}

#[tokio::test]
async fn without_enough_replicas_a_push_is_not_accepted() {
    let settings = Settings {
        replicas_to_wait: 1,
        replica_timeout: Duration::from_millis(100),
        ..make_settings()
    };
    let error = open(&settings)
        .await
        .push(&make_batch(&IDS))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("0 replicas"), "{error}");
}

#[tokio::test]
async fn replicas_take_no_pushes_and_are_waited_for() {
    let server = RedisServer::start();
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]);
    let settings = Settings {
        replicas_to_wait: 1,
        ..settings_on(server.url())
    };
    let queue = open(&settings).await;
    wait_until("the replica follows", async || {
        queue.push(&make_batch(&IDS)).await.is_ok()
    })
    .await;
    let error = fail_to_open(Settings {
        url: replica.url().into(),
        ..settings
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}
