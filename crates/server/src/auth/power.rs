//! Who may do what: one table of rights, for API keys by scope and for members by role.
//!
//! Nothing else in the workspace compares a scope or a role to decide about a request, but for
//! `Role::may_change_member`, which a store asks again in the transaction that changes a member.
use crate::http::problem::{Code, Problem};
use cognobserve_model::account::{Scope, Scopes};
use cognobserve_model::people::{Account, Role};

/// What a caller has to show for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Of an API key.
    Key(Scopes),
    /// Of a member of the project's workspace.
    Member(Role),
}

/// What somebody may want to do in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Send traces; make users.
    Ingest,
    /// Everything that only reads.
    Read,
    /// Change what is said about users and sessions.
    Edit,
    /// Delete and erase users, sessions and traces; lift suppressions.
    Delete,
    /// Make and revoke keys that ingest and read.
    ManageKeys,
    /// The like, of keys that may delete.
    ManageAdminKeys,
    /// Settings, prices, members.
    ManageProject,
    /// Owners, the workspace, the end of a project.
    Own,
}

impl Right {
    pub const ALL: [Right; 8] = [
        Right::Ingest,
        Right::Read,
        Right::Edit,
        Right::Delete,
        Right::ManageKeys,
        Right::ManageAdminKeys,
        Right::ManageProject,
        Right::Own,
    ];

    /// The table. No scope: not for keys, whatever they are.
    fn row(self) -> (Option<Scope>, Role) {
        match self {
            Right::Ingest => (Some(Scope::Ingest), Role::Member),
            Right::Read => (Some(Scope::Read), Role::Viewer),
            Right::Edit => (Some(Scope::Admin), Role::Member),
            Right::Delete => (Some(Scope::Admin), Role::Admin),
            Right::ManageKeys => (None, Role::Member),
            Right::ManageAdminKeys => (None, Role::Admin),
            Right::ManageProject => (None, Role::Admin),
            Right::Own => (None, Role::Owner),
        }
    }

    /// The least role that has it.
    pub fn least_role(self) -> Role {
        self.row().1
    }
}

impl Power {
    pub fn may(self, right: Right) -> bool {
        let (scope, least) = right.row();
        match self {
            Power::Key(scopes) => scope.is_some_and(|scope| scopes.contains(scope)),
            Power::Member(role) => role >= least,
        }
    }

    /// 403 without the right, in words that say what is missing.
    pub fn require(self, right: Right) -> Result<(), Problem> {
        if self.may(right) {
            return Ok(());
        }
        let (scope, least) = right.row();
        let detail = match (self, scope) {
            (Power::Key(_), Some(scope)) => {
                format!("This needs a key with the scope `{}`.", scope.as_str())
            }
            (Power::Key(_), None) => "This is not for API keys.".to_owned(),
            (Power::Member(_), _) => format!("This needs the role {} or more.", least.as_str()),
        };
        Err(Problem::new(Code::Forbidden, detail))
    }
}

/// Whether a member may make or revoke a key of these scopes: none that can do more than they.
pub fn may_manage_key(role: Role, scopes: Scopes) -> bool {
    let right = match scopes.contains(Scope::Admin) {
        true => Right::ManageAdminKeys,
        false => Right::ManageKeys,
    };
    Power::Member(role).may(right)
}

/// Whether somebody may see how much there is in all projects. It is a flag, no role: it opens no
/// project.
pub fn may_count_all(account: &Account) -> bool {
    account.is_operator
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(power: Power) -> Vec<Right> {
        let all = Right::ALL.into_iter();
        all.filter(|right| power.may(*right)).collect()
    }

    #[test]
    fn every_role_can_do_what_the_one_below_can_and_more() {
        use Right::{Delete, Edit, Ingest, ManageAdminKeys, ManageKeys, ManageProject, Own, Read};
        let member = |role| list(Power::Member(role));
        assert_eq!(member(Role::Viewer), [Read]);
        assert_eq!(member(Role::Member), [Ingest, Read, Edit, ManageKeys]);
        let admin = [
            Ingest,
            Read,
            Edit,
            Delete,
            ManageKeys,
            ManageAdminKeys,
            ManageProject,
        ];
        assert_eq!(member(Role::Admin), admin);
        assert_eq!(member(Role::Owner), Right::ALL);
        assert_eq!(Own.least_role(), Role::Owner);
    }

    #[test]
    fn every_scope_is_for_itself_and_none_for_keys() {
        let key = |scopes| list(Power::Key(Scopes::parse(scopes).unwrap()));
        assert_eq!(key("ingest"), [Right::Ingest]);
        assert_eq!(key("read"), [Right::Read]);
        assert_eq!(key("admin"), [Right::Edit, Right::Delete]);
    }

    #[test]
    fn no_key_can_do_more_than_its_maker() {
        let scopes = |list| Scopes::parse(list).unwrap();
        assert!(may_manage_key(Role::Member, scopes("ingest,read")));
        assert!(!may_manage_key(Role::Member, scopes("ingest,read,admin")));
        assert!(may_manage_key(Role::Admin, scopes("admin")));
        assert!(!may_manage_key(Role::Viewer, scopes("read")));
    }
}
