//! Sends batches: tries again what may pass, halves what is too large, counts what is lost.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use ureq::Agent;

use crate::config::Settings;
use crate::http::{Answer, Request, make_agent, post};
use crate::queue::Entry;
use crate::retry::{draw, find_pause, is_retried, read_retry_after};
use crate::say::{harmless, lock, say, warn, warn_once};
use crate::wire::{write_body, write_trace};

const COMPRESSED_OVER: usize = 1024;

/// Counts in spans. `hurry` makes it end by a deadline.
pub(crate) struct Delivery {
    settings: Arc<Settings>,
    url: String,
    agent: Agent,
    deadline: Mutex<Option<Instant>>,
    hurried: Condvar,
    had_last_try: AtomicBool,
    is_over: AtomicBool,
    sent: AtomicU64,
    dropped: AtomicU64,
    refused: AtomicU64,
    in_flight: AtomicU64,
}

impl Delivery {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self {
            url: format!("{}/v1/traces/batch", settings.endpoint),
            agent: make_agent(),
            deadline: Mutex::new(None),
            hurried: Condvar::new(),
            had_last_try: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            settings,
        }
    }

    /// Sent, dropped and refused.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let [sent, dropped, refused] =
            [&self.sent, &self.dropped, &self.refused].map(|count| count.load(Ordering::Relaxed));
        (sent, dropped, refused)
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// From now on nothing is tried for longer than this.
    pub(crate) fn hurry(&self, timeout: Duration) {
        *lock(&self.deadline) = Some(Instant::now() + timeout);
        self.hurried.notify_all();
    }

    /// The shutdown has told what was left behind: nothing more is said about it.
    pub(crate) fn fall_silent(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Returns when each trace was taken, refused or given up.
    pub(crate) fn deliver(&self, batch: &[Entry]) {
        let spans = count_spans(batch);
        self.in_flight.store(spans, Ordering::Relaxed);
        let done = harmless("the delivery", || {
            let written: Vec<Vec<u8>> = batch
                .iter()
                .map(|entry| write_trace(&entry.trace, entry.spans.iter()))
                .collect();
            self.send(batch, &written);
        });
        if done.is_none() {
            self.dropped.fetch_add(spans, Ordering::Relaxed);
        }
        self.in_flight.store(0, Ordering::Relaxed);
    }

    fn send(&self, batch: &[Entry], written: &[Vec<u8>]) {
        let answer = self.post_patiently(write_body(written));
        if answer.status == 413 && batch.len() > 1 {
            let half = batch.len() / 2;
            self.send(&batch[..half], &written[..half]);
            self.send(&batch[half..], &written[half..]);
            return;
        }
        let spans = count_spans(batch);
        say(|| {
            format!(
                "{} traces with {spans} spans: {}",
                batch.len(),
                answer.describe()
            )
        });
        if (200..300).contains(&answer.status) {
            self.read_results(batch, &answer);
        } else {
            self.give_up(spans, &answer);
        }
    }

    fn post_patiently(&self, plain: Vec<u8>) -> Answer {
        let (body, is_gzip) = compress(plain);
        let mut attempt = 0;
        loop {
            let timeout = self.find_timeout();
            let (url, key) = (self.url.as_str(), self.settings.api_key.as_str());
            let answer = post(
                &self.agent,
                &Request {
                    url,
                    key,
                    body: &body,
                    is_gzip,
                    timeout,
                },
            );
            if !is_retried(answer.status) || attempt >= self.settings.max_retries {
                return answer;
            }
            let least = read_retry_after(&answer.retry_after, SystemTime::now());
            let pause = find_pause(attempt, draw()).max(least);
            say(|| {
                format!(
                    "{}: again in {:.1} s",
                    answer.describe(),
                    pause.as_secs_f64()
                )
            });
            if !self.sleep(pause, least) {
                return answer;
            }
            attempt += 1;
        }
    }

    fn find_timeout(&self) -> Duration {
        let timeout = self.settings.request_timeout;
        match *lock(&self.deadline) {
            Some(until) => timeout.min(
                until
                    .saturating_duration_since(Instant::now())
                    .max(Duration::from_millis(50)),
            ),
            None => timeout,
        }
    }

    /// Whether to try again. At the end of the program there is one last try instead of a pause that is too long.
    fn sleep(&self, pause: Duration, least: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut deadline = lock(&self.deadline);
        loop {
            if deadline.is_some_and(|deadline| until > deadline) {
                return !self.had_last_try.swap(true, Ordering::Relaxed) && least.is_zero();
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let waited = self.hurried.wait_timeout(deadline, left);
            deadline = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn read_results(&self, batch: &[Entry], answer: &Answer) {
        let parsed: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let results = parsed
            .as_ref()
            .and_then(|body| body.get("results")?.as_array());
        let Some(results) = results.filter(|results| results.len() == batch.len()) else {
            warn_once(
                "odd answer",
                "the server's answer is not CognObserve's: is the endpoint right?",
            );
            self.dropped
                .fetch_add(count_spans(batch), Ordering::Relaxed);
            return;
        };
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for (entry, result) in batch.iter().zip(results) {
            let spans = entry.spans.len() as u64;
            if result.get("success") != Some(&Value::Bool(false)) {
                self.sent.fetch_add(spans, Ordering::Relaxed);
                continue;
            }
            self.refused.fetch_add(spans, Ordering::Relaxed);
            let read = |name: &str| result.get("error")?.get(name)?.as_str();
            let reason = format!(
                "{}: {}",
                read("code").unwrap_or("refused"),
                read("message").unwrap_or("")
            );
            *reasons.entry(reason).or_default() += 1;
        }
        for (reason, count) in reasons {
            warn(&format!(
                "{count} of {} traces were refused: {reason}",
                batch.len()
            ));
        }
    }

    fn give_up(&self, spans: u64, answer: &Answer) {
        self.dropped.fetch_add(spans, Ordering::Relaxed);
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
        let what = answer.describe();
        if answer.status == 413 {
            warn_once(
                "413",
                "a trace was larger than the server takes and is dropped",
            );
        } else if is_retried(answer.status) {
            warn_once(
                "unreachable",
                &format!("the server could not be reached ({what}): spans are dropped"),
            );
        } else {
            let code = read_code(&answer.body);
            warn_once(
                &format!("final {}", answer.status),
                &format!("the server refuses what is sent: {what}{code}"),
            );
        }
    }
}

fn count_spans(batch: &[Entry]) -> u64 {
    batch.iter().map(|entry| entry.spans.len() as u64).sum()
}

fn compress(plain: Vec<u8>) -> (Vec<u8>, bool) {
    if plain.len() <= COMPRESSED_OVER {
        return (plain, false);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(5));
    match encoder.write_all(&plain).and_then(|()| encoder.finish()) {
        Ok(body) => (body, true),
        Err(_) => (plain, false),
    }
}

/// What a problem answer calls itself; never its whole text, which may quote what was sent.
fn read_code(body: &[u8]) -> String {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let code = parsed
        .as_ref()
        .and_then(|body| body.get("code").or_else(|| body.get("title"))?.as_str());
    code.map(|code| format!(" ({})", crate::encode::shorten(code, 100)))
        .unwrap_or_default()
}
