//! Where a list goes on, and the way back: a URL names the pages before its own, so that going back
//! needs neither a script nor a memory of the server.
//! Invariant: a page without rows is not one to go back to; what cannot be read leads to the first page.
use crate::link::Link;

/// The parameter with the pages before, the oldest first.
pub const TRAIL: &str = "trail";
/// The first page there, which has no cursor.
const FIRST: &str = "1";
const SEPARATOR: char = '.';
/// A URL stays short enough for every proxy: beyond this the oldest pages are forgotten.
const MOST_CHARS: usize = 4_000;

/// Which page of a list is asked for, as its URL says it.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// `None`: the first page.
    cursor: Option<String>,
    before: Vec<String>,
}

impl Place {
    /// `trail`: what stands under [`TRAIL`].
    pub fn read(cursor: Option<String>, trail: Option<String>) -> Place {
        let is_cursor = |text: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !text.is_empty() && text.chars().all(fits)
        };
        let trail = trail.unwrap_or_default();
        let before = match trail.split(SEPARATOR).all(is_cursor) {
            true => trail.split(SEPARATOR).map(str::to_owned).collect(),
            false => Vec::new(),
        };
        Place {
            cursor: cursor.filter(|text| !text.is_empty()),
            before,
        }
    }

    /// The trail of the page after this one.
    fn leave(&self, has_rows: bool) -> Vec<String> {
        let mut before = self.before.clone();
        if has_rows {
            before.push(self.cursor.clone().unwrap_or_else(|| FIRST.to_owned()));
        }
        while write(&before).len() > MOST_CHARS {
            before.remove(0);
        }
        before
    }
}

fn write(trail: &[String]) -> String {
    trail.join(&String::from(SEPARATOR))
}

/// A page's place, and how a position in its list is written as a cursor.
pub struct Paging<'a, P> {
    pub place: Place,
    pub write: &'a (dyn Fn(&P) -> String + Sync),
}

impl<P> Paging<'_, P> {
    /// `rows`: how many are on this page; `next`: after which the list goes on.
    pub fn lead(&self, here: &Link, rows: usize, next: Option<&P>) -> Pager {
        Pager::new("cursor", here, &self.place, rows > 0, next.map(self.write))
    }
}

/// Where the list goes on, and where it came from.
#[derive(Debug)]
pub struct Pager {
    /// `None` on the first page.
    pub first: Option<Link>,
    /// `None` also where the URL does not say it.
    pub previous: Option<Link>,
    pub next: Option<Link>,
}

impl Pager {
    /// `parameter` holds the cursor; `here` without one is the first page.
    pub fn new(
        parameter: &str,
        here: &Link,
        place: &Place,
        has_rows: bool,
        next: Option<String>,
    ) -> Pager {
        let page = |cursor: &str, trail: &[String]| {
            let cursor = if cursor == FIRST { "" } else { cursor };
            let link = here.clone().with(parameter, cursor);
            link.with(TRAIL, write(trail))
        };
        Pager {
            first: place.cursor.as_ref().map(|_| page(FIRST, &[])),
            previous: match (&place.cursor, place.before.split_last()) {
                (Some(_), Some((last, rest))) => Some(page(last, rest)),
                _ => None,
            },
            next: next.map(|cursor| page(&cursor, &place.leave(has_rows))),
        }
    }
}

#[cfg(test)]
mod tests;
