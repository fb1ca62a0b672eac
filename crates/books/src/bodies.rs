//! Payload bodies as stores keep them: one or more parts, compressed; and what becomes of a
//! trace's bodies when more come.
use crate::damaged;
use cognobserve_model::payload::{Change, Payload, PayloadPart};
use cognobserve_model::piece::Piece;
use cognobserve_ports::{ErrorKind, StoreError};
use std::cell::RefCell;

type StoreResult<T> = Result<T, StoreError>;

fn internal(message: &str) -> StoreError {
    StoreError::new(ErrorKind::Internal, message)
}

/// A body larger than this once inflated is not ours.
const MAX_BODY_BYTES: usize = 1 << 30;
const ZSTD_LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Takes a piece's payload out and packs it; nothing if it has none or is packed already.
pub fn pack_piece(piece: &mut Piece) {
    if piece.packed.is_none()
        && let Some(part) = PayloadPart::take(piece)
    {
        piece.packed = pack(std::slice::from_ref(&part))
            .ok()
            .map(Vec::into_boxed_slice);
    }
}

/// One body of some parts: a length and a zstd frame.
pub fn pack(parts: &[PayloadPart]) -> Result<Vec<u8>, StoreError> {
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

pub fn unpack(body: &[u8]) -> Result<Vec<PayloadPart>, StoreError> {
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

/// What is to become of a trace's stored bodies.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// They say all that came.
    AsStored,
    /// This body is added after them.
    With(Box<[u8]>),
    /// This body takes their place: only stamps are newer, so nothing is stored twice.
    Instead(Box<[u8]>),
}

/// Folds bodies that came into those that are stored, oldest first.
pub fn fold_bodies<B: AsRef<[u8]>>(stored: &[B], mut came: Vec<Box<[u8]>>) -> StoreResult<Kept> {
    if came.is_empty() {
        return Ok(Kept::AsStored);
    }
    if stored.is_empty() && came.len() == 1 {
        return Ok(Kept::With(came.remove(0)));
    }
    let mut payload = read_bodies(stored)?;
    let (mut news, mut change): (Vec<PayloadPart>, Change) = (Vec::new(), Change::Nothing);
    for body in &came {
        for part in unpack(body)? {
            let said = payload.add(&part);
            change = change.max(said);
            if said != Change::Nothing {
                news.push(part);
            }
        }
    }
    Ok(match change {
        Change::Nothing => Kept::AsStored,
        Change::Value => Kept::With(pack(&news)?.into()),
        Change::SaidAgain => Kept::Instead(pack(&payload.to_parts())?.into()),
    })
}

/// The payload that stored bodies add up to, oldest first.
pub fn read_bodies<B: AsRef<[u8]>>(stored: &[B]) -> StoreResult<Payload> {
    let mut payload = Payload::default();
    for body in stored {
        for part in unpack(body.as_ref())? {
            payload.add(&part);
        }
    }
    Ok(payload)
}
