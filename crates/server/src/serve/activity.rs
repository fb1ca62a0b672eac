//! Whether a connection has requests under way, and since when it rests.
//!
//! A request is under way until the last byte of its answer was handed over, not only until its head was.
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

#[derive(Debug)]
struct State {
    under_way: usize,
    /// When the last request began or ended.
    last: Instant,
}

/// One connection's.
#[derive(Debug)]
pub struct Activity(Mutex<State>);

impl Default for Activity {
    fn default() -> Activity {
        Activity(Mutex::new(State {
            under_way: 0,
            last: Instant::now(),
        }))
    }
}

impl Activity {
    /// Counts a request until the answer is dropped.
    pub fn begin(self: &Arc<Activity>) -> Busy {
        self.change(1);
        Busy(self.clone())
    }

    /// Returns when there was no request for so long, counted from now at the earliest.
    pub async fn rest(&self, patience: Duration) {
        let began = Instant::now();
        loop {
            let (is_busy, last) = {
                let state = self.0.lock();
                (state.under_way > 0, state.last)
            };
            let now = Instant::now();
            let due = match is_busy {
                true => now + patience,
                false => last.max(began) + patience,
            };
            if due <= now {
                return;
            }
            sleep_until(due).await;
        }
    }

    fn change(&self, by: isize) {
        let mut state = self.0.lock();
        state.under_way = state.under_way.saturating_add_signed(by);
        state.last = Instant::now();
    }
}

/// A request that is under way.
#[derive(Debug)]
pub struct Busy(Arc<Activity>);

impl Busy {
    /// The answer's body, under way until it was sent.
    pub fn until_sent(self, body: Body) -> Sending {
        Sending { body, _busy: self }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(-1);
    }
}

/// A body whose request is under way as long as it lives.
#[derive(Debug)]
pub struct Sending {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rest_begins_when_the_last_answer_is_sent() {
        let activity = Arc::new(Activity::default());
        let start = Instant::now();
        activity.rest(Duration::from_secs(10)).await;
        assert_eq!(start.elapsed().as_secs(), 10);
        let busy = activity.begin();
        let body = busy.until_sent(Body::empty());
        let resting = tokio::spawn({
            let activity = activity.clone();
            async move { activity.rest(Duration::from_secs(10)).await }
        });
        tokio::time::sleep(Duration::from_secs(25)).await;
        assert!(!resting.is_finished());
        drop(body);
        let start = Instant::now();
        resting.await.unwrap();
        assert!((5..=15).contains(&start.elapsed().as_secs()));
    }
}
