//! Dead letters: one stream of entries that were given up, whole, until somebody queues them
//! again or drops them.
use crate::error::{QueueResult, refuse};
use crate::inside::Inside;
use crate::script;
use crate::survey::{Id, parse_id};
use crate::value::{read_bytes, read_count, read_list, read_maybe_text, read_row, read_text};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Dead, DeadId, DeadLetter};
use redis::{Cmd, Value};

/// Letters in one round trip: the server goes through their bodies.
const PAGE: usize = 100;
/// Letters that are queued again in one go, which nobody else can come between.
const REPLAYED: usize = 16;

pub(crate) async fn list(
    inside: &Inside,
    after: Option<&DeadId>,
    limit: usize,
) -> QueueResult<Vec<DeadLetter>> {
    let mut letters: Vec<DeadLetter> = Vec::new();
    let mut after = after.cloned();
    while letters.len() < limit {
        let wanted = PAGE.min(limit - letters.len());
        let page = read_page(inside, after.as_ref(), wanted).await?;
        let is_last = page.len() < wanted;
        letters.extend(page);
        after = letters.last().map(|letter| letter.id.clone());
        if is_last {
            break;
        }
    }
    Ok(letters)
}

async fn read_page(
    inside: &Inside,
    after: Option<&DeadId>,
    limit: usize,
) -> QueueResult<Vec<DeadLetter>> {
    let first = match after {
        Some(id) => format!("({}", check_id(id)?.0),
        None => "-".into(),
    };
    let mut call = script::call(script::LIST_DEAD, [inside.keys.dead.as_str()]);
    call.arg(first).arg(limit);
    let rows = read_list(inside.control.run(call).await?)?;
    rows.into_iter().map(read_letter).collect()
}

fn check_id(id: &DeadId) -> QueueResult<(&str, Id)> {
    match parse_id(&id.0) {
        Some(parsed) => Ok((&id.0, parsed)),
        None => Err(refuse(format!("{id:?} is not the id of a dead letter"))),
    }
}

fn read_letter(row: Value) -> QueueResult<DeadLetter> {
    let [
        id,
        entry,
        partition,
        reason,
        attempts,
        project,
        traces,
        spans,
        bytes,
    ] = read_row(row)?;
    let id = read_text(id)?;
    // What somebody else has put there is listed, too, so that it can be dropped.
    let number = |value: Value| -> QueueResult<u64> {
        let text = read_bytes(value)?;
        Ok(String::from_utf8_lossy(&text).parse().unwrap_or(0))
    };
    Ok(DeadLetter {
        buried_at: find_time(&id),
        id: DeadId(id),
        partition: u16::try_from(number(partition)?).unwrap_or(u16::MAX),
        project: read_maybe_text(project)?,
        traces: number(traces)?,
        spans: number(spans)?,
        bytes: read_count(bytes)?,
        reason: String::from_utf8_lossy(&read_bytes(reason)?).into_owned(),
        attempts: u32::try_from(number(attempts)?).unwrap_or(u32::MAX),
        pushed_at: find_time(&read_text(entry)?),
    })
}

fn find_time(id: &str) -> Micros {
    let ms = parse_id(id).map_or(0, |(ms, _)| ms);
    Micros(i64::try_from(ms.saturating_mul(1000)).unwrap_or(i64::MAX))
}

pub(crate) async fn replay(inside: &Inside, which: &Dead) -> QueueResult<u64> {
    let first = [inside.keys.dead.as_str(), inside.keys.counts.as_str()];
    let entries = inside.keys.entries.iter().map(String::as_str);
    let keys: Vec<&str> = first.into_iter().chain(entries).collect();
    let mut done = 0;
    let mut each = Each::new(which);
    while let Some(ids) = each.find_next(inside, REPLAYED).await? {
        let mut call = script::call(script::REPLAY, keys.iter().copied());
        call.arg(&ids);
        done += read_count(inside.control.run(call).await?)?;
    }
    Ok(done)
}

pub(crate) async fn drop_them(inside: &Inside, which: &Dead) -> QueueResult<u64> {
    let mut done = 0;
    let mut each = Each::new(which);
    while let Some(ids) = each.find_next(inside, PAGE).await? {
        let mut delete = redis::cmd("XDEL");
        delete.arg(&inside.keys.dead).arg(&ids);
        let deleted = read_count(inside.control.run(delete).await?)?;
        let mut count: Cmd = redis::cmd("HINCRBY");
        count.arg(&inside.keys.counts).arg("dropped").arg(deleted);
        done += deleted;
        // A full server refuses to count, and the letters are gone all the same.
        let counted = inside.control.run(count).await;
        let _ = counted.inspect_err(|error| tracing::debug!(%error, "dropped letters not counted"));
    }
    Ok(done)
}

/// Goes through the wanted letters; of all, only those that were there at the beginning.
struct Each<'a> {
    which: &'a Dead,
    /// Of a list, how many were given out.
    given: usize,
    after: Option<DeadId>,
    last: Option<Id>,
}

impl<'a> Each<'a> {
    fn new(which: &'a Dead) -> Each<'a> {
        Each {
            which,
            given: 0,
            after: None,
            last: None,
        }
    }

    async fn find_next(
        &mut self,
        inside: &Inside,
        most: usize,
    ) -> QueueResult<Option<Vec<String>>> {
        let ids: Vec<String> = match self.which {
            Dead::These(ids) => {
                let rest = ids.iter().skip(self.given).take(most);
                let ids: QueueResult<_> = rest.map(|id| Ok(check_id(id)?.0.to_owned())).collect();
                ids?
            }
            Dead::All => self.list_next(inside, most).await?,
        };
        self.given += ids.len();
        Ok((!ids.is_empty()).then_some(ids))
    }

    async fn list_next(&mut self, inside: &Inside, most: usize) -> QueueResult<Vec<String>> {
        let last = match self.last {
            Some(last) => last,
            None => find_last(inside).await?,
        };
        self.last = Some(last);
        let page = read_page(inside, self.after.as_ref(), most).await?;
        let old = page
            .into_iter()
            .take_while(|letter| parse_id(&letter.id.0).is_some_and(|id| id <= last));
        let ids: Vec<String> = old.map(|letter| letter.id.0).collect();
        self.after = ids.last().cloned().map(DeadId);
        Ok(ids)
    }
}

/// The newest letter.
async fn find_last(inside: &Inside) -> QueueResult<Id> {
    let call = script::call(script::MARKS, [inside.keys.dead.as_str()]);
    let [mark] = read_row(inside.control.run(call).await?)?;
    Ok(parse_id(&read_text(mark)?).unwrap_or((0, 0)))
}
