//! Sends batches: tries again what may pass, halves what is too large, counts what is lost.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use ureq::Agent;

use crate::config::Settings;
use crate::http::{Answer, Request, make_agent, post};
use crate::kind::{Kind, Piece};
use crate::retry::{draw, find_pause, is_retried, read_retry_after};
use crate::say::{harmless, lock, say, warn, warn_once};

const COMPRESSED_OVER: usize = 1024;

/// What has become of items: spans, or events.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fates {
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
    pub(crate) refused: u64,
}

impl Fates {
    fn dropped(dropped: u64) -> Self {
        Self {
            dropped,
            ..Self::default()
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        self.sent + self.dropped + self.refused
    }
}

/// The server could not take something: before this time nothing leaves.
#[derive(Clone)]
struct Rest {
    until: Instant,
    /// What the server itself has asked for.
    least: Duration,
    /// As whose consequence what may not leave is given up.
    status: u16,
    error: String,
}

/// Counts in items, each once. `hurry` makes it end by a deadline, `stop` makes it count no more.
pub(crate) struct Delivery {
    kind: Kind,
    settings: Arc<Settings>,
    url: String,
    agent: Agent,
    deadline: Mutex<Option<Instant>>,
    hurried: Condvar,
    had_last_try: AtomicBool,
    is_stopped: AtomicBool,
    rest: Mutex<Option<Rest>>,
    fates: Mutex<Fates>,
}

impl Delivery {
    pub(crate) fn new(kind: Kind, settings: Arc<Settings>) -> Self {
        Self {
            kind,
            url: format!("{}{}", settings.endpoint, kind.path),
            agent: make_agent(),
            deadline: Mutex::new(None),
            hurried: Condvar::new(),
            had_last_try: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
            rest: Mutex::new(None),
            fates: Mutex::default(),
            settings,
        }
    }

    pub(crate) fn fates(&self) -> Fates {
        *lock(&self.fates)
    }

    /// From now on nothing is tried for longer than this.
    pub(crate) fn hurry(&self, timeout: Duration) {
        *lock(&self.deadline) = Some(Instant::now() + timeout);
        self.hurried.notify_all();
    }

    /// What of `taken` items is still under way is given up, whatever comes of it. Answers how many they are; nothing
    /// more is said about them.
    pub(crate) fn stop(&self, taken: u64) -> u64 {
        let mut fates = lock(&self.fates);
        let left = taken.saturating_sub(fates.sum());
        fates.dropped += left;
        self.is_stopped.store(true, Ordering::Relaxed);
        left
    }

    fn count(&self, more: Fates) {
        let mut fates = lock(&self.fates);
        // Looked at under the lock: what `stop` has counted is not counted again.
        if !self.is_stopped.load(Ordering::Relaxed) {
            fates.sent += more.sent;
            fates.dropped += more.dropped;
            fates.refused += more.refused;
        }
    }

    /// Returns when each piece was taken, refused or given up, which it is at the time `until`.
    pub(crate) fn deliver<P: Piece>(&self, batch: &[P], until: Option<Instant>) {
        let written = harmless("the delivery", || {
            batch.iter().map(Piece::write).collect::<Vec<Vec<u8>>>()
        });
        match written {
            Some(written) => self.send(batch, &written, until),
            None => self.count(Fates::dropped(count_items(batch))),
        }
    }

    fn send<P: Piece>(&self, batch: &[P], written: &[Vec<u8>], until: Option<Instant>) {
        let items = count_items(batch);
        let fates = harmless("the delivery", || {
            let answer = self.post_patiently(self.kind.write_body(written), until);
            if answer.status == 413 && batch.len() > 1 {
                return None;
            }
            say(|| {
                let (wholes, told) = (self.kind.wholes, answer.describe());
                match self.kind.items {
                    same if same == wholes => format!("{items} {same}: {told}"),
                    within => format!("{} {wholes} with {items} {within}: {told}", batch.len()),
                }
            });
            Some(self.judge(batch, &answer))
        });
        match fates {
            Some(Some(fates)) => self.count(fates),
            Some(None) => {
                let half = batch.len() / 2;
                self.send(&batch[..half], &written[..half], until);
                self.send(&batch[half..], &written[half..], until);
            }
            None => self.count(Fates::dropped(items)),
        }
    }

    fn judge<P: Piece>(&self, batch: &[P], answer: &Answer) -> Fates {
        if self.is_stopped.load(Ordering::Relaxed) {
            // Whoever has stopped it has counted it, and said so.
            return Fates::default();
        }
        if (200..300).contains(&answer.status) {
            self.read_results(batch, answer)
        } else {
            self.give_up(count_items(batch), answer)
        }
    }

