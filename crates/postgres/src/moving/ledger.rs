//! Rows of what is booked. Columns that repeat a blob are made of it, as the writer does.
use super::copy::{Copy, JsonText, Wide};
use crate::error::{StoreResult, damaged};
use crate::writer::write_search_text;
use cognobserve_books::moving::{
    Band, Model, ModelQuarter, Nobody, Quarter, Session, Totals, Trace, User,
};
use cognobserve_books::objects::metadata_json;
use cognobserve_model::measures::Measures;
use cognobserve_model::profile::Profile;
use cognobserve_model::trace::TraceState;
use deadpool_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

/// `state` of a user whose spend was unlinked: it has no sums of its own.
const UNLINKED: i16 = 1;

pub(super) async fn copy_users(to: &Transaction<'_>, rows: &[User]) -> StoreResult<()> {
    let target = "tracked_users (project_no, no, state, external_id, external_hash, name, email, metadata, search_text, profile, created_at, updated_at, updated_by)";
    let types = [
        Type::INT8,
        Type::INT8,
        Type::INT2,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::JSON,
        Type::TEXT,
        Type::BYTEA,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        let profile: Profile =
            postcard::from_bytes(&row.profile).map_err(|_| damaged("profile"))?;
        let id = row.external_id.as_deref();
        let search_text = id.map(|id| write_search_text(id, &profile));
        copy.put(&[
            &row.project_no,
            &row.no,
            &row.state,
            &id,
            &row.external_hash,
            &profile.name(),
            &profile.email(),
            &JsonText(metadata_json(&profile)),
            &search_text.unwrap_or_default(),
            &row.profile,
            &row.created,
            &row.updated,
            &row.updated_by,
        ])
        .await?;
    }
    copy.finish().await?;
    let mut totals = CopyTotals::begin(to).await?;
    for row in rows.iter().filter(|row| row.state != UNLINKED) {
        let key = (row.project_no, row.no);
        totals
            .put(key, row.external_id.as_deref(), row.created, &row.totals)
            .await?;
    }
    totals.0.finish().await
}

pub(super) async fn copy_unattributed(to: &Transaction<'_>, rows: &[Nobody]) -> StoreResult<()> {
    let mut totals = CopyTotals::begin(to).await?;
    for row in rows {
        totals
            .put((row.project_no, 0), None, 0, &row.totals)
            .await?;
    }
    totals.0.finish().await
}

struct CopyTotals(Copy);

impl CopyTotals {
    async fn begin(to: &Transaction<'_>) -> StoreResult<CopyTotals> {
        let target = include_str!("../sql/moving.totals_columns.sql");
        let types = [
            Type::INT8,
            Type::INT8,
            Type::TEXT,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::INT8,
            Type::NUMERIC,
            Type::INT8,
            Type::NUMERIC,
            Type::BYTEA,
        ];
        Copy::begin(to, target, &types).await.map(CopyTotals)
    }

    async fn put(
        &mut self,
        (project_no, user_no): (i64, i64),
        external_id: Option<&str>,
        created: i64,
        totals: &Totals,
    ) -> StoreResult<()> {
        let sums = match &totals.measures[..] {
            [] => Measures::default(),
            bytes => Measures::decode(bytes).ok_or_else(|| damaged("totals"))?,
        };
        let (cost, latency) = (Wide(sums.cost_nanos), Wide(sums.span_latency_micros));
        let values: [&(dyn ToSql + Sync); 16] = [
            &project_no,
            &user_no,
            &external_id,
            &created,
            &totals.first,
            &totals.last,
            &totals.sessions,
            &sums.trace_count,
            &sums.error_trace_count,
            &sums.span_count,
            &sums.error_count,
            &sums.total_tokens,
            &cost,
            &sums.ended_span_count,
            &latency,
            &sums.encode(),
        ];
        self.0.put(&values).await
    }
}

pub(super) async fn copy_models(to: &Transaction<'_>, rows: &[Model]) -> StoreResult<()> {
    let types = [Type::INT8, Type::INT8, Type::TEXT];
    let mut copy = Copy::begin(to, "models (project_no, no, name)", &types).await?;
    for row in rows {
        copy.put(&[&row.project_no, &row.no, &row.name]).await?;
    }
    copy.finish().await
}

pub(super) async fn copy_sessions(to: &Transaction<'_>, rows: &[Session]) -> StoreResult<()> {
    let target = "trace_sessions (project_no, no, external_id, user_no, owner_time, first_trace_at, last_trace_at, created_at, measures, profile)";
    let types = [
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::INT8,
        Type::INT8,
        Type::INT8,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[
            &row.project_no,
            &row.no,
            &row.external_id,
            &row.owner_no,
            &row.owner_time,
            &row.first,
            &row.last,
            &row.created,
            &row.measures,
            &row.profile,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_traces(to: &Transaction<'_>, rows: &[Trace]) -> StoreResult<()> {
    let target = "traces (project_no, no, id, user_no, session_no, time, levels, latency_micros, booked, state)";
    let types = [
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::INT8,
        Type::INT2,
        Type::INT8,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        let state: TraceState = postcard::from_bytes(&row.state).map_err(|_| damaged("trace"))?;
        copy.put(&[
            &row.project_no,
            &row.no,
            &&*state.id,
            &row.user_no,
            &row.session_no,
            &row.time,
            &row.levels,
            &row.latency_micros,
            &row.booked,
            &row.state,
        ])
        .await?;
    }
    copy.finish().await?;
    let types = [Type::INT8, Type::INT8, Type::INT8, Type::BYTEA];
    let target = "payloads (project_no, trace_no, no, body)";
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        for (no, body) in &row.bodies {
            copy.put(&[&row.project_no, &row.no, no, body]).await?;
        }
    }
    copy.finish().await
}

pub(super) async fn copy_user_days(to: &Transaction<'_>, rows: &[Band]) -> StoreResult<()> {
    let types = [Type::INT8, Type::INT8, Type::INT8, Type::BYTEA];
    let mut copy = Copy::begin(to, "user_days (project_no, day, band, sums)", &types).await?;
    for row in rows {
        copy.put(&[&row.project_no, &row.day, &row.band, &row.sums])
            .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_quarters(to: &Transaction<'_>, rows: &[Quarter]) -> StoreResult<()> {
    let target = "project_quarters (project_no, quarter, measures)";
    let types = [Type::INT8, Type::INT8, Type::BYTEA];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[&row.project_no, &row.quarter, &row.measures])
            .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_model_quarters(
    to: &Transaction<'_>,
    rows: &[ModelQuarter],
) -> StoreResult<()> {
    let target = "model_quarters (project_no, quarter, model_no, measures)";
    let types = [Type::INT8, Type::INT8, Type::INT8, Type::BYTEA];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[&row.project_no, &row.quarter, &row.model_no, &row.measures])
            .await?;
    }
    copy.finish().await
}
