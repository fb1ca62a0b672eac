//! What a text looks like, if it looks like something that must not leave. Rather one too many than one too few.
use regex::Regex;
use std::sync::LazyLock;

/// What a text was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitive {
    Email,
    /// An API key, a session token, a JWT, a private key, or any text as random as one.
    Secret,
    Phone,
    Ip,
    Url,
    Path,
    StreetAddress,
}

impl Sensitive {
    pub fn as_str(self) -> &'static str {
        match self {
            Sensitive::Email => "email",
            Sensitive::Secret => "secret",
            Sensitive::Phone => "phone",
            Sensitive::Ip => "ip",
            Sensitive::Url => "url",
            Sensitive::Path => "path",
            Sensitive::StreetAddress => "street_address",
        }
    }

    /// Whether it leaves in no edition at all.
    pub fn is_never_sent(self) -> bool {
        matches!(self, Sensitive::Email | Sensitive::Secret)
    }
}

/// In the order in which a text is tried.
const PATTERNS: [(Sensitive, &str); 11] = [
    // With the sign's full-width twin, and as URLs write it. A version after the sign (`model@20240620`) is no host.
    (
        Sensitive::Email,
        r"(?i)[^\s@＠]+(?:@|＠|%40)(?:[\p{N}.-]*\p{L}|\[?\d{1,3}(?:\.\d{1,3}){3})",
    ),
    // Prefixes of well-known issuers, our own among them; those that are also words need a digit.
    (
        Sensitive::Secret,
        r"(?i)(?:^|[^a-z0-9])(?:sk|co_sk|co_st|ghp|gho|ghs|github_pat|glpat|xox[abeprs]|ya29|pypi|dop_v1|shpat)[-_][a-z0-9_-]{6,}",
    ),
    (
        Sensitive::Secret,
        r"(?i)(?:^|[^a-z0-9])(?:pk|rk|hf|npm)[-_](?:[a-z0-9_-]{5,}\d|[a-z0-9_-]{3,}\d[a-z0-9_-]{2}|\d[a-z0-9_-]{5,})",
    ),
    (
        Sensitive::Secret,
        r"(?:AKIA|ASIA|AIza)[A-Za-z0-9_-]{10,}|eyJ[A-Za-z0-9_-]{6,}|-----BEGIN|(?i:bearer\s+\S{6,}|(?:bearer|basic|token|api[ _-]?key|password|secret)\s*[:=]\s*\S{6,})",
    ),
    // The same without a sign between needs what prose has not: a digit, or capitals within.
    (
        Sensitive::Secret,
        r"(?i:basic|token|api[ _-]?key|password|secret)\s+(?:\S{5,}\d|\S{3,}\d\S{2}|\d\S{5,}|\S*[a-z][A-Z]\S{4,}|\S{4,}[a-z][A-Z])",
    ),
    (
        Sensitive::Url,
        r"(?i)[a-z][a-z0-9+.-]*://|www\.|(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}[/:?#]",
    ),
    (
        Sensitive::Ip,
        r"(?i)\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{0,4}|::(?:ffff:)?[0-9a-f]{1,4}|[0-9a-f]{1,4}::",
    ),
    (Sensitive::Phone, r"(?:\d[\s().\-/]{0,3}){6,}\d"),
    (
        Sensitive::Path,
        r#"(?:^|[\s"'=(:,])(?:~|\.{1,2})?[/\\]{1,2}[^\s/\\]|[A-Za-z]:[/\\]|[/\\][^\s/\\]+[/\\]"#,
    ),
    (
        Sensitive::StreetAddress,
        r"(?i)\d+[a-z]?,?\s+(?:\p{L}+\.?\s+){0,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|court|ct|square|sq)\b",
    ),
    (
        Sensitive::StreetAddress,
        r"(?i)\p{L}(?:straße|strasse|str\.|weg|gasse|platz|allee)\s*\d|(?:^|\s)(?:rue|via|calle|avenida|rua|ulica|ul\.)\s+(?:\p{L}+\.?\s+){0,3}\p{L}*,?\s*\d",
    ),
];

static COMPILED: LazyLock<Vec<(Sensitive, Regex)>> = LazyLock::new(|| {
    // The patterns are constants that a test compiles; one that did not compile would find nothing.
    let compiled = PATTERNS
        .iter()
        .filter_map(|(kind, pattern)| Some((*kind, Regex::new(pattern).ok()?)));
    compiled.collect()
});

/// A day of this century, as versions have it.
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(^|\D)20\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(\D|$)").ok()
});

fn is_like(kind: Sensitive, pattern: &Regex, text: &str) -> bool {
    if kind != Sensitive::Phone || !pattern.is_match(text) {
        return pattern.is_match(text);
    }
    let day = DAY.as_ref();
    day.is_none_or(|day| pattern.is_match(&day.replace_all(text, "${1}day$2")))
}

