//! The rules, one function each.
pub use super::invitations::*;
pub use super::log::*;
pub use super::meanwhile::*;
pub use super::power::*;
use super::{HOUR, Rolls, later};
use crate::{Acceptance, Actor, ErrorKind, MemberRefusal, NewLink};
use cognobserve_model::id::AccountId;
use cognobserve_model::people::{LinkKind, Role};
use cognobserve_model::time::Micros;

pub async fn the_first_account_owns_what_is_there(rolls: Rolls) {
    assert_eq!(rolls.people.count_accounts().await.unwrap(), 0);
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    let account = rolls.set_up("ann@acme.example").await;
    assert!(account.is_operator);
    assert_eq!(account.email, "ann@acme.example");
    assert_eq!(account.name.as_deref(), Some("Somebody"));
    for workspace in ["acme", "other"] {
        assert_eq!(rolls.role(workspace, &account.id).await, Some(Role::Owner));
    }
    let found = rolls.people.find_credentials("ann@acme.example").await;
    let found = found.unwrap().expect("credentials");
    assert_eq!(found.account, account);
    assert_eq!(found.password_hash, "hash of ann@acme.example");
    assert_eq!(rolls.people.find_credentials("x@x").await.unwrap(), None);
    let listed = rolls.people.list_accounts().await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&account));
    let renamed = rolls.people.rename_account(&account.id, None).await;
    assert!(renamed.unwrap());
    assert_eq!(rolls.people.list_accounts().await.unwrap()[0].name, None);
}

pub async fn there_is_one_first_account(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.send([1; 32], LinkKind::Setup).await;
    let nothing = Acceptance::default();
    let accepted = rolls.people.accept_link(&[1; 32], nothing, Micros::now());
    assert_eq!(accepted.await.unwrap(), None, "without a password");
    let (one, two) = tokio::join!(
        rolls.accept([1; 32], "ann@acme.example"),
        rolls.accept([1; 32], "bob@acme.example"),
    );
    assert!(one.is_some() != two.is_some(), "{one:?} {two:?}");
    rolls.send([2; 32], LinkKind::Setup).await;
    assert_eq!(rolls.accept([2; 32], "cid@acme.example").await, None);
    assert_eq!(rolls.people.count_accounts().await.unwrap(), 1);
}

pub async fn an_invitation_makes_a_member_once(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Viewer)
        .await;
    assert!(!bob.is_operator);
    assert_eq!(rolls.role("acme", &bob.id).await, Some(Role::Viewer));
    assert_eq!(rolls.role("other", &bob.id).await, None);
    assert_eq!(rolls.accept([2; 32], "").await, None, "used");
    let look = rolls.people.find_link(&[2; 32], Micros::now()).await;
    assert_eq!(look.unwrap(), None);
}

pub async fn an_invitation_of_an_account_needs_no_password_and_takes_nothing_away(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let invite = LinkKind::Invite {
        workspace: "acme".into(),
        email: "ann@acme.example".into(),
        role: Role::Member,
    };
    // Before she has the higher role by other means.
    rolls.send([2; 32], invite.clone()).await;
    let ann = rolls.set_up("ann@acme.example").await;
    let seen = rolls.people.find_link(&[2; 32], Micros::now()).await;
    assert_eq!(seen.unwrap().expect("a link").kind, invite);
    let nothing = Acceptance::default();
    let accepted = rolls.people.accept_link(&[2; 32], nothing, Micros::now());
    assert_eq!(accepted.await.unwrap(), Some(ann.clone()));
    assert_eq!(rolls.role("acme", &ann.id).await, Some(Role::Owner));
    let found = rolls.people.find_credentials("ann@acme.example").await;
    let found = found.unwrap().expect("credentials");
    assert_eq!(found.password_hash, "hash of ann@acme.example");
}

pub async fn who_is_a_member_is_not_invited(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Viewer)
        .await;
    for role in [Role::Viewer, Role::Admin] {
        let kind = LinkKind::Invite {
            workspace: "acme".into(),
            email: "bob@acme.example".into(),
            role,
        };
        let link = NewLink {
            hash: [3; 32],
            kind,
            expires: later(HOUR),
        };
        let made = rolls.people.create_link(link, &Actor::Operator).await;
        let refused = Err(MemberRefusal::AlreadyMember(Role::Viewer));
        assert_eq!(made.unwrap(), refused, "as {role:?}");
    }
    let look = rolls.people.find_link(&[3; 32], Micros::now()).await;
    assert_eq!(look.unwrap(), None);
    assert_eq!(rolls.role("acme", &bob.id).await, Some(Role::Viewer));
    rolls
        .invite(4, "other", "bob@acme.example", Role::Admin)
        .await;
    assert_eq!(rolls.role("other", &bob.id).await, Some(Role::Admin));
}

