//! Searches of lists that may look through so much and no more for one page.
use super::finding::walk_pages;
use crate::conformance::build::*;
use crate::conformance::desk::Desk;
use cognobserve_model::id::UserId;
use cognobserve_model::query::{SessionFilter, TraceFilter};
use cognobserve_model::report::{SessionStats, TraceSummary};
use cognobserve_model::span::Level;

async fn find_traces(
    desk: &Desk,
    user: Option<UserId>,
    scan_limit: Option<usize>,
    limit: usize,
) -> Vec<Vec<String>> {
    let filter = TraceFilter {
        user,
        search: Some("rare".into()),
        level: Some(Level::Error),
        scan_limit,
        ..TraceFilter::default()
    };
    let id_of = |trace: &TraceSummary| trace.id.clone();
    walk_pages(limit, id_of, async |page| {
        let found = desk.store.list_traces(&desk.project, filter.clone(), page);
        found.await.unwrap().unwrap()
    })
    .await
}

async fn find_sessions(
    desk: &Desk,
    user: Option<UserId>,
    scan_limit: Option<usize>,
    limit: usize,
) -> Vec<Vec<String>> {
    let filter = SessionFilter {
        user,
        search: Some("rare".into()),
        scan_limit,
        ..SessionFilter::default()
    };
    let id_of = |session: &SessionStats| session.external_id.clone();
    walk_pages(limit, id_of, async |page| {
        let found = desk
            .store
            .list_sessions(&desk.project, filter.clone(), page);
        found.await.unwrap().unwrap()
    })
    .await
}

pub async fn a_bounded_search_says_how_far_it_came(desk: Desk) {
    for n in 0..20_i64 {
        let (id, session) = (format!("t{n:02}"), format!("s{n:02}"));
        let rare = n == 0 || n == 11;
        let (name, session) = match rare {
            true => ("Rare", format!("{session} rare")),
            false => ("Ask", session),
        };
        let piece = trace(&id).by("ann").within(&session).named(name);
        desk.book_one(piece.when(at(n / 2)).with(span("s").failed()))
            .await;
    }
    let ann = desk.user_id("ann").await;
    for user in [None, Some(ann)] {
        for limit in 1..4 {
            for scan_limit in [
                None,
                Some(1),
                Some(3),
                Some(5),
                Some(19),
                Some(20),
                Some(999),
            ] {
                let asked = format!("of {user:?}, {scan_limit:?} by {limit}");
                let traces = find_traces(&desk, user.clone(), scan_limit, limit).await;
                assert_eq!(traces.concat(), ["t11", "t00"], "{asked}");
                let sessions = find_sessions(&desk, user.clone(), scan_limit, limit).await;
                assert_eq!(sessions.concat(), ["s11 rare", "s00 rare"], "{asked}");
            }
            let traces = find_traces(&desk, user.clone(), Some(4), limit).await;
            let sessions = find_sessions(&desk, user.clone(), Some(4), limit).await;
            for pages in [traces, sessions] {
                assert!(pages[0].is_empty(), "not among the newest four: {pages:?}");
                assert!((4..=7).contains(&pages.len()), "four at a time: {pages:?}");
            }
            let whole = find_traces(&desk, user.clone(), Some(999), limit).await;
            assert_eq!(whole.len(), 2_usize.div_ceil(limit), "{whole:?}");
        }
    }
}

pub async fn a_session_is_found_by_what_it_is_called_exactly(desk: Desk) {
    for (id, session) in [("1", "chat-1"), ("2", "Chat-1"), ("3", "chat-10")] {
        desk.book_one(trace(id).by("ann").within(session).when(at(1)))
            .await;
    }
    let resolve = async |id: &str| {
        let found = desk.store.resolve_session(&desk.project, id).await;
        found.unwrap()
    };
    for session in ["chat-1", "Chat-1", "chat-10"] {
        let id = desk.session(session).await.id;
        assert_eq!(resolve(session).await, Some(id), "{session}");
    }
    for nothing in ["chat", "chat-", "CHAT-1", "", "chat-1 "] {
        assert_eq!(resolve(nothing).await, None, "{nothing:?}");
    }
    let id = desk.session("chat-1").await.id;
    desk.delete_session(&id).await.expect("it was there");
    assert_eq!(resolve("chat-1").await, None, "of one that was unlinked");
}
