//! Rows of product events and what belongs to them.
use super::copy::Copy;
use crate::error::{StoreResult, sql};
use cognobserve_books::moving::{Event, EventDrop, EventLog, EventSink, Forgotten};
use deadpool_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

pub(super) async fn copy_events(to: &Transaction<'_>, rows: &[Event]) -> StoreResult<()> {
    let target = "events (position, project_no, id, developer, end_user, pseudonym, name, session, client_type, properties, at, arrived, awaited)";
    let types = [
        Type::INT8,
        Type::INT8,
        Type::BYTEA,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[
            &row.position,
            &row.project_no,
            &row.id,
            &row.developer,
            &row.end_user,
            &row.pseudonym,
            &row.name,
            &row.session,
            &row.client_type,
            &row.properties,
            &row.at,
            &row.arrived,
            &row.awaited,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_event_drops(to: &Transaction<'_>, rows: &[EventDrop]) -> StoreResult<()> {
    let target = "event_drops (position, sink, reason, at)";
    let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::INT8];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[&row.position, &row.sink, &row.reason, &row.at])
            .await?;
    }
    copy.finish().await
}

/// Nobody serves them yet.
pub(super) async fn copy_event_sinks(to: &Transaction<'_>, rows: &[EventSink]) -> StoreResult<()> {
    let target = "event_sinks (name, holder, until, progress)";
    let types = [Type::TEXT, Type::TEXT, Type::INT8, Type::TEXT];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[&row.name, &"", &0_i64, &row.progress]).await?;
    }
    copy.finish().await
}

/// The row is there; it says what the other one said.
pub(super) async fn copy_event_log(to: &Transaction<'_>, rows: &[EventLog]) -> StoreResult<()> {
    let update = "UPDATE event_log SET position = $2, stored = $3 WHERE no = $1";
    for row in rows {
        let values: [&(dyn ToSql + Sync); 3] = [&row.no, &row.position, &row.stored];
        to.execute(update, &values).await.map_err(sql)?;
    }
    Ok(())
}

pub(super) async fn copy_forgotten(to: &Transaction<'_>, rows: &[Forgotten]) -> StoreResult<()> {
    let target = "forgotten (project_no, whose)";
    let mut copy = Copy::begin(to, target, &[Type::INT8, Type::TEXT]).await?;
    for row in rows {
        copy.put(&[&row.project_no, &row.whose]).await?;
    }
    copy.finish().await
}
