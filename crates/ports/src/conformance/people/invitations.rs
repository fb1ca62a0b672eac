//! Invitations as the members see them: who is asked in, by whom, until when, and no more.
use super::{HOUR, Rolls, later};
use crate::{Actor, MemberRefusal, NewLink};
use cognobserve_model::people::{Account, Invitation, LinkKind, Role};
use cognobserve_model::time::Micros;

async fn ask_in(rolls: &Rolls, secret: u8, email: &str, role: Role, by: &Account) -> Micros {
    let expires = later(HOUR);
    let kind = LinkKind::Invite {
        workspace: "acme".into(),
        email: email.into(),
        role,
    };
    let link = NewLink {
        hash: [secret; 32],
        kind,
        expires,
    };
    let by = Actor::Account(by.id.clone());
    let made = rolls.people.create_link(link, &by).await;
    assert_eq!(made.expect("an answer"), Ok(()));
    expires
}

async fn list(rolls: &Rolls, workspace: &str, now: Micros) -> Vec<Invitation> {
    let listed = rolls.people.list_invitations(workspace, now).await;
    listed.expect("invitations")
}

pub async fn invitations_are_listed_until_they_are_used_or_expire(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    let ann = rolls.set_up("ann@acme.example").await;
    assert_eq!(list(&rolls, "acme", Micros::now()).await, []);
    let before = Micros::now();
    ask_in(&rolls, 2, "cid@acme.example", Role::Viewer, &ann).await;
    let expires = ask_in(&rolls, 3, "bob@acme.example", Role::Owner, &ann).await;
    let listed = list(&rolls, "acme", Micros::now()).await;
    let emails: Vec<&str> = listed.iter().map(|one| &*one.email).collect();
    assert_eq!(emails, ["bob@acme.example", "cid@acme.example"]);
    let bob = &listed[0];
    assert_eq!((bob.role, &*bob.by), (Role::Owner, ann.id.as_str()));
    assert_eq!(bob.expires, expires);
    assert!((before..=Micros::now()).contains(&bob.created), "{bob:?}");
    // Another workspace's, a reset and what is over are not among them.
    assert_eq!(list(&rolls, "other", Micros::now()).await, []);
    assert_eq!(list(&rolls, "none", Micros::now()).await, []);
    assert_eq!(list(&rolls, "acme", later(2 * HOUR)).await, []);
    let (account, email) = (ann.id.clone(), ann.email.clone());
    rolls
        .send([9; 32], LinkKind::Reset { account, email })
        .await;
    // The later of two takes the place of the one before.
    ask_in(&rolls, 4, "cid@acme.example", Role::Admin, &ann).await;
    let listed = list(&rolls, "acme", Micros::now()).await;
    let roles: Vec<Role> = listed.iter().map(|one| one.role).collect();
    assert_eq!(roles, [Role::Owner, Role::Admin]);
    rolls.accept([3; 32], "").await.expect("a new member");
    let left = list(&rolls, "acme", Micros::now()).await;
    assert_eq!(left, listed[1..]);
}

pub async fn an_invitation_is_revoked_by_who_could_have_made_it(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    let ann = rolls.set_up("ann@acme.example").await;
    let bob = rolls
        .invite(2, "acme", "bob@acme.example", Role::Admin)
        .await;
    let cid = rolls
        .invite(3, "acme", "cid@acme.example", Role::Member)
        .await;
    let dan = rolls
        .invite(4, "other", "dan@acme.example", Role::Owner)
        .await;
    ask_in(&rolls, 5, "new@acme.example", Role::Owner, &ann).await;
    let revoke = async |workspace: &str, email: &str, by: &Actor| {
        let done = rolls.people.revoke_invitation(workspace, email, by).await;
        done.expect("an answer")
    };
    let new = "new@acme.example";
    let [ann, bob, cid, dan] = [ann, bob, cid, dan].map(|one| Actor::Account(one.id));
    let refused = Err(MemberRefusal::NotAllowed);
    for other in [&bob, &cid, &dan] {
        assert_eq!(revoke("acme", new, other).await, refused, "{other:?}");
    }
    assert_eq!(revoke("other", new, &ann).await, Ok(false));
    assert_eq!(revoke("none", new, &ann).await, Ok(false));
    assert_eq!(revoke("acme", "bob@acme.example", &ann).await, Ok(false));
    let look = rolls.people.find_link(&[5; 32], Micros::now()).await;
    assert!(look.unwrap().is_some(), "it is as it was");
    assert_eq!(revoke("acme", new, &ann).await, Ok(true));
    assert_eq!(revoke("acme", new, &Actor::Operator).await, Ok(false));
    assert_eq!(list(&rolls, "acme", Micros::now()).await, []);
    assert_eq!(rolls.accept([5; 32], "").await, None, "its link is dead");
    let log = rolls.people.list_audit("acme", None, 1).await.unwrap();
    let told = (&*log[0].action, &*log[0].detail, &*log[0].actor);
    assert_eq!(told, ("link.revoke", "OWNER", ann.as_str()));
}
