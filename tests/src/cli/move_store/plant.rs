//! Made-up deliveries and changes of every kind, the same for the same seed: pieces in any
//! order, other users and sessions for the same trace, corrections, people deleted.
use crate::harness::sample::{DAY_MS, generation, now_ms, prose, with};
use crate::harness::wait::wait_until;
use crate::harness::{Client, Server};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::time::Duration;

pub struct Plan {
    random: StdRng,
    now: i64,
    sent: Vec<Value>,
}

#[track_caller]
fn post(client: &Client, traces: &[Value]) {
    for traces in traces.chunks(100) {
        let answer = client.post("/v1/traces/batch", &json!({"traces": traces}));
        let answer = answer.expect(202).json();
        assert_eq!(answer["error_count"], 0, "{answer}");
    }
}

impl Plan {
    pub fn new(seed: u64) -> Plan {
        Plan {
            random: StdRng::seed_from_u64(seed),
            now: now_ms() - 10 * 60_000,
            sent: Vec::new(),
        }
    }

    fn below(&mut self, end: u32) -> u32 {
        self.random.random_range(0..end)
    }

    fn user(&mut self) -> String {
        format!("ü-{}", self.below(16))
    }

    fn make_span(&mut self) -> Value {
        let (id, start) = (self.below(6), self.now - i64::from(self.below(600_000)));
        let took = i64::from(self.below(9_000));
        let models = ["gpt-4o", "house-model", "unheard-of", "gpt-4o-mini"];
        let mut span = with(
            generation(&format!("sp-{id}")),
            json!({
                "start_time": start, "end_time": start + took, "model": models[self.below(4) as usize],
                "usage": {"prompt_tokens": self.below(900), "completion_tokens": self.below(90), "cached_tokens": self.below(50)},
                "input": {"text": prose(self.random.random(), 40)}, "metadata": {"n": self.below(9), "z": null},
            }),
        );
        match self.below(5) {
            0 => {
                span = with(
                    span,
                    json!({"level": "ERROR", "status_message": "it \"failed\"\n"}),
                )
            }
            1 => {
                span = with(
                    span,
                    json!({"input": null, "output": null, "metadata": null}),
                )
            }
            2 => span = with(span, json!({"model": null})),
            _ => {}
        }
        if self.below(3) > 0 {
            span = with(span, json!({"cost": null}));
        }
        if self.below(8) == 0 {
            span = with(span, json!({"user_id": self.user()}));
        }
        span
    }

    fn make_piece(&mut self) -> Value {
        let spans: Vec<Value> = (0..=self.below(3)).map(|_| self.make_span()).collect();
        let at = self.now - DAY_MS * i64::from(self.below(10)) - i64::from(self.below(900_000));
        let mut piece = json!({"trace_id": format!("t-{}", self.below(120)), "spans": spans});
        if self.below(2) == 0 {
            piece = with(
                piece,
                json!({"name": format!("answer {}", self.below(4)), "timestamp": at, "metadata": {"plan": self.below(3)}}),
            );
        }
        if self.below(3) > 0 {
            piece["user_id"] = json!(self.user());
        }
        if self.below(4) == 0 {
            let tier = ["pro", "free"][self.below(2) as usize];
            piece["user"] = json!({"id": self.user(), "name": format!("Zoë 100%_{}", self.below(9)),
                "email": format!("z{}@Example.com", self.below(9)), "metadata": {"plan": tier, "seats": self.below(3), "odd": "a\"b\\c"}});
        }
        if self.below(3) > 0 {
            piece["session"] = json!({"id": format!("s-{}", self.below(25)), "name": format!("chat {}", self.below(5)), "metadata": {"k": self.below(5)}});
        }
        piece
    }

    /// The same pieces to each of the clients, in requests of thirty.
    pub fn send_rounds(&mut self, rounds: usize, to: &[&Client]) {
        for _ in 0..rounds {
            let pieces: Vec<Value> = (0..30).map(|_| self.make_piece()).collect();
            to.iter().for_each(|client| post(client, &pieces));
            self.sent.extend(pieces);
        }
    }

    /// Traces that are each whole in one piece; nobody else's ids.
    pub fn send_many(&mut self, to: &Client, count: usize) {
        let pieces: Vec<Value> = (0..count)
            .map(|n| {
                with(
                    self.make_piece(),
                    json!({"trace_id": format!("m-{n}"), "user_id": format!("m-{}", n % 700), "session_id": format!("m-{}", n % 900)}),
                )
            })
            .collect();
        post(to, &pieces);
    }