pub async fn links_expire_and_newer_ones_replace_them(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.set_up("ann@acme.example").await;
    let invite = |role| LinkKind::Invite {
        workspace: "acme".into(),
        email: "bob@acme.example".into(),
        role,
    };
    rolls.send([2; 32], invite(Role::Viewer)).await;
    let late = later(2 * HOUR);
    assert_eq!(rolls.people.find_link(&[2; 32], late).await.unwrap(), None);
    let acceptance = Acceptance {
        password_hash: Some("hash".into()),
        ..Acceptance::default()
    };
    let accepted = rolls.people.accept_link(&[2; 32], acceptance, late).await;
    assert_eq!(accepted.unwrap(), None);
    rolls.send([3; 32], invite(Role::Member)).await;
    assert_eq!(rolls.accept([2; 32], "").await, None, "replaced");
    let bob = rolls.accept([3; 32], "").await.expect("a member");
    assert_eq!(rolls.role("acme", &bob.id).await, Some(Role::Member));
}

pub async fn what_names_nothing_makes_no_link(rolls: Rolls) {
    let nowhere = LinkKind::Invite {
        workspace: "nowhere".into(),
        email: "bob@acme.example".into(),
        role: Role::Member,
    };
    let nobody = LinkKind::Reset {
        account: AccountId::new("acc_nobody"),
        email: "nobody@acme.example".into(),
    };
    for kind in [nowhere, nobody] {
        let link = NewLink {
            hash: [7; 32],
            kind,
            expires: later(HOUR),
        };
        let made = rolls.people.create_link(link, &Actor::Operator).await;
        assert_eq!(made.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

pub async fn a_new_password_ends_what_the_old_one_began(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    rolls.log_in(&ann, 11).await;
    rolls.log_in(&ann, 12).await;
    let mine = rolls.find(12).await.expect("logged in").login;
    let known = rolls.know(&ann.email).await;
    let changed = rolls
        .people
        .change_password(&known, "new".into(), mine.as_ref());
    assert!(changed.await.unwrap());
    assert_eq!(rolls.find(11).await, None);
    assert!(rolls.find(12).await.is_some());
    let reset = LinkKind::Reset {
        account: ann.id.clone(),
        email: ann.email.clone(),
    };
    rolls.send([5; 32], reset).await;
    assert_eq!(rolls.accept([5; 32], "").await, Some(ann.clone()));
    assert_eq!(rolls.find(12).await, None);
    let mut nobody = rolls.know(&ann.email).await;
    nobody.account.id = AccountId::new("acc_nobody");
    let changed = rolls.people.change_password(&nobody, "x".into(), None);
    assert!(!changed.await.unwrap());
}

pub async fn the_last_owner_stays(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Admin)
        .await;
    let last = Err(MemberRefusal::LastOwner);
    assert_eq!(rolls.set_role("acme", &ann.id, Role::Admin).await, last);
    let by = Actor::Operator;
    let removed = rolls.people.remove_member("acme", &ann.id, &by).await;
    assert_eq!(removed.unwrap(), last);
    assert_eq!(rolls.set_role("acme", &ann.id, Role::Owner).await, Ok(()));
    assert_eq!(rolls.set_role("acme", &bob.id, Role::Owner).await, Ok(()));
    assert_eq!(rolls.set_role("acme", &ann.id, Role::Viewer).await, Ok(()));
    let nobody = Err(MemberRefusal::NoSuchMember);
    assert_eq!(
        rolls.set_role("nowhere", &ann.id, Role::Viewer).await,
        nobody
    );
    let stranger = AccountId::new("acc_nobody");
    assert_eq!(
        rolls.set_role("acme", &stranger, Role::Viewer).await,
        nobody
    );
}

pub async fn two_owners_cannot_leave_together(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Owner)
        .await;
    let (one, two) = tokio::join!(
        rolls.set_role("acme", &ann.id, Role::Member),
        rolls.set_role("acme", &bob.id, Role::Member),
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

pub async fn a_lower_role_ends_what_was_let_in(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Admin)
        .await;
    rolls.log_in(&bob, 11).await;
    let by_bob = Actor::Account(bob.id.clone());
    let invite = LinkKind::Invite {
        workspace: "acme".into(),
        email: "cid@acme.example".into(),
        role: Role::Viewer,
    };
    let link = NewLink {
        hash: [9; 32],
        kind: invite,
        expires: later(HOUR),
    };
    let made = rolls.people.create_link(link, &by_bob).await;
    assert_eq!(made.unwrap(), Ok(()));
    assert_eq!(rolls.set_role("acme", &bob.id, Role::Owner).await, Ok(()));
    let visitor = rolls.find(11).await.expect("a higher role ends nothing");
    assert_eq!(visitor.role_in("acme"), Some(Role::Owner));
    assert_eq!(visitor.role_in("other"), None);
    assert_eq!(rolls.set_role("acme", &bob.id, Role::Viewer).await, Ok(()));
    assert_eq!(rolls.find(11).await, None);
    assert_eq!(rolls.accept([9; 32], "").await, None);
}

pub async fn who_is_removed_is_out_at_once(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Admin)
        .await;
    rolls.log_in(&bob, 11).await;
    let visitor = rolls.find(11).await.expect("logged in");
    assert!(rolls.make_token(&visitor, 12).await.is_some());
    let by = Actor::Operator;
    let removed = rolls.people.remove_member("acme", &bob.id, &by).await;
    assert_eq!(removed.unwrap(), Ok(()));
    assert_eq!(rolls.find(11).await, None);
    let found = rolls.people.find_token(&[12; 32], Micros::now()).await;
    assert_eq!(found.unwrap(), None);
    assert_eq!(rolls.role("acme", &bob.id).await, None);
}

pub async fn logins_are_known_until_they_end(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    rolls.log_in(&ann, 11).await;
    rolls.log_in(&ann, 12).await;
    assert_eq!(rolls.find(13).await, None);
    let visitor = rolls.find(11).await.expect("logged in");
    assert_eq!(visitor.account, ann);
    let late = later(2 * HOUR);
    assert_eq!(
        rolls.people.find_login(&[11; 32], late).await.unwrap(),
        None
    );
    // Seen later: listed first.
    let soon = later(HOUR / 2);
    let seen = rolls.people.find_login(&[11; 32], soon).await;
    assert!(seen.unwrap().is_some());
    let listed = rolls.people.list_logins(&ann.id, Micros::now()).await;
    let listed = listed.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(Some(&listed[0].id), visitor.login.as_ref());
    assert_eq!(listed[0].last_seen, soon);
    assert_eq!(listed[0].agent.as_deref(), Some("Browser"));
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Admin)
        .await;
    let (people, mine) = (&rolls.people, &listed[0].id);
    assert!(!people.end_login(&bob.id, mine).await.unwrap());
    assert!(people.end_login(&ann.id, mine).await.unwrap());
    assert!(!people.end_login(&ann.id, mine).await.unwrap());
    assert_eq!(rolls.find(11).await, None);
}

