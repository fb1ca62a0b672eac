//! Personal session tokens. They act as their account, as a member at most.
use crate::accounts::read_account;
use crate::audit;
use crate::logins::lock_login;
use crate::members::list_memberships;
use crate::rows::{Row, Rows, StoreResult, find, make_id};
use cognobserve_model::id::{AccountId, LoginId, TokenId};
use cognobserve_model::people::{Role, SecretHash, SessionToken, Visitor};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, NewToken};

pub(crate) async fn create(
    rows: &mut dyn Rows,
    account: &AccountId,
    login: &LoginId,
    new: NewToken,
) -> StoreResult<Option<SessionToken>> {
    // Whoever ends the login ends all tokens, and must not miss this one.
    if !lock_login(rows, account, login).await? {
        return Ok(None);
    }
    let token = SessionToken {
        id: TokenId::new(make_id("tok_")),
        name: new.name,
        prefix: new.prefix,
        created: Micros::now(),
        expires: new.expires,
        last_used: None,
    };
    let insert =
        "INSERT INTO session_tokens (id, hash, account_id, name, prefix, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        token.id.as_str().into(),
        (&new.hash).into(),
        account.as_str().into(),
        token.name.as_str().into(),
        token.prefix.as_str().into(),
        token.created.into(),
        token.expires.into(),
    ];
    rows.execute(insert, &values).await?;
    let by = Actor::Account(account.clone());
    audit::write(rows, None, &by, "token.create", token.id.as_str()).await?;
    Ok(Some(token))
}

/// Whose it is, and when it was used last.
pub(crate) async fn find_visitor(
    rows: &mut dyn Rows,
    hash: &SecretHash,
    now: Micros,
) -> StoreResult<Option<(Visitor, Option<Micros>)>> {
    let query = "SELECT a.id, a.email, a.name, a.is_operator, a.created_at, t.last_used_at
        FROM session_tokens t JOIN accounts a ON a.id = t.account_id WHERE t.hash = $1 AND t.expires_at > $2";
    let Some(mut row) = find(rows, query, &[hash.into(), now.into()]).await? else {
        return Ok(None);
    };
    let mut account = read_account(&mut row)?;
    let used = row.maybe_time()?;
    account.is_operator = false;
    let mut memberships = list_memberships(rows, &account.id).await?;
    for membership in &mut memberships {
        membership.role = membership.role.min(Role::Member);
    }
    let visitor = Visitor {
        account,
        memberships,
        login: None,
    };
    Ok(Some((visitor, used)))
}

pub(crate) async fn touch(rows: &mut dyn Rows, hash: &SecretHash, now: Micros) -> StoreResult<()> {
    let update = "UPDATE session_tokens SET last_used_at = $2 WHERE hash = $1";
    rows.execute(update, &[hash.into(), now.into()])
        .await
        .map(drop)
}

pub(crate) async fn list(
    rows: &mut dyn Rows,
    account: &AccountId,
) -> StoreResult<Vec<SessionToken>> {
    let query = "SELECT id, name, prefix, created_at, expires_at, last_used_at FROM session_tokens
        WHERE account_id = $1 ORDER BY created_at DESC, id";
    let found = rows.query(query, &[account.as_str().into()]).await?;
    let read = |mut row: Row| {
        Ok(SessionToken {
            id: TokenId::new(row.text()?),
            name: row.text()?,
            prefix: row.text()?,
            created: row.time()?,
            expires: row.time()?,
            last_used: row.maybe_time()?,
        })
    };
    found.into_iter().map(read).collect()
}

pub(crate) async fn revoke(
    rows: &mut dyn Rows,
    account: &AccountId,
    token: &TokenId,
) -> StoreResult<bool> {
    let remove = "DELETE FROM session_tokens WHERE id = $1 AND account_id = $2";
    let values = [token.as_str().into(), account.as_str().into()];
    if rows.execute(remove, &values).await? == 0 {
        return Ok(false);
    }
    let by = Actor::Account(account.clone());
    audit::write(rows, None, &by, "token.revoke", token.as_str()).await?;
    Ok(true)
}
