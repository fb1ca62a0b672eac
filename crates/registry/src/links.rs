//! One-time links: made, looked at, used once.
use crate::accounts::{self, NewAccount, end_access};
use crate::audit;
use crate::members::{adopt_workspaces, find_role, may_change, put_member, read_role};
use crate::rows::{Row, Rows, StoreResult, find, misread, missing};
use crate::workspaces::lock_workspace;
use cognobserve_model::id::AccountId;
use cognobserve_model::people::{Account, Link, LinkKind, Role, SecretHash};
use cognobserve_model::time::Micros;
use cognobserve_ports::{Acceptance, Actor, MemberRefusal, NewLink};

/// What is kept of a link; empty texts where its kind has none.
struct Kept<'a> {
    kind: &'static str,
    email: &'a str,
    account: Option<&'a AccountId>,
    workspace: Option<&'a str>,
    role: Option<Role>,
}

impl<'a> Kept<'a> {
    fn of(kind: &'a LinkKind) -> Kept<'a> {
        let empty = Kept {
            kind: "setup",
            email: "",
            account: None,
            workspace: None,
            role: None,
        };
        match kind {
            LinkKind::Setup => empty,
            LinkKind::Invite {
                workspace,
                email,
                role,
            } => Kept {
                kind: "invite",
                email,
                workspace: Some(workspace),
                role: Some(*role),
                ..empty
            },
            LinkKind::Reset { account, email } => Kept {
                kind: "reset",
                email,
                account: Some(account),
                ..empty
            },
        }
    }
}

pub(crate) async fn create(
    rows: &mut dyn Rows,
    link: NewLink,
    by: &Actor,
) -> StoreResult<Result<(), MemberRefusal>> {
    let kept = Kept::of(&link.kind);
    // Locked: a lower role ends the links that its account has made, and must not miss this one.
    let workspace_no = match kept.workspace {
        Some(name) => {
            let no = lock_workspace(rows, name).await?;
            Some(no.ok_or_else(|| missing("workspace"))?)
        }
        None => None,
    };
    let is_allowed = match workspace_no {
        Some(no) => may_change(rows, no, by, None, kept.role).await?,
        None => *by == Actor::Operator,
    };
    if !is_allowed {
        return Ok(Err(MemberRefusal::NotAllowed));
    }
    // A role is changed by `members::change`; joining as less would change nothing.
    if let Some(no) = workspace_no
        && let Some(known) = accounts::find_credentials(rows, kept.email).await?
        && let Some(role) = find_role(rows, no, &known.account.id).await?
    {
        return Ok(Err(MemberRefusal::AlreadyMember(role)));
    }
    if let Some(account) = kept.account {
        let found = accounts::find_by_id(rows, account).await?;
        found.ok_or_else(|| missing("account"))?;
    }
    rows.execute(
        "DELETE FROM links WHERE expires_at <= $1",
        &[Micros::now().into()],
    )
    .await?;
    let former =
        "DELETE FROM links WHERE kind = $1 AND email = $2 AND coalesce(workspace_no, 0) = $3";
    let place = workspace_no.unwrap_or(0);
    rows.execute(former, &[kept.kind.into(), kept.email.into(), place.into()])
        .await?;
    let insert = "INSERT INTO links (hash, kind, email, account_id, workspace_no, role, created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = [
        (&link.hash).into(),
        kept.kind.into(),
        kept.email.into(),
        kept.account.map(AccountId::as_str).into(),
        workspace_no.into(),
        kept.role.map(Role::as_str).into(),
        by.as_str().into(),
        Micros::now().into(),
        link.expires.into(),
    ];
    rows.execute(insert, &values).await?;
    let action = match link.kind {
        LinkKind::Setup => "link.setup",
        LinkKind::Invite { .. } => "link.invite",
        LinkKind::Reset { .. } => "link.reset",
    };
    let detail = kept.role.map_or("", Role::as_str);
    audit::write(rows, workspace_no, by, action, detail).await?;
    Ok(Ok(()))
}

pub(crate) async fn look(
    rows: &mut dyn Rows,
    hash: &SecretHash,
    now: Micros,
) -> StoreResult<Option<Link>> {
    let query = "SELECT l.kind, l.email, l.account_id, w.name, l.role, l.expires_at
        FROM links l LEFT JOIN workspaces w ON w.no = l.workspace_no WHERE l.hash = $1 AND l.expires_at > $2";
    let found = find(rows, query, &[hash.into(), now.into()]).await?;
    found.map(read_link).transpose()
}

