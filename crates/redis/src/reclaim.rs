//! Takes over pending entries: after a change of hands those of the former worker, and from
//! time to time what was delivered to somebody who never knew or never came back.
use crate::error::QueueResult;
use crate::hands::Scan;
use crate::inside::Inside;
use crate::keys::GROUP;
use crate::pull::{Room, accept};
use crate::script;
use crate::value::{
    check_all, is_refusal, read_count, read_list, read_number, read_only, read_row, read_text,
};
use cognobserve_ports::{Delivery, DeliveryId};
use std::time::Duration;

/// Pending entries that are looked at in one round trip.
const PAGE: usize = 100;

struct Pending {
    id: String,
    worker: String,
    idle: Duration,
    deliveries: u32,
}

pub(crate) async fn reclaim(
    inside: &Inside,
    room: &mut Room,
    found: &mut Vec<Delivery>,
) -> QueueResult<()> {
    while !room.is_full() {
        let Some((partition, scan)) = inside.hands.find_scan(inside.settings.lease_time) else {
            return Ok(());
        };
        let page = read_page(inside, partition, &scan).await?;
        let is_last = page.len() < PAGE;
        let last = page.last().map(|pending| pending.id.clone());
        let wanted: Vec<Pending> = page
            .into_iter()
            .filter(|pending| is_ours_to_take(inside, partition, &scan, pending))
            .collect();
        let seen = claim(inside, partition, &wanted, room, found).await?;
        let after = match wanted.get(seen..) {
            // The partition is lost.
            None => return Ok(()),
            Some([]) if is_last => None,
            Some([]) => last,
            // The room was full before; the page is looked at again from there.
            Some(_) => seen
                .checked_sub(1)
                .and_then(|at| wanted.get(at))
                .map(|pending| pending.id.clone())
                .or(scan.after),
        };
        inside.hands.advance_scan(partition, after);
    }
    Ok(())
}

fn is_ours_to_take(inside: &Inside, partition: u16, scan: &Scan, pending: &Pending) -> bool {
    if inside.hands.has(partition, &pending.id) {
        return false;
    }
    // Another one's may still be under way: the entry came to it just before it gave up.
    scan.is_takeover
        || pending.worker == inside.worker
        || pending.idle >= inside.settings.lease_time
}

async fn read_page(inside: &Inside, partition: u16, scan: &Scan) -> QueueResult<Vec<Pending>> {
    let mut pipe = redis::pipe();
    let command = pipe.cmd("XPENDING");
    command.arg(inside.keys.stream(partition)).arg(GROUP);
    match &scan.after {
        Some(after) => command.arg(format!("({after}")),
        None => command.arg("-"),
    };
    command.arg("+").arg(PAGE);
    let answers = inside.reader.run_all(&pipe, Duration::ZERO).await?;
    if answers.iter().any(|answer| is_refusal(answer, "NOGROUP")) {
        inside.hands.forget_prepared();
        return Ok(Vec::new());
    }
    let mut page = Vec::new();
    for row in read_list(read_only(answers)?)? {
        let [id, worker, idle, deliveries] = read_row(row)?;
        page.push(Pending {
            id: read_text(id)?,
            worker: read_text(worker)?,
            idle: Duration::from_millis(read_count(idle)?),
            deliveries: u32::try_from(read_count(deliveries)?).unwrap_or(u32::MAX),
        });
    }
    Ok(page)
}

/// Takes as many as fit; answers how many were looked at, more than all if the partition is lost.
async fn claim(
    inside: &Inside,
    partition: u16,
    wanted: &[Pending],
    room: &mut Room,
    found: &mut Vec<Delivery>,
) -> QueueResult<usize> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let keys = [inside.keys.lease(partition), inside.keys.stream(partition)];
    let mut call = script::call(script::CLAIM, keys);
    call.arg(&inside.worker).arg(GROUP);
    call.arg(room.bytes).arg(room.spans);
    for pending in wanted.iter().take(room.entries) {
        call.arg(&pending.id);
    }
    let mut pipe = redis::pipe();
    pipe.add_command(call);
    let answers = check_all(inside.reader.run_all(&pipe, Duration::ZERO).await?)?;
    let [seen, taken] = read_row(read_only(answers)?)?;
    let Ok(seen) = usize::try_from(read_number(seen)?) else {
        inside.hands.lose(partition);
        return Ok(usize::MAX);
    };
    for row in read_list(taken)? {
        let [id, fields] = read_row(row)?;
        let entry = read_text(id)?;
        let known = wanted.iter().find(|pending| pending.id == entry);
        let attempts = known.map_or(1, |pending| pending.deliveries.saturating_add(1));
        let id = DeliveryId { partition, entry };
        accept(inside, id, fields, attempts, room, found).await?;
    }
    Ok(seen)
}
