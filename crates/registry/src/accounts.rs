//! Accounts and their passwords.
use crate::audit;
use crate::rows::{Row, Rows, StoreResult, find, make_id};
use cognobserve_model::id::{AccountId, LoginId};
use cognobserve_model::people::{Account, Credentials};
use cognobserve_model::time::Micros;
use cognobserve_ports::Actor;

/// Of `a.id, a.email, a.name, a.is_operator, a.created_at`.
pub(crate) fn read_account(row: &mut Row) -> StoreResult<Account> {
    Ok(Account {
        id: AccountId::new(row.text()?),
        email: row.text()?,
        name: row.maybe_text()?,
        is_operator: row.number()? != 0,
        created: row.time()?,
    })
}

pub(crate) async fn count(rows: &mut dyn Rows) -> StoreResult<u64> {
    let found = find(rows, "SELECT count(*) FROM accounts", &[]).await?;
    let count = found.map_or(Ok(0), |mut row| row.number())?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(crate) async fn list(rows: &mut dyn Rows) -> StoreResult<Vec<Account>> {
    let query = "SELECT a.id, a.email, a.name, a.is_operator, a.created_at FROM accounts a ORDER BY a.email";
    let found = rows.query(query, &[]).await?;
    found
        .into_iter()
        .map(|mut row| read_account(&mut row))
        .collect()
}

pub(crate) async fn find_credentials(
    rows: &mut dyn Rows,
    email: &str,
) -> StoreResult<Option<Credentials>> {
    let query = "SELECT a.id, a.email, a.name, a.is_operator, a.created_at, a.password_hash FROM accounts a WHERE a.email = $1";
    let Some(mut row) = find(rows, query, &[email.into()]).await? else {
        return Ok(None);
    };
    Ok(Some(Credentials {
        account: read_account(&mut row)?,
        password_hash: row.text()?,
    }))
}

pub(crate) async fn find_by_id(
    rows: &mut dyn Rows,
    account: &AccountId,
) -> StoreResult<Option<Account>> {
    let query =
        "SELECT a.id, a.email, a.name, a.is_operator, a.created_at FROM accounts a WHERE a.id = $1";
    let found = find(rows, query, &[account.as_str().into()]).await?;
    found.map(|mut row| read_account(&mut row)).transpose()
}

/// What a new account is made of.
pub(crate) struct NewAccount {
    pub email: String,
    pub name: Option<String>,
    pub password_hash: String,
    pub is_operator: bool,
}

/// `None`: somebody has the address, perhaps since a moment ago.
pub(crate) async fn create(rows: &mut dyn Rows, new: NewAccount) -> StoreResult<Option<Account>> {
    let account = Account {
        id: AccountId::new(make_id("acc_")),
        email: new.email,
        name: new.name,
        is_operator: new.is_operator,
        created: Micros::now(),
    };
    let insert = "INSERT INTO accounts (id, email, name, is_operator, created_at, password_hash) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING";
    let values = [
        account.id.as_str().into(),
        account.email.as_str().into(),
        account.name.clone().into(),
        i64::from(account.is_operator).into(),
        account.created.into(),
        new.password_hash.into(),
    ];
    if rows.execute(insert, &values).await? == 0 {
        return Ok(None);
    }
    let by = Actor::Account(account.id.clone());
    audit::write(rows, None, &by, "account.create", account.id.as_str()).await?;
    Ok(Some(account))
}

pub(crate) async fn rename(
    rows: &mut dyn Rows,
    account: &AccountId,
    name: Option<String>,
) -> StoreResult<bool> {
    let update = "UPDATE accounts SET name = $2 WHERE id = $1";
    let changed = rows
        .execute(update, &[account.as_str().into(), name.into()])
        .await?;
    Ok(changed > 0)
}

/// Whether the account still has the password that was checked; nobody else changes it before the
/// transaction ends.
pub(crate) async fn lock_known(rows: &mut dyn Rows, known: &Credentials) -> StoreResult<bool> {
    let lock = "UPDATE accounts SET name = name WHERE id = $1 AND password_hash = $2";
    let values = [
        known.account.id.as_str().into(),
        known.password_hash.as_str().into(),
    ];
    Ok(rows.execute(lock, &values).await? > 0)
}

pub(crate) async fn change_password(
    rows: &mut dyn Rows,
    account: &AccountId,
    password_hash: String,
    keep: Option<&LoginId>,
) -> StoreResult<bool> {
    let id = || account.as_str().into();
    let update = "UPDATE accounts SET password_hash = $2 WHERE id = $1";
    if rows.execute(update, &[id(), password_hash.into()]).await? == 0 {
        return Ok(false);
    }
    let keep = keep.map_or("", LoginId::as_str);
    let end = "DELETE FROM logins WHERE account_id = $1 AND id <> $2";
    rows.execute(end, &[id(), keep.into()]).await?;
    rows.execute("DELETE FROM links WHERE account_id = $1", &[id()])
        .await?;
    let by = Actor::Account(account.clone());
    audit::write(rows, None, &by, "account.password", account.as_str()).await?;
    Ok(true)
}

/// What they were let in by before, and what they let others in by, is void.
pub(crate) async fn end_access(rows: &mut dyn Rows, account: &AccountId) -> StoreResult<()> {
    for end in [
        "DELETE FROM logins WHERE account_id = $1",
        "DELETE FROM session_tokens WHERE account_id = $1",
        "DELETE FROM links WHERE account_id = $1",
        "DELETE FROM links WHERE created_by = $1",
    ] {
        rows.execute(end, &[account.as_str().into()]).await?;
    }
    Ok(())
}
