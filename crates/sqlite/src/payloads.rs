//! Payload bodies, chained per trace.
use crate::error::sql;
use crate::held::Held;
use cognobserve_books::bodies::read_bodies;
use cognobserve_model::payload::Payload;
use cognobserve_ports::StoreError;
use rusqlite::Connection;

/// Appends a body to a trace's chain; its number is the chain's new head.
pub(crate) fn insert(conn: &Held, no: i64, prev: i64, body: &[u8]) -> Result<(), StoreError> {
    conn.run(
        "INSERT INTO payloads (no, prev, body) VALUES (?1, ?2, ?3)",
        (no, prev, body),
    )
}

/// Reads a chain and folds it; `head` 0 is an empty payload.
pub(crate) fn read(conn: &Connection, head: i64) -> Result<Payload, StoreError> {
    read_bodies(&read_chain(conn, head)?)
}

/// The bodies of a chain, oldest first.
pub(crate) fn read_chain(conn: &Connection, head: i64) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT prev, body FROM payloads WHERE no = ?1")
        .map_err(sql)?;
    let (mut chain, mut next) = (Vec::new(), head);
    // `prev` is always smaller, so the walk ends even on a damaged file.
    while next > 0 {
        let row: (i64, Vec<u8>) = statement
            .query_row([next], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(sql)?;
        let prev = row.0;
        chain.push(row.1);
        next = if prev < next { prev } else { 0 };
    }
    chain.reverse();
    Ok(chain)
}

/// Removes a trace's whole chain.
pub(crate) fn delete(conn: &Connection, head: i64) -> Result<(), StoreError> {
    let mut statement = conn
        .prepare_cached("DELETE FROM payloads WHERE no = ?1 RETURNING prev")
        .map_err(sql)?;
    let mut next = head;
    while next > 0 {
        let prev: i64 = statement.query_row([next], |row| row.get(0)).map_err(sql)?;
        next = if prev < next { prev } else { 0 };
    }
    Ok(())
}
