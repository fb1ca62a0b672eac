//! Rows of those who log in.
use super::copy::Copy;
use crate::error::StoreResult;
use cognobserve_books::moving::{Account, Member, SessionToken};
use deadpool_postgres::Transaction;
use tokio_postgres::types::Type;

pub(super) async fn copy_accounts(to: &Transaction<'_>, rows: &[Account]) -> StoreResult<()> {
    let target = "accounts (id, email, name, is_operator, created_at, password_hash)";
    let types = [
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[
            &row.id,
            &row.email,
            &row.name,
            &row.is_operator,
            &row.created,
            &row.password_hash,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_members(to: &Transaction<'_>, rows: &[Member]) -> StoreResult<()> {
    let target = "members (workspace_no, account_id, role, since)";
    let types = [Type::INT8, Type::TEXT, Type::TEXT, Type::INT8];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[&row.workspace_no, &row.account_id, &row.role, &row.since])
            .await?;
    }
    copy.finish().await
}

pub(super) async fn copy_session_tokens(
    to: &Transaction<'_>,
    rows: &[SessionToken],
) -> StoreResult<()> {
    let target =
        "session_tokens (id, hash, account_id, name, prefix, created_at, expires_at, last_used_at)";
    let types = [
        Type::TEXT,
        Type::BYTEA,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::INT8,
    ];
    let mut copy = Copy::begin(to, target, &types).await?;
    for row in rows {
        copy.put(&[
            &row.id,
            &row.hash,
            &row.account_id,
            &row.name,
            &row.prefix,
            &row.created,
            &row.expires,
            &row.last_used,
        ])
        .await?;
    }
    copy.finish().await
}
