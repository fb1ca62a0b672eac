//! What the words for failures count: traces or spans. Every head and card that has one of them says
//! so to the pointer.
//! Invariant: *failed traces* are traces, *errors* are spans; no page uses one for the other.

pub const FAILED_TRACES: &str = "Failed traces";
/// The sign stays with its word, so that a narrow head has two lines and not three.
pub const FAILED_SHARE: &str = "Failed traces\u{a0}%";
pub const ERRORS: &str = "Errors";
/// On the card of a user.
pub const ERROR_RATE: &str = "Error Rate";

/// What is counted under this name; empty if it says so by itself.
pub fn explain(name: &str) -> &'static str {
    match name {
        FAILED_TRACES => "Traces with at least one span of the level ERROR",
        FAILED_SHARE => "Share of the traces that have a span of the level ERROR",
        ERRORS => "Spans of the level ERROR",
        ERROR_RATE => "Share of the spans that have the level ERROR",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_counts_one_kind_of_thing() {
        for (name, of) in [
            (FAILED_TRACES, "Traces"),
            (FAILED_SHARE, "Share of the traces"),
            (ERRORS, "Spans"),
            (ERROR_RATE, "Share of the spans"),
        ] {
            assert!(explain(name).starts_with(of), "{name}");
        }
        assert_eq!(explain("Cost"), "");
    }
}
