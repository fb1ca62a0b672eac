//! Takes a person out of the dead letters: the pieces that name them, and whatever else there
//! is of the traces that do. What others sent in the same letter stays.
use crate::entry::{BODY, Entry, PROJECT, SPANS, TRACES, decode, encode};
use crate::error::QueueResult;
use crate::inside::Inside;
use crate::script;
use crate::value::{read_bytes, read_count, read_list, read_row, read_text};
use cognobserve_model::id::ProjectId;
use cognobserve_model::piece::{Batch, Piece};
use redis::Value;
use std::collections::BTreeSet;

/// Letters in one round trip; each has a body of about a mebibyte at most.
const PAGE: usize = 8;
/// Before the fields of the entry itself: entry, partition, reason, attempts, each a name and a value.
const HEAD: usize = 8;

struct Letter {
    id: String,
    /// Names and values, as they lie there.
    fields: Vec<Vec<u8>>,
    batch: Batch,
}

/// Answers how many letters were changed or removed.
pub(crate) async fn forget_user(
    inside: &Inside,
    project: &ProjectId,
    external_id: &str,
) -> QueueResult<u64> {
    let mut traces = BTreeSet::new();
    let mut pages = Pages::default();
    while let Some(letters) = pages.read_next(inside, project).await? {
        let pieces = letters.into_iter().flat_map(|letter| letter.batch.pieces);
        let naming = pieces.filter(|piece| names(piece, external_id));
        traces.extend(naming.map(|piece| piece.trace_id));
    }
    if traces.is_empty() {
        return Ok(0);
    }
    let mut changed = 0;
    // Those that are written anew come last, and have nothing of the person any more.
    let mut pages = Pages::default();
    while let Some(letters) = pages.read_next(inside, project).await? {
        for mut letter in letters {
            let before = letter.batch.pieces.len();
            letter
                .batch
                .pieces
                .retain(|piece| !traces.contains(&piece.trace_id));
            if letter.batch.pieces.len() < before {
                changed += replace(inside, letter).await?;
            }
        }
    }
    Ok(changed)
}

fn names(piece: &Piece, external_id: &str) -> bool {
    let spans = piece.spans.iter().filter_map(|span| span.user.as_deref());
    let profiles = piece.profiles.iter().map(|profile| &*profile.user);
    let mut named = piece
        .user
        .as_deref()
        .into_iter()
        .chain(spans)
        .chain(profiles);
    named.any(|user| user == external_id)
}

/// Writes what is left of a letter; 0 if it is gone meanwhile.
async fn replace(inside: &Inside, letter: Letter) -> QueueResult<u64> {
    let mut call = script::call(script::REWRITE, [inside.keys.dead.as_str()]);
    call.arg(&letter.id);
    // Of one partition as before, and never split.
    for entry in encode(&letter.batch, &inside.keys, usize::MAX)? {
        for field in letter.fields.chunks(2).take(HEAD / 2).flatten() {
            call.arg(field);
        }
        let Entry {
            traces,
            spans,
            body,
            ..
        } = entry;
        call.arg(PROJECT).arg(letter.batch.project.as_str());
        call.arg(TRACES).arg(traces).arg(SPANS).arg(spans);
        call.arg(BODY).arg(body);
    }
    read_count(inside.control.run(call).await?)
}

/// The readable letters of a project, in order, those included that come meanwhile.
#[derive(Default)]
struct Pages {
    after: Option<String>,
}

impl Pages {
    async fn read_next(
        &mut self,
        inside: &Inside,
        project: &ProjectId,
    ) -> QueueResult<Option<Vec<Letter>>> {
        let mut call = redis::cmd("XRANGE");
        call.arg(&inside.keys.dead);
        match &self.after {
            Some(after) => call.arg(format!("({after}")),
            None => call.arg("-"),
        };
        call.arg("+").arg("COUNT").arg(PAGE);
        let rows = read_list(inside.control.run(call).await?)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut letters = Vec::new();
        for row in rows {
            let [id, fields] = read_row(row)?;
            let id = read_text(id)?;
            self.after = Some(id.clone());
            letters.extend(read_letter(id, fields, project)?);
        }
        Ok(Some(letters))
    }
}

/// `None`: of another project, or not one of ours.
fn read_letter(id: String, fields: Value, project: &ProjectId) -> QueueResult<Option<Letter>> {
    let fields = read_list(fields)?.into_iter().map(read_bytes);
    let fields: Vec<Vec<u8>> = fields.collect::<QueueResult<_>>()?;
    let mut pairs = fields
        .iter()
        .skip(HEAD)
        .zip(fields.iter().skip(HEAD + 1))
        .step_by(2);
    let body = pairs.find(|(name, _)| *name == BODY.as_bytes());
    let batch = body.and_then(|(_, body)| decode(body).ok());
    let ours = batch.filter(|batch| batch.project == *project);
    Ok(ours.map(|batch| Letter { id, fields, batch }))
}
