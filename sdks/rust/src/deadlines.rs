//! In immediate mode, what an executor waits for ends at a deadline, though no executor's clock is known here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::barrier::Barrier;
use crate::say::{lock, warn_once};

#[derive(Default)]
struct State {
    row: VecDeque<(Instant, Barrier)>,
    has_thread: bool,
}

/// All have the same time, so that the first is the next to be over. The thread is there while somebody waits.
#[derive(Clone, Default)]
pub(crate) struct Deadlines(Arc<Mutex<State>>);

impl Deadlines {
    pub(crate) fn add(&self, barrier: &Barrier, timeout: Duration) {
        {
            let mut state = lock(&self.0);
            state
                .row
                .push_back((Instant::now() + timeout, barrier.clone()));
            if std::mem::replace(&mut state.has_thread, true) {
                return;
            }
        }
        let watching = self.clone();
        let started = thread::Builder::new()
            .name("cognobserve-wait".into())
            .spawn(move || watching.watch());
        if started.is_err() {
            // Without a clock nobody waits.
            let row = {
                let mut state = lock(&self.0);
                state.has_thread = false;
                std::mem::take(&mut state.row)
            };
            row.into_iter().for_each(|(_, barrier)| give_up(&barrier));
        }
    }

    fn watch(&self) {
        while let Some((until, barrier)) = self.next() {
            if !barrier.wait(until.saturating_duration_since(Instant::now())) {
                give_up(&barrier);
            }
        }
    }

    fn next(&self) -> Option<(Instant, Barrier)> {
        let mut state = lock(&self.0);
        let first = state.row.pop_front();
        state.has_thread = first.is_some();
        first
    }
}

/// Nobody waits for it any longer.
pub(crate) fn give_up(barrier: &Barrier) {
    warn_late();
    barrier.pass();
}

pub(crate) fn warn_late() {
    warn_once(
        "late",
        "a trace was not sent within the shutdown timeout: it is tried further, and nobody waits for it",
    );
}
