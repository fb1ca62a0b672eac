//! What the log of product events answers.
use crate::conformance::build::at;
use crate::conformance::desk::Desk;
use crate::conformance::occur::{SayEvent, make_id};
use cognobserve_model::event::{
    ActiveQuarter, DeveloperSort, DeveloperStats, EventFilter, EventGroup,
};
use cognobserve_model::id::{DeveloperId, UserId};

/// Events of three people and two developers in two projects; the other project.
async fn fill(desk: &Desk) -> Desk {
    let other = desk.open_another("other").await;
    desk.log(vec![
        desk.event(1).of("dev_a", Some("usr_ann")),
        desk.event(2).of("dev_a", Some("usr_bob")).when(1_000),
        desk.event(3).of("dev_a", Some("usr_ann")).named("searched"),
        desk.event(4).of("dev_a", None).named("searched"),
        desk.event(5).concealed("sha256:1"),
        other.event(6).of("dev_b", Some("usr_cid")),
        other.event(7).of("dev_b", Some("usr_cid")).when(-1),
    ])
    .await;
    other
}

fn key(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub async fn events_are_listed_latest_first_in_pages(desk: Desk) {
    let batch = (0..9).map(|n| desk.event(n).when(i64::from(n % 3)));
    desk.log(batch.collect()).await;
    for limit in [1, 2, 4, 9, 20] {
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = desk.events.list_events(&desk.mine(), before, limit).await;
            let page = page.unwrap();
            assert!(page.len() <= limit);
            let Some((position, last)) = page.last() else {
                break;
            };
            before = Some((last.at, *position));
            seen.extend(page.iter().map(|(_, event)| event.id));
        }
        let expected = [8, 5, 2, 7, 4, 1, 6, 3, 0].map(make_id);
        assert_eq!(seen, expected, "{limit} a page");
    }
    let of_all = EventFilter::default();
    let listed = desk.events.list_events(&of_all, None, 9).await.unwrap();
    assert_eq!(listed, [], "nobody reads all projects");
}

pub async fn events_are_counted_by_what_they_have(desk: Desk) {
    let other = fill(&desk).await;
    let mine = desk.mine();
    assert_eq!(desk.count(&mine, None).await, [(None, 5)]);
    let by_name = desk.count(&mine, Some(EventGroup::Event)).await;
    assert_eq!(by_name, [(key("memory_created"), 3), (key("searched"), 2)]);
    let by_user = desk.count(&mine, Some(EventGroup::EndUser)).await;
    assert_eq!(
        by_user,
        [(key("usr_ann"), 2), (None, 2), (key("usr_bob"), 1)],
        "of equal ones nobody is last"
    );
    let by_quarter = desk.count(&mine, Some(EventGroup::Quarter)).await;
    assert_eq!(by_quarter.iter().map(|(_, count)| count).sum::<u64>(), 5);
    let listed = desk.events.list_events(&mine, None, 9).await.unwrap();
    for (_, event) in listed {
        let quarter = Some(event.at.quarter().to_string());
        assert!(by_quarter.iter().any(|(key, _)| *key == quarter));
    }
    let of_all = EventFilter::default();
    let by_developer = desk.count(&of_all, Some(EventGroup::Developer)).await;
    assert_eq!(
        by_developer,
        [(key("dev_a"), 4), (key("dev_b"), 2), (None, 1)]
    );
    let named = |name: &str| EventFilter {
        name: key(name),
        ..mine.clone()
    };
    assert_eq!(desk.count(&named("searched"), None).await, [(None, 2)]);
    assert_eq!(desk.count(&named("unheard"), None).await, []);
    let ann = EventFilter {
        end_user: Some(UserId::new("usr_ann")),
        from: Some(at(1)),
        to: Some(at(3)),
        ..mine.clone()
    };
    assert_eq!(desk.count(&ann, None).await, [(None, 1)], "half open");
    let theirs = EventFilter {
        developer: Some(DeveloperId::new("dev_b")),
        ..mine
    };
    assert_eq!(desk.count(&theirs, None).await, []);
    assert_eq!(other.count(&other.mine(), None).await, [(None, 2)]);
}

