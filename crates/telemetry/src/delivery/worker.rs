//! One sink: takes its lease, reads the log, sends, writes down how far it is.
//!
//! Invariant: nothing more is sent while an answer's outcome is not written down; nothing is read or sent while consent
//! is not given. Whatever fails is tried again, and logged when it begins to fail.
use super::Delivery;
use super::known::Known;
use super::transport::{Reply, Request};
use crate::courier::{Courier, Next, Progress};
use crate::edition::Provider;
use crate::event::Logged;
use crate::request::Sink;
use crate::route::route_logged;
use crate::sink::{Answer, DropReason};
use crate::stored::restore;
use cognobserve_model::event::{DroppedEvent, Position, StoredEvent};
use cognobserve_model::time::Micros;
use cognobserve_ports::StoreError;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// For so long a sink is this process's, if it does not come back.
const LEASE: Duration = Duration::from_secs(12);
const RENEW: Duration = Duration::from_secs(4);
/// The longest that a new event, a free sink or a new consent waits to be noticed.
const POLL: Duration = Duration::from_secs(4);
const CLOSED_POLL: Duration = Duration::from_secs(1);
/// What waits for longer is read anew before it is sent: by then its developer may have opted out, its user be erased.
const STALE: Duration = Duration::from_secs(4);
/// After the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// For an answer, once the process is to end.
const FAREWELL: Duration = Duration::from_secs(2);
const PAGE: usize = 1_000;

/// What is held while the sink is ours.
struct Held {
    courier: Courier,
    /// As it was written down last.
    saved: Progress,
    /// Given up and not written down.
    given_up: Vec<DroppedEvent>,
    renewed: Instant,
    /// When the first of what waits was read.
    read_at: Instant,
}

pub struct Worker {
    sink: Sink,
    shared: Delivery,
    known: Known,
    held: Option<Held>,
    is_failing: bool,
}

impl Worker {
    pub fn new(sink: Sink, shared: Delivery, known: Known) -> Worker {
        Worker {
            sink,
            shared,
            known,
            held: None,
            is_failing: false,
        }
    }

