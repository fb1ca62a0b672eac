//! Who serves a sink, how far it is, what it gave up.
use super::row::{limit, number, read_position};
use crate::rows::{Row, Rows, StoreResult, find};
use cognobserve_model::event::{DroppedEvent, EventId};
use cognobserve_model::time::Micros;

pub(super) async fn hold(
    rows: &mut dyn Rows,
    sink: &str,
    holder: &str,
    now: Micros,
    until: Micros,
) -> StoreResult<Option<String>> {
    let put = "INSERT INTO event_sinks (name, holder, until, progress) VALUES ($1, $2, $3, '')
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE event_sinks.holder = excluded.holder OR event_sinks.until <= $4 RETURNING progress";
    let values = [sink.into(), holder.into(), until.into(), now.into()];
    let held = find(rows, put, &values).await?;
    held.map(|mut row| row.text()).transpose()
}

pub(super) async fn save(
    rows: &mut dyn Rows,
    sink: &str,
    holder: &str,
    progress: &str,
) -> StoreResult<bool> {
    let update = "UPDATE event_sinks SET progress = $3 WHERE name = $1 AND holder = $2";
    let values = [sink.into(), holder.into(), progress.into()];
    Ok(rows.execute(update, &values).await? > 0)
}

/// Events that are gone by now are passed over.
pub(super) async fn drop_events(
    rows: &mut dyn Rows,
    for_update: &str,
    sink: &str,
    dropped: &[DroppedEvent],
) -> StoreResult<()> {
    if dropped.is_empty() {
        return Ok(());
    }
    let mut dropped: Vec<&DroppedEvent> = dropped.iter().collect();
    dropped.sort_by_key(|drop| drop.position);
    let put = format!(
        "INSERT INTO event_drops (position, sink, reason, at)
        SELECT position, $2, $3, $4 FROM events WHERE position = $1 AND id = $5{for_update}
        ON CONFLICT (position, sink) DO UPDATE SET reason = excluded.reason, at = excluded.at"
    );
    let values = dropped.iter().map(|drop| {
        let reason = drop.reason.as_str();
        let position = number(drop.position);
        vec![
            position,
            sink.into(),
            reason.into(),
            drop.at.into(),
            (&drop.event.0).into(),
        ]
    });
    let values: Vec<_> = values.collect();
    rows.execute_many(&put, &values).await.map(drop)
}

pub(super) async fn list_progress(rows: &mut dyn Rows) -> StoreResult<Vec<(String, String)>> {
    let query = "SELECT name, progress FROM event_sinks ORDER BY name";
    let found = rows.query(query, &[]).await?;
    let read = |mut row: Row| Ok((row.text()?, row.text()?));
    found.into_iter().map(read).collect()
}

pub(super) async fn list_dropped(
    rows: &mut dyn Rows,
    sink: &str,
    most: usize,
) -> StoreResult<Vec<DroppedEvent>> {
    let query = "SELECT d.position, e.id, d.reason, d.at FROM event_drops d JOIN events e ON e.position = d.position
        WHERE d.sink = $1 ORDER BY d.at DESC, d.position DESC LIMIT $2";
    let found = rows.query(query, &[sink.into(), limit(most)]).await?;
    let read = |mut row: Row| {
        Ok(DroppedEvent {
            position: read_position(&mut row)?,
            event: EventId(row.bytes()?),
            reason: row.text()?,
            at: row.time()?,
        })
    };
    found.into_iter().map(read).collect()
}
