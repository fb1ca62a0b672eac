//! A person's name, e-mail and metadata.
//!
//! A bad field is left out and never loses a trace; null clears, absent leaves. Flattened and nested metadata merge,
//! the nested one wins, and no reserved key gets into metadata.
use crate::given::Given;
use crate::normalise::content::Members;
use crate::warning::{Notes, Place, Reason};
use cognobserve_model::profile::MAX_METADATA_BYTES;
use cognobserve_wire::json::{Kind, Raw};
use std::borrow::Cow;

/// Longest display name, in characters.
const MAX_NAME_CHARS: usize = 255;
/// Longest e-mail address that mail servers take.
const MAX_EMAIL_BYTES: usize = 254;
/// Keys that are fields of their own.
const RESERVED: [&str; 4] = ["id", "name", "email", "metadata"];

/// What is said of a person: `Some(None)` clears, `None` leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFields {
    pub name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    /// JSON text per key; `None` deletes the key.
    pub metadata: Vec<(String, Option<String>)>,
}

/// Reads the fields of a profile; `extra` is flattened metadata.
pub fn read_profile<'a>(
    name: Raw,
    email: Raw,
    metadata: Raw<'a>,
    extra: Vec<(Cow<'a, str>, Raw<'a>)>,
    notes: &mut Notes,
) -> ProfileFields {
    ProfileFields {
        name: read_clearable(name, check_name, Place::of_trace("user.name"), notes),
        email: read_clearable(email, check_email, Place::of_trace("user.email"), notes),
        metadata: read_metadata(metadata, extra, notes),
    }
}

fn read_clearable(
    raw: Raw,
    check: fn(&Given) -> Result<String, Reason>,
    place: Place,
    notes: &mut Notes,
) -> Option<Option<String>> {
    match raw.kind() {
        Kind::Absent => None,
        Kind::Null => Some(None),
        _ => match check(&Given::from(raw)) {
            Ok(text) => Some(Some(text)),
            Err(reason) => {
                notes.add(place, reason);
                None
            }
        },
    }
}

/// A display name, trimmed.
pub fn check_name(given: &Given) -> Result<String, Reason> {
    let Given::Text(text) = given else {
        return Err(Reason::InvalidName);
    };
    let name = text.trim();
    let is_good = !name.is_empty() && name.chars().nth(MAX_NAME_CHARS).is_none();
    is_good.then(|| name.to_owned()).ok_or(Reason::InvalidName)
}

/// An e-mail address, trimmed: `local@domain.tld`, no more is promised.
pub fn check_email(given: &Given) -> Result<String, Reason> {
    let Given::Text(text) = given else {
        return Err(Reason::InvalidEmail);
    };
    let email = text.trim();
    let is_plain = |c: char| {
        !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';')
    };
    let is_good = email.len() <= MAX_EMAIL_BYTES
        && email.chars().all(is_plain)
        && email.split_once('@').is_some_and(|(local, domain)| {
            let labels = || domain.split('.');
            !local.is_empty()
                && !domain.contains('@')
                && labels().count() >= 2
                && labels().all(|label| {
                    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
                })
        });
    is_good
        .then(|| email.to_owned())
        .ok_or(Reason::InvalidEmail)
}

fn read_metadata<'a>(
    nested: Raw<'a>,
    extra: Vec<(Cow<'a, str>, Raw<'a>)>,
    notes: &mut Notes,
) -> Vec<(String, Option<String>)> {
    let place = Place::of_trace("user.metadata");
    let members = nested.members().unwrap_or_else(|| {
        if nested.is_given() {
            notes.add(place, Reason::WrongType("an object"));
        }
        Vec::new()
    });
    let mut merged = Members::default();
    let mut bytes = 0;
    for (key, value) in extra.into_iter().chain(members) {
        if RESERVED.contains(&key.as_ref()) {
            continue;
        }
        let key_bytes = key.len();
        bytes += measure(key_bytes, value);
        if let Some(former) = merged.set(key, value) {
            bytes -= measure(key_bytes, former);
        }
    }
    if bytes > MAX_METADATA_BYTES {
        notes.add(place, Reason::MetadataTooLarge);
        return Vec::new();
    }
    let text = |value: Raw| value.text().filter(|_| value.is_given()).map(str::to_owned);
    merged
        .into_list()
        .into_iter()
        .map(|(key, value)| (key.into_owned(), text(value)))
        .collect()
}