    /// Product events of the same people, to each of the clients.
    pub fn send_events(&mut self, to: &[&Client]) {
        let events = (0..60).map(|_| {
            let id = format!("e-{}", self.random.random::<u32>());
            let properties = json!({"plan": self.below(3), "text": "ä\"\n", "deep": {"n": [1.50, null]}});
            let mut event = json!({"event": format!("step_{}", self.below(2)), "event_id": id, "properties": properties,
                "timestamp": self.now - DAY_MS * i64::from(self.below(10)) - i64::from(self.below(900_000))});
            // Whoever is made by an event alone was first seen at another moment on each server.
            if to.len() == 1 && self.below(4) > 0 {
                event["user_id"] = json!(self.user());
            }
            event
        });
        let body = json!({"events": events.collect::<Value>()});
        for client in to {
            let answer = client.post("/v1/events", &body).expect(202).json();
            assert_eq!(answer["error_count"], 0, "{answer}");
        }
    }

    /// The latest thirty pieces, twice. Older ones would say again what was
    /// corrected since.
    pub fn send_again(&self, to: &Client) {
        let Some(latest) = self.sent.chunks(30).next_back() else {
            return;
        };
        post(to, latest);
        post(to, latest);
    }

    /// Traces of new people in new sessions, with new models.
    pub fn send_news(&mut self, to: &[&Client]) {
        let pieces: Vec<Value> = (0..40)
            .map(|n| {
                let span = with(self.make_span(), json!({"model": format!("new-{}", n % 3)}));
                json!({"trace_id": format!("new-{n}"), "timestamp": self.now - n, "user_id": format!("new-{}", n % 7),
                       "session": {"id": format!("new-{}", n % 11)}, "spans": [span]})
            })
            .collect();
        to.iter().for_each(|client| post(client, &pieces));
    }

    /// Patches, deletions and erasures; users that nothing is known of.
    pub fn change_people(&mut self, client: &Client) {
        let wanted = json!({"externalIds": ["ü-1", "nobody yet", "gone unseen"], "create": true});
        client.post("/v1/users/resolve", &wanted).expect(200);
        let unseen = self.find_user(client, "gone unseen");
        client
            .delete(&format!("/v1/users/{unseen}?mode=erase"))
            .expect(200);
        for (n, mode) in [(2, "erase"), (3, "unlink"), (4, "erase"), (5, "unlink")] {
            if let Some(id) = self.try_user(client, &format!("ü-{n}")) {
                client
                    .delete(&format!("/v1/users/{id}?mode={mode}"))
                    .expect(200);
            }
        }
        let id = self.find_user(client, "ü-1");
        let patch = json!({"name": "Patched", "metadata": {"plan": null, "new": [1, "x"]}});
        client.patch(&format!("/v1/users/{id}"), &patch).expect(200);
        let sessions = client.read("/v1/sessions?limit=10")["items"].clone();
        let id_of = |at: usize| sessions[at]["id"].as_str().unwrap().to_owned();
        let patch = json!({"name": "Patched", "metadata": {"k": "v"}});
        client
            .patch(&format!("/v1/sessions/{}", id_of(0)), &patch)
            .expect(200);
        client
            .delete(&format!("/v1/sessions/{}", id_of(1)))
            .expect(200);
        let traces = client.read("/v1/traces?limit=10")["items"].clone();
        for at in [0, 4] {
            let id = traces[at]["id"].as_str().unwrap();
            client.delete(&format!("/v1/traces/{id}")).expect(200);
        }
    }

    fn try_user(&self, client: &Client, external_id: &str) -> Option<String> {
        let id = crate::harness::client::encode(external_id);
        let answer = client.get(&format!("/v1/users/by-external-id/{id}"));
        (answer.status == 200).then(|| answer.json()["id"].as_str().unwrap().to_owned())
    }

    #[track_caller]
    fn find_user(&self, client: &Client, external_id: &str) -> String {
        self.try_user(client, external_id).expect("the user")
    }

    /// Gives a project five days of payloads, and waits until they are kept.
    pub fn keep_only_five_days(&mut self, server: &mut Server, project: &str) {
        let args = ["projects", "set", project, "--retention-payload-days"];
        let args = [&args[..], &["5", "--time-zone", "Asia/Tokyo"]].concat();
        server.run(&args).expect_success();
        server.stop();
        server.start_again();
        let file = server.data_dir().join("ledger.db");
        let database = rusqlite::Connection::open(file).unwrap();
        let query = "SELECT count(*) FROM meta WHERE key LIKE 'retained%'";
        let kept = wait_until(Duration::from_secs(20), || {
            let marks: i64 = database.query_row(query, [], |row| row.get(0)).unwrap();
            (marks > 0).then_some(())
        });
        kept.expect("retention runs at the start");
    }

    pub fn price_house_model(&mut self, server: &Server) {
        let args = ["prices", "set", "house-model", "--project", "default"];
        let args = [&args[..], &["--prompt", "0.20 per Mtok"]].concat();
        let args = [&args[..], &["--completion", "0.80 per Mtok"]].concat();
        server.run(&args).expect_success();
    }
}
