//! The worker's side: what others left pending first, then new entries, then waiting.
//!
//! Reading goes on in a task of its own, so that a pull that is dropped loses nothing: the
//! next one gets what it brought.
use crate::entry::{BODY, decode};
use crate::error::{QueueResult, refuse};
use crate::finish;
use crate::inside::Inside;
use crate::keys::GROUP;
use crate::reclaim;
use crate::script;
use crate::tend::find_block;
use crate::value::{check, is_refusal, read_list, read_only, read_pairs, read_row, read_text};
use cognobserve_ports::{Delivery, DeliveryId, StoreError};
use redis::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// What one pull brings at most, besides the span limit; one entry more may exceed it.
const MOST_ENTRIES: usize = 1000;
const MOST_BYTES: usize = 8 << 20;

#[derive(Default)]
pub(crate) struct Reading {
    task: Option<JoinHandle<QueueResult<Vec<Delivery>>>>,
    /// The partition that was read last.
    turn: u16,
}

impl Reading {
    pub(crate) fn abort(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// What may still be taken.
pub(crate) struct Room {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
    pub(crate) spans: usize,
}

impl Room {
    pub(crate) fn is_full(&self) -> bool {
        self.entries == 0 || self.bytes == 0 || self.spans == 0
    }

    fn take(&mut self, delivery: &Delivery, bytes: usize) {
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        let spans = delivery.batch.span_count();
        self.spans = self.spans.saturating_sub(spans);
    }
}

pub(crate) async fn pull(
    inside: &Arc<Inside>,
    limit_spans: usize,
    wait: Duration,
) -> QueueResult<Vec<Delivery>> {
    let mut reading = inside.reading.lock().await;
    let turn = reading.turn;
    let task = reading.task.get_or_insert_with(|| {
        let inside = Arc::clone(inside);
        tokio::spawn(async move { read(&inside, limit_spans, wait, turn).await })
    });
    let joined = task.await;
    reading.task = None;
    let found = joined.unwrap_or_else(|_| Err(refuse("reading the queue was broken off")))?;
    if let Some(last) = found.last() {
        reading.turn = last.id.partition;
    }
    Ok(found)
}

/// Ends a read that is under way; what it brought stays pending, for others.
pub(crate) async fn stop(inside: &Inside) {
    inside.leaving.store(true, Ordering::Relaxed);
    let mut reading = inside.reading.lock().await;
    if let Some(task) = reading.task.take() {
        let _ = task.await;
    }
    inside.leaving.store(false, Ordering::Relaxed);
}

async fn read(
    inside: &Inside,
    limit_spans: usize,
    wait: Duration,
    turn: u16,
) -> QueueResult<Vec<Delivery>> {
    let mut room = Room {
        entries: MOST_ENTRIES,
        bytes: MOST_BYTES,
        spans: limit_spans.max(1),
    };
    let mut found = Vec::new();
    match read_into(inside, wait, turn, &mut room, &mut found).await {
        Ok(()) => Ok(found),
        Err(error) => {
            // Its answer may have been on the way.
            inside.hands.scan_all();
            if found.is_empty() {
                Err(error)
            } else {
                Ok(found)
            }
        }
    }
}

async fn read_into(
    inside: &Inside,
    wait: Duration,
    turn: u16,
    room: &mut Room,
    found: &mut Vec<Delivery>,
) -> QueueResult<()> {
    let end = Instant::now() + wait;
    loop {
        prepare(inside).await?;
        reclaim::reclaim(inside, room, found).await?;
        take_new(inside, turn, room, found).await?;
        let left = end.saturating_duration_since(Instant::now());
        if !found.is_empty() {
            return Ok(());
        }
        if left.is_zero() || inside.leaving.load(Ordering::Relaxed) {
            return inside.hands.check_trouble();
        }
        let block = find_block(inside.settings.lease_time).min(left);
        let partitions = inside.hands.list_readable(turn);
        if partitions.is_empty() {
            inside
                .hands
                .wait(block.min(Duration::from_millis(100)))
                .await;
        } else {
            wait_for_new(inside, &partitions, block, room, found).await?;
            if !found.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Makes what a partition needs before it is first read.
async fn prepare(inside: &Inside) -> QueueResult<()> {
    let partitions = inside.hands.list_unprepared();
    if partitions.is_empty() {
        return Ok(());
    }
    let streams = partitions.iter().map(|one| inside.keys.stream(*one));
    let mut call = script::call(script::PREPARE, streams);
    call.arg(GROUP).arg(&inside.worker);
    inside.reader.run(call).await?;
    inside.hands.set_prepared(&partitions);
    Ok(())
}

/// Takes what is there.
async fn take_new(
    inside: &Inside,
    turn: u16,
    room: &mut Room,
    found: &mut Vec<Delivery>,
) -> QueueResult<()> {
    let partitions = inside.hands.list_readable(turn);
    if partitions.is_empty() || room.is_full() {
        return Ok(());
    }
    let keys = partitions
        .iter()
        .flat_map(|one| [inside.keys.lease(*one), inside.keys.stream(*one)]);
    let mut call = script::call(script::TAKE, keys);
    call.arg(&inside.worker).arg(GROUP);
    call.arg(room.entries).arg(room.bytes).arg(room.spans);
    let mut pipe = redis::pipe();
    pipe.add_command(call);
    let mut answers = inside.reader.run_all(&pipe, Duration::ZERO).await?;
    if answers.iter().any(|answer| is_refusal(answer, "NOGROUP")) {
        inside.hands.forget_prepared();
        answers.clear();
        return Ok(());
    }
    let [lost, taken] = read_row(read_only(answers)?)?;
    for index in read_list(lost)? {
        inside.hands.lose(find_at(&partitions, index)?);
    }
    for row in read_list(taken)? {
        let [index, id, fields] = read_row(row)?;
        let partition = find_at(&partitions, index)?;
        let id = DeliveryId {
            partition,
            entry: read_text(id)?,
        };
        accept(inside, id, fields, 1, room, found).await?;
    }
    Ok(())
}

fn find_at(partitions: &[u16], index: Value) -> QueueResult<u16> {
    let index = usize::try_from(crate::value::read_count(index)?).unwrap_or(usize::MAX);
    let found = partitions.get(index).copied();
    found.ok_or_else(|| refuse("the queue's server named a partition that was not asked for"))
}

/// Waits for an entry in any partition. It may bring one of each.
async fn wait_for_new(
    inside: &Inside,
    partitions: &[u16],
    block: Duration,
    room: &mut Room,
    found: &mut Vec<Delivery>,
) -> QueueResult<()> {
    // 0 would be for ever.
    let block_ms = u64::try_from(block.as_millis().max(1)).unwrap_or(u64::MAX);
    let mut pipe = redis::pipe();
    let command = pipe.cmd("XREADGROUP");
    command.arg("GROUP").arg(GROUP).arg(&inside.worker);
    command.arg("COUNT").arg(1).arg("BLOCK").arg(block_ms);
    command.arg("STREAMS");
    for partition in partitions {
        command.arg(inside.keys.stream(*partition));
    }
    for _ in partitions {
        command.arg(">");
    }
    let answers = inside.reader.run_all(&pipe, block).await?;
    if answers.iter().any(|answer| is_refusal(answer, "NOGROUP")) {
        inside.hands.forget_prepared();
        return Ok(());
    }
    for stream in read_list(read_only(answers)?)? {
        let [name, entries] = read_row(stream)?;
        let name = read_text(name)?;
        let mut held = partitions.iter().copied();
        let Some(partition) = held.find(|one| inside.keys.stream(*one) == name) else {
            continue;
        };
        for row in read_list(entries)? {
            let [id, fields] = read_row(row)?;
            let id = DeliveryId {
                partition,
                entry: read_text(id)?,
            };
            accept(inside, id, fields, 1, room, found).await?;
        }
    }
    Ok(())
}

/// Puts an entry into this worker's hands; one that cannot be read is buried.
pub(crate) async fn accept(
    inside: &Inside,
    id: DeliveryId,
    fields: Value,
    attempts: u32,
    room: &mut Room,
    found: &mut Vec<Delivery>,
) -> QueueResult<()> {
    let fields = read_pairs(check(fields)?)?;
    let body = fields.into_iter().find(|(name, _)| name == BODY);
    let body = body.map(|(_, body)| body).unwrap_or_default();
    match decode(&body) {
        Ok(batch) => {
            inside.hands.put(&id);
            let delivery = Delivery {
                id,
                batch,
                attempts,
            };
            room.take(&delivery, body.len());
            found.push(delivery);
        }
        Err(reason) => {
            tracing::error!(entry = %id, reason, "an entry of the queue cannot be read");
            let buried = finish::bury(inside, &id, &reason, true).await;
            // It stays pending and is found again by the next scan.
            let _ = buried.inspect_err(|error| log_unburied(&id, error));
        }
    }
    Ok(())
}

fn log_unburied(id: &DeliveryId, error: &StoreError) {
    tracing::warn!(entry = %id, %error, "an unreadable entry stays in the queue");
}
