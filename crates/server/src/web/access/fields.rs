//! What several forms ask for: names, new passwords, how long something is to last.
use crate::auth::enter::end_after;
use crate::auth::page::Fields;
use crate::auth::password::check_password;
use cognobserve_dashboard::Form;
use cognobserve_model::time::Micros;
use std::time::Duration;

/// Longest name of anything that people name.
const MAX_NAME_CHARS: usize = 100;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The name in a field, kept in the form; `None` if it was left empty. Says what is wrong with it.
pub fn read_name(given: &Fields, field: &'static str, form: &mut Form) -> Option<String> {
    let name = given.text(field);
    form.keep(field, name);
    let is_fine = name.chars().count() <= MAX_NAME_CHARS && !name.chars().any(char::is_control);
    if !is_fine {
        let words = format!("at most {MAX_NAME_CHARS} characters on one line");
        form.refuse(field, words);
    }
    (is_fine && !name.is_empty()).then(|| name.to_owned())
}

/// A new password, typed twice; never kept in the form.
pub fn read_new_password(given: &Fields, form: &mut Form) -> Option<String> {
    let password = given.raw("password");
    if let Err(words) = check_password(password) {
        form.refuse("password", words);
        return None;
    }
    if given.raw("again") != password {
        form.refuse("again", "is not the same");
        return None;
    }
    Some(password.to_owned())
}

/// After how many days something ends: one of `choices`, or none if it was left empty.
pub fn read_end(given: &Fields, choices: &[u32], form: &mut Form) -> Option<Micros> {
    let text = given.text("days");
    form.keep("days", text);
    if text.is_empty() {
        return None;
    }
    let days = text.parse().ok().filter(|days| choices.contains(days));
    if days.is_none() {
        form.refuse("days", "choose one of the list");
    }
    days.map(|days| end_after(DAY * days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_typed_twice_and_not_kept() {
        for (body, fault) in [
            ("password=0123456789&again=0123456789", None),
            ("password=short&again=short", Some("password")),
            ("password=0123456789&again=0123456780", Some("again")),
        ] {
            let mut form = Form::default();
            let read = read_new_password(&Fields::parse(body.as_bytes()), &mut form);
            assert_eq!(read.is_some(), fault.is_none(), "{body}");
            assert!(fault.is_none_or(|name| form.fault(name).is_some()));
            assert_eq!(form.value("password"), "");
        }
    }

    #[test]
    fn names_and_ends_are_kept_as_typed() {
        let given = Fields::parse(b"name=+A+&long=x%0Ay&days=30");
        let mut form = Form::default();
        assert_eq!(read_name(&given, "name", &mut form), Some("A".into()));
        assert_eq!(read_name(&given, "long", &mut form), None);
        assert!(form.fault("long").is_some() && form.value("long") == "x\ny");
        assert!(read_end(&given, &[7, 30], &mut form).is_some());
        assert_eq!(read_end(&given, &[7], &mut form), None);
        assert!(form.fault("days").is_some());
    }
}