/// Whether metadata is within the limit of a profile.
pub fn fits(metadata: &[(String, Option<String>)]) -> bool {
    let bytes = |(key, value): &(String, Option<String>)| {
        key.len() + value.as_ref().map_or(0, String::len) + 6
    };
    metadata.iter().map(bytes).sum::<usize>() <= MAX_METADATA_BYTES
}

/// As the profile's own limit measures it: quotes, colon and comma included.
fn measure(key_bytes: usize, value: Raw) -> usize {
    key_bytes
        + value
            .text()
            .filter(|_| value.is_given())
            .map_or(0, str::len)
        + 6
}

#[cfg(test)]
mod tests {
    use super::*;
    use cognobserve_wire::native::UserIn;

    fn read(json: &str) -> (ProfileFields, Vec<&'static str>) {
        let user = UserIn::read(serde_json::from_str(json).unwrap()).unwrap();
        let mut notes = Notes::default();
        let fields = read_profile(user.name, user.email, user.metadata, user.extra, &mut notes);
        (fields, notes.finish().iter().map(|w| w.code()).collect())
    }

    #[test]
    fn trims_clears_and_leaves() {
        let (fields, codes) = read(r#"{"name":" John ","email":null}"#);
        assert_eq!(fields.name, Some(Some("John".into())));
        assert_eq!(fields.email, Some(None));
        assert!(codes.is_empty());
        assert_eq!(read("{}").0, ProfileFields::default());
    }

    #[test]
    fn bad_fields_go_alone() {
        let long = "x".repeat(256);
        let (fields, codes) = read(&format!(
            r#"{{"name":"{long}","email":"john(at)acme","plan":"pro"}}"#
        ));
        assert_eq!((fields.name, fields.email), (None, None));
        assert_eq!(
            fields.metadata,
            [("plan".to_owned(), Some("\"pro\"".to_owned()))]
        );
        assert_eq!(codes, ["invalid_name", "invalid_email"]);
        assert_eq!(
            read(&format!(r#"{{"name":"{}"}}"#, "é".repeat(255))).1,
            [""; 0]
        );
        assert_eq!(
            read(r#"{"name":" ","email":7}"#).1,
            ["invalid_name", "invalid_email"]
        );
    }

    #[test]
    fn emails_look_like_one() {
        for good in ["a@b.co", "j.d+x@sub.acme.example", "ü@müller.example"] {
            assert!(check_email(&Given::Text(good.into())).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.co",
            "a@.co",
            "a@b.",
            "a@b..co",
            "a b@c.de",
            "a@b@c.de",
            "a@-b.co",
            "<a@b.co>",
            "a@b.co, c@d.ef",
        ] {
            assert!(check_email(&Given::Text(bad.into())).is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_forms_merge_and_the_nested_one_wins() {
        let (fields, codes) = read(
            r#"{"id":"u","plan":"free","seats":2,"metadata":{"plan":"pro","trial":null,"id":1,"email":"x","metadata":2}}"#,
        );
        let expected = [
            ("plan", Some("\"pro\"")),
            ("seats", Some("2")),
            ("trial", None),
        ];
        let expected = expected.map(|(k, v)| (k.to_owned(), v.map(str::to_owned)));
        assert_eq!(fields.metadata, expected);
        assert!(codes.is_empty());
        assert_eq!(read(r#"{"metadata":[1]}"#).1, ["wrong_type"]);
        assert_eq!(read(r#"{"metadata":null}"#).1, [""; 0]);
    }

    #[test]
    fn metadata_is_bounded() {
        let big = "x".repeat(MAX_METADATA_BYTES - 9);
        assert_eq!(read(&format!(r#"{{"a":"{big}"}}"#)).0.metadata.len(), 1);
        let (fields, codes) = read(&format!(r#"{{"name":"N","ab":"{big}"}}"#));
        assert!(fields.metadata.is_empty());
        assert_eq!(fields.name, Some(Some("N".into())));
        assert_eq!(codes, ["metadata_too_large"]);
        let many: Vec<String> = (0..200_000).map(|i| format!(r#""k{i}":{i}"#)).collect();
        assert_eq!(
            read(&format!("{{{}}}", many.join(","))).1,
            ["metadata_too_large"]
        );
    }
}
