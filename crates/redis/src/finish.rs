//! How an entry leaves its stream: acknowledged, or buried.
//!
//! Both ask for no lease: who acknowledges has committed, and that stays true when somebody
//! else has the partition by now.
use crate::error::{QueueResult, refuse, unavailable};
use crate::inside::Inside;
use crate::keys::GROUP;
use crate::script;
use crate::value::read_number;
use cognobserve_ports::DeliveryId;
use std::collections::BTreeMap;

/// Entries in one go.
const MOST: usize = 1000;
/// A reason is a sentence, not a report.
const MOST_REASON: usize = 500;

pub(crate) async fn acknowledge(inside: &Inside, ids: &[DeliveryId]) -> QueueResult<()> {
    // Also if the call fails: then a scan finds them, and they are delivered again.
    for id in ids {
        inside.hands.finish(id);
    }
    for ids in ids.chunks(MOST) {
        let mut streams: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for id in ids {
            check_partition(inside, id)?;
            streams.entry(id.partition).or_default().push(&id.entry);
        }
        let keys = streams.keys().map(|one| inside.keys.stream(*one));
        let mut call = script::call(script::ACKNOWLEDGE, keys);
        call.arg(GROUP);
        for entries in streams.values() {
            call.arg(entries.len()).arg(entries);
        }
        inside.control.run(call).await?;
    }
    Ok(())
}

/// An id of a queue with more partitions is a mistake of the caller.
fn check_partition(inside: &Inside, id: &DeliveryId) -> QueueResult<()> {
    if id.partition < inside.keys.partitions() {
        return Ok(());
    }
    Err(refuse(format!(
        "the queue has no partition {}",
        id.partition
    )))
}

pub(crate) async fn bury(
    inside: &Inside,
    id: &DeliveryId,
    reason: &str,
    is_unreadable: bool,
) -> QueueResult<()> {
    check_partition(inside, id)?;
    let keys = [
        inside.keys.stream(id.partition),
        &inside.keys.dead,
        &inside.keys.counts,
    ];
    let reason: String = reason.chars().take(MOST_REASON).collect();
    let mut call = script::call(script::BURY, keys);
    call.arg(GROUP).arg(&id.entry).arg(id.partition).arg(reason);
    call.arg(inside.settings.max_dead)
        .arg(u8::from(is_unreadable));
    if read_number(inside.control.run(call).await?)? < 0 {
        return Err(unavailable(format!(
            "there is no room for more than {} dead letters",
            inside.settings.max_dead
        )));
    }
    inside.hands.finish(id);
    Ok(())
}
