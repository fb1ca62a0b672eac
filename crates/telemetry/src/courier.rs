//! One sink's way through the log of events: what to send now, and what an answer changes. Knows no clock and no
//! network: both come in, so that an hour's outage is a test of a millisecond.
//!
//! Invariant: every event of the log is settled once, as sent or as dropped with a reason. What is settled is in
//! [`Progress`], which is written down after each answer; what was on its way when the process ended is sent again
//! under the same id, and counted then.
use crate::request::Sink;
use crate::route::{Installation, Outgoing};
use crate::sink::batch::cut;
use crate::sink::{Answer, DropReason, Verdict};
use cognobserve_model::event::{DroppedEvent, EventId, Position};
use cognobserve_model::time::{MICROS_PER_SECOND, Micros};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Events that wait in memory: those that a provider holds back let as many others pass.
const WINDOW: usize = 4_000;
const FIRST_WAIT_MICROS: i64 = MICROS_PER_SECOND / 2;
const LONGEST_WAIT_MICROS: i64 = 60 * MICROS_PER_SECOND;
/// Between requests that are refused without a word about whose fault it is.
const REFUSED_WAIT_MICROS: i64 = MICROS_PER_SECOND / 10;

/// How far a sink has come, and how its events ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Everything up to here is settled.
    pub cursor: Position,
    /// Beyond the cursor, what is settled already while something before it waits.
    pub beyond: BTreeSet<Position>,
    pub sent: u64,
    /// Sendings after the first, by event.
    pub retried: u64,
    /// By reason.
    pub dropped: BTreeMap<String, u64>,
    /// Why nothing is taken until a setting changes.
    #[serde(default)]
    pub stopped: Option<String>,
}

impl Progress {
    /// Events that are sent or dropped.
    pub fn settled(&self) -> u64 {
        self.sent + self.dropped.values().sum::<u64>()
    }
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// POST this as JSON, and tell [`Courier::answered`].
    Send { url: String, body: Vec<u8> },
    /// Nothing before this moment; new events change nothing about that.
    Wait(Micros),
    /// Nothing until there are new events.
    Idle,
}

struct Waiting {
    event: Outgoing,
    text: String,
    due: Micros,
    was_sent: bool,
}

pub struct Courier {
    sink: Sink,
    progress: Progress,
    waiting: BTreeMap<Position, Waiting>,
    /// Of those that are to be read anew: when they are due, and whether they were sent before.
    forgotten: BTreeMap<Position, (Micros, bool)>,
    /// The last position that was read into `waiting`.
    read_to: Position,
    in_flight: Vec<Position>,
    /// Answers in a row that took nothing.
    failures: u32,
    not_before: Micros,
    /// Events in a request, less after one was too large.
    most: usize,
    /// Events in memory, and settled ones beyond the cursor.
    window: usize,
    /// Given up since it was last asked.
    given_up: Vec<DroppedEvent>,
}

impl Courier {
    pub fn new(sink: Sink, progress: Progress) -> Courier {
        Courier {
            most: sink.limits().events,
            window: WINDOW,
            sink,
            read_to: progress.cursor,
            progress,
            waiting: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            in_flight: Vec::new(),
            failures: 0,
            not_before: Micros(i64::MIN),
            given_up: Vec::new(),
        }
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Events in memory that are not settled.
    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }

    /// What was given up since this was last asked, to be written down with the progress.
    pub fn take_given_up(&mut self) -> Vec<DroppedEvent> {
        std::mem::take(&mut self.given_up)
    }

    /// After which position events are wanted, and how many at most. `None`: none now.
    pub fn wants(&self, now: Micros) -> Option<(Position, usize)> {
        let held = self.waiting.len() + self.progress.beyond.len();
        let room = self.window.saturating_sub(held);
        (room > 0 && now >= self.not_before).then_some((self.read_to, room))
    }

    /// Whether something may be sent now, if it is due.
    pub fn is_ready(&self, now: Micros) -> bool {
        now >= self.not_before && !self.waiting.is_empty()
    }

    /// Forgets what waits, to be read anew: what left the log meanwhile, or is not to leave any more, is not sent.
    pub fn reread(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let places = waiting.into_iter();
        self.forgotten = places
            .map(|(position, it)| (position, (it.due, it.was_sent)))
            .collect();
        self.read_to = self.progress.cursor;
    }

    /// All of the log was read, of which so many events were ever stored: those that were not met are gone.
    pub fn reconcile(&mut self, stored: u64) {
        self.forgotten.clear();
        let met = self.progress.settled() + self.waiting.len() as u64;
        let gone = stored.saturating_sub(met);
        if gone > 0 {
            let reason = DropReason::Expired.as_str().to_owned();
            *self.progress.dropped.entry(reason).or_default() += gone;
        }
    }

    /// Takes an event of the log, in order; answers the text in which it will leave. `None`: it is settled already,
    /// which is met after a restart.
    pub fn hold(&mut self, position: Position, event: Outgoing, now: Micros) -> Option<&str> {
        self.read_to = position;
        if self.progress.beyond.contains(&position) {
            return None;
        }
        let before = self.forgotten.remove(&position);
        let (due, was_sent) = before.unwrap_or((now, false));
        let waiting = Waiting {
            text: self.sink.write_event(&event),
            event,
            due,
            was_sent,
        };
        Some(
            &self
                .waiting
                .entry(position)
                .insert_entry(waiting)
                .into_mut()
                .text,
        )
    }

