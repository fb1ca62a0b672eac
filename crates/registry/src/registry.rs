//! The port on a store's transactions: each call is one, with what the rules say in it.
use crate::rows::Transactions;
use crate::{accounts, audit, invitations, links, logins, members, tokens};
use async_trait::async_trait;
use cognobserve_model::id::{AccountId, LoginId, TokenId};
use cognobserve_model::people::{
    Account, AuditEntry, Credentials, Invitation, Link, Login, Member, Role, SecretHash,
    SessionToken, Visitor,
};
use cognobserve_model::time::Micros;
use cognobserve_ports::{
    Acceptance, Actor, MemberRefusal, NewLink, NewLogin, NewToken, People, StoreError,
};

/// That somebody was there is written down so often at most.
const MINUTE: i64 = 60_000_000;

/// The people of a store.
pub struct Registry<S>(S);

impl<S: Transactions> Registry<S> {
    pub fn new(store: S) -> Registry<S> {
        Registry(store)
    }
}

#[async_trait]
impl<S: Transactions> People for Registry<S> {
    async fn count_accounts(&self) -> Result<u64, StoreError> {
        self.0
            .read(move |rows| Box::pin(async move { accounts::count(rows).await }))
            .await
    }

    async fn list_accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.0
            .read(move |rows| Box::pin(async move { accounts::list(rows).await }))
            .await
    }

    async fn find_credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        let email = email.to_owned();
        self.0
            .read(move |rows| {
                Box::pin(async move { accounts::find_credentials(rows, &email).await })
            })
            .await
    }

    async fn rename_account(
        &self,
        account: &AccountId,
        name: Option<String>,
    ) -> Result<bool, StoreError> {
        let account = account.clone();
        self.0
            .write(move |rows| {
                Box::pin(async move { accounts::rename(rows, &account, name).await })
            })
            .await
    }

    async fn change_password(
        &self,
        known: &Credentials,
        password_hash: String,
        keep: Option<&LoginId>,
    ) -> Result<bool, StoreError> {
        let known = known.clone();
        let keep = keep.cloned();
        self.0
            .write(move |rows| {
                Box::pin(async move {
                    if !accounts::lock_known(rows, &known).await? {
                        return Ok(false);
                    }
                    let account = &known.account.id;
                    accounts::change_password(rows, account, password_hash, keep.as_ref()).await
                })
            })
            .await
    }

    async fn create_link(
        &self,
        link: NewLink,
        by: &Actor,
    ) -> Result<Result<(), MemberRefusal>, StoreError> {
        let by = by.clone();
        self.0
            .write(move |rows| Box::pin(async move { links::create(rows, link, &by).await }))
            .await
    }

    async fn list_invitations(
        &self,
        workspace: &str,
        now: Micros,
    ) -> Result<Vec<Invitation>, StoreError> {
        let workspace = workspace.to_owned();
        self.0
            .read(move |rows| {
                Box::pin(async move { invitations::list(rows, &workspace, now).await })
            })
            .await
    }

    async fn revoke_invitation(
        &self,
        workspace: &str,
        email: &str,
        by: &Actor,
    ) -> Result<Result<bool, MemberRefusal>, StoreError> {
        let (workspace, email, by) = (workspace.to_owned(), email.to_owned(), by.clone());
        self.0
            .write(move |rows| {
                Box::pin(async move { invitations::revoke(rows, &workspace, &email, &by).await })
            })
            .await
    }

    async fn find_link(&self, hash: &SecretHash, now: Micros) -> Result<Option<Link>, StoreError> {
        let hash = *hash;
        self.0
            .read(move |rows| Box::pin(async move { links::look(rows, &hash, now).await }))
            .await
    }

    async fn accept_link(
        &self,
        hash: &SecretHash,
        acceptance: Acceptance,
        now: Micros,
    ) -> Result<Option<Account>, StoreError> {
        let hash = *hash;
        self.0
            .write(move |rows| {
                Box::pin(async move { links::accept(rows, &hash, acceptance, now).await })
            })
            .await
    }

    async fn begin_login(
        &self,
        known: &Credentials,
        login: NewLogin,
    ) -> Result<Option<Login>, StoreError> {
        let known = known.clone();
        self.0
            .write(move |rows| Box::pin(async move { logins::begin(rows, &known, login).await }))
            .await
    }

    async fn find_login(
        &self,
        hash: &SecretHash,
        now: Micros,
    ) -> Result<Option<Visitor>, StoreError> {
        let hash = *hash;
        let found = self
            .0
            .read(move |rows| Box::pin(async move { logins::find_visitor(rows, &hash, now).await }))
            .await?;
        let Some((visitor, seen)) = found else {
            return Ok(None);
        };
        if now.0 - seen.0 > MINUTE {
            // A store that takes no writes (a full disk) still lets people look.
            let _ = self
                .0
                .write(move |rows| Box::pin(async move { logins::touch(rows, &hash, now).await }))
                .await;
        }
        Ok(Some(visitor))
    }

    async fn list_logins(
        &self,
        account: &AccountId,
        now: Micros,
    ) -> Result<Vec<Login>, StoreError> {
        let account = account.clone();
        self.0
            .read(move |rows| Box::pin(async move { logins::list(rows, &account, now).await }))
            .await
    }

    async fn end_login(&self, account: &AccountId, login: &LoginId) -> Result<bool, StoreError> {
        let account = account.clone();
        let login = login.clone();
        self.0
            .write(move |rows| Box::pin(async move { logins::end(rows, &account, &login).await }))
            .await
    }

    async fn create_token(
        &self,
        account: &AccountId,
        login: &LoginId,
        token: NewToken,
    ) -> Result<Option<SessionToken>, StoreError> {
        let account = account.clone();
        let login = login.clone();
        self.0
            .write(move |rows| {
                Box::pin(async move { tokens::create(rows, &account, &login, token).await })
            })
            .await
    }

    async fn find_token(
        &self,
        hash: &SecretHash,
        now: Micros,
    ) -> Result<Option<Visitor>, StoreError> {
        let hash = *hash;
        let found = self
            .0
            .read(move |rows| Box::pin(async move { tokens::find_visitor(rows, &hash, now).await }))
            .await?;
        let Some((visitor, used)) = found else {
            return Ok(None);
        };
        if used.is_none_or(|used| now.0 - used.0 > MINUTE) {
            // As with log-ins.
            let _ = self
                .0
                .write(move |rows| Box::pin(async move { tokens::touch(rows, &hash, now).await }))
                .await;
        }
        Ok(Some(visitor))
    }

    async fn list_tokens(&self, account: &AccountId) -> Result<Vec<SessionToken>, StoreError> {
        let account = account.clone();
        self.0
            .read(move |rows| Box::pin(async move { tokens::list(rows, &account).await }))
            .await
    }

    async fn revoke_token(&self, account: &AccountId, token: &TokenId) -> Result<bool, StoreError> {
        let account = account.clone();
        let token = token.clone();
        self.0
            .write(move |rows| {
                Box::pin(async move { tokens::revoke(rows, &account, &token).await })
            })
            .await
    }

    async fn create_workspace(&self, name: &str, owner: &AccountId) -> Result<(), StoreError> {
        let name = name.to_owned();
        let owner = owner.clone();
        self.0
            .write(move |rows| {
                Box::pin(async move {
                    members::create_workspace(rows, S::INSERT_WORKSPACE, &name, &owner).await
                })
            })
            .await
    }

    async fn list_members(&self, workspace: &str) -> Result<Vec<Member>, StoreError> {
        let workspace = workspace.to_owned();
        self.0
            .read(move |rows| Box::pin(async move { members::list(rows, &workspace).await }))
            .await
    }

    async fn set_role(
        &self,
        workspace: &str,
        account: &AccountId,
        role: Role,
        by: &Actor,
    ) -> Result<Result<(), MemberRefusal>, StoreError> {
        let workspace = workspace.to_owned();
        let account = account.clone();
        let by = by.clone();
        self.0
            .write(move |rows| {
                Box::pin(async move {
                    members::change(rows, &workspace, &account, Some(role), &by).await
                })
            })
            .await
    }

    async fn remove_member(
        &self,
        workspace: &str,
        account: &AccountId,
        by: &Actor,
    ) -> Result<Result<(), MemberRefusal>, StoreError> {
        let workspace = workspace.to_owned();
        let account = account.clone();
        let by = by.clone();
        self.0
            .write(move |rows| {
                Box::pin(
                    async move { members::change(rows, &workspace, &account, None, &by).await },
                )
            })
            .await
    }

    async fn list_audit(
        &self,
        workspace: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let workspace = workspace.to_owned();
        self.0
            .read(move |rows| {
                Box::pin(async move { audit::list(rows, &workspace, before, limit).await })
            })
            .await
    }
}
