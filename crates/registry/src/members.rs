//! Workspaces and who belongs to them. Whoever changes members locks the workspace's row
//! first, so that two changes cannot take the last owner away together.
use crate::accounts::{end_access, read_account};
use crate::audit;
use crate::rows::{Row, Rows, StoreResult, find, make_id, misread};
use crate::workspaces::{find_workspace, lock_workspace};
use cognobserve_model::id::AccountId;
use cognobserve_model::people::{Member, Membership, Role};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, ErrorKind, MemberRefusal, StoreError};

pub(crate) fn read_role(row: &mut Row) -> StoreResult<Role> {
    Role::parse(&row.text()?).ok_or_else(misread)
}

pub(crate) async fn create_workspace(
    rows: &mut dyn Rows,
    insert: &'static str,
    name: &str,
    owner: &AccountId,
) -> StoreResult<()> {
    let (now, developer) = (Micros::now(), make_id("dev_"));
    let values = [name.into(), developer.into(), now.into()];
    if rows.execute(insert, &values).await? == 0 {
        let message = format!("a workspace named {name:?} exists already");
        return Err(StoreError::new(ErrorKind::Conflict, message));
    }
    let no = find_workspace(rows, name).await?.ok_or_else(misread)?;
    put_member(rows, no, owner, Role::Owner).await?;
    let by = Actor::Account(owner.clone());
    audit::write(rows, Some(no), &by, "workspace.create", name).await
}

pub(crate) async fn put_member(
    rows: &mut dyn Rows,
    workspace_no: i64,
    account: &AccountId,
    role: Role,
) -> StoreResult<()> {
    let put = "INSERT INTO members (workspace_no, account_id, role, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workspace_no, account_id) DO UPDATE SET role = excluded.role";
    let values = [
        workspace_no.into(),
        account.as_str().into(),
        role.as_str().into(),
        Micros::now().into(),
    ];
    rows.execute(put, &values).await.map(drop)
}

/// `None`: no member.
pub(crate) async fn find_role(
    rows: &mut dyn Rows,
    workspace_no: i64,
    account: &AccountId,
) -> StoreResult<Option<Role>> {
    let query = "SELECT role FROM members WHERE workspace_no = $1 AND account_id = $2";
    let found = find(rows, query, &[workspace_no.into(), account.as_str().into()]).await?;
    found.map(|mut row| read_role(&mut row)).transpose()
}

pub(crate) async fn list(rows: &mut dyn Rows, workspace: &str) -> StoreResult<Vec<Member>> {
    let query = "SELECT a.id, a.email, a.name, a.is_operator, a.created_at, m.role, m.since
        FROM members m JOIN accounts a ON a.id = m.account_id JOIN workspaces w ON w.no = m.workspace_no
        WHERE w.name = $1 ORDER BY a.email";
    let found = rows.query(query, &[workspace.into()]).await?;
    let read = |mut row: Row| {
        Ok(Member {
            account: read_account(&mut row)?,
            role: read_role(&mut row)?,
            since: row.time()?,
        })
    };
    found.into_iter().map(read).collect()
}

pub(crate) async fn list_memberships(
    rows: &mut dyn Rows,
    account: &AccountId,
) -> StoreResult<Vec<Membership>> {
    let query = "SELECT w.name, m.role FROM members m JOIN workspaces w ON w.no = m.workspace_no
        WHERE m.account_id = $1 ORDER BY w.name";
    let found = rows.query(query, &[account.as_str().into()]).await?;
    let read = |mut row: Row| {
        Ok(Membership {
            workspace: row.text()?,
            role: read_role(&mut row)?,
        })
    };
    found.into_iter().map(read).collect()
}

/// A change of a member's role; `None` removes them.
pub(crate) async fn change(
    rows: &mut dyn Rows,
    workspace: &str,
    account: &AccountId,
    role: Option<Role>,
    by: &Actor,
) -> StoreResult<Result<(), MemberRefusal>> {
    let Some(no) = lock_workspace(rows, workspace).await? else {
        return Ok(Err(MemberRefusal::NoSuchMember));
    };
    let Some(before) = find_role(rows, no, account).await? else {
        return Ok(Err(MemberRefusal::NoSuchMember));
    };
    let leaves = role.is_none() && *by == Actor::Account(account.clone());
    if !leaves && !may_change(rows, no, by, Some(before), role).await? {
        return Ok(Err(MemberRefusal::NotAllowed));
    }
    if before == Role::Owner && role != Some(Role::Owner) && count_owners(rows, no).await? < 2 {
        return Ok(Err(MemberRefusal::LastOwner));
    }
    match role {
        Some(role) => put_member(rows, no, account, role).await?,
        None => {
            let remove = "DELETE FROM members WHERE workspace_no = $1 AND account_id = $2";
            rows.execute(remove, &[no.into(), account.as_str().into()])
                .await?;
        }
    }
    // `None` is less than any role.
    if role < Some(before) {
        end_access(rows, account).await?;
    }
    let (action, detail) = match role {
        Some(role) => {
            let (before, after) = (before.as_str(), role.as_str());
            ("member.role", format!("{account} {before} to {after}"))
        }
        None => ("member.remove", format!("{account} {}", before.as_str())),
    };
    audit::write(rows, Some(no), by, action, &detail).await?;
    Ok(Ok(()))
}

/// Whether `by` may make a member of a locked workspace what they are not (`before`, `after`):
/// what the acting account read of its own role earlier may be over.
pub(crate) async fn may_change(
    rows: &mut dyn Rows,
    workspace_no: i64,
    by: &Actor,
    before: Option<Role>,
    after: Option<Role>,
) -> StoreResult<bool> {
    match by {
        Actor::Operator => Ok(true),
        Actor::Key(_) => Ok(false),
        Actor::Account(own) => {
            let own = find_role(rows, workspace_no, own).await?;
            Ok(own.is_some_and(|own| own.may_change_member(before, after)))
        }
    }
}

async fn count_owners(rows: &mut dyn Rows, workspace_no: i64) -> StoreResult<i64> {
    let query = "SELECT count(*) FROM members WHERE workspace_no = $1 AND role = 'OWNER'";
    let found = find(rows, query, &[workspace_no.into()]).await?;
    found.map_or(Ok(0), |mut row| row.number())
}

/// Makes an account owner of every workspace that has none.
pub(crate) async fn adopt_workspaces(rows: &mut dyn Rows, account: &AccountId) -> StoreResult<()> {
    let adopt = "INSERT INTO members (workspace_no, account_id, role, since)
        SELECT w.no, $1, 'OWNER', $2 FROM workspaces w
        WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.workspace_no = w.no AND m.role = 'OWNER')";
    let values = [account.as_str().into(), Micros::now().into()];
    rows.execute(adopt, &values).await.map(drop)
}
