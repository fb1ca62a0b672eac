//! An event as a row, both ways.
use crate::rows::{Row, StoreResult, Value, misread};
use cognobserve_model::event::{EventId, Position, StoredEvent, Who};
use cognobserve_model::id::{DeveloperId, ProjectId, UserId};

/// In the order of [`write_event`].
pub(super) const INSERT: &str = "INSERT INTO events
    (position, project_no, id, developer, end_user, pseudonym, name, session, awaited, client_type, properties, at, arrived)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (project_no, id) DO NOTHING";

pub(super) fn write_event(position: i64, project_no: i64, event: StoredEvent) -> Vec<Value> {
    let (developer, end_user, pseudonym) = match event.who {
        Who::Known {
            developer,
            end_user,
        } => (Some(developer), end_user, None),
        Who::Concealed(pseudonym) => (None, None, Some(pseudonym)),
    };
    vec![
        position.into(),
        project_no.into(),
        (&event.id.0).into(),
        developer.as_ref().map(DeveloperId::as_str).into(),
        end_user.as_ref().map(UserId::as_str).into(),
        pseudonym.into(),
        event.name.into(),
        event.session.into(),
        event.awaited.into(),
        event.client_type.into(),
        event.properties.into(),
        event.at.into(),
        event.arrived.into(),
    ]
}

/// In the order of [`read_event`].
pub(super) const SELECT: &str =
    "SELECT e.position, p.id, e.id, e.developer, e.end_user, e.pseudonym, e.name,
    e.session, e.awaited, e.client_type, e.properties, e.at, e.arrived
    FROM events e JOIN living_projects p ON p.no = e.project_no";

pub(super) fn read_event(mut row: Row) -> StoreResult<(Position, StoredEvent)> {
    let position = read_position(&mut row)?;
    let project = ProjectId::new(row.text()?);
    let id = EventId(row.bytes()?);
    let (developer, end_user) = (row.maybe_text()?, row.maybe_text()?);
    let who = match (developer, row.maybe_text()?) {
        (Some(developer), None) => Who::Known {
            developer: DeveloperId::new(developer),
            end_user: end_user.map(UserId::new),
        },
        (None, Some(pseudonym)) => Who::Concealed(pseudonym),
        _ => return Err(misread()),
    };
    let event = StoredEvent {
        id,
        project,
        who,
        name: row.text()?,
        session: row.maybe_text()?,
        awaited: row.maybe_text()?,
        client_type: row.maybe_text()?,
        properties: row.text()?,
        at: row.time()?,
        arrived: row.time()?,
    };
    Ok((position, event))
}

pub(super) fn read_position(row: &mut Row) -> StoreResult<Position> {
    read_count(row)
}

/// Numbers that are never negative.
pub(super) fn read_count(row: &mut Row) -> StoreResult<u64> {
    u64::try_from(row.number()?).map_err(|_| misread())
}

/// Positions and limits as the store counts; those that it cannot have are beyond all.
pub(super) fn number(value: u64) -> Value {
    Value::Number(i64::try_from(value).unwrap_or(i64::MAX))
}

pub(super) fn limit(limit: usize) -> Value {
    number(limit as u64)
}
