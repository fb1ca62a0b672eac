//! Payload bodies: packed off the writer, chained per trace, folded when read.
use crate::error::{damaged, internal, sql};
use crate::held::Held;
use cognobserve_model::payload::{Payload, PayloadPart};
use cognobserve_model::piece::Piece;
use cognobserve_ports::StoreError;
use rusqlite::Connection;
use std::cell::RefCell;

/// A body larger than this once inflated is not ours.
const MAX_BODY_BYTES: usize = 1 << 30;
const ZSTD_LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Takes a piece's payload out and packs it; nothing if it has none or is packed already.
pub(crate) fn pack_piece(piece: &mut Piece) {
    if piece.packed.is_none()
        && let Some(part) = PayloadPart::take(piece)
    {
        piece.packed = pack(std::slice::from_ref(&part))
            .ok()
            .map(Vec::into_boxed_slice);
    }
}

/// One body of some parts: a length and a zstd frame.
pub(crate) fn pack(parts: &[PayloadPart]) -> Result<Vec<u8>, StoreError> {
    let plain = postcard::to_stdvec(parts).map_err(|_| internal("payload does not encode"))?;
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => slot.insert(
                zstd::bulk::Compressor::new(ZSTD_LEVEL)
                    .map_err(|_| internal("no memory for zstd"))?,
            ),
        };
        let mut body = (plain.len() as u64).to_le_bytes().to_vec();
        body.extend(
            compressor
                .compress(&plain)
                .map_err(|_| internal("payload does not compress"))?,
        );
        Ok(body)
    })
}

pub(crate) fn unpack(body: &[u8]) -> Result<Vec<PayloadPart>, StoreError> {
    let (length, frame) = body.split_at_checked(8).ok_or_else(|| damaged("payload"))?;
    let length = u64::from_le_bytes(length.try_into().map_err(|_| damaged("payload"))?);
    let length = usize::try_from(length)
        .ok()
        .filter(|n| *n <= MAX_BODY_BYTES);
    let length = length.ok_or_else(|| damaged("payload"))?;
    let plain = DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            None => slot.insert(
                zstd::bulk::Decompressor::new().map_err(|_| internal("no memory for zstd"))?,
            ),
        };
        decompressor
            .decompress(frame, length)
            .map_err(|_| damaged("payload"))
    })?;
    postcard::from_bytes(&plain).map_err(|_| damaged("payload"))
}

/// Appends a body to a trace's chain; its number is the chain's new head.
pub(crate) fn insert(conn: &Held, no: i64, prev: i64, body: &[u8]) -> Result<(), StoreError> {
    conn.run(
        "INSERT INTO payloads (no, prev, body) VALUES (?1, ?2, ?3)",
        (no, prev, body),
    )
}

/// Reads a chain and folds it; `head` 0 is an empty payload.
pub(crate) fn read(conn: &Connection, head: i64) -> Result<Payload, StoreError> {
    let mut payload = Payload::default();
    for (_, body) in read_chain(conn, head)? {
        for part in unpack(&body)? {
            payload.add(&part);
        }
    }
    Ok(payload)
}

fn read_chain(conn: &Connection, head: i64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
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
        chain.push((next, row.1));
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
