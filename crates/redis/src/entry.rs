//! One entry of a partition's stream: a part of a batch as bytes, and what can be known of it
//! without reading them.
//!
//! The bytes: one of format, then postcard of project, key and pieces. Postcard does not
//! describe itself: a change of [`Piece`] needs a new format, and readers for both.
use crate::error::{QueueResult, refuse};
use crate::keys::Keys;
use cognobserve_model::id::{KeyId, ProjectId};
use cognobserve_model::piece::{Batch, Piece};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(crate) const FORMAT: u8 = 1;

/// The names of the fields, short because each entry has them.
pub(crate) const PROJECT: &str = "p";
pub(crate) const TRACES: &str = "t";
pub(crate) const SPANS: &str = "n";
pub(crate) const BODY: &str = "b";

/// What is about to be pushed.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) partition: u16,
    pub(crate) traces: usize,
    pub(crate) spans: usize,
    pub(crate) body: Vec<u8>,
}

#[derive(Deserialize)]
struct Body {
    project: String,
    key: String,
    pieces: Vec<Piece>,
}

/// Splits a batch by partition, and each share into entries of about `entry_bytes`; a single
/// piece is never split.
pub(crate) fn encode(batch: &Batch, keys: &Keys, entry_bytes: usize) -> QueueResult<Vec<Entry>> {
    let mut shares: BTreeMap<u16, Vec<&Piece>> = BTreeMap::new();
    for piece in &batch.pieces {
        let partition = keys.find_partition(&batch.project, &piece.trace_id);
        shares.entry(partition).or_default().push(piece);
    }
    let mut entries = Vec::with_capacity(shares.len());
    for (partition, pieces) in shares {
        let mut draft = Draft::default();
        for piece in pieces {
            let bytes = postcard::to_stdvec(piece).map_err(fail)?;
            if !draft.is_empty() && draft.bytes.len() + bytes.len() > entry_bytes {
                entries.push(std::mem::take(&mut draft).close(batch, partition)?);
            }
            draft.add(piece, bytes);
        }
        entries.push(draft.close(batch, partition)?);
    }
    Ok(entries)
}

fn fail(error: postcard::Error) -> cognobserve_ports::StoreError {
    refuse("a batch cannot be written down").with_source(error)
}

#[derive(Default)]
struct Draft<'a> {
    bytes: Vec<u8>,
    count: u64,
    spans: usize,
    traces: std::collections::HashSet<&'a str>,
}

impl<'a> Draft<'a> {
    fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn add(&mut self, piece: &'a Piece, bytes: Vec<u8>) {
        self.bytes.extend(bytes);
        self.count += 1;
        self.spans += piece.spans.len();
        self.traces.insert(&piece.trace_id);
    }

    fn close(self, batch: &Batch, partition: u16) -> QueueResult<Entry> {
        // A list is its length and its members, so that pieces need not be written twice.
        let head = (batch.project.as_str(), batch.key.as_str(), self.count);
        let mut body = vec![FORMAT];
        body = postcard::to_extend(&head, body).map_err(fail)?;
        body.extend(self.bytes);
        Ok(Entry {
            partition,
            traces: self.traces.len(),
            spans: self.spans,
            body,
        })
    }
}

/// Reads a body; the error is the reason to bury it, and names no content.
pub(crate) fn decode(body: &[u8]) -> Result<Batch, String> {
    let rest = match body.split_first() {
        Some((&FORMAT, rest)) => rest,
        Some((format, _)) => {
            return Err(format!(
                "written in format {format}, this version reads format {FORMAT}"
            ));
        }
        None => return Err("it has no body".into()),
    };
    match postcard::take_from_bytes::<Body>(rest) {
        Ok((body, [])) => Ok(Batch {
            project: ProjectId::new(body.project),
            key: KeyId::new(body.key),
            pieces: body.pieces,
        }),
        Ok((_, rest)) => Err(format!("{} bytes too many", rest.len())),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}