    fn post_patiently(&self, plain: Vec<u8>, until: Option<Instant>) -> Answer {
        let (body, is_gzip) = compress(plain);
        let mut attempt = 0;
        loop {
            if let Some(refusal) = self.keep_rest(until) {
                return refusal;
            }
            let timeout = self.find_timeout(until);
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
            if !is_retried(answer.status) {
                *lock(&self.rest) = None;
                return answer;
            }
            let least = read_retry_after(&answer.retry_after, SystemTime::now());
            let pause = find_pause(attempt, draw()).max(least);
            *lock(&self.rest) = Some(Rest {
                until: Instant::now() + pause,
                least,
                status: answer.status,
                error: answer.error.clone(),
            });
            if attempt >= self.settings.max_retries {
                return answer;
            }
            say(|| {
                let (told, seconds) = (answer.describe(), pause.as_secs_f64());
                format!("{told}: again in {seconds:.1} s")
            });
            attempt += 1;
        }
    }

    /// Waits until something may leave again; what is to be taken as the answer if that is too late.
    fn keep_rest(&self, until: Option<Instant>) -> Option<Answer> {
        let rest = lock(&self.rest).clone()?;
        let pause = rest.until.saturating_duration_since(Instant::now());
        if pause.is_zero() {
            return None;
        }
        let may_wait = until.is_none_or(|until| rest.until <= until);
        if may_wait && self.sleep(pause, rest.least) {
            return None;
        }
        Some(Answer {
            status: rest.status,
            error: rest.error,
            ..Answer::default()
        })
    }

    fn find_timeout(&self, until: Option<Instant>) -> Duration {
        let ends = [*lock(&self.deadline), until].into_iter().flatten();
        let left = ends.map(|end| {
            let left = end.saturating_duration_since(Instant::now());
            left.max(Duration::from_millis(50))
        });
        left.fold(self.settings.request_timeout, Duration::min)
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

    fn read_results<P: Piece>(&self, batch: &[P], answer: &Answer) -> Fates {
        let parsed: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let results = parsed
            .as_ref()
            .and_then(|body| body.get("results")?.as_array());
        let Some(results) = results.filter(|results| results.len() == batch.len()) else {
            warn_once(
                "odd answer",
                "the server's answer is not CognObserve's: is the endpoint right?",
            );
            return Fates::dropped(count_items(batch));
        };
        let mut fates = Fates::default();
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for (entry, result) in batch.iter().zip(results) {
            let items = entry.count();
            if result.get("success") != Some(&Value::Bool(false)) {
                fates.sent += items;
                continue;
            }
            fates.refused += items;
            let read = |name: &str| result.get("error")?.get(name)?.as_str();
            let reason = format!(
                "{}: {}",
                read("code").unwrap_or("refused"),
                read("message").unwrap_or("")
            );
            *reasons.entry(reason).or_default() += 1;
        }
        for (reason, count) in reasons {
            let (all, wholes) = (batch.len(), self.kind.wholes);
            warn(&format!("{count} of {all} {wholes} were refused: {reason}"));
        }
        fates
    }

    fn give_up(&self, count: u64, answer: &Answer) -> Fates {
        let (what, items) = (answer.describe(), self.kind.items);
        if answer.status == 413 {
            let whole = self.kind.one_whole;
            warn_once(
                &format!("413 {items}"),
                &format!("{whole} was larger than the server takes and is dropped"),
            );
        } else if is_retried(answer.status) {
            warn_once(
                &format!("unreachable {items}"),
                &format!("the server could not be reached ({what}): {items} are dropped"),
            );
        } else {
            let code = read_code(&answer.body);
            warn_once(
                &format!("final {} {items}", answer.status),
                &format!("the server refuses {items}: {what}{code}"),
            );
        }
        Fates::dropped(count)
    }
}

fn count_items<P: Piece>(batch: &[P]) -> u64 {
    batch.iter().map(Piece::count).sum()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::kind::TRACES;

    #[test]
    fn what_was_on_its_way_when_it_was_stopped_is_counted_once() {
        let delivery = Delivery::new(TRACES, Arc::new(Config::new().into_settings()));
        let (sent, dropped) = (2, 3);
        delivery.count(Fates {
            sent,
            ..Fates::default()
        });
        assert_eq!(delivery.stop(sent + dropped), dropped);
        // The answer comes late, and somebody stops it again.
        delivery.count(Fates {
            sent: dropped,
            ..Fates::default()
        });
        assert_eq!(delivery.stop(sent + dropped), 0);
        let fates = delivery.fates();
        assert_eq!((fates.sent, fates.dropped, fates.refused), (2, 3, 0));
    }
}
