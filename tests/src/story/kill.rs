//! Pulling the plug under load, again and again: what was acknowledged is there, once.
use super::sender::Sender;
use crate::harness::books::Books;
use crate::harness::{Server, sized};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

#[test]
fn what_was_acknowledged_survives_every_kill_and_is_counted_once() {
    let kills = sized(20, 200);
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut server = Server::start();
    let port = server.port();
    let done = AtomicBool::new(false);
    let requests = AtomicU64::new(0);
    let senders: Vec<Sender> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|name| {
                let mut sender = Sender::new(vec![server.client()], seed, name);
                let (done, requests) = (&done, &requests);
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        sender.act();
                        requests.fetch_add(1, Ordering::Relaxed);
                    }
                    sender
                })
            })
            .collect();
        let mut random = StdRng::seed_from_u64(seed ^ 99);
        for _ in 0..kills {
            // The moment is the point: anywhere from start-up work to a busy second.
            std::thread::sleep(Duration::from_millis(random.random_range(20..1200)));
            server.kill();
            server.spawn();
            if random.random_range(0..4) == 0 {
                // Once more before it is ready.
                std::thread::sleep(Duration::from_millis(random.random_range(0..60)));
                server.kill();
                server.spawn();
            }
            server.wait_ready().expect("it starts after a kill");
            assert_eq!(server.port(), port);
        }
        done.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a sender ends"))
            .collect()
    });
    let mut expected = Books::default();
    for sender in &senders {
        expected.add(&sender.books);
    }
    eprintln!(
        "{} requests, {:?}",
        requests.load(Ordering::Relaxed),
        expected.total()
    );
    let client = server.client();
    expected.expect_equal(&Books::read(&client));
    for sender in &senders {
        for id in sender.ids.iter().rev().step_by(7) {
            client.get(&format!("/v1/traces/{id}")).expect(200);
        }
    }
    let report = server.run(&["verify", "--json"]).expect_success();
    let verified: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(verified["differenceCount"], 0, "{verified}");
    server.kill();
    server.start_again();
    expected.expect_equal(&Books::read(&server.client()));
}
