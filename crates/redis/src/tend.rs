//! Keeps this worker known and its leases alive, takes its fair share of the partitions and
//! gives up what is above it.
use crate::error::QueueResult;
use crate::inside::Inside;
use crate::script;
use crate::value::{read_count, read_list, read_row};
use cognobserve_ports::StoreError;
use redis::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one blocking read may last: a lease must outlive it by far.
pub(crate) fn find_block(lease_time: Duration) -> Duration {
    (lease_time / 6).clamp(Duration::from_millis(10), Duration::from_secs(1))
}

/// Runs until it is aborted.
pub(crate) async fn tend_for_ever(inside: Arc<Inside>) {
    let lease_time = inside.settings.lease_time;
    let mut failed = false;
    loop {
        let tended = tend(&inside).await;
        inside.hands.set_trouble(tended.as_ref().err());
        let pause = match tended {
            Ok(settled) => {
                if failed {
                    tracing::info!(worker = inside.worker, "leases of the queue are kept again");
                }
                failed = false;
                if settled {
                    lease_time / 3
                } else {
                    lease_time / 12
                }
            }
            Err(error) => {
                if !failed {
                    log_failure(&inside, &error);
                }
                failed = true;
                lease_time / 12
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn log_failure(inside: &Inside, error: &StoreError) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(%error, source, worker = inside.worker, "leases of the queue cannot be kept");
}

/// One round; whether this worker has neither too much nor too little.
async fn tend(inside: &Inside) -> QueueResult<bool> {
    let lease_time = inside.settings.lease_time;
    let given_up = inside
        .hands
        .list_given_up(find_block(lease_time), lease_time);
    let keys = std::iter::once(inside.keys.workers.as_str())
        .chain(inside.keys.leases.iter().map(String::as_str));
    let mut call = script::call(script::TEND, keys);
    let lease_ms = u64::try_from(lease_time.as_millis()).unwrap_or(u64::MAX);
    call.arg(&inside.worker).arg(lease_ms).arg(&given_up);
    // From before the call: the server counts from a later moment.
    let began = Instant::now();
    let [share, renewed, taken] = read_row(inside.control.run(call).await?)?;
    let share = usize::try_from(read_count(share)?).unwrap_or(usize::MAX);
    let (renewed, taken) = (read_partitions(renewed)?, read_partitions(taken)?);
    if !taken.is_empty() {
        tracing::debug!(
            worker = inside.worker,
            ?taken,
            "took partitions of the queue"
        );
    }
    let held = inside
        .hands
        .renew(began, lease_time, share, &renewed, &taken);
    Ok(held == share && !inside.hands.is_leaving_any())
}

fn read_partitions(value: Value) -> QueueResult<Vec<u16>> {
    let numbers = read_list(value)?.into_iter().map(read_count);
    numbers
        .map(|number| Ok(u16::try_from(number?).unwrap_or(u16::MAX)))
        .collect()
}

/// Gives up everything at once.
pub(crate) async fn leave(inside: &Inside) -> QueueResult<()> {
    inside.hands.lose_all();
    let keys = std::iter::once(inside.keys.workers.as_str())
        .chain(inside.keys.leases.iter().map(String::as_str));
    let mut call = script::call(script::LEAVE, keys);
    call.arg(&inside.worker);
    inside.control.run(call).await.map(drop)
}
