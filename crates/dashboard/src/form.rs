//! A form as it comes back: what was typed, and what is wrong with it, beside each field.
//! Invariant: passwords are never kept.

/// Values and faults by field; the fault of no field is of the whole form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    values: Vec<(&'static str, String)>,
    faults: Vec<(&'static str, String)>,
}

impl Form {
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Form {
        self.keep(name, value);
        self
    }

    /// Keeps what was typed.
    pub fn keep(&mut self, name: &'static str, value: impl Into<String>) {
        self.values.push((name, value.into()));
    }

    /// For a field that was not typed in.
    pub fn keep_default(&mut self, name: &'static str, value: impl Into<String>) {
        if !self.values.iter().any(|(key, _)| *key == name) {
            self.keep(name, value);
        }
    }

    /// Says what is wrong; an empty name: with the whole.
    pub fn refuse(&mut self, name: &'static str, words: impl Into<String>) {
        self.faults.push((name, words.into()));
    }

    pub fn is_fine(&self) -> bool {
        self.faults.is_empty()
    }

    pub fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }

    /// Whether this was chosen out of several.
    pub fn has(&self, name: &str, value: &str) -> bool {
        let mut values = self.values.iter();
        values.any(|(key, kept)| *key == name && kept == value)
    }

    pub fn fault(&self, name: &str) -> Option<&str> {
        let found = self.faults.iter().find(|(key, _)| *key == name);
        found.map(|(_, words)| words.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_and_what_is_wrong_come_back() {
        let mut form = Form::default()
            .with("name", "Ann")
            .with("scope", "read")
            .with("scope", "ingest");
        assert!(form.is_fine());
        form.keep_default("name", "Bob");
        form.refuse("name", "is taken");
        assert_eq!((form.value("name"), form.value("none")), ("Ann", ""));
        assert!(form.has("scope", "ingest") && !form.has("scope", "admin"));
        assert_eq!(
            (form.fault("name"), form.fault("")),
            (Some("is taken"), None)
        );
        assert!(!form.is_fine());
    }
}
