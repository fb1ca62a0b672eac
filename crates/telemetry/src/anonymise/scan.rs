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
const PATTERNS: [(Sensitive, &str); 9] = [
    // With the sign's full-width twin, and as URLs write it.
    (Sensitive::Email, r"(?i)[^\s@＠]+(?:@|＠|%40)[\p{L}\p{N}]"),
    // Prefixes of well-known issuers, our own among them.
    (
        Sensitive::Secret,
        r"(?i)(?:^|[^a-z0-9])(?:sk|pk|rk|co_sk|co_st|ghp|gho|ghs|github_pat|glpat|xox[abeprs]|ya29|hf|npm|pypi|dop_v1|shpat)[-_][a-z0-9_-]{6,}",
    ),
    (
        Sensitive::Secret,
        r"(?:AKIA|ASIA|AIza)[A-Za-z0-9_-]{10,}|eyJ[A-Za-z0-9_-]{6,}|-----BEGIN|(?i:(?:bearer|basic|token|api[ _-]?key|password|secret)\s*[ :=]\s*\S{6,})",
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

/// What the text looks like; `None`: nothing of the kind.
pub fn find_sensitive(text: &str) -> Option<Sensitive> {
    let found = COMPILED.iter().find(|(_, pattern)| pattern.is_match(text));
    found
        .map(|(kind, _)| *kind)
        .or_else(|| looks_random(text).then_some(Sensitive::Secret))
}

/// A run of 20 characters or more of upper and lower case and digits, as keys are; neither a UUID nor a word is.
fn looks_random(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=');
    text.split(|c| !is_part(c)).any(|run| {
        let has = |kind: fn(&u8) -> bool| run.bytes().any(|byte| kind(&byte));
        run.len() >= 20
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
    })
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
        ] {
            assert_eq!(find_sensitive(text), None, "{text}");
        }
    }
}
