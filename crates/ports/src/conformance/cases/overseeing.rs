//! What there is in all projects, in counts alone.
use super::deleting::fill;
use crate::DeleteMode::{Erase, Unlink};
use crate::conformance::build::*;
use crate::conformance::desk::Desk;
use cognobserve_model::id::ProjectId;
use cognobserve_model::report::ProjectCounts;
use cognobserve_model::time::Micros;

async fn count(desk: &Desk) -> ProjectCounts {
    let inventory = desk.store.count_projects().await.expect("counts");
    let mut projects = inventory.projects.into_iter();
    let own = projects.find(|counts| counts.project == desk.project);
    own.expect("the project is counted")
}

/// Users, sessions, traces, spans and the last trace.
fn numbers(counts: &ProjectCounts) -> (i64, i64, i64, i64, Option<Micros>) {
    let last = counts.last_trace;
    let ProjectCounts {
        users, sessions, ..
    } = counts;
    (*users, *sessions, counts.traces, counts.spans, last)
}

pub async fn all_projects_are_counted(desk: Desk) {
    let empty = count(&desk).await;
    assert_eq!(numbers(&empty), (0, 0, 0, 0, None), "of nothing");
    let spans = || [span("s1"), call("s2", "gpt-4o", 1, 1)];
    let [one, two] = spans();
    let first = trace("t1").by("ann").within("chat").when(at(60));
    desk.book_one(first.with(one).with(two)).await;
    // Of nobody, in a session of nobody.
    let second = trace("t2").within("talk").when(at(30));
    desk.book_one(second.with(span("s"))).await;
    let other = desk.open_another("more").await;
    other.book_one(trace("t1").by("ann").when(at(90))).await;
    let by = tester();
    let far = desk.store.create_project("abc", "z", &by).await.unwrap();
    let inventory = desk.store.count_projects().await.unwrap();
    assert_eq!(inventory.workspaces, 2);
    let of = |workspace: &str, name: &str, project: &ProjectId, counts| {
        let (users, sessions, traces, spans, last_trace) = counts;
        ProjectCounts {
            project: project.clone(),
            workspace: workspace.into(),
            name: name.into(),
            users,
            sessions,
            traces,
            spans,
            last_trace,
        }
    };
    let expected = [
        of("abc", "z", &far.id, (0, 0, 0, 0, None)),
        of("acme", "app", &desk.project, (1, 2, 2, 3, Some(at(60)))),
        of("acme", "more", &other.project, (1, 0, 1, 0, Some(at(90)))),
    ];
    assert_eq!(inventory.projects, expected);
    desk.store.delete_project(&far.id, &by).await.unwrap();
    let inventory = desk.store.count_projects().await.unwrap();
    assert_eq!(inventory.workspaces, 2, "a workspace may be empty");
    assert_eq!(inventory.projects, expected[1..]);
}

pub async fn counts_follow_what_is_deleted_and_corrected(desk: Desk) {
    fill(&desk).await;
    let before = count(&desk).await;
    assert_eq!((before.users, before.traces), (2, 3));
    desk.book_one(trace("late").by("carl").when(at(500))).await;
    desk.book_one(trace("late").by("carl").when(at(5))).await;
    let after = count(&desk).await;
    assert_eq!((after.users, after.traces), (3, 4));
    assert_eq!(after.last_trace, before.last_trace, "it was corrected");
    desk.delete_user("ann", Erase).await;
    desk.delete_user("carl", Unlink).await;
    let (users, sessions, traces, spans, last) = numbers(&count(&desk).await);
    assert_eq!(users, 1, "the erased and the unlinked are no users");
    let stay = (after.sessions, after.traces, after.spans, after.last_trace);
    assert_eq!((sessions, traces, spans, last), stay, "their traces stay");
    let chat = desk.list_sessions(Default::default()).await[0].id.clone();
    desk.delete_session(&chat).await.expect("it was there");
    let (project, by) = (&desk.project, tester());
    let gone = desk.store.delete_trace(project, "late", &by).await;
    gone.unwrap().expect("it was there");
    let end = count(&desk).await;
    assert_eq!((end.sessions, end.traces), (sessions - 1, traces - 1));
}

pub async fn suppressed_ids_are_listed_until_lifted(desk: Desk) {
    let list = async |desk: &Desk, limit| {
        let listed = desk.store.list_suppressions(&desk.project, limit).await;
        listed.expect("suppressions")
    };
    assert_eq!(list(&desk, 10).await, Default::default());
    let mut ids = Vec::new();
    let start = Micros::now();
    for name in ["ann", "bob", "carl"] {
        desk.book_one(trace(name).by(name).when(at(1))).await;
        ids.push(desk.user_id(name).await);
        desk.delete_user(name, Erase).await;
    }
    desk.book_one(trace("dan").by("dan").when(at(1))).await;
    desk.delete_user("dan", Unlink).await;
    let all = list(&desk, 10).await;
    assert_eq!(all.count, 3, "who is unlinked is not suppressed");
    let users: Vec<_> = all.latest.iter().map(|one| one.user.clone()).collect();
    ids.reverse();
    assert_eq!(users, ids, "the latest first");
    let are_in = |one: &Micros| (start..=Micros::now()).contains(one);
    assert!(all.latest.iter().all(|one| are_in(&one.at)), "{all:?}");
    let two = list(&desk, 2).await;
    assert_eq!((two.count, &two.latest[..]), (3, &all.latest[..2]));
    let other = desk.open_another("other").await;
    assert_eq!(list(&other, 10).await.count, 0, "of another project");
    let (store, by) = (&desk.store, tester());
    let elsewhere = store.lift_suppression(&other.project, "bob", &by).await;
    assert!(!elsewhere.unwrap(), "nor is it lifted there");
    let lifted = store.lift_suppression(&desk.project, "bob", &by).await;
    assert!(lifted.unwrap());
    let left = list(&desk, 10).await;
    assert_eq!(left.count, 2);
    assert!(left.latest.iter().all(|one| one.user != ids[1]));
}
