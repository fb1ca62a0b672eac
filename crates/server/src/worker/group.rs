//! The committing task: takes what is queued, commits it as one group, answers each batch.
//!
//! It never waits for more: a group is what came while the former one was committed. One
//! group is under way at a time; a panic of the ledger is a failure of that group alone.
use super::hall::{Setback, Way};
use super::queue::Entry;
use crate::metrics::Metrics;
use cognobserve_ports::{Committed, ErrorKind, Ledger, Refusal, StoreError};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedReceiver;

/// Runs until the queue is closed and empty.
pub(super) async fn run_groups(
    ledger: Arc<dyn Ledger>,
    mut queue: UnboundedReceiver<Entry>,
    group_spans: usize,
    metrics: Arc<Metrics>,
) {
    let mut held = None;
    loop {
        let first = match held.take() {
            Some(entry) => Some(entry),
            None => queue.recv().await,
        };
        let Some(first) = first else { return };
        let mut span_count = first.span_count;
        let alone = first.way == Way::Alone;
        let mut group = vec![first];
        while !alone && span_count < group_spans {
            match queue.try_recv() {
                Ok(entry) if entry.way == Way::Alone => {
                    held = Some(entry);
                    break;
                }
                Ok(entry) => {
                    span_count += entry.span_count;
                    group.push(entry);
                }
                Err(_) => break,
            }
        }
        commit_group(&ledger, group, span_count, &metrics).await;
    }
}

async fn commit_group(
    ledger: &Arc<dyn Ledger>,
    group: Vec<Entry>,
    span_count: usize,
    metrics: &Metrics,
) {
    let started = Instant::now();
    let count = group.len();
    let mut replies = Vec::with_capacity(count);
    let mut batches = Vec::with_capacity(count);
    for entry in group {
        batches.push(entry.batch);
        replies.push((entry.reply, entry.reservation));
    }
    let task = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.commit(batches).await }
    });
    let outcome = task.await.unwrap_or_else(|panic| {
        Err(StoreError::new(ErrorKind::Internal, "the ledger panicked").with_source(panic))
    });
    let outcome = outcome.and_then(|answers| check_count(answers, count));
    metrics.commit_seconds.observe(started.elapsed());
    metrics.queued_batches.subtract(count as i64);
    match outcome {
        Ok(answers) => {
            metrics.committed_batches.add(count as u64);
            metrics.committed_spans.add(span_count as u64);
            for ((reply, _reservation), answer) in replies.into_iter().zip(answers) {
                // Who went away does not read the answer; the batch is committed.
                let _ = reply.send(answer.map_err(Setback::Refused));
            }
        }
        Err(error) => {
            metrics.failed_groups.add(1);
            log_failure(&error, count, span_count);
            for (reply, reservation) in replies {
                let setback = match error.kind() {
                    ErrorKind::Unavailable | ErrorKind::TooNew => Setback::Unavailable,
                    _ if count > 1 => Setback::Sunk(reservation),
                    _ => Setback::Failed,
                };
                let _ = reply.send(Err(setback));
            }
        }
    }
}

type Answers = Vec<Result<Committed, Refusal>>;

fn check_count(answers: Answers, count: usize) -> Result<Answers, StoreError> {
    if answers.len() == count {
        return Ok(answers);
    }
    Err(StoreError::new(
        ErrorKind::Internal,
        "the ledger answered another number of batches",
    ))
}

fn log_failure(error: &StoreError, batches: usize, spans: usize) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    match error.kind() {
        ErrorKind::Unavailable => {
            tracing::warn!(%error, source, batches, spans, "the store does not take batches")
        }
        _ => tracing::error!(%error, source, batches, spans, "a group of batches failed"),
    }
}
