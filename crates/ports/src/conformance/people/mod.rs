//! What every store must keep of those who log in: as tests, for every profile.
mod cases;
mod invitations;
mod log;
mod meanwhile;
mod power;

use super::{Store, start_runtime};
use crate::{Acceptance, Actor, MemberRefusal, NewLink, NewLogin, NewToken, People};
use cognobserve_model::id::AccountId;
use cognobserve_model::people::{
    Account, Credentials, LinkKind, Login, Role, SecretHash, SessionToken, Visitor,
};
use cognobserve_model::time::Micros;
use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;

const HOUR: i64 = 3_600_000_000;

/// A fresh store with its people.
pub struct Rolls {
    pub people: Arc<dyn People>,
    pub store: Arc<dyn Store>,
    _guard: Box<dyn Any + Send>,
}

impl Rolls {
    pub fn new<S: Store + 'static>(
        people: impl People + 'static,
        store: Arc<S>,
        guard: impl Any + Send,
    ) -> Rolls {
        Rolls {
            people: Arc::new(people),
            store,
            _guard: Box::new(guard),
        }
    }

    async fn open_workspace(&self, name: &str) {
        let made = self
            .store
            .create_project(name, "app", &crate::conformance::build::tester())
            .await;
        made.expect("a project is made");
    }

    async fn send(&self, hash: SecretHash, kind: LinkKind) {
        let expires = later(HOUR);
        let link = NewLink {
            hash,
            kind,
            expires,
        };
        let made = self.people.create_link(link, &Actor::Operator).await;
        assert_eq!(made.expect("a link is made"), Ok(()));
    }

    async fn accept(&self, hash: SecretHash, email: &str) -> Option<Account> {
        let acceptance = Acceptance {
            email: email.into(),
            name: Some("Somebody".into()),
            password_hash: Some(format!("hash of {email}")),
        };
        let accepted = self.people.accept_link(&hash, acceptance, Micros::now());
        accepted.await.expect("an answer")
    }

    async fn set_up(&self, email: &str) -> Account {
        self.send([1; 32], LinkKind::Setup).await;
        let account = self.accept([1; 32], email).await;
        account.expect("the first account")
    }

    async fn invite(&self, secret: u8, workspace: &str, email: &str, role: Role) -> Account {
        let invite = LinkKind::Invite {
            workspace: workspace.into(),
            email: email.into(),
            role,
        };
        self.send([secret; 32], invite).await;
        let account = self.accept([secret; 32], "").await;
        account.expect("a new member")
    }

    async fn log_in(&self, account: &Account, secret: u8) {
        let known = self.know(&account.email).await;
        let begun = self.begin(&known, secret).await;
        begun.expect("a login begins");
    }

    async fn know(&self, email: &str) -> Credentials {
        let found = self.people.find_credentials(email).await;
        found.expect("an answer").expect("an account")
    }

    async fn begin(&self, known: &Credentials, secret: u8) -> Option<Login> {
        let login = NewLogin {
            hash: [secret; 32],
            expires: later(HOUR),
            agent: Some("Browser".into()),
            address: None,
        };
        let begun = self.people.begin_login(known, login).await;
        begun.expect("an answer")
    }

    async fn make_token(&self, visitor: &Visitor, secret: u8) -> Option<SessionToken> {
        let token = NewToken {
            hash: [secret; 32],
            prefix: "co_st_abc".into(),
            name: "laptop".into(),
            expires: later(HOUR),
        };
        let login = visitor.login.as_ref().expect("a login");
        let account = &visitor.account.id;
        let made = self.people.create_token(account, login, token).await;
        made.expect("an answer")
    }

    async fn find(&self, secret: u8) -> Option<Visitor> {
        let found = self.people.find_login(&[secret; 32], Micros::now()).await;
        found.expect("an answer")
    }

    async fn role(&self, workspace: &str, account: &AccountId) -> Option<Role> {
        let members = self.people.list_members(workspace).await;
        let members = members.expect("members");
        let mut all = members.iter();
        all.find(|one| one.account.id == *account).map(|it| it.role)
    }

    async fn set_role(
        &self,
        workspace: &str,
        account: &AccountId,
        role: Role,
    ) -> Result<(), MemberRefusal> {
        let by = Actor::Operator;
        let set = self.people.set_role(workspace, account, role, &by).await;
        set.expect("an answer")
    }
}

fn later(micros: i64) -> Micros {
    Micros(Micros::now().0 + micros)
}

/// A named rule.
pub struct PeopleCase {
    pub name: &'static str,
    run: fn(Rolls) -> Pin<Box<dyn Future<Output = ()>>>,
}

/// Runs one case against a fresh store.
pub fn run_people_case(name: &str, make: impl AsyncFn() -> Rolls) {
    let case = CASES.iter().find(|case| case.name == name);
    let case = case.unwrap_or_else(|| panic!("no case is called {name}"));
    start_runtime().block_on(async { (case.run)(make().await).await });
}

macro_rules! people_cases {
    ($($name:ident),* $(,)?) => {
        pub const CASES: &[PeopleCase] = &[
            $(PeopleCase { name: stringify!($name), run: |rolls| Box::pin(cases::$name(rolls)) },)*
        ];

        /// Makes a test of every case, `profile::people::case`; takes the name of the profile and
        /// an async function that makes fresh [`Rolls`](crate::conformance::people::Rolls).
        #[macro_export]
        macro_rules! people_tests {
            ($profile:ident, $make:path) => {
                mod $profile {
                    mod people {
                        $(
                            #[test]
                            fn $name() {
                                $crate::conformance::people::run_people_case(stringify!($name), $make);
                            }
                        )*
                    }
                }
            };
        }
    };
}

people_cases! {
    the_first_account_owns_what_is_there,
    there_is_one_first_account,
    an_invitation_makes_a_member_once,
    an_invitation_of_an_account_needs_no_password_and_takes_nothing_away,
    who_is_a_member_is_not_invited,
    invitations_are_listed_until_they_are_used_or_expire,
    an_invitation_is_revoked_by_who_could_have_made_it,
    links_expire_and_newer_ones_replace_them,
    what_names_nothing_makes_no_link,
    a_new_password_ends_what_the_old_one_began,
    the_last_owner_stays,
    two_owners_cannot_leave_together,
    a_lower_role_ends_what_was_let_in,
    a_change_of_members_is_weighed_by_the_roles_of_its_moment,
    an_admin_never_touches_who_becomes_owner_meanwhile,
    who_may_invite_is_weighed_by_the_roles_of_its_moment,
    no_invitation_outlives_the_role_that_made_it,
    two_invitations_of_somebody_new_make_one_account,
    no_token_outlives_the_login_that_made_it,
    a_password_that_was_changed_begins_nothing,
    who_is_removed_is_out_at_once,
    logins_are_known_until_they_end,
    old_logins_give_way,
    tokens_act_as_members_at_most,
    workspaces_have_names_of_their_own,
    the_log_tells_what_was_done,
    the_log_names_who_changed_a_project,
}
