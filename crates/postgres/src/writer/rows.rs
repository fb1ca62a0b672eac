//! Rows of the ledger and the statements that write many of them at once.
use super::tx::Tx;
use crate::error::{StoreResult, damaged};
use cognobserve_books::objects::metadata_json;
use cognobserve_books::staged::Staged;
use cognobserve_model::facts::Facts;
use cognobserve_model::measures::Measures;
use cognobserve_model::profile::Profile;
use cognobserve_model::query::fold_search;
use cognobserve_model::trace::TraceState;
use tokio_postgres::Row;

/// Ends a field of `search_text`; no name or id holds it.
const FIELD_END: char = '\u{1}';

/// A stored trace: the merged state, and the facts as they are booked.
#[derive(Clone)]
pub(super) struct StoredTrace {
    pub no: i64,
    pub booked: Facts,
    pub state: TraceState,
}

/// Of `no, booked, state`.
pub(super) fn read_trace(row: &Row) -> StoreResult<StoredTrace> {
    let read = |at: usize| row.get::<_, &[u8]>(at);
    Ok(StoredTrace {
        no: row.get(0),
        booked: postcard::from_bytes(read(1)).map_err(|_| damaged("trace"))?,
        state: postcard::from_bytes(read(2)).map_err(|_| damaged("trace"))?,
    })
}

/// A session as it is stored. Owner 0: nobody.
#[derive(Clone)]
pub(super) struct SessionRow {
    pub no: i64,
    pub external_id: String,
    pub owner: i64,
    pub owner_time: Option<i64>,
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub created: i64,
    pub measures: Measures,
    pub profile: Profile,
}

pub(super) fn read_session(row: &Row) -> StoreResult<SessionRow> {
    let measures: &[u8] = row.get("measures");
    let profile: &[u8] = row.get("profile");
    Ok(SessionRow {
        no: row.get("no"),
        external_id: row.get("external_id"),
        owner: row.get("owner_no"),
        owner_time: row.get("owner_time"),
        first: row.get("first_trace_at"),
        last: row.get("last_trace_at"),
        created: row.get("created_at"),
        measures: Measures::decode(measures).ok_or_else(|| damaged("session"))?,
        profile: postcard::from_bytes(profile).map_err(|_| damaged("session"))?,
    })
}

pub(super) fn encode_profile(profile: &Profile) -> StoreResult<Vec<u8>> {
    postcard::to_stdvec(profile).map_err(|_| damaged("profile"))
}

/// What a trace's row is to say.
pub(super) struct TraceRow {
    pub no: i64,
    pub facts: Facts,
    pub state: TraceState,
}

/// Rows of one transaction, written together.
#[derive(Default)]
pub(super) struct Writes {
    pub models: Vec<(i64, Box<str>)>,
    pub new_traces: Vec<TraceRow>,
    pub changed_traces: Vec<TraceRow>,
    /// Traces that lose their payload.
    pub dropped_payloads: Vec<i64>,
    /// Trace, number, body.
    pub payloads: Vec<(i64, i64, Box<[u8]>)>,
}

impl Writes {
    pub async fn write(self, tx: &Tx, project_no: i64) -> StoreResult<()> {
        self.write_models(tx, project_no).await?;
        if !self.dropped_payloads.is_empty() {
            let query = "DELETE FROM payloads WHERE project_no = $1 AND trace_no = ANY ($2)";
            tx.execute(query, &[&project_no, &self.dropped_payloads])
                .await?;
        }
        let insert = include_str!("../sql/ledger.insert_traces.sql");
        write_traces(tx, insert, project_no, &self.new_traces).await?;
        let update = include_str!("../sql/ledger.update_traces.sql");
        write_traces(tx, update, project_no, &self.changed_traces).await?;
        self.write_payloads(tx, project_no).await
    }

    async fn write_models(&self, tx: &Tx, project_no: i64) -> StoreResult<()> {
        if self.models.is_empty() {
            return Ok(());
        }
        let (numbers, names): (Vec<i64>, Vec<&str>) =
            self.models.iter().map(|(no, name)| (*no, &**name)).unzip();
        let query = "INSERT INTO models (project_no, no, name) SELECT $1, * FROM unnest($2::bigint[], $3::text[])";
        tx.execute(query, &[&project_no, &numbers, &names]).await?;
        Ok(())
    }