pub async fn a_property_counts_as_it_was_given(desk: Desk) {
    let given = [
        r#"{"os":"linux"}"#,
        r#"{"os":"lin\u0075x","os2":1}"#,
        r#"{"os":true}"#,
        r#"{"os":1.50}"#,
        r#"{"os":1.5}"#,
        r#"{"os":-0.0e+10}"#,
        r#"{"os":12345678901234567890123}"#,
        r#"{"os":null}"#,
        r#"{"os":{"a":[1, 2 ]}}"#,
        r#"{"os":"true"}"#,
        r#"{"os":""}"#,
        r#"{"os":"Zebra"}"#,
        r#"{"os":"äh"}"#,
        r#"{"os":"apple"}"#,
        r#"{"os":"a","os":"apple"}"#,
        r#"{"$.os":"path","o\"s":"quoted","7":"number","[0]":"place"}"#,
        "{}",
    ];
    let batch = (0..).zip(given).map(|(n, text)| desk.event(n).with(text));
    desk.log(batch.collect()).await;
    let group = |name: &str| Some(EventGroup::Property(name.into()));
    let counted = desk.count(&desk.mine(), group("os")).await;
    let expected = [
        (key("apple"), 2),
        (key("linux"), 2),
        (key("true"), 2),
        (None, 2),
        (key(""), 1),
        (key("-0.0e+10"), 1),
        (key("1.5"), 1),
        (key("1.50"), 1),
        (key("12345678901234567890123"), 1),
        (key("Zebra"), 1),
        (key("null"), 1),
        (key(r#"{"a":[1, 2 ]}"#), 1),
        (key("äh"), 1),
    ];
    assert_eq!(counted, expected);
    for (name, value) in [
        ("$.os", "path"),
        ("o\"s", "quoted"),
        ("7", "number"),
        ("[0]", "place"),
    ] {
        let counted = desk.count(&desk.mine(), group(name)).await;
        let others = given.len() as u64 - 1;
        assert_eq!(counted, [(None, others), (key(value), 1)]);
    }
}

pub async fn developers_are_ranked_by_their_events(desk: Desk) {
    let other = fill(&desk).await;
    other
        .log((20..24).map(|n| other.event(n).of("dev_c", None)).collect())
        .await;
    let ask = async |filter: &EventFilter, sort, limit| {
        let found = desk.events.list_developers(filter, sort, limit).await;
        found.unwrap()
    };
    let of_all = EventFilter::default();
    let found = ask(&of_all, DeveloperSort::UniqueEndUsers, 10).await;
    let stats = |developer: &str, event_count, unique_end_users, first, last| DeveloperStats {
        developer: DeveloperId::new(developer),
        event_count,
        unique_end_users,
        first_seen: at(first),
        last_seen: at(last),
    };
    let (a, b, c) = (
        stats("dev_a", 4, 2, 1, 1_000),
        stats("dev_b", 2, 1, -1, 6),
        stats("dev_c", 4, 0, 20, 23),
    );
    assert_eq!(found, [a.clone(), b.clone(), c.clone()]);
    let found = ask(&of_all, DeveloperSort::EventCount, 10).await;
    assert_eq!(found, [a.clone(), c.clone(), b.clone()]);
    let found = ask(&of_all, DeveloperSort::LastSeenAt, 2).await;
    assert_eq!(found, [a.clone(), c]);
    let found = ask(&desk.mine(), DeveloperSort::EventCount, 10).await;
    assert_eq!(found, [a], "of this project");
    let only_b = EventFilter {
        developer: Some(DeveloperId::new("dev_b")),
        ..EventFilter::default()
    };
    assert_eq!(ask(&only_b, DeveloperSort::EventCount, 10).await, [b]);
}

pub async fn activity_is_told_by_quarters_of_an_hour(desk: Desk) {
    fill(&desk).await;
    desk.log(vec![
        desk.event(30).of("dev_a", Some("usr_ann")).when(899),
        desk.event(31).of("dev_a", Some("usr_ann")).when(900),
    ])
    .await;
    let noon = at(0).0 / 900_000_000;
    let quarter = |user: &str, quarters| ActiveQuarter {
        end_user: UserId::new(user),
        quarter: noon + quarters,
    };
    let of_all = EventFilter::default();
    let found = desk.events.list_active_quarters(&of_all, 10).await.unwrap();
    let expected = [
        quarter("usr_ann", 0),
        quarter("usr_ann", 1),
        quarter("usr_bob", 1),
        quarter("usr_cid", -1),
        quarter("usr_cid", 0),
    ];
    assert_eq!(found, expected);
    let found = desk.events.list_active_quarters(&of_all, 2).await.unwrap();
    assert_eq!(found, expected[..2]);
    let found = desk
        .events
        .list_active_quarters(&desk.mine(), 10)
        .await
        .unwrap();
    assert_eq!(found, expected[..3]);
}
