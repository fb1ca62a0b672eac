//! From the first page to the last and back, by what the URLs say alone.
use super::*;

fn here() -> Link {
    Link::to("/users").with("sortBy", "totalCost")
}

fn place(link: &Link) -> Place {
    let find = |name: &str| {
        let mut fields = link.fields().iter();
        let found = fields.find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    Place::read(find("cursor"), find(TRAIL))
}

fn lead(link: &Link, rows: usize, next: &str) -> Pager {
    let paging = Paging {
        place: place(link),
        write: &|text: &String| text.clone(),
    };
    paging.lead(&here(), rows, Some(&next.to_owned()))
}

#[test]
fn the_way_back_is_the_way_there() {
    let mut visited = vec![here()];
    for turn in 0..9 {
        let last = visited.last().unwrap();
        let pager = lead(last, 50, &format!("c-{turn}_"));
        assert_eq!(pager.first.is_some(), turn > 0);
        visited.push(pager.next.unwrap());
    }
    let mut last = visited.pop().unwrap();
    while let Some(before) = visited.pop() {
        last = lead(&last, 50, "x").previous.unwrap();
        assert_eq!(last, before);
    }
    assert_eq!(last, here());
    assert!(lead(&last, 50, "x").previous.is_none());
}

#[test]
fn a_page_without_rows_is_passed_over() {
    let second = lead(&here(), 50, "a").next.unwrap();
    let empty = lead(&second, 50, "b").next.unwrap();
    let fourth = lead(&empty, 0, "c").next.unwrap();
    assert_eq!(lead(&fourth, 1, "d").previous, Some(second));
}

#[test]
fn a_long_way_forgets_where_it_began() {
    let mut link = here();
    for turn in 0..100 {
        link = lead(&link, 50, &format!("{turn:0>90}")).next.unwrap();
        assert!(link.to_string().len() < MOST_CHARS + 200);
    }
    let mut steps = 0;
    while let Some(previous) = lead(&link, 50, "x").previous {
        (link, steps) = (previous, steps + 1);
    }
    assert!((30..100).contains(&steps), "{steps}");
    assert_eq!(lead(&link, 50, "x").first, Some(here()));
}

#[test]
fn what_is_no_trail_leads_to_the_first_page() {
    for trail in ["", ".", "1..a", "1.<b>", "a b"] {
        let link = here().with("cursor", "c").with(TRAIL, trail);
        let pager = lead(&link, 50, "d");
        assert!(pager.previous.is_none(), "{trail}");
        assert_eq!(pager.first, Some(here()));
    }
}
