//! Browsers that are logged in.
use crate::accounts::{lock_known, read_account};
use crate::audit;
use crate::members::list_memberships;
use crate::rows::{Row, Rows, StoreResult, find, make_id};
use cognobserve_model::id::{AccountId, LoginId};
use cognobserve_model::people::{Credentials, Login, SecretHash, Visitor};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, NewLogin};

/// Of one account; the oldest give way.
const MOST: i64 = 50;

pub(crate) async fn begin(
    rows: &mut dyn Rows,
    known: &Credentials,
    new: NewLogin,
) -> StoreResult<Option<Login>> {
    if !lock_known(rows, known).await? {
        return Ok(None);
    }
    let account = &known.account.id;
    let now = Micros::now();
    let login = Login {
        id: LoginId::new(make_id("log_")),
        created: now,
        last_seen: now,
        expires: new.expires,
        agent: new.agent,
        address: new.address,
    };
    rows.execute("DELETE FROM logins WHERE expires_at <= $1", &[now.into()])
        .await?;
    let insert = "INSERT INTO logins (id, hash, account_id, created_at, last_seen_at, expires_at, agent, address)
        VALUES ($1, $2, $3, $4, $4, $5, $6, $7)";
    let values = [
        login.id.as_str().into(),
        (&new.hash).into(),
        account.as_str().into(),
        now.into(),
        login.expires.into(),
        login.agent.clone().into(),
        login.address.clone().into(),
    ];
    rows.execute(insert, &values).await?;
    let thin = "DELETE FROM logins WHERE account_id = $1 AND id NOT IN
        (SELECT l.id FROM logins l WHERE l.account_id = $1 ORDER BY l.created_at DESC, l.id DESC LIMIT $2)";
    rows.execute(thin, &[account.as_str().into(), MOST.into()])
        .await?;
    Ok(Some(login))
}

/// Whether the account is still logged in so; the login does not end before the transaction does.
pub(crate) async fn lock_login(
    rows: &mut dyn Rows,
    account: &AccountId,
    login: &LoginId,
) -> StoreResult<bool> {
    let lock = "UPDATE logins SET account_id = account_id WHERE id = $1 AND account_id = $2";
    let values = [login.as_str().into(), account.as_str().into()];
    Ok(rows.execute(lock, &values).await? > 0)
}

/// Who it is, and when they were seen last.
pub(crate) async fn find_visitor(
    rows: &mut dyn Rows,
    hash: &SecretHash,
    now: Micros,
) -> StoreResult<Option<(Visitor, Micros)>> {
    let query = "SELECT a.id, a.email, a.name, a.is_operator, a.created_at, l.id, l.last_seen_at
        FROM logins l JOIN accounts a ON a.id = l.account_id WHERE l.hash = $1 AND l.expires_at > $2";
    let Some(mut row) = find(rows, query, &[hash.into(), now.into()]).await? else {
        return Ok(None);
    };
    let account = read_account(&mut row)?;
    let (login, seen) = (LoginId::new(row.text()?), row.time()?);
    let visitor = Visitor {
        memberships: list_memberships(rows, &account.id).await?,
        account,
        login: Some(login),
    };
    Ok(Some((visitor, seen)))
}

pub(crate) async fn touch(rows: &mut dyn Rows, hash: &SecretHash, now: Micros) -> StoreResult<()> {
    let update = "UPDATE logins SET last_seen_at = $2 WHERE hash = $1 AND last_seen_at < $2";
    rows.execute(update, &[hash.into(), now.into()])
        .await
        .map(drop)
}

pub(crate) async fn list(
    rows: &mut dyn Rows,
    account: &AccountId,
    now: Micros,
) -> StoreResult<Vec<Login>> {
    let query = "SELECT id, created_at, last_seen_at, expires_at, agent, address FROM logins
        WHERE account_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id";
    let found = rows
        .query(query, &[account.as_str().into(), now.into()])
        .await?;
    let read = |mut row: Row| {
        Ok(Login {
            id: LoginId::new(row.text()?),
            created: row.time()?,
            last_seen: row.time()?,
            expires: row.time()?,
            agent: row.maybe_text()?,
            address: row.maybe_text()?,
        })
    };
    found.into_iter().map(read).collect()
}

pub(crate) async fn end(
    rows: &mut dyn Rows,
    account: &AccountId,
    login: &LoginId,
) -> StoreResult<bool> {
    let end = "DELETE FROM logins WHERE id = $1 AND account_id = $2";
    let ended = rows
        .execute(end, &[login.as_str().into(), account.as_str().into()])
        .await?;
    if ended > 0 {
        let by = Actor::Account(account.clone());
        audit::write(rows, None, &by, "login.end", login.as_str()).await?;
    }
    Ok(ended > 0)
}
