//! The door's side: a batch becomes entries of its partitions' streams in one round trip.
use crate::entry::{BODY, PROJECT, SPANS, TRACES, encode};
use crate::error::{QueueResult, unavailable};
use crate::inside::Inside;
use crate::survey;
use crate::value::{check_all, read_number};
use cognobserve_model::piece::Batch;
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// A second late with the news is early enough.
const FRESH: Duration = Duration::from_secs(1);

/// How far behind the workers are, as last seen.
#[derive(Default)]
pub(crate) struct Gauge {
    seen: Mutex<Option<(Instant, Option<Duration>)>>,
    /// Held by the one who looks.
    looking: tokio::sync::Mutex<()>,
}

pub(crate) async fn push(inside: &Inside, batch: &Batch) -> QueueResult<()> {
    check_pressure(inside).await?;
    let entries = encode(batch, &inside.keys, inside.settings.entry_bytes)?;
    if entries.is_empty() {
        return Ok(());
    }
    let mut pipe = redis::pipe();
    for entry in entries {
        let command = pipe.cmd("XADD");
        command.arg(inside.keys.stream(entry.partition)).arg("*");
        command.arg(PROJECT).arg(batch.project.as_str());
        command.arg(TRACES).arg(entry.traces);
        command.arg(SPANS).arg(entry.spans);
        command.arg(BODY).arg(entry.body);
    }
    let replicas = i64::from(inside.settings.replicas_to_wait);
    let mut longer = Duration::ZERO;
    if replicas > 0 {
        longer = inside.settings.replica_timeout;
        let most_ms = u64::try_from(longer.as_millis().max(1)).unwrap_or(u64::MAX);
        pipe.cmd("WAIT").arg(replicas).arg(most_ms);
    }
    let mut answers = check_all(inside.door.run_all(&pipe, longer).await?)?;
    if replicas > 0 {
        let reached = answers.pop().map_or(Ok(0), read_number)?;
        if reached < replicas {
            return Err(unavailable(format!(
                "{reached} replicas of the queue's server have the batch, the settings ask for {replicas}"
            )));
        }
    }
    Ok(())
}

/// Refuses while the workers are too far behind.
async fn check_pressure(inside: &Inside) -> QueueResult<()> {
    if inside.settings.max_age.is_none() {
        return Ok(());
    }
    let is_fresh = |seen: &Option<(Instant, Option<Duration>)>| {
        seen.is_some_and(|(at, _)| at.elapsed() < FRESH)
    };
    let stale = !is_fresh(&inside.gauge.seen.lock());
    // Others go by the last news meanwhile. Who cannot look cannot push either.
    if stale && let Ok(_looking) = inside.gauge.looking.try_lock() {
        let seen = survey::survey(inside).await?;
        *inside.gauge.seen.lock() = Some((Instant::now(), seen.oldest_age()));
    }
    let oldest = inside.gauge.seen.lock().and_then(|(_, oldest)| oldest);
    check_age(inside, oldest)
}

pub(crate) fn check_age(inside: &Inside, oldest: Option<Duration>) -> QueueResult<()> {
    match (inside.settings.max_age, oldest) {
        (Some(most), Some(oldest)) if oldest > most => Err(unavailable(format!(
            "the workers are {} s behind, the limit is {} s",
            oldest.as_secs(),
            most.as_secs()
        ))),
        _ => Ok(()),
    }
}
