//! What ends somebody's access, and what they begin in the same moment: whichever comes first,
//! nothing is left that should have ended.
use super::{HOUR, Rolls, later};
use crate::{Actor, MemberRefusal, NewLink};
use cognobserve_model::id::{AccountId, KeyId};
use cognobserve_model::people::{LinkKind, Role, SecretHash};
use cognobserve_model::time::Micros;

const NOT_ALLOWED: Result<(), MemberRefusal> = Err(MemberRefusal::NotAllowed);
const ROUNDS: u8 = 8;

fn by(account: &AccountId) -> Actor {
    Actor::Account(account.clone())
}

fn invitation(email: &str, role: Role) -> LinkKind {
    LinkKind::Invite {
        workspace: "acme".into(),
        email: email.into(),
        role,
    }
}

async fn make_link(
    rolls: &Rolls,
    hash: SecretHash,
    kind: LinkKind,
    by: &Actor,
) -> Result<(), MemberRefusal> {
    let expires = later(HOUR);
    let link = NewLink {
        hash,
        kind,
        expires,
    };
    let made = rolls.people.create_link(link, by).await;
    made.expect("an answer")
}

pub async fn who_may_invite_is_weighed_by_the_roles_of_its_moment(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    let owner = rolls.set_up("ann@acme.example").await.id;
    let admin = rolls.invite(2, "acme", "2@acme.example", Role::Admin).await;
    let member = rolls
        .invite(3, "acme", "3@acme.example", Role::Member)
        .await;
    let elsewhere = rolls
        .invite(4, "other", "4@acme.example", Role::Owner)
        .await;
    let key = Actor::Key(KeyId::new("key_1"));
    for (by, role) in [
        (by(&admin.id), Role::Owner),
        (by(&member.id), Role::Viewer),
        (by(&elsewhere.id), Role::Viewer),
        (by(&AccountId::new("acc_nobody")), Role::Viewer),
        (key.clone(), Role::Viewer),
    ] {
        let kind = invitation("new@acme.example", role);
        let refused = make_link(&rolls, [9; 32], kind, &by).await;
        assert_eq!(refused, NOT_ALLOWED, "{by:?} {role:?}");
    }
    // Only the operator lets somebody in anew.
    let reset = LinkKind::Reset {
        account: member.id.clone(),
        email: member.email.clone(),
    };
    for by in [by(&owner), key] {
        for kind in [LinkKind::Setup, reset.clone()] {
            assert_eq!(make_link(&rolls, [9; 32], kind, &by).await, NOT_ALLOWED);
        }
    }
    let looked = rolls.people.find_link(&[9; 32], Micros::now()).await;
    assert_eq!(looked.unwrap(), None);
    for (by, role) in [
        (by(&admin.id), Role::Admin),
        (by(&owner), Role::Owner),
        (Actor::Operator, Role::Owner),
    ] {
        let kind = invitation("new@acme.example", role);
        assert_eq!(make_link(&rolls, [9; 32], kind, &by).await, Ok(()));
    }
    // Who was ADMIN when they asked is none any more.
    let lowered = rolls.set_role("acme", &admin.id, Role::Member).await;
    assert_eq!(lowered, Ok(()));
    let kind = invitation("friend@acme.example", Role::Viewer);
    let late = make_link(&rolls, [8; 32], kind, &by(&admin.id)).await;
    assert_eq!(late, NOT_ALLOWED);
}

pub async fn no_invitation_outlives_the_role_that_made_it(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.set_up("ann@acme.example").await;
    for round in 0..ROUNDS {
        let email = format!("{round}@acme.example");
        let admin = rolls.invite(10 + round, "acme", &email, Role::Admin).await;
        let kind = invitation(&format!("friend-{round}@acme.example"), Role::Admin);
        let (hash, by) = ([100 + round; 32], by(&admin.id));
        let (made, lowered) = tokio::join!(
            make_link(&rolls, hash, kind, &by),
            rolls.set_role("acme", &admin.id, Role::Viewer),
        );
        assert_eq!(lowered, Ok(()));
        assert_eq!(rolls.accept(hash, "").await, None, "{made:?}");
    }
}

pub async fn no_token_outlives_the_login_that_made_it(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.set_up("ann@acme.example").await;
    for round in 0..ROUNDS {
        let email = format!("{round}@acme.example");
        let it = rolls.invite(10 + round, "acme", &email, Role::Member).await;
        rolls.log_in(&it, 50 + round).await;
        let visitor = rolls.find(50 + round).await.expect("logged in");
        let (made, lowered) = tokio::join!(
            rolls.make_token(&visitor, 100 + round),
            rolls.set_role("acme", &it.id, Role::Viewer),
        );
        assert_eq!(lowered, Ok(()));
        let hash = [100 + round; 32];
        let found = rolls.people.find_token(&hash, Micros::now()).await;
        assert_eq!(found.unwrap(), None, "{made:?}");
        assert_eq!(rolls.make_token(&visitor, 150 + round).await, None);
    }
}

pub async fn a_password_that_was_changed_begins_nothing(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    let ann = rolls.set_up("ann@acme.example").await;
    for round in 0..ROUNDS {
        // A thief's log-in is being checked while a link sets another password.
        let known = rolls.know(&ann.email).await;
        let reset = LinkKind::Reset {
            account: ann.id.clone(),
            email: ann.email.clone(),
        };
        let hash = [10 + round; 32];
        rolls.send(hash, reset).await;
        let email = format!("password {round}");
        let (begun, set) =
            tokio::join!(rolls.begin(&known, 50 + round), rolls.accept(hash, &email),);
        assert!(set.is_some());
        assert_eq!(rolls.find(50 + round).await, None, "{begun:?}");
        assert_eq!(rolls.begin(&known, 100 + round).await, None);
        // Nor does it take the account back.
        let back = rolls.people.change_password(&known, "theirs".into(), None);
        assert!(!back.await.unwrap());
        let kept = rolls.know(&ann.email).await.password_hash;
        assert_eq!(kept, format!("hash of {email}"));
    }
}

/// Somebody new, invited to two workspaces, opens both links at once: one account, in both.
pub async fn two_invitations_of_somebody_new_make_one_account(rolls: Rolls) {
    for workspace in ["acme", "other"] {
        rolls.open_workspace(workspace).await;
    }
    rolls.set_up("ann@acme.example").await;
    for round in 0..ROUNDS {
        let email = format!("{round}@acme.example");
        let secrets = [[10 + 2 * round; 32], [11 + 2 * round; 32]];
        for (workspace, secret) in ["acme", "other"].into_iter().zip(secrets) {
            let invite = LinkKind::Invite {
                workspace: workspace.into(),
                email: email.clone(),
                role: Role::Member,
            };
            rolls.send(secret, invite).await;
        }
        let (one, two) = tokio::join!(
            rolls.accept(secrets[0], &email),
            rolls.accept(secrets[1], &email),
        );
        assert!(one.is_some() && one == two, "{one:?} {two:?}");
        let account = rolls.know(&email).await.account;
        for workspace in ["acme", "other"] {
            let role = rolls.role(workspace, &account.id).await;
            assert_eq!(role, Some(Role::Member), "round {round}, {workspace}");
        }
    }
}