pub async fn old_logins_give_way(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    for secret in 100..155 {
        rolls.log_in(&ann, secret).await;
    }
    let listed = rolls.people.list_logins(&ann.id, Micros::now()).await;
    assert_eq!(listed.unwrap().len(), 50);
    assert_eq!(rolls.find(100).await, None);
    assert!(rolls.find(154).await.is_some());
}

pub async fn tokens_act_as_members_at_most(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    rolls.log_in(&ann, 20).await;
    let visitor = rolls.find(20).await.expect("logged in");
    let made = rolls.make_token(&visitor, 21).await.expect("a token");
    assert_eq!(made.last_used, None);
    let now = Micros::now();
    let found = rolls.people.find_token(&[21; 32], now).await.unwrap();
    let visitor = found.expect("a visitor");
    assert_eq!(visitor.role_in("acme"), Some(Role::Member));
    assert!(!visitor.account.is_operator && visitor.login.is_none());
    let listed = rolls.people.list_tokens(&ann.id).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].last_used, Some(now));
    assert_eq!((&listed[0].id, &*listed[0].prefix), (&made.id, "co_st_abc"));
    let late = later(2 * HOUR);
    assert_eq!(
        rolls.people.find_token(&[21; 32], late).await.unwrap(),
        None
    );
    assert!(rolls.people.revoke_token(&ann.id, &made.id).await.unwrap());
    assert!(!rolls.people.revoke_token(&ann.id, &made.id).await.unwrap());
    assert_eq!(rolls.people.find_token(&[21; 32], now).await.unwrap(), None);
}

pub async fn workspaces_have_names_of_their_own(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    rolls.people.create_workspace("new", &ann.id).await.unwrap();
    assert_eq!(rolls.role("new", &ann.id).await, Some(Role::Owner));
    let again = rolls.people.create_workspace("acme", &ann.id).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
    rolls.log_in(&ann, 11).await;
    let visitor = rolls.find(11).await.expect("logged in");
    let names: Vec<&str> = visitor
        .memberships
        .iter()
        .map(|it| &*it.workspace)
        .collect();
    assert_eq!(names, ["acme", "new"]);
}