    async fn write_payloads(&self, tx: &Tx, project_no: i64) -> StoreResult<()> {
        if self.payloads.is_empty() {
            return Ok(());
        }
        let traces: Vec<i64> = self.payloads.iter().map(|(trace, _, _)| *trace).collect();
        let numbers: Vec<i64> = self.payloads.iter().map(|(_, no, _)| *no).collect();
        let bodies: Vec<&[u8]> = self.payloads.iter().map(|(_, _, body)| &**body).collect();
        let query = "INSERT INTO payloads (project_no, trace_no, no, body) SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])";
        tx.execute(query, &[&project_no, &traces, &numbers, &bodies])
            .await?;
        Ok(())
    }
}

async fn write_traces(
    tx: &Tx,
    statement: &'static str,
    project_no: i64,
    rows: &[TraceRow],
) -> StoreResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let list = |get: fn(&TraceRow) -> i64| -> Vec<i64> { rows.iter().map(get).collect() };
    let maybe =
        |get: fn(&TraceRow) -> Option<i64>| -> Vec<Option<i64>> { rows.iter().map(get).collect() };
    let (numbers, times) = (list(|row| row.no), list(|row| row.facts.time.0));
    let ids: Vec<&str> = rows.iter().map(|row| &*row.state.id).collect();
    let users = maybe(|row| row.facts.user.map(|user| user.0));
    let sessions = maybe(|row| row.facts.session.map(|session| session.0));
    let latencies = maybe(|row| row.facts.latency_micros);
    let levels: Vec<i16> = rows.iter().map(|row| row.facts.levels.into()).collect();
    let (mut booked, mut states) = (Vec::new(), Vec::new());
    for row in rows {
        let facts = postcard::to_extend(&row.facts, Vec::with_capacity(192));
        booked.push(facts.map_err(|_| damaged("trace"))?);
        let bytes = Vec::with_capacity(128 + 128 * row.state.spans.len());
        states.push(postcard::to_extend(&row.state, bytes).map_err(|_| damaged("trace"))?);
    }
    tx.execute(
        statement,
        &[
            &project_no,
            &numbers,
            &ids,
            &users,
            &sessions,
            &times,
            &levels,
            &latencies,
            &booked,
            &states,
        ],
    )
    .await?;
    Ok(())
}

/// What is searched of a user: folded fields, each with its end.
pub(crate) fn write_search_text(external_id: &str, profile: &Profile) -> String {
    let fields = [profile.name(), profile.email(), Some(external_id)];
    let mut text = String::new();
    for field in fields.into_iter().flatten() {
        text.push_str(&fold_search(field));
        text.push(FIELD_END);
    }
    text
}

/// Writes users whose profile is new or has changed. `now`: of the last piece.
pub(super) async fn write_users<'s>(
    tx: &Tx,
    project_no: i64,
    users: impl Iterator<Item = (i64, &'s Staged)>,
    now: i64,
) -> StoreResult<()> {
    let users: Vec<(i64, &Staged)> = users
        .filter(|(_, staged)| staged.is_new || staged.changed || staged.visible)
        .collect();
    if users.is_empty() {
        return Ok(());
    }
    let staged = || users.iter().map(|(_, staged)| *staged);
    let numbers: Vec<i64> = users.iter().map(|(no, _)| *no).collect();
    let external_ids: Vec<&str> = staged().map(|staged| &*staged.external_id).collect();
    let names: Vec<Option<&str>> = staged().map(|staged| staged.profile.name()).collect();
    let emails: Vec<Option<&str>> = staged().map(|staged| staged.profile.email()).collect();
    let metadata: Vec<String> = staged()
        .map(|staged| metadata_json(&staged.profile))
        .collect();
    let texts: Vec<String> = staged()
        .map(|staged| write_search_text(&staged.external_id, &staged.profile))
        .collect();
    let profiles: Vec<Vec<u8>> = staged()
        .map(|staged| encode_profile(&staged.profile))
        .collect::<StoreResult<_>>()?;
    let created: Vec<i64> = staged().map(|staged| staged.created).collect();
    // Only what a reader sees is a change; a fact's newer time is not.
    let updated: Vec<Option<i64>> = staged()
        .map(|staged| match staged.is_new {
            true => Some(staged.created),
            false => staged.visible.then_some(now),
        })
        .collect();
    let by: Vec<&str> = staged().map(|staged| &*staged.by).collect();
    tx.execute(
        include_str!("../sql/ledger.put_users.sql"),
        &[
            &project_no,
            &numbers,
            &external_ids,
            &names,
            &emails,
            &metadata,
            &texts,
            &profiles,
            &created,
            &updated,
            &by,
        ],
    )
    .await?;
    Ok(())
}
