//! Variables that are not ours by name: those by which others already say what is meant.
use super::layers::{Layers, Origin};
use cognobserve_telemetry::consent::Consent;

/// Read where our own variable is not set.
const ALIASES: [(&str, &str); 2] = [
    ("TELEMETRY_PROVIDER", "telemetry.providers"),
    ("PAPR_EDITION", "edition"),
];

fn find<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = environment.iter().find(|(given, _)| given == name);
    found
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.trim().is_empty())
}

impl Layers {
    /// Goes before our own variables, which win.
    pub(super) fn add_aliases(&mut self, environment: &[(String, String)]) {
        for (name, key) in ALIASES {
            if let Some(value) = find(environment, name) {
                self.put(key, value.to_owned(), Origin::Environment(name.to_owned()));
            }
        }
    }

    /// Goes last: nothing overrules a no.
    pub(super) fn add_refusals(&mut self, environment: &[(String, String)]) {
        let enabled = Consent {
            telemetry_enabled: find(environment, "TELEMETRY_ENABLED"),
            ..Consent::default()
        };
        let untracked = Consent {
            do_not_track: find(environment, "DO_NOT_TRACK"),
            ..Consent::default()
        };
        for (name, consent) in [("TELEMETRY_ENABLED", enabled), ("DO_NOT_TRACK", untracked)] {
            if !consent.is_given() {
                let origin = Origin::Environment(name.to_owned());
                self.put("telemetry.enabled", "false".to_owned(), origin);
            }
        }
    }
}
