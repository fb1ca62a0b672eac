//! Who may change members: decided by the roles at the moment of the change, not by those that
//! were read before it.
use super::Rolls;
use crate::{Actor, MemberRefusal};
use cognobserve_model::id::{AccountId, KeyId};
use cognobserve_model::people::{LinkKind, Role};

const NOT_ALLOWED: Result<(), MemberRefusal> = Err(MemberRefusal::NotAllowed);

async fn set(rolls: &Rolls, by: &Actor, whom: &AccountId, role: Role) -> Result<(), MemberRefusal> {
    let set = rolls.people.set_role("acme", whom, role, by).await;
    set.expect("an answer")
}

async fn remove(rolls: &Rolls, by: &Actor, whom: &AccountId) -> Result<(), MemberRefusal> {
    let removed = rolls.people.remove_member("acme", whom, by).await;
    removed.expect("an answer")
}

pub async fn a_change_of_members_is_weighed_by_the_roles_of_its_moment(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.open_workspace("other").await;
    let ann = rolls.set_up("ann@acme.example").await.id;
    let mut members = Vec::new();
    for (secret, role) in [(2, Role::Admin), (3, Role::Member), (4, Role::Viewer)] {
        let email = format!("{secret}@acme.example");
        members.push(rolls.invite(secret, "acme", &email, role).await.id);
    }
    let [admin, member, viewer] = &members[..] else {
        unreachable!("three were invited")
    };
    let elsewhere = rolls
        .invite(5, "other", "5@acme.example", Role::Owner)
        .await;
    let by = |account: &AccountId| Actor::Account(account.clone());
    let key = Actor::Key(KeyId::new("key_1"));

    assert_eq!(set(&rolls, &by(admin), viewer, Role::Member).await, Ok(()));
    for (by, whom, role) in [
        (by(admin), viewer, Role::Owner),
        (by(admin), &ann, Role::Viewer),
        (by(admin), admin, Role::Owner),
        (by(member), viewer, Role::Viewer),
        (by(member), member, Role::Admin),
        (by(&elsewhere.id), viewer, Role::Viewer),
        (key.clone(), viewer, Role::Viewer),
    ] {
        let refused = set(&rolls, &by, whom, role).await;
        assert_eq!(refused, NOT_ALLOWED, "{by:?} {whom} {role:?}");
    }
    for (by, whom) in [
        (by(admin), &ann),
        (by(member), viewer),
        (by(&elsewhere.id), viewer),
        (key, viewer),
    ] {
        let refused = remove(&rolls, &by, whom).await;
        assert_eq!(refused, NOT_ALLOWED, "{by:?} {whom}");
    }
    assert_eq!(rolls.role("acme", &ann).await, Some(Role::Owner));
    assert_eq!(rolls.role("acme", viewer).await, Some(Role::Member));

    // Who was ADMIN when they asked is none any more, and may still leave.
    assert_eq!(set(&rolls, &by(&ann), admin, Role::Viewer).await, Ok(()));
    assert_eq!(remove(&rolls, &by(admin), viewer).await, NOT_ALLOWED);
    assert_eq!(remove(&rolls, &by(admin), admin).await, Ok(()));
    assert_eq!(set(&rolls, &by(&ann), viewer, Role::Owner).await, Ok(()));
    assert_eq!(remove(&rolls, &by(viewer), &ann).await, Ok(()));
    assert_eq!(
        set(&rolls, &Actor::Operator, viewer, Role::Owner).await,
        Ok(())
    );
}

pub async fn an_admin_never_touches_who_becomes_owner_meanwhile(rolls: Rolls) {
    rolls.open_workspace("acme").await;
    rolls.set_up("ann@acme.example").await;
    let admin = rolls
        .invite(2, "acme", "bob@acme.example", Role::Admin)
        .await;
    let by_admin = Actor::Account(admin.id);
    for round in 0..6 {
        let email = format!("{round}@acme.example");
        let it = rolls.invite(10 + round, "acme", &email, Role::Member).await;
        let (made, removed) = tokio::join!(
            rolls.set_role("acme", &it.id, Role::Owner),
            remove(&rolls, &by_admin, &it.id),
        );
        let role = rolls.role("acme", &it.id).await;
        match role {
            Some(Role::Owner) => assert_eq!((made, removed), (Ok(()), NOT_ALLOWED)),
            None => assert_eq!((made, removed), (Err(MemberRefusal::NoSuchMember), Ok(()))),
            other => panic!("{other:?}: {made:?} {removed:?}"),
        }
    }
    rolls.open_workspace("other").await;
    for round in 0..6 {
        let email = format!("1{round}@acme.example");
        let it = rolls
            .invite(20 + round, "other", &email, Role::Member)
            .await;
        let hash = [30 + round; 32];
        let workspace = "acme".into();
        let role = Role::Owner;
        rolls
            .send(
                hash,
                LinkKind::Invite {
                    workspace,
                    email,
                    role,
                },
            )
            .await;
        let (joined, lowered) = tokio::join!(
            rolls.accept(hash, ""),
            set(&rolls, &by_admin, &it.id, Role::Viewer),
        );
        // Whichever came first: a link by the operator outlives the lower role.
        let role = rolls.role("acme", &it.id).await;
        assert_eq!(role, Some(Role::Owner), "{lowered:?}");
        assert!(joined.is_some());
    }
}