    /// Settles an event that is not to leave.
    pub fn refuse(&mut self, position: Position, id: EventId, reason: DropReason, now: Micros) {
        self.read_to = position;
        if !self.progress.beyond.contains(&position) {
            self.note(position, id, reason, now);
            self.settle(position);
        }
    }

    /// Decides what is sent. While a request is on its way, asks for nothing more.
    pub fn next(&mut self, installation: &Installation, now: Micros) -> Next {
        if now < self.not_before {
            return Next::Wait(self.not_before);
        }
        let due = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.due <= now);
        let (due, sizes): (Vec<Position>, Vec<usize>) =
            due.map(|(at, waiting)| (*at, waiting.text.len())).unzip();
        let mut limits = self.sink.limits();
        limits.events = self.most;
        let (requests, too_large) = cut(&sizes, limits);
        for at in too_large {
            self.drop_event(due[at], DropReason::TooLarge, now);
        }
        let Some(request) = requests.into_iter().next() else {
            let soonest = self.waiting.values().map(|waiting| waiting.due).min();
            return soonest.map_or(Next::Idle, Next::Wait);
        };
        self.in_flight = due[request].to_vec();
        let mut texts = Vec::with_capacity(self.in_flight.len());
        for position in &self.in_flight {
            if let Some(waiting) = self.waiting.get_mut(position) {
                self.progress.retried += u64::from(waiting.was_sent);
                waiting.was_sent = true;
                texts.push(waiting.text.clone());
            }
        }
        Next::Send {
            url: self.sink.url(),
            body: self.sink.write_body(&texts, installation, now),
        }
    }

    /// What became of the request. `None`: there was no answer. `chance`: from 0 to 1, so that sinks of many
    /// installations do not come back together.
    pub fn answered(&mut self, answer: Option<Answer<'_>>, now: Micros, chance: f64) {
        let sent = std::mem::take(&mut self.in_flight);
        let events = sent
            .iter()
            .filter_map(|position| self.waiting.get(position));
        let events: Vec<Outgoing> = events.map(|waiting| waiting.event.clone()).collect();
        let verdict = match answer {
            Some(answer) => self.sink.read_answer(answer, &events),
            None => Verdict::Again(Duration::ZERO),
        };
        self.progress.stopped = None;
        match verdict {
            Verdict::Taken => {
                for position in sent {
                    self.progress.sent += 1;
                    self.settle(position);
                }
                self.failures = 0;
                self.most = self.most.saturating_mul(2).min(self.sink.limits().events);
            }
            Verdict::Narrowed {
                dropped,
                later,
                wait,
            } => {
                self.failures = 0;
                let due = plus(now, wait);
                for at in later {
                    if let Some(waiting) = self.waiting.get_mut(&sent[at]) {
                        waiting.due = due;
                    }
                }
                for (at, reason) in dropped {
                    self.drop_event(sent[at], reason, now);
                }
            }
            Verdict::Halved(reason) => {
                if reason == DropReason::Refused {
                    self.not_before = Micros(now.0.saturating_add(REFUSED_WAIT_MICROS));
                }
                self.most = (sent.len() / 2).max(1);
                if let [alone] = sent[..] {
                    self.drop_event(alone, reason, now);
                }
            }
            Verdict::Again(wait) => self.wait_longer(wait, now, chance),
            Verdict::Stopped(why) => {
                self.progress.stopped = Some(why.to_owned());
                self.wait_longer(Duration::ZERO, now, chance);
            }
        }
    }

    /// After another answer that took nothing: twice as long as after the one before, to a minute.
    fn wait_longer(&mut self, wait: Duration, now: Micros, chance: f64) {
        self.failures = self.failures.saturating_add(1);
        let longest =
            FIRST_WAIT_MICROS.saturating_mul(1 << self.failures.min(10).saturating_sub(1));
        let own = longest.min(LONGEST_WAIT_MICROS) as f64 * (0.5 + chance.clamp(0.0, 1.0) / 2.0);
        self.not_before = plus(now, wait).max(Micros(now.0.saturating_add(own as i64)));
    }

    fn drop_event(&mut self, position: Position, reason: DropReason, now: Micros) {
        if let Some(waiting) = self.waiting.get(&position) {
            let id = EventId(waiting.event.id.into_bytes());
            self.note(position, id, reason, now);
        }
        self.settle(position);
    }

    fn note(&mut self, position: Position, event: EventId, reason: DropReason, at: Micros) {
        let reason = reason.as_str().to_owned();
        *self.progress.dropped.entry(reason.clone()).or_default() += 1;
        self.given_up.push(DroppedEvent {
            position,
            event,
            reason,
            at,
        });
    }

    fn settle(&mut self, position: Position) {
        self.waiting.remove(&position);
        let progress = &mut self.progress;
        progress.beyond.insert(position);
        // Nothing before the first that waits is open, nor is what was read; beyond that, others may not be read yet.
        let end = self.waiting.keys().next().copied().unwrap_or(Position::MAX);
        let settled = progress.beyond.iter().copied();
        let settled: Vec<Position> = settled
            .take_while(|position| *position < end && *position <= self.read_to)
            .collect();
        for position in settled {
            progress.beyond.remove(&position);
            progress.cursor = progress.cursor.max(position);
        }
    }
}

fn plus(now: Micros, wait: Duration) -> Micros {
    let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Micros(now.0.saturating_add(micros))
}

#[cfg(test)]
#[path = "courier_tests.rs"]
mod tests;
