//! Invitations that nobody has followed yet: listed, and taken back.
use crate::audit;
use crate::members::{may_change, read_role};
use crate::rows::{Row, Rows, StoreResult, find};
use crate::workspaces::{find_workspace, lock_workspace};
use cognobserve_model::people::{Invitation, Role};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Actor, MemberRefusal};

pub(crate) async fn list(
    rows: &mut dyn Rows,
    workspace: &str,
    now: Micros,
) -> StoreResult<Vec<Invitation>> {
    let Some(no) = find_workspace(rows, workspace).await? else {
        return Ok(Vec::new());
    };
    let query = "SELECT email, role, created_by, created_at, expires_at FROM links
        WHERE kind = 'invite' AND workspace_no = $1 AND expires_at > $2 ORDER BY email LIMIT 500";
    let found = rows.query(query, &[no.into(), now.into()]).await?;
    found.into_iter().map(read_invitation).collect()
}

fn read_invitation(mut row: Row) -> StoreResult<Invitation> {
    Ok(Invitation {
        email: row.text()?,
        role: read_role(&mut row)?,
        by: row.text()?,
        created: row.time()?,
        expires: row.time()?,
    })
}

pub(crate) async fn revoke(
    rows: &mut dyn Rows,
    workspace: &str,
    email: &str,
    by: &Actor,
) -> StoreResult<Result<bool, MemberRefusal>> {
    // Locked: the role of who revokes is the one that they have in this moment.
    let Some(no) = lock_workspace(rows, workspace).await? else {
        return Ok(Ok(false));
    };
    let query = "SELECT role FROM links
        WHERE kind = 'invite' AND workspace_no = $1 AND email = $2 AND expires_at > $3";
    let values = [no.into(), email.into(), Micros::now().into()];
    let Some(mut row) = find(rows, query, &values).await? else {
        return Ok(Ok(false));
    };
    let role = read_role(&mut row)?;
    if !may_change(rows, no, by, None, Some(role)).await? {
        return Ok(Err(MemberRefusal::NotAllowed));
    }
    let revoke = "DELETE FROM links WHERE kind = 'invite' AND workspace_no = $1 AND email = $2";
    // Followed meanwhile, it is gone already.
    let ended = rows.execute(revoke, &[no.into(), email.into()]).await? > 0;
    if ended {
        audit::write(rows, Some(no), by, "link.revoke", Role::as_str(role)).await?;
    }
    Ok(Ok(ended))
}