/// What the text looks like; `None`: nothing of the kind.
pub fn find_sensitive(text: &str) -> Option<Sensitive> {
    let found = COMPILED
        .iter()
        .find(|(kind, pattern)| is_like(*kind, pattern, text));
    found
        .map(|(kind, _)| *kind)
        .or_else(|| looks_random(text).then_some(Sensitive::Secret))
}

/// Whether it looks like what leaves in no edition, whatever else it looks like: a key may stand in an address.
pub fn is_never_sent(text: &str) -> bool {
    let mut never = COMPILED.iter().filter(|(kind, _)| kind.is_never_sent());
    never.any(|(_, pattern)| pattern.is_match(text)) || looks_random(text)
}

/// A run of 20 characters or more of upper and lower case and digits, as keys are; neither a UUID is one nor what is
/// made of words and numbers (`Claude-3-5-Sonnet-20241022`).
fn looks_random(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=');
    text.split(|c| !is_part(c)).any(|run| {
        let has = |kind: fn(&u8) -> bool| run.bytes().any(|byte| kind(&byte));
        run.len() >= 20
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && !run.split(['_', '-', '+', '=']).all(is_word_or_number)
    })
}

fn is_word_or_number(part: &str) -> bool {
    let rest = part.get(1..).unwrap_or_default();
    part.bytes().all(|byte| byte.is_ascii_digit())
        || (part.bytes().all(|byte| byte.is_ascii_alphabetic())
            && rest.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn what_must_not_leave_is_known_by_its_look() {
        for (kind, texts) in [
            (
                Sensitive::Email,
                &[
                    "john@acme.com",
                    "mail to: j.d+x@a-b.co.uk",
                    "j%40acme.com",
                    "john＠acme.com",
                    "müller@exämple.de",
                ][..],
            ),
            (
                Sensitive::Secret,
                &[
                    "sk-proj-abcdef123456",
                    "co_sk_Bench7Bench7",
                    "ghp_0123456789abcdef",
                    "AKIAIOSFODNN7EXAMPLE",
                    "eyJhbGciOiJIUzI1NiJ9.e30.x",
                    "Authorization: Bearer abcdef0123",
                    "api_key=hunter22",
                    "xK9mQ2vL8nR4tY6wB1zD",
                    "Basic dXNlcjpwYXNz",
                    "password hunter2",
                    "npm_a1b2c3d4",
                    "Ab1-xK9mQ2vL8-nR4tY6wB",
                    "-----BEGIN RSA PRIVATE KEY-----",
                ],
            ),
            (
                Sensitive::Url,
                &[
                    "https://acme.com/x?y=1",
                    "ftp://host",
                    "www.acme.com",
                    "acme.com/reset",
                ],
            ),
            (
                Sensitive::Ip,
                &[
                    "10.0.0.17",
                    "from 192.168.1.1:80",
                    "2001:db8::1",
                    "fe80::1ff:fe23",
                    "::1",
                ],
            ),
            (
                Sensitive::Phone,
                &[
                    "+1 (415) 555-0100",
                    "0049 89 123456",
                    "4155550100",
                    "415.555.0100",
                    "5550-1234",
                    "20241399",
                    "2025-08-06-1234567",
                ],
            ),
            (
                Sensitive::Path,
                &[
                    "/srv/john/x.txt",
                    "~/secret",
                    "C:\\Users\\John",
                    "\\\\server\\share",
                    "see ../../etc",
                ],
            ),
            (
                Sensitive::StreetAddress,
                &[
                    "12 Main Street",
                    "221b Baker St",
                    "Hauptstraße 5",
                    "10 rue de la Paix 7",
                    "1600 Pennsylvania Ave",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(find_sensitive(text), Some(kind), "{text}");
            }
        }
    }

    #[test]
    fn a_secret_is_one_within_whatever_it_stands_in() {
        for text in [
            "https://a.example/r?code=xK9mQ2vL8nR4tY6wB1zD",
            "AbCdE1234567fGhIjKlMn",
            "/srv/keys/sk-proj-abcdef123456",
            "10.0.0.17 token=abcdef",
            "https://john@acme.com/",
        ] {
            assert!(is_never_sent(text), "{text}");
        }
        for text in [
            "https://a.example/r?code=7",
            "/srv/alice",
            "+1 415 555 0100",
            "claude-3-5-sonnet@20240620",
            "left-pad@1.3.0",
        ] {
            assert!(!is_never_sent(text), "{text}");
        }
    }

    #[test]
    fn plain_words_are_left_alone() {
        for text in [
            "text",
            "gpt-4o-mini",
            "claude-3.5-sonnet",
            "openai/gpt-4o",
            "100-500ms",
            "enterprise",
            "v1.2.3",
            "memory_created",
            "550e8400",
            "a street too far",
            "2 of 3",
            "",
            "Basic monthly",
            "password changed",
            "API key created",
            "Claude-3-5-Sonnet-20241022",
            "gpt-4o-2024-08-06",
            "npm_install_done",
        ] {
            assert_eq!(find_sensitive(text), None, "{text}");
        }
    }
}
