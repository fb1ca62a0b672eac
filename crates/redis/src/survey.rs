//! One look at all partitions, and waiting until what is there now has gone.
use crate::error::QueueResult;
use crate::inside::Inside;
use crate::keys::GROUP;
use crate::script;
use crate::value::{
    read_count, read_list, read_maybe_text, read_number, read_pairs, read_row, read_text,
};
use cognobserve_ports::{Counts, PartitionStats, QueueStats};
use redis::{Cmd, Value};
use std::time::{Duration, Instant};

/// The id of an entry: time (ms) and number.
pub(crate) type Id = (u64, u64);

/// What one look has shown.
pub(crate) struct Survey {
    pub(crate) stats: QueueStats,
    /// Per partition the oldest entry that is not acknowledged.
    oldest: Vec<Option<Id>>,
}

impl Survey {
    pub(crate) fn oldest_age(&self) -> Option<Duration> {
        let partitions = self.stats.partitions.iter();
        partitions.filter_map(|one| one.oldest_age).max()
    }

    pub(crate) fn depth(&self) -> u64 {
        self.stats.partitions.iter().map(|one| one.depth).sum()
    }

    pub(crate) fn pending(&self) -> u64 {
        self.stats.partitions.iter().map(|one| one.pending).sum()
    }
}

/// `None`: not an id.
pub(crate) fn parse_id(text: &str) -> Option<Id> {
    let (ms, number) = text.split_once('-')?;
    Some((ms.parse().ok()?, number.parse().ok()?))
}

pub(crate) fn make_call(inside: &Inside) -> Cmd {
    let keys = &inside.keys;
    let pairs = keys.leases.iter().zip(&keys.entries);
    let each = pairs.flat_map(|(lease, entries)| [lease.as_str(), entries.as_str()]);
    let first = [&keys.workers, &keys.dead, &keys.counts].map(String::as_str);
    let mut call = script::call(script::SURVEY, first.into_iter().chain(each));
    call.arg(GROUP);
    call
}

pub(crate) async fn survey(inside: &Inside) -> QueueResult<Survey> {
    read_survey(inside.control.run(make_call(inside)).await?)
}

pub(crate) fn read_survey(value: Value) -> QueueResult<Survey> {
    let [now, workers, dead, counts, partitions] = read_row(value)?;
    let now = read_count(now)?;
    let workers = read_list(workers)?.into_iter().map(read_text);
    let mut survey = Survey {
        stats: QueueStats {
            partitions: Vec::new(),
            workers: workers.collect::<QueueResult<_>>()?,
            dead: read_count(dead)?,
            counts: read_counts(counts)?,
        },
        oldest: Vec::new(),
    };
    for (partition, row) in (0..).zip(read_list(partitions)?) {
        let [depth, pending, oldest, lease] = read_row(row)?;
        let oldest = parse_id(&read_text(oldest)?);
        survey.oldest.push(oldest);
        survey.stats.partitions.push(PartitionStats {
            partition,
            depth: read_count(depth)?,
            pending: read_count(pending)?,
            oldest_age: oldest.map(|(ms, _)| Duration::from_millis(now.saturating_sub(ms))),
            worker: read_maybe_text(lease)?,
        });
    }
    Ok(survey)
}

fn read_counts(value: Value) -> QueueResult<Counts> {
    let mut counts = Counts::default();
    for (name, value) in read_pairs(value)? {
        let count = read_number(Value::BulkString(value))?;
        let count = u64::try_from(count).unwrap_or(0);
        match name.as_str() {
            "buried" => counts.buried = count,
            "unreadable" => counts.unreadable = count,
            "replayed" => counts.replayed = count,
            "dropped" => counts.dropped = count,
            _ => {}
        }
    }
    Ok(counts)
}

/// Whether all that is there now has gone before the time was over.
pub(crate) async fn wait_until_empty(inside: &Inside, timeout: Duration) -> QueueResult<bool> {
    let end = Instant::now() + timeout;
    let call = script::call(
        script::MARKS,
        inside.keys.entries.iter().map(String::as_str),
    );
    let mut marks = Vec::new();
    for mark in read_list(inside.control.run(call).await?)? {
        marks.push(parse_id(&read_text(mark)?));
    }
    let mut pause = Duration::from_millis(20);
    loop {
        let seen = survey(inside).await?;
        let mut pairs = marks.iter().zip(&seen.oldest);
        // An entry is there while the oldest is not newer than it.
        if !pairs.any(|(mark, oldest)| mark.is_some() && oldest.is_some() && oldest <= mark) {
            return Ok(true);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}