fn read_link(mut row: Row) -> StoreResult<Link> {
    let (kind, email, account) = (row.text()?, row.text()?, row.maybe_text()?);
    let workspace = row.maybe_text()?;
    let kind = match kind.as_str() {
        "setup" => {
            row.maybe_text()?;
            LinkKind::Setup
        }
        "invite" => LinkKind::Invite {
            workspace: workspace.ok_or_else(misread)?,
            email,
            role: read_role(&mut row)?,
        },
        "reset" => {
            row.maybe_text()?;
            LinkKind::Reset {
                account: AccountId::new(account.ok_or_else(misread)?),
                email,
            }
        }
        _ => return Err(misread()),
    };
    Ok(Link {
        kind,
        expires: row.time()?,
    })
}

pub(crate) async fn accept(
    rows: &mut dyn Rows,
    hash: &SecretHash,
    acceptance: Acceptance,
    now: Micros,
) -> StoreResult<Option<Account>> {
    let Some(link) = look(rows, hash, now).await? else {
        return Ok(None);
    };
    match link.kind {
        LinkKind::Setup => set_up(rows, hash, acceptance).await,
        LinkKind::Invite {
            workspace,
            email,
            role,
        } => join(rows, hash, acceptance, &workspace, email, role).await,
        LinkKind::Reset { account, .. } => reset(rows, hash, acceptance, &account).await,
    }
}

/// Whether this transaction is the one that uses it: of several, the others wait and find it gone.
async fn take(rows: &mut dyn Rows, hash: &SecretHash) -> StoreResult<bool> {
    let taken = rows
        .execute("DELETE FROM links WHERE hash = $1", &[hash.into()])
        .await?;
    Ok(taken > 0)
}

async fn set_up(
    rows: &mut dyn Rows,
    hash: &SecretHash,
    acceptance: Acceptance,
) -> StoreResult<Option<Account>> {
    let Some(password_hash) = acceptance
        .password_hash
        .filter(|_| !acceptance.email.is_empty())
    else {
        return Ok(None);
    };
    if !take(rows, hash).await? || accounts::count(rows).await? > 0 {
        return Ok(None);
    }
    // Others of its kind would make a second first account.
    rows.execute("DELETE FROM links WHERE kind = 'setup'", &[])
        .await?;
    let new = NewAccount {
        email: acceptance.email,
        name: acceptance.name,
        password_hash,
        is_operator: true,
    };
    let account = accounts::create(rows, new).await?.ok_or_else(misread)?;
    adopt_workspaces(rows, &account.id).await?;
    Ok(Some(account))
}

async fn join(
    rows: &mut dyn Rows,
    hash: &SecretHash,
    acceptance: Acceptance,
    workspace: &str,
    email: String,
    role: Role,
) -> StoreResult<Option<Account>> {
    // Before the link is taken: whoever changes members locks in this order, too.
    let no = lock_workspace(rows, workspace).await?.ok_or_else(misread)?;
    let known = accounts::find_credentials(rows, &email).await?;
    let account = match (known, acceptance.password_hash) {
        (None, None) => return Ok(None),
        (Some(known), _) => {
            if !take(rows, hash).await? {
                return Ok(None);
            }
            known.account
        }
        (None, Some(password_hash)) => {
            if !take(rows, hash).await? {
                return Ok(None);
            }
            let new = NewAccount {
                email: email.clone(),
                name: acceptance.name,
                password_hash,
                is_operator: false,
            };
            match accounts::create(rows, new).await? {
                Some(account) => account,
                // An invitation to another workspace was accepted meanwhile.
                None => {
                    let known = accounts::find_credentials(rows, &email).await?;
                    known.ok_or_else(misread)?.account
                }
            }
        }
    };
    // An invitation takes nothing away.
    let before = find_role(rows, no, &account.id).await?;
    if before < Some(role) {
        put_member(rows, no, &account.id, role).await?;
        let (by, detail) = (Actor::Account(account.id.clone()), role.as_str());
        audit::write(rows, Some(no), &by, "member.join", detail).await?;
    }
    Ok(Some(account))
}

async fn reset(
    rows: &mut dyn Rows,
    hash: &SecretHash,
    acceptance: Acceptance,
    account: &AccountId,
) -> StoreResult<Option<Account>> {
    let Some(password_hash) = acceptance.password_hash else {
        return Ok(None);
    };
    if !take(rows, hash).await? {
        return Ok(None);
    }
    accounts::change_password(rows, account, password_hash, None).await?;
    // Whoever knew the old one may have made tokens with it.
    end_access(rows, account).await?;
    accounts::find_by_id(rows, account).await
}
