//! Observed streams: the pieces are joined, and the span ends when they end, fail, or nobody wants more.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::answers::{Joiner, find_joiner};
use crate::barrier::Barrier;
use crate::call::{Call, Observe, begin};
use crate::outcome::{Outcome, Teller};
use crate::say::harmless;
use crate::scope::enter;
use crate::usage::Level;

/// Records a stream as a span: what its pieces say together is the output.
///
/// The span begins here and now, in the scope of this place, whoever takes the pieces. Pieces of OpenAI, Anthropic,
/// Gemini and Cohere are joined if the call is a generation or its output is wanted; `Err` marks the span as an error.
///
/// ```no_run
/// use cognobserve_sdk::{Observe, observe_stream};
/// # use futures_util::stream;
/// # let pieces = stream::iter(vec!["Hel", "lo!"]);
/// let pieces = observe_stream(Observe::new("answer").generation().model("gpt-4o"), pieces);
/// ```
pub fn observe_stream<S>(call: Observe, stream: S) -> ObservedStream<S>
where
    S: Stream,
    S::Item: Outcome,
{
    let call = begin(call, false);
    ObservedStream {
        stream: Some(Box::pin(stream)),
        call,
        joiner: None,
        last: None,
    }
}

/// A stream whose pieces are recorded: see [`observe_stream`].
#[must_use = "streams do nothing unless they are polled"]
pub struct ObservedStream<S> {
    stream: Option<Pin<Box<S>>>,
    call: Option<Call>,
    joiner: Option<Joiner>,
    last: Option<Barrier>,
}

impl<S> ObservedStream<S> {
    /// All pieces have come, or nobody wants more of them.
    fn finish(&mut self) -> Option<Barrier> {
        let call = self.call.take()?;
        let data = &call.span.data;
        if let Some(reading) = self
            .joiner
            .take()
            .and_then(|joiner| harmless("a stream", || joiner.finish())?)
        {
            if data.is_model_call() {
                data.fill(&reading);
            }
            if let Some(output) = &reading.output {
                data.put_joined(output);
            }
        }
        call.end()
    }
}

impl<S> ObservedStream<S>
where
    S: Stream,
    S::Item: Outcome,
{
    fn take_piece(&mut self, piece: &S::Item) {
        let Some(call) = &self.call else {
            return;
        };
        let data = &call.span.data;
        let joiner = &mut self.joiner;
        harmless("a piece", || {
            let mut teller = Teller::new(data.wants_answer().then(|| data.most()));
            piece.tell(&mut teller);
            if let Some(message) = &teller.failure {
                data.set_level(Level::Error, Some(message));
            } else if let Some(piece) = teller.answer.and_then(|answer| answer.parse()) {
                joiner.get_or_insert_with(|| find_joiner(&piece)).add(piece);
            }
        });
    }
}

impl<S> Stream for ObservedStream<S>
where
    S: Stream,
    S::Item: Outcome,
{
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = &mut *self;
        if let Some(barrier) = &mut this.last {
            // Immediate mode: the end of the stream is told when it was sent.
            let polled = Pin::new(barrier).poll(context);
            return polled.map(|()| {
                this.last = None;
                None
            });
        }
        let Some(stream) = &mut this.stream else {
            return Poll::Ready(None);
        };
        let entered = this.call.as_ref().map(|call| enter(call.inside.clone()));
        let polled = stream.as_mut().poll_next(context);
        drop(entered);
        match polled {
            Poll::Ready(Some(piece)) => {
                this.take_piece(&piece);
                Poll::Ready(Some(piece))
            }
            Poll::Ready(None) => {
                let client = this
                    .call
                    .as_ref()
                    .map(|call| call.span.data.trace.client.clone());
                this.last = this.finish();
                if let (Some(client), Some(barrier)) = (client, &this.last) {
                    client.limit(barrier);
                }
                match &mut this.last {
                    Some(barrier) => {
                        let polled = Pin::new(barrier).poll(context);
                        polled.map(|()| None)
                    }
                    None => Poll::Ready(None),
                }
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream
            .as_ref()
            .map_or((0, Some(0)), |stream| stream.size_hint())
    }
}

impl<S> Drop for ObservedStream<S> {
    fn drop(&mut self) {
        let inside = self.call.as_ref().map(|call| call.inside.clone());
        if let Some(stream) = self.stream.take() {
            let _entered = inside.map(enter);
            drop(stream);
        }
        // Nobody waits here, even in immediate mode: a drop may run on an executor's thread.
        drop(self.finish());
    }
}
