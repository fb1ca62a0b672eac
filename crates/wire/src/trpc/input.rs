//! What calls bring.
use super::envelope::Form;
use super::superjson::{self, Sealed};
use crate::json::{Kind, Raw};
use std::borrow::Cow;
use std::collections::BTreeMap;
use thiserror::Error;

/// An input that cannot be one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InputError {
    #[error("the input is not valid JSON")]
    Syntax,
    #[error("the input must be an object")]
    NotAnObject,
    #[error(
        "the inputs of a batch must be an object with a member for each call, \"0\", \"1\" and so on"
    )]
    NotABatch,
}

/// The members of a call's input; whatever the client left undefined is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    members: BTreeMap<String, String>,
}

impl Input {
    /// The member's JSON text, which is then gone from here.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.members.remove(name)
    }

    /// What is left: names and JSON texts.
    pub fn into_rest(self) -> impl Iterator<Item = (String, String)> {
        self.members.into_iter()
    }
}

/// Reads one call's input, and in which form it is; no text is no input. `text`: clean JSON.
pub fn read_input(text: Option<&str>) -> (Form, Result<Input, InputError>) {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return (Form::Plain, Ok(Input::default()));
    };
    let raw: Result<Raw, _> = serde_json::from_str(text);
    let members = raw.map_err(|_| InputError::Syntax).and_then(read_members);
    let members = match members {
        Ok(members) => members,
        Err(error) => return (Form::Unknown, Err(error)),
    };
    match superjson::open(&members) {
        None => {
            let members = keep(members);
            (Form::Plain, Ok(Input { members }))
        }
        Some(sealed) => (Form::Superjson, unseal(&sealed)),
    }
}

fn unseal(sealed: &Sealed<'_>) -> Result<Input, InputError> {
    let undefined = sealed.list_undefined();
    if undefined.iter().any(Vec::is_empty) {
        return Ok(Input::default());
    }
    let mut members = keep(read_members(sealed.json)?);
    for path in &undefined {
        superjson::remove(&mut members, path);
    }
    Ok(Input { members })
}

/// The inputs of a batch of `calls`, each still to be read. `text`: clean JSON.
pub fn split_batch(text: Option<&str>, calls: usize) -> Result<Vec<Option<String>>, InputError> {
    let mut inputs = vec![None; calls];
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(inputs);
    };
    let raw: Raw = serde_json::from_str(text).map_err(|_| InputError::Syntax)?;
    let members = raw.members().ok_or(InputError::NotABatch)?;
    for (name, input) in members {
        let at: usize = name.parse().map_err(|_| InputError::NotABatch)?;
        let slot = inputs.get_mut(at).ok_or(InputError::NotABatch)?;
        *slot = input.text().map(str::to_owned);
    }
    Ok(inputs)
}

/// An object's members; `null` is an object without any.
fn read_members(raw: Raw<'_>) -> Result<Vec<(Cow<'_, str>, Raw<'_>)>, InputError> {
    match raw.kind() {
        Kind::Null | Kind::Absent => Ok(Vec::new()),
        _ => raw.members().ok_or(InputError::NotAnObject),
    }
}

fn keep(members: Vec<(Cow<'_, str>, Raw<'_>)>) -> BTreeMap<String, String> {
    let texts = members.into_iter().filter_map(|(name, raw)| {
        let text = raw.text()?;
        Some((name.into_owned(), text.to_owned()))
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Form, Vec<(String, String)>) {
        let (form, input) = read_input(Some(text));
        (form, input.unwrap().into_rest().collect())
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.into(), text.into())
    }

    #[test]
    fn plain_input_is_kept_token_for_token() {
        let (form, members) = read(r#" {"limit": 5, "x": {"a":1.50e0}, "limit": 6} "#);
        assert_eq!(form, Form::Plain);
        assert_eq!(members, [pair("limit", "6"), pair("x", r#"{"a":1.50e0}"#)]);
        for nothing in [None, Some(""), Some("null"), Some("{}")] {
            let read = read_input(nothing);
            assert_eq!(read, (Form::Plain, Ok(Input::default())), "{nothing:?}");
        }
    }

    #[test]
    fn superjson_leaves_out_what_was_undefined() {
        let (form, members) = read(
            r#"{"json":{"from":"1970-01-01T00:00:00.005Z","search":null,"name":null,"metadata":{"a":null,"b.c":null,"d":[null,1]}},
               "meta":{"values":{"from":["Date"],"search":["undefined"],"metadata.a":["undefined"],"metadata.b\\.c":["undefined"],"metadata.d.0":["undefined"]},"v":1}}"#,
        );
        assert_eq!(form, Form::Superjson);
        let expected = [
            pair("from", r#""1970-01-01T00:00:00.005Z""#),
            pair("metadata", r#"{"d":[null,1]}"#),
            pair("name", "null"),
        ];
        assert_eq!(members, expected);
        for nothing in [
            r#"{"json":null,"meta":{"values":["undefined"],"v":1}}"#,
            r#"{"meta":{"values":["undefined"]}}"#,
            r#"{"json":{}}"#,
        ] {
            assert_eq!(read(nothing), (Form::Superjson, vec![]), "{nothing}");
        }
    }

    #[test]
    fn what_is_no_input_is_refused() {
        for (text, form, error) in [
            ("{bad", Form::Unknown, InputError::Syntax),
            ("[1]", Form::Unknown, InputError::NotAnObject),
            ("\"x\"", Form::Unknown, InputError::NotAnObject),
            (r#"{"json":7}"#, Form::Superjson, InputError::NotAnObject),
        ] {
            assert_eq!(read_input(Some(text)), (form, Err(error)), "{text}");
        }
    }

    #[test]
    fn a_batch_has_a_place_for_each_call() {
        let inputs = split_batch(Some(r#"{"1":{"id":"x"},"0":null}"#), 3).unwrap();
        assert_eq!(
            inputs,
            [Some("null".into()), Some(r#"{"id":"x"}"#.into()), None]
        );
        assert_eq!(split_batch(None, 2), Ok(vec![None, None]));
        for wrong in ["[]", r#"{"3":{}}"#, r#"{"a":{}}"#, r#"{"-1":{}}"#] {
            assert_eq!(
                split_batch(Some(wrong), 3),
                Err(InputError::NotABatch),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in r#"[\{\}\[\]",:\.\\a-z0-9 ]{0,60}"#) {
            let _ = read_input(Some(&text));
            let _ = split_batch(Some(&text), 3);
            let _ = read_input(Some(&format!(r#"{{"json":{{"a":{{"b":1}}}},"meta":{{"values":{{"{}":["undefined"]}}}}}}"#, text.replace(['"', '\\'], ""))));
        }
    }
}
