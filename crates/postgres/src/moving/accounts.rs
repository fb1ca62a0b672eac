//! Rows of projects, keys and what else is not booked. Numbers stay what they were, also
//! in columns that the server fills otherwise: COPY takes what is given.
use super::copy::Copy;
use crate::error::StoreResult;
use cognobserve_books::moving::{ApiKey, AuditLine, Price, Project, Suppression, Workspace};
use deadpool_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

pub(super) async fn copy_workspaces(to: &Transaction<'_>, rows: &[Workspace]) -> StoreResult<()> {
    let target = "workspaces (no, name, developer, created_at, opted_out)";
    let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::INT8, Type::INT8];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        let values: [&(dyn ToSql + Sync); 5] = [
            &row.no,
            &row.name,
            &row.developer,
            &row.created,
            &row.opted_out,
        ];
        copy.put(&values).await?;
    }
    copy.finish().await
}

pub(super) async fn copy_projects(to: &Transaction<'_>, rows: &[Project]) -> StoreResult<()> {
    let target = "projects (no, id, workspace_no, name, created_at, retention_payload_days, capture, time_zone, max_spans_per_second, max_users, payloads_removed_to)";
    let types = [
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::INT8,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[
            &row.no,
            &row.id,
            &row.workspace_no,
            &row.name,
            &row.created,
            &row.retention_payload_days,
            &row.capture,
            &row.time_zone,
            &row.max_spans_per_second,
            &row.max_users,
            &row.payloads_removed_to,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_prices(to: &Transaction<'_>, rows: &[Price]) -> StoreResult<()> {
    let target = "prices (project_no, model, effective_from, rates)";
    let types = [Type::INT8, Type::TEXT, Type::INT8, Type::TEXT];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[&row.project_no, &row.model, &row.effective_from, &row.rates])
            .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_audit(to: &Transaction<'_>, rows: &[AuditLine]) -> StoreResult<()> {
    let target = "audit (no, at, project_no, actor, action, detail, workspace_no)";
    let types = [
        Type::INT8,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[
            &row.no,
            &row.at,
            &row.project_no,
            &row.actor,
            &row.action,
            &row.detail,
            &row.workspace_no,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_suppressions(
    to: &Transaction<'_>,
    rows: &[Suppression],
) -> StoreResult<()> {
    let target = "suppressions (project_no, external_hash, user_no, at)";
    let types = [Type::INT8, Type::TEXT, Type::INT8, Type::INT8];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[&row.project_no, &row.external_hash, &row.user_no, &row.at])
            .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_api_keys(to: &Transaction<'_>, rows: &[ApiKey]) -> StoreResult<()> {
    let target = "api_keys (id, project_no, hash, prefix, name, scopes, created_at, created_by, expires_at, last_used_at, revoked_at)";
    let types = [
        Type::TEXT,
        Type::INT8,
        Type::BYTEA,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::INT8,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[
            &row.id,
            &row.project_no,
            &row.hash,
            &row.prefix,
            &row.name,
            &row.scopes,
            &row.created,
            &row.created_by,
            &row.expires,
            &row.last_used,
            &row.revoked,
        ])
        .await?;
    }
    copy.finish().await
}
