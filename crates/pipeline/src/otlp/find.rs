//! One walk over a span's attributes: the best value per field, the families, and what is left over.
//!
//! An attribute that fills a field is not kept a second time as metadata; one that lost to a better key is.
use super::kind::{read_kind, read_level};
use super::table::{Family, METADATA_USER_KEYS, Target, find_family, find_target};
use crate::given::Given;
use crate::identify::session::normalise_session_id;
use crate::identify::user_id::normalise_user_id;
use crate::warning::{Notes, Place, Reason};
use cognobserve_wire::json::Raw;
use cognobserve_wire::otlp::{AttrValue, Attributes};

/// The winning value of a field.
#[derive(Clone, Debug)]
pub struct Hit<'s> {
    rank: usize,
    /// The winner's key, as in the table.
    pub key: &'s str,
    pub given: Given<'s>,
    /// The attribute itself; `None` if the value stood inside of another one.
    pub value: Option<&'s AttrValue<'s>>,
}

/// An attribute and what follows its family's prefix.
pub type Member<'s> = (Family, &'s str, &'s AttrValue<'s>);

/// What was found on a span.
#[derive(Debug)]
pub struct Found<'s> {
    hits: [Option<Hit<'s>>; Target::COUNT],
    pub members: Vec<Member<'s>>,
    /// Everything that has no meaning of its own; fields that lost are still among the attributes.
    pub rest: Vec<(&'s str, &'s AttrValue<'s>)>,
}

impl<'s> Found<'s> {
    /// The best value of a field.
    pub fn get(&self, target: Target) -> Option<&Hit<'s>> {
        self.hits[target as usize].as_ref()
    }

    /// The best value of a field, as given.
    pub fn given(&self, target: Target) -> Given<'s> {
        self.get(target)
            .map_or(Given::Absent, |hit| hit.given.clone())
    }

    /// The attribute that fills a field.
    pub fn value(&self, target: Target) -> Option<&'s AttrValue<'s>> {
        self.get(target)?.value
    }
}

/// Reads the attributes of the span at `index`; `decodes_metadata`: Langfuse's metadata values are JSON texts.
pub fn find_fields<'s>(
    attributes: &'s Attributes<'s>,
    decodes_metadata: bool,
    index: usize,
    notes: &mut Notes,
) -> Found<'s> {
    let mut found = Found {
        hits: [const { None }; Target::COUNT],
        members: Vec::new(),
        rest: Vec::new(),
    };
    for (key, value) in attributes.iter() {
        if let Some((target, rank)) = find_target(key) {
            let is_encoded =
                decodes_metadata && key.starts_with("langfuse.") && key.contains(".metadata.");
            let given = if is_encoded {
                decode(value)
            } else {
                Given::from(value)
            };
            let hit = Hit {
                rank,
                key,
                given,
                value: Some(value),
            };
            if target.stays() {
                found.rest.push((key, value));
                offer(&mut found.hits[target as usize], target, hit, index, notes);
            } else if let Some(loser) =
                offer(&mut found.hits[target as usize], target, hit, index, notes)
            {
                found
                    .rest
                    .extend(loser.value.map(|value| (loser.key, value)));
            }
        } else if let Some((family, rest)) = find_family(key) {
            found.members.push((family, rest, value));
        } else {
            found.rest.push((key, value));
        }
    }
    offer_metadata_user(&mut found, index, notes);
    found
}

/// The value inside of text that holds JSON; the text itself if it holds none.
fn decode<'s>(value: &'s AttrValue<'s>) -> Given<'s> {
    let inner = value
        .as_str()
        .and_then(|text| serde_json::from_str::<Raw>(text).ok());
    inner.map_or_else(|| Given::from(value), Given::from)
}

/// Puts the hit into the slot if it is meaningful and better; answers who is not in the slot.
fn offer<'s>(
    slot: &mut Option<Hit<'s>>,
    target: Target,
    hit: Hit<'s>,
    index: usize,
    notes: &mut Notes,
) -> Option<Hit<'s>> {
    if !is_meaningful(target, &hit, index, notes) {
        return Some(hit);
    }
    match slot {
        Some(best) if best.rank <= hit.rank => Some(hit),
        _ => slot.replace(hit),
    }
}

fn is_meaningful(target: Target, hit: &Hit, index: usize, notes: &mut Notes) -> bool {
    let read = match target {
        Target::User => read_user_id(&hit.given).map(|id| id.is_some()),
        Target::Session => read_session_id(&hit.given).map(|id| id.is_some()),
        Target::Kind => Ok(read_kind(hit.key, &hit.given).is_some()),
        Target::Level => Ok(read_level(hit.key, &hit.given).is_some()),
        // Filled from the value itself, whatever its type.
        Target::Input | Target::Output | Target::AppRoot | Target::ModelParameters => {
            Ok(hit.value.is_some_and(|v| !is_blank(v)))
        }
        _ => Ok(hit.given.is_given()
            && hit.given != Given::Other
            && !matches!(&hit.given, Given::Text(t) if t.trim().is_empty())),
    };
    read.unwrap_or_else(|reason| {
        let field = if target == Target::User {
            "user.id"
        } else {
            "session.id"
        };
        notes.add(Place::of_span(index, field), reason);
        false
    })
}

fn is_blank(value: &AttrValue) -> bool {
    matches!(value, AttrValue::Null) || value.as_str().is_some_and(str::is_empty)
}

/// The user that OpenInference's JSON text of metadata names.
fn offer_metadata_user(found: &mut Found, index: usize, notes: &mut Notes) {
    let Some(Given::Text(text)) = found.get(Target::Metadata).map(|hit| hit.given.clone()) else {
        return;
    };
    let members = serde_json::from_str::<Raw>(&text)
        .ok()
        .and_then(Raw::members);
    for (key, value) in members.unwrap_or_default() {
        let Some(known) = METADATA_USER_KEYS.iter().find(|known| **known == key) else {
            continue;
        };
        let pseudo = if *known == "user_id" {
            "metadata.user_id"
        } else {
            "metadata.userId"
        };
        let (Some((target, rank)), Some(id)) =
            (find_target(pseudo), Given::from(value).into_id_text())
        else {
            continue;
        };
        let given = Given::Text(id.into_owned().into());
        offer(
            &mut found.hits[target as usize],
            target,
            Hit {
                rank,
                key: pseudo,
                given,
                value: None,
            },
            index,
            notes,
        );
    }
}

/// A value that a scrubber put in place of an id: everybody would share it.
fn is_scrubbed(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("[Scrubbed due to") || text.eq_ignore_ascii_case("[REDACTED]")
}

/// The user id of a value; `Err` if it is an id that can't be kept.
pub fn read_user_id(given: &Given) -> Result<Option<String>, Reason> {
    let Some(text) = given
        .clone()
        .into_id_text()
        .filter(|text| !is_scrubbed(text))
    else {
        return Ok(None);
    };
    let id = normalise_user_id(&text).map_err(|_| Reason::IdTooLong)?;
    Ok(id.map(|id| id.into_owned()))
}

/// The session id of a value; `Err` if it is an id that can't be kept.
pub fn read_session_id(given: &Given) -> Result<Option<String>, Reason> {
    let Some(text) = given
        .clone()
        .into_id_text()
        .filter(|text| !is_scrubbed(text))
    else {
        return Ok(None);
    };
    Ok(normalise_session_id(&text)?.map(|id| id.into_owned()))
}
