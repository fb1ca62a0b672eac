//! Whether anything may be captured and sent. Asked before any id is derived.

/// The words of the settings that say no; empty texts say nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consent<'a> {
    /// `TELEMETRY_ENABLED`: `false`, `0`, `no` or `off`.
    pub telemetry_enabled: Option<&'a str>,
    /// `DO_NOT_TRACK`: anything but `0` and `false`, as the console's convention has it.
    pub do_not_track: Option<&'a str>,
    /// What `telemetry disable` or the configuration left.
    pub configured: Option<bool>,
}

fn is_no(word: &str) -> bool {
    matches!(
        word.trim().to_ascii_lowercase().as_str(),
        "false" | "0" | "no" | "off"
    )
}

impl Consent<'_> {
    /// Each of the settings can say no, and none can overrule another's no.
    pub fn is_given(&self) -> bool {
        let said = |word: Option<&str>| {
            word.map(str::trim)
                .filter(|word| !word.is_empty())
                .map(is_no)
        };
        let is_off = said(self.telemetry_enabled) == Some(true);
        let is_not_to_be_tracked = said(self.do_not_track) == Some(false);
        !is_off && !is_not_to_be_tracked && self.configured != Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_no_is_a_no() {
        let ask = |telemetry_enabled, do_not_track, configured| {
            Consent {
                telemetry_enabled,
                do_not_track,
                configured,
            }
            .is_given()
        };
        assert!(ask(None, None, None));
        assert!(ask(Some("true"), Some("0"), Some(true)));
        assert!(ask(Some(""), Some(" "), None));
        for word in ["false", "0", "no", "off", " OFF "] {
            assert!(!ask(Some(word), None, Some(true)), "{word}");
        }
        for word in ["1", "true", "yes", "please"] {
            assert!(!ask(Some("true"), Some(word), Some(true)), "{word}");
        }
        assert!(!ask(Some("true"), Some("0"), Some(false)));
    }
}
