//! Two doors, three workers and one api over one PostgreSQL and one Redis, while processes are
//! killed, one sleeps past its lease, Redis and PostgreSQL are killed, and connections are cut:
//! what was acknowledged is booked, once.
use crate::harness::books::Books;
use crate::harness::command::run_command;
use crate::harness::profile::Backing;
use crate::harness::{Server, Setup, sized};
use crate::story::sender::Sender;
use cognobserve_servers::{PostgresServer, RedisServer};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Who does what; the first two are the doors, the last answers questions.
const ROLES: [&str; 6] = ["ingest", "ingest", "worker", "worker", "worker", "api"];
const API: usize = 5;
/// Longer than a worker keeps its share without a word.
const SLEEP: Duration = Duration::from_secs(17);
/// Of a database, between its end and its return.
const OUTAGE: Duration = Duration::from_millis(300);

#[test]
fn whatever_dies_what_was_acknowledged_is_booked_once() {
    let kills = sized(10, 100);
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    // As careful as it must be for what it acknowledges to last.
    let mut redis = RedisServer::start_with(&[
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--maxmemory-policy",
        "noeviction",
    ]);
    let mut postgres = PostgresServer::start(
        &["fsync=on", "full_page_writes=on", "synchronous_commit=on"],
        &[],
    );
    let backing = Backing::of_stream(&postgres, redis.url());
    let key = crate::harness::server::make_key();
    let mut servers: Vec<Server> = Vec::new();
    for roles in ROLES {
        let setup = Setup::new().setting("COGNOBSERVE_ROLES", roles);
        servers.push(setup.start_over(&backing, &key));
    }
    let done = AtomicBool::new(false);
    let senders: Vec<Sender> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|name| {
                let doors = servers[..2].iter().map(Server::client).collect();
                let mut sender = Sender::new(doors, seed, name);
                let done = &done;
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        sender.act();
                    }
                    sender
                })
            })
            .collect();
        let mut random = StdRng::seed_from_u64(seed ^ 99);
        for kill in 0..kills {
            std::thread::sleep(Duration::from_millis(random.random_range(100..1200)));
            let victim = random.random_range(0..servers.len());
            servers[victim].kill();
            servers[victim].start_again();
            match kill % 10 {
                2 => backing.cut_connections(),
                4 => {
                    redis.kill();
                    std::thread::sleep(OUTAGE);
                    redis.restart();
                }
                6 => {
                    servers[2].signal("STOP");
                    std::thread::sleep(SLEEP);
                    servers[2].signal("CONT");
                }
                8 => {
                    postgres.kill();
                    std::thread::sleep(OUTAGE);
                    postgres.restart();
                }
                _ => {}
            }
        }
        done.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a sender ends"))
            .collect()
    });
    let mut expected = Books::default();
    senders
        .iter()
        .for_each(|sender| expected.add(&sender.books));
    let began = Instant::now();
    backing.settle();
    eprintln!(
        "{:?}; all booked {:.1} s after the last kill",
        expected.total(),
        began.elapsed().as_secs_f64()
    );
    let client = servers[API].client();
    expected.expect_equal(&Books::read(&client));
    for sender in &senders {
        for id in sender.ids.iter().rev().step_by(11) {
            client.get(&format!("/v1/traces/{id}")).expect(200);
        }
    }
    let settings = backing.settings();
    let dir = servers[API].data_dir();
    let report = run_command(dir, &["verify", "--json"], &settings, b"").expect_success();
    assert_eq!(report.json()["differenceCount"], 0, "{}", report.out);
    let dead = run_command(dir, &["queue", "list", "--json"], &settings, b"").expect_success();
    assert_eq!(
        dead.json().as_array().map(Vec::len),
        Some(0),
        "{}",
        dead.out
    );
}