    fn name(&self) -> &'static str {
        self.sink.provider.as_str()
    }

    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut bell = self.shared.bell.listen();
        while !*stop.borrow() {
            bell.mark_unchanged();
            let pause = match self.turn(&mut stop).await {
                Ok(pause) => {
                    self.is_failing = false;
                    pause
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::warn!(sink = self.name(), %error, "telemetry cannot reach its log");
                    }
                    // Rings change nothing about that.
                    bell.mark_unchanged();
                    STORE_PAUSE
                }
            };
            if pause.is_zero() {
                continue;
            }
            tokio::select! {
                () = hear_end(&mut stop) => break,
                _ = bell.changed(), if !self.is_failing => {}
                () = sleep(pause) => {}
            }
        }
        self.let_go().await;
    }

    /// Does what can be done now; answers how long there is nothing to do.
    async fn turn(&mut self, stop: &mut watch::Receiver<bool>) -> Result<Duration, StoreError> {
        if !self.shared.gate.is_open() {
            self.let_go().await;
            return Ok(CLOSED_POLL);
        }
        if !self.take_hold().await? {
            return Ok(POLL);
        }
        // What could not be written down last time.
        if !self.save().await? {
            return Ok(POLL);
        }
        self.read().await?;
        let Some(held) = &mut self.held else {
            return Ok(POLL);
        };
        let now = Micros::now();
        let next = held.courier.next(&self.shared.installation, now);
        let pause = match next {
            Next::Idle => POLL,
            Next::Wait(moment) => {
                let micros = u64::try_from(moment.0.saturating_sub(now.0)).unwrap_or(0);
                Duration::from_micros(micros.max(1)).min(POLL)
            }
            Next::Send { url, body } => {
                // The gate may have closed while the log was read.
                let reply = match self.shared.gate.is_open() {
                    true => self.send(url, body, stop).await,
                    false => None,
                };
                self.hear(reply);
                Duration::ZERO
            }
        };
        self.save().await?;
        self.count(pause).await;
        Ok(pause)
    }

    /// Whether the sink is ours.
    async fn take_hold(&mut self) -> Result<bool, StoreError> {
        if self
            .held
            .as_ref()
            .is_some_and(|held| held.renewed.elapsed() < RENEW)
        {
            return Ok(true);
        }
        let (began, now) = (Instant::now(), Micros::now());
        let until = Micros(now.0.saturating_add(LEASE.as_micros() as i64));
        let shared = &self.shared;
        let found = shared
            .events
            .hold_sink(self.sink.provider.as_str(), &shared.holder, now, until)
            .await?;
        let Some(written) = found else {
            self.held = None;
            shared.counts.of(self.sink.provider).set_waiting(0);
            return Ok(false);
        };
        let saved = read_progress(self.sink.provider, &written);
        match &mut self.held {
            // Another may have served it between, if this process stood still for longer than its lease.
            Some(held) if held.saved == saved => held.renewed = began,
            _ => {
                self.held = Some(Held {
                    courier: Courier::new(self.sink.clone(), saved.clone()),
                    saved,
                    given_up: Vec::new(),
                    renewed: began,
                    read_at: began,
                });
            }
        }
        Ok(true)
    }

    /// Reads on until enough is in memory or the log ends.
    async fn read(&mut self) -> Result<(), StoreError> {
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        if held.courier.waiting_count() == 0 {
            held.read_at = Instant::now();
        } else if held.read_at.elapsed() >= STALE && held.courier.is_ready(Micros::now()) {
            held.courier.reread();
            held.read_at = Instant::now();
        }
        // Before the log is read, so that all of these are met which are still in it.
        let stored = self.shared.events.count_stored().await?;
        loop {
            let wanted = self
                .held
                .as_ref()
                .and_then(|held| held.courier.wants(Micros::now()));
            let Some((after, limit)) = wanted else {
                return Ok(());
            };
            let read = self
                .shared
                .events
                .read_events(after, limit.min(PAGE))
                .await?;
            if read.is_empty() {
                if let Some(held) = &mut self.held {
                    held.courier.reconcile(stored);
                }
                return Ok(());
            }
            for (position, event) in read {
                self.take_in(position, event).await?;
            }
        }
    }

    async fn take_in(&mut self, position: Position, stored: StoredEvent) -> Result<(), StoreError> {
        let Delivery {
            events,
            installation,
            ..
        } = &self.shared;
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        let now = Micros::now();
        if self.known.has_opted_out(&**events, &stored.project).await? {
            held.courier
                .refuse(position, stored.id, DropReason::OptedOut, now);
            return Ok(());
        }
        let mut event = restore(stored);
        if let Logged::Named(event) = &mut event {
            self.known
                .complete(event.developer.as_ref(), &mut event.profile)
                .await?;
        }
        let out = route_logged(&event, self.sink.provider, installation);
        let name = out.name.clone();
        if let Some(payload) = held.courier.hold(position, out, now) {
            let edition = installation.edition.as_str();
            tracing::debug!(
                sink = self.sink.provider.as_str(),
                edition,
                event = name,
                payload,
                "telemetry"
            );
        }
        Ok(())
    }

    /// `None`: there is no answer. The lease is prolonged meanwhile.
    async fn send(
        &self,
        url: String,
        body: Vec<u8>,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<Reply> {
        let request = Request {
            url,
            body,
            is_packed: self.sink.is_packed(),
        };
        let mut request = self.shared.transport.post(request);
        let answered = loop {
            tokio::select! {
                answered = &mut request => break answered,
                () = sleep(RENEW) => self.prolong().await,
                () = hear_end(stop) => match timeout(FAREWELL, &mut request).await {
                    Ok(answered) => break answered,
                    Err(_) => return None,
                },
            }
        };
        answered
            .inspect_err(|error| {
                tracing::debug!(sink = self.name(), error, "telemetry was not answered")
            })
            .ok()
    }

    async fn prolong(&self) {
        let now = Micros::now();
        let until = Micros(now.0.saturating_add(LEASE.as_micros() as i64));
        let Delivery { events, holder, .. } = &self.shared;
        // That it is another's by now is noticed when the outcome is written down.
        let held = events.hold_sink(self.name(), holder, now, until);
        let _ = timeout(RENEW, held).await;
    }

    fn hear(&mut self, reply: Option<Reply>) {
        let Some(held) = &mut self.held else {
            return;
        };
        let before = held.courier.progress().stopped.clone();
        let answer = reply.as_ref().map(|reply| Answer {
            status: reply.status,
            retry_after_s: reply.retry_after_s,
            body: &reply.body,
        });
        held.courier.answered(answer, Micros::now(), rand::random());
        let sink = self.sink.provider.as_str();
        match &held.courier.progress().stopped {
            Some(why) if before.is_none() => {
                tracing::warn!(sink, why, "telemetry is not taken; it waits");
            }
            None if before.is_some() => tracing::info!(sink, "telemetry is taken again"),
            _ => {}
        }
    }

    /// Writes down what changed. `false`: the sink is another's by now.
    async fn save(&mut self) -> Result<bool, StoreError> {
        let Some(held) = &mut self.held else {
            return Ok(false);
        };
        held.given_up.extend(held.courier.take_given_up());
        let progress = held.courier.progress();
        if *progress == held.saved && held.given_up.is_empty() {
            return Ok(true);
        }
        // Numbers and words have no way to fail.
        let text = serde_json::to_string(progress).unwrap_or_default();
        let shared = &self.shared;
        let sink = self.sink.provider;
        let given_up = held.given_up.clone();
        let is_ours = shared
            .events
            .save_progress(sink.as_str(), &shared.holder, &text, given_up)
            .await?;
        if !is_ours {
            self.held = None;
            return Ok(false);
        }
        shared.counts.of(sink).add(&held.saved, progress);
        held.saved = progress.clone();
        held.given_up.clear();
        Ok(true)
    }

    /// For whoever watches; that it cannot be counted matters to nobody else.
    async fn count(&self, pause: Duration) {
        let Some(held) = self.held.as_ref().filter(|_| !pause.is_zero()) else {
            return;
        };
        let counts = self.shared.counts.of(self.sink.provider);
        if held.courier.waiting_count() == 0 {
            counts.set_waiting(0);
        } else if let Ok(stored) = self.shared.events.count_stored().await {
            counts.set_waiting(stored.saturating_sub(held.saved.settled()));
        }
    }

    /// Lets another process take the sink at once.
    async fn let_go(&mut self) {
        if self.held.is_none() {
            return;
        }
        if let Err(error) = self.save().await {
            tracing::warn!(sink = self.name(), %error, "telemetry cannot write down how far it is");
        }
        self.held = None;
        let now = Micros::now();
        let Delivery {
            events,
            holder,
            counts,
            ..
        } = &self.shared;
        counts.of(self.sink.provider).set_waiting(0);
        // If it fails, the lease ends by itself.
        let _ = events.hold_sink(self.name(), holder, now, now).await;
    }
}

/// Returns when the process is to end, or whoever would say so is gone.
async fn hear_end(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn read_progress(sink: Provider, written: &str) -> Progress {
    if written.is_empty() {
        return Progress::default();
    }
    serde_json::from_str(written).unwrap_or_else(|error| {
        // To begin again sends under the same ids; to stop would send nothing for ever.
        tracing::error!(sink = sink.as_str(), %error, "telemetry cannot read how far it is, and begins again");
        Progress::default()
    })
}
