//! Those who log in, and what lets them in. Who may do what is decided by the caller; a store
//! keeps what must never be broken: the last owner, owners from the hands of others, single use,
//! ends of validity.
use crate::{Actor, StoreError};
use async_trait::async_trait;
use cognobserve_model::id::{AccountId, LoginId, TokenId};
use cognobserve_model::people::{
    Account, AuditEntry, Credentials, Invitation, Link, LinkKind, Login, Member, Role, SecretHash,
    SessionToken, Visitor,
};
use cognobserve_model::time::Micros;

#[derive(Clone, Debug)]
pub struct NewLogin {
    pub hash: SecretHash,
    pub expires: Micros,
    pub agent: Option<String>,
    pub address: Option<String>,
}

#[derive(Clone, Debug)]
pub struct NewToken {
    pub hash: SecretHash,
    pub prefix: String,
    pub name: String,
    pub expires: Micros,
}

#[derive(Clone, Debug)]
pub struct NewLink {
    pub hash: SecretHash,
    pub kind: LinkKind,
    pub expires: Micros,
}

/// What somebody says who follows a link.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// Of the first account; the other links know it.
    pub email: String,
    pub name: Option<String>,
    /// As argon2 writes it. Not needed to join a workspace with an account that is there.
    pub password_hash: Option<String>,
}

/// Why a change of members was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberRefusal {
    /// A workspace always has an owner.
    LastOwner,
    /// No such workspace, or the account is no member of it.
    NoSuchMember,
    /// Not with the roles that the acting account and the member have at the moment of the change.
    NotAllowed,
    /// Invited is who has this role already.
    AlreadyMember(Role),
}

/// Everything is seen by every process at once.
#[async_trait]
pub trait People: Send + Sync {
    async fn count_accounts(&self) -> Result<u64, StoreError>;

    /// By name of account: e-mail.
    async fn list_accounts(&self) -> Result<Vec<Account>, StoreError>;

    async fn find_credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError>;

    async fn rename_account(
        &self,
        account: &AccountId,
        name: Option<String>,
    ) -> Result<bool, StoreError>;

    /// Ends the account's other logins, and its links; `keep` is the one that asks. `false`: no
    /// such account, or its password is not the `known` one any more.
    async fn change_password(
        &self,
        known: &Credentials,
        password_hash: String,
        keep: Option<&LoginId>,
    ) -> Result<bool, StoreError>;

    /// Keeps a link until it is used or expires. A reset takes the place of the account's
    /// earlier ones, an invitation that of earlier ones to the same address and workspace.
    /// `NotFound`: no such workspace or account. Who may invite is decided as with
    /// [`People::set_role`]; else only who is a member already is refused. The other kinds are
    /// for the operator alone.
    async fn create_link(
        &self,
        link: NewLink,
        by: &Actor,
    ) -> Result<Result<(), MemberRefusal>, StoreError>;

    /// The invitations to a workspace that may still be used, by e-mail; the first 500.
    async fn list_invitations(
        &self,
        workspace: &str,
        now: Micros,
    ) -> Result<Vec<Invitation>, StoreError>;

    /// Ends the invitation of an address, whose link opens nothing from then on. Who may is decided
    /// as with [`People::create_link`]. `false`: there is none that may still be used.
    async fn revoke_invitation(
        &self,
        workspace: &str,
        email: &str,
        by: &Actor,
    ) -> Result<Result<bool, MemberRefusal>, StoreError>;

    /// A link that may be used; looking does not use it.
    async fn find_link(&self, hash: &SecretHash, now: Micros) -> Result<Option<Link>, StoreError>;

    /// Uses a link, once; of several at the same time one succeeds. `None`: it cannot be used
    /// (any more), or says nothing that makes an account. A setup link works for the first
    /// account only.
    async fn accept_link(
        &self,
        hash: &SecretHash,
        acceptance: Acceptance,
        now: Micros,
    ) -> Result<Option<Account>, StoreError>;

    /// For somebody who gave the `known` password. `None`: no such account, or it has another
    /// password by now.
    async fn begin_login(
        &self,
        known: &Credentials,
        login: NewLogin,
    ) -> Result<Option<Login>, StoreError>;

    /// Whose it is, with what they may do now.
    async fn find_login(
        &self,
        hash: &SecretHash,
        now: Micros,
    ) -> Result<Option<Visitor>, StoreError>;

    /// Valid ones, the latest first.
    async fn list_logins(&self, account: &AccountId, now: Micros)
    -> Result<Vec<Login>, StoreError>;

    /// `false`: the account has no such login.
    async fn end_login(&self, account: &AccountId, login: &LoginId) -> Result<bool, StoreError>;

    /// For somebody who is logged in. `None`: that login of the account has ended meanwhile.
    async fn create_token(
        &self,
        account: &AccountId,
        login: &LoginId,
        token: NewToken,
    ) -> Result<Option<SessionToken>, StoreError>;

    /// Whose it is; no role above member.
    async fn find_token(
        &self,
        hash: &SecretHash,
        now: Micros,
    ) -> Result<Option<Visitor>, StoreError>;

    /// The latest first, expired ones included.
    async fn list_tokens(&self, account: &AccountId) -> Result<Vec<SessionToken>, StoreError>;

    async fn revoke_token(&self, account: &AccountId, token: &TokenId) -> Result<bool, StoreError>;

    /// Makes a workspace with its owner. `Conflict` if the name is taken.
    async fn create_workspace(&self, name: &str, owner: &AccountId) -> Result<(), StoreError>;

    /// By e-mail; empty if there is no such workspace.
    async fn list_members(&self, workspace: &str) -> Result<Vec<Member>, StoreError>;

    /// A lower role than before ends the account's logins, tokens and links. Roles change while
    /// others read them: whether `by` may do it ([`Role::may_change_member`]; the operator may do
    /// all, a key nothing) is decided by the roles in the transaction of the change.
    async fn set_role(
        &self,
        workspace: &str,
        account: &AccountId,
        role: Role,
        by: &Actor,
    ) -> Result<Result<(), MemberRefusal>, StoreError>;

    /// Ends the account's logins, tokens and links. Anybody may leave; else as with a role.
    async fn remove_member(
        &self,
        workspace: &str,
        account: &AccountId,
        by: &Actor,
    ) -> Result<Result<(), MemberRefusal>, StoreError>;

    /// Of a workspace and its projects, the latest first, from before `before`.
    async fn list_audit(
        &self,
        workspace: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}
