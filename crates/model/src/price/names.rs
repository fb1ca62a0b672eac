//! The forms under which a model's name is looked up.
//!
//! The name itself, then what follows its last `/`, then both again without the last
//! `-latest`, date or `:tag`, and so on. Forms are slices of the name: nothing is
//! allocated. scripts/update-prices.py mirrors these rules and trims the table by them.

/// Tails taken off one name at most; fine-tuned names carry up to four.
const MAX_STRIPS: u8 = 8;

/// Every form of a lower-case name, in the order of lookup.
pub(super) struct Forms<'a> {
    full: Option<&'a str>,
    short: Option<&'a str>,
    strips_left: u8,
}

impl<'a> Forms<'a> {
    pub(super) fn of(name: &'a str) -> Forms<'a> {
        Forms { full: Some(name), short: None, strips_left: MAX_STRIPS }
    }
}

impl<'a> Iterator for Forms<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if let Some(short) = self.short.take() {
            return Some(short);
        }
        let name = self.full?;
        self.short = strip_provider(name);
        self.full = None;
        if let Some(left) = self.strips_left.checked_sub(1) {
            self.strips_left = left;
            self.full = strip_tail(name);
        }
        Some(name)
    }
}

/// What follows the last `/`, if there is one and something follows.
fn strip_provider(name: &str) -> Option<&str> {
    let (_, short) = name.rsplit_once('/')?;
    (!short.is_empty()).then_some(short)
}

/// The name without its last `-latest`, date or `:tag`, if it has one of them and
/// something is left.
fn strip_tail(name: &str) -> Option<&str> {
    let stripped = name
        .strip_suffix("-latest")
        .filter(|head| !head.is_empty())
        .or_else(|| strip_date(name));
    if stripped.is_some() {
        return stripped;
    }
    let (head, tag) = name.rsplit_once(':')?;
    (!head.is_empty() && !tag.contains('/')).then_some(head)
}

/// Without `-YYYY-MM-DD`, `-YYYYMMDD`, `@YYYYMMDD` or `-MMDD`. A month or day that
/// cannot be is no date: `-2411` is a model's version, not its birthday.
fn strip_date(name: &str) -> Option<&str> {
    const SHAPES: [&[u8]; 4] = [b"-dddd-mmdd", b"-ddddmmdd", b"@ddddmmdd", b"-mmdd"];
    // The first shape is matched with its inner hyphen taken out.
    let bytes = name.as_bytes();
    for (index, shape) in SHAPES.iter().enumerate() {
        let is_hyphened = index == 0;
        let len = shape.len() + usize::from(is_hyphened);
        if bytes.len() <= len {
            continue;
        }
        let start = bytes.len() - len;
        let tail = &bytes[start..];
        let Some((month, day)) = read_tail(tail, is_hyphened, shape[0]) else {
            continue;
        };
        if (1..=12).contains(&month) && (1..=31).contains(&day) {
            return name.get(..start);
        }
    }
    None
}
