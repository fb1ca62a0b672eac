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
        Forms {
            full: Some(name),
            short: None,
            strips_left: MAX_STRIPS,
        }
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
/// cannot be is no date: the end of `mistral-large-2411` is a version.
fn strip_date(name: &str) -> Option<&str> {
    const SHAPES: [&[u8]; 4] = [b"-dddd-dd-dd", b"-dddddddd", b"@dddddddd", b"-dddd"];
    let bytes = name.as_bytes();
    SHAPES.iter().find_map(|shape| {
        let start = bytes
            .len()
            .checked_sub(shape.len())
            .filter(|start| *start > 0)?;
        let tail = bytes.get(start..)?;
        (has_shape(tail, shape) && ends_in_month_and_day(tail)).then(|| &name[..start])
    })
}

fn has_shape(tail: &[u8], shape: &[u8]) -> bool {
    tail.iter().zip(shape).all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        _ => byte == wanted,
    })
}

/// Whether the last four digits are a month and a day of it.
fn ends_in_month_and_day(tail: &[u8]) -> bool {
    let mut digits = tail
        .iter()
        .rev()
        .filter(|byte| byte.is_ascii_digit())
        .map(|d| d - b'0');
    let mut read_pair = || Some(digits.next()? + 10 * digits.next()?);
    let (day, month) = (read_pair(), read_pair());
    day.is_some_and(|d| (1..=31).contains(&d)) && month.is_some_and(|m| (1..=12).contains(&m))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(name: &str) -> Vec<&str> {
        Forms::of(name).collect()
    }

    #[test]
    fn the_name_itself_comes_first_then_its_shorter_forms() {
        assert_eq!(list("gpt-4o"), ["gpt-4o"]);
        assert_eq!(list("openai/gpt-4o"), ["openai/gpt-4o", "gpt-4o"]);
        assert_eq!(
            list("azure/eu/gpt-4o-2024-08-06"),
            [
                "azure/eu/gpt-4o-2024-08-06",
                "gpt-4o-2024-08-06",
                "azure/eu/gpt-4o",
                "gpt-4o"
            ]
        );
    }

    #[test]
    fn every_tail_is_taken_off() {
        for (name, last) in [
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("claude-3-5-sonnet-20241022", "claude-3-5-sonnet"),
            ("claude-3-5-sonnet@20241022", "claude-3-5-sonnet"),
            ("gpt-4-0613", "gpt-4"),
            ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
            ("llama3:70b", "llama3"),
            ("openrouter/openai/gpt-4o-2024-08-06:free", "gpt-4o"),
            ("gpt-4o-2024-08-06-latest", "gpt-4o"),
            ("ft:gpt-4o-2024-08-06:org:name:id", "ft"),
        ] {
            assert_eq!(list(name).last(), Some(&last), "{name}");
        }
        assert!(list("ft:gpt-4o-2024-08-06:org::id").contains(&"ft:gpt-4o"));
    }

    #[test]
    fn what_is_no_date_or_tag_stays() {
        for name in [
            "mistral-large-2411",
            "gpt-4-0125-preview",
            "o1-preview",
            "model-2024-13-01",
            "model-20240632",
            "model-0000",
            "gpt-40613",
            "-0613",
            "@20240101",
            "-latest",
            ":tag",
            "",
            "modèle",
        ] {
            assert_eq!(list(name), [name]);
        }
        assert_eq!(list("a:b/c"), ["a:b/c", "c"]);
        assert_eq!(list("provider/"), ["provider/"]);
    }

    #[test]
    fn the_number_of_forms_is_bounded() {
        let name = format!("x/y{}", ":t".repeat(10_000));
        assert_eq!(Forms::of(&name).count(), 2 * (usize::from(MAX_STRIPS) + 1));
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_non_empty_slices_of_itself(name in "\\PC{1,40}([-@:/]\\PC{0,9}){0,4}") {
            for form in Forms::of(&name) {
                proptest::prop_assert!(!form.is_empty() && name.contains(form));
            }
        }

        #[test]
        fn a_provider_and_a_tail_still_lead_to_the_model(
            model in "[a-z][a-z.]{0,12}",
            provider in "([a-z]{1,6}/){0,2}",
            tail in "(-20[0-9]{2}-0[1-9]-1[0-9]|[-@]20[0-9]{2}1[0-2]2[0-9]|-0[1-9]3[01]|-latest|:[a-z]{1,5})",
        ) {
            let name = format!("{provider}{model}{tail}");
            proptest::prop_assert!(Forms::of(&name).any(|form| form == model));
        }
    }
}
