//! Those who log in: accounts, the workspaces that they are members of, and what lets them in.
//! Not the end users of an app: those are tracked users.
use crate::id::{AccountId, LoginId, ProjectId, TokenId};
use crate::span::words;
use crate::time::Micros;

words!(
    /// What a member may do, least first. The order is that of power.
    Role { Viewer = "VIEWER", Member = "MEMBER", Admin = "ADMIN", Owner = "OWNER" }
);

impl Role {
    /// Whether somebody with this role may turn a member's role `before` into `after` (`None`: no
    /// member). Owners are made and touched by owners alone.
    pub fn may_change_member(self, before: Option<Role>, after: Option<Role>) -> bool {
        match before.max(after) {
            Some(Role::Owner) => self == Role::Owner,
            _ => self >= Role::Admin,
        }
    }
}

/// SHA-256 of a secret that was given out once: of a login's cookie, a session token or a link.
pub type SecretHash = [u8; 32];

/// A person who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// Trimmed and in lower case; unique.
    pub email: String,
    pub name: Option<String>,
    /// Sees the state of the whole installation, and no project's data for it.
    pub is_operator: bool,
    pub created: Micros,
}

/// What a password is compared with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub account: Account,
    /// As argon2 writes it.
    pub password_hash: String,
}

/// The hash is nobody's business.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// An account in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub account: Account,
    pub role: Role,
    pub since: Micros,
}

/// A workspace as one of its members sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The workspace's name; unique.
    pub workspace: String,
    pub role: Role,
}

/// Somebody whose cookie or token is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    pub account: Account,
    /// By name of the workspace.
    pub memberships: Vec<Membership>,
    /// `None`: came with a session token.
    pub login: Option<LoginId>,
}

impl Visitor {
    /// What they may do there; `None`: it is not theirs to know of.
    pub fn role_in(&self, workspace: &str) -> Option<Role> {
        let mut all = self.memberships.iter();
        all.find(|one| one.workspace == workspace)
            .map(|one| one.role)
    }
}

/// A browser that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub id: LoginId,
    pub created: Micros,
    /// To the minute.
    pub last_seen: Micros,
    pub expires: Micros,
    /// What the browser calls itself, shortened.
    pub agent: Option<String>,
    pub address: Option<String>,
}

/// A personal token, `co_st_…`, for programs that act as the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionToken {
    pub id: TokenId,
    pub name: String,
    /// The first characters, for recognising it.
    pub prefix: String,
    pub created: Micros,
    pub expires: Micros,
    /// To the minute.
    pub last_used: Option<Micros>,
}

/// What a one-time link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The first account, which becomes operator and owner of every workspace without one.
    Setup,
    /// A new member, with an account or without.
    Invite {
        workspace: String,
        email: String,
        role: Role,
    },
    /// A new password.
    Reset { account: AccountId, email: String },
}

/// A link that may still be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub kind: LinkKind,
    pub expires: Micros,
}

/// An invitation that nobody has followed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub email: String,
    pub role: Role,
    /// Who made it, as [`AuditEntry::actor`] has it.
    pub by: String,
    pub created: Micros,
    pub expires: Micros,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Grows with every line.
    pub no: i64,
    pub at: Micros,
    /// `operator` (the command line), or the id of an account or a key.
    pub actor: String,
    /// Like `key.create`.
    pub action: String,
    /// What it was done to; no personal data.
    pub detail: String,
    pub project: Option<ProjectId>,
}

/// An address as accounts keep it; `None` if it cannot be one.
pub fn read_email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@')?;
    let is_plain =
        |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
    let is_fine = is_plain(local) && is_plain(domain) && !local.contains('@') && email.len() <= 254;
    is_fine.then_some(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_grow_in_power() {
        assert!(Role::Viewer < Role::Member && Role::Member < Role::Admin);
        assert!(Role::Admin < Role::Owner);
    }

    #[test]
    fn addresses_are_kept_in_one_way() {
        assert_eq!(
            read_email(" Ann@Acme.Example "),
            Some("ann@acme.example".into())
        );
        for wrong in ["", "ann", "@x", "ann@", "a b@x", "a@b@c", &"x".repeat(300)] {
            assert_eq!(read_email(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn admins_keep_their_hands_off_owners() {
        let may = Role::may_change_member;
        assert!(may(Role::Admin, Some(Role::Viewer), Some(Role::Admin)));
        assert!(may(Role::Admin, Some(Role::Admin), None));
        assert!(!may(Role::Admin, Some(Role::Owner), None));
        assert!(!may(Role::Admin, Some(Role::Viewer), Some(Role::Owner)));
        assert!(may(Role::Owner, Some(Role::Owner), Some(Role::Viewer)));
        assert!(!may(Role::Member, None, Some(Role::Viewer)));
    }
}
