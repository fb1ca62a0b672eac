//! The real server in trouble: killed and started again, and answers that get lost. Everything is counted once.

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use cognobserve_sdk::{Client, Config, Observe, Stats, Usage, current_span, init, observe_sync};
use serde_json::json;
use support::real_server::{KEY, RealServer};

/// A call of ten tokens for one of five users.
fn call(number: usize) {
    let options = Observe::new("ask")
        .generation()
        .user_id(format!("user-{}", number % 5));
    observe_sync(options, || {
        if let Some(span) = current_span() {
            span.set_model("my-model")
                .set_usage(Usage::tokens(7, 3))
                .set_cost(0.25);
        }
    });
}

fn start(endpoint: &str) -> Client {
    let config = Config::new().api_key(KEY).endpoint(endpoint);
    init(
        config
            .flush_interval(Duration::from_millis(10))
            .max_batch_size(20)
            // On a busy machine a server takes its time to start.
            .max_retries(20),
    )
}

fn expect_counted_once(server: &RealServer, client: &Client, calls: usize) {
    let Stats {
        sent,
        dropped,
        refused,
        waiting,
        ..
    } = client.stats();
    assert_eq!((sent, dropped, refused, waiting), (calls as u64, 0, 0, 0));
    for user in 0..5 {
        let user = server.find_user(&format!("user-{user}"));
        let each = calls / 5;
        assert_eq!(
            [
                &user["traceCount"],
                &user["totalTokens"],
                &user["totalCost"]
            ],
            [&json!(each), &json!(each * 10), &json!(each as f64 * 0.25)]
        );
    }
}

// One test, since the SDK's client is the process's.
#[test]
fn whatever_happens_on_the_way_it_is_counted_once() {
    let Some(mut server) = RealServer::start() else {
        eprintln!("COGNOBSERVE_TEST_BIN is not set: left out");
        return;
    };
    survive_kills(&mut server);
    let Some(server) = RealServer::start() else {
        return;
    };
    survive_lost_answers(&server);
}

/// Killed in the midst of it, away for a while, and started again: three times.
fn survive_kills(server: &mut RealServer) {
    let client = start(&server.url);
    for round in 0..3 {
        let app = thread::spawn(move || {
            for number in 0..200 {
                call(number);
                thread::sleep(Duration::from_micros(500));
            }
        });
        thread::sleep(Duration::from_millis(30 + 20 * round));
        server.kill();
        app.join().unwrap();
        assert!(client.stats().waiting > 0);
        server.restart();
    }
    assert!(client.flush(Duration::from_secs(60)));
    expect_counted_once(server, &client, 600);
}

/// The server takes it, and the way back breaks: every other time.
fn survive_lost_answers(server: &RealServer) {
    let lost = Arc::<AtomicU32>::default();
    let client = start(&lose_answers(server.address().to_owned(), lost.clone()));
    for number in 0..100 {
        call(number);
    }
    assert!(client.flush(Duration::from_secs(60)));
    assert!(lost.load(Ordering::SeqCst) > 1);
    expect_counted_once(server, &client, 100);
}

/// A way to the server on which every other connection ends when the server's answer comes.
fn lose_answers(server: String, lost: Arc<AtomicU32>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (number, from) in listener.incoming().enumerate() {
            let (mut from, mut to) = (from.unwrap(), TcpStream::connect(&server).unwrap());
            let (mut asks, mut told) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut asks, &mut told));
            let lost = lost.clone();
            thread::spawn(move || {
                let mut answer = [0; 65_536];
                let mut answers = 0;
                while let Ok(length @ 1..) = to.read(&mut answer) {
                    answers += 1;
                    // Of a connection that works, too, only some answers come through.
                    if number % 2 == 0 || answers > 2 {
                        lost.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                    if from.write_all(&answer[..length]).is_err() {
                        break;
                    }
                }
                drop(from.shutdown(Shutdown::Both));
                drop(to.shutdown(Shutdown::Both));
            });
        }
    });
    url
}
