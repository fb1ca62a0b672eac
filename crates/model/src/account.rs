//! Workspaces' projects, their settings, and API keys (never the key itself).
use crate::id::{DeveloperId, KeyId, ProjectId};
use crate::span::words;
use crate::time::Micros;

words!(
    /// What a key may do.
    Scope { Ingest = "ingest", Read = "read", Admin = "admin" }
);
words!(
    /// What of inputs, outputs and metadata is taken in at the door.
    Capture { Full = "full", None = "none" }
);

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// `ingest,read`: what a new key gets.
    pub const DEFAULT: Scopes = Scopes(0b011);
    pub const ALL: Scopes = Scopes(0b111);

    pub fn with(self, scope: Scope) -> Scopes {
        Scopes(self.0 | 1 << scope as u8)
    }

    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .iter()
            .copied()
            .filter(move |scope| self.contains(*scope))
    }

    /// Reads `ingest,read`; `None` if empty or if a word is unknown.
    pub fn parse(list: &str) -> Option<Scopes> {
        let mut scopes = Scopes::default();
        for word in list
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            scopes = scopes.with(Scope::parse(word)?);
        }
        (scopes != Scopes::default()).then_some(scopes)
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

/// Per-project settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSettings {
    /// Payloads older than this many days are removed; `None` keeps them.
    pub retention_payload_days: Option<u32>,
    pub capture: Capture,
    /// IANA name; the default zone of the dashboard.
    pub time_zone: String,
    /// More spans a second are answered 429; `None`: no limit.
    pub max_spans_per_second: Option<u32>,
    /// A batch that would make more users than this is answered 429; `None`: no limit.
    pub max_users: Option<u64>,
}

impl Default for ProjectSettings {
    fn default() -> Self {
        ProjectSettings {
            retention_payload_days: None,
            capture: Capture::Full,
            time_zone: "UTC".into(),
            max_spans_per_second: None,
            max_users: None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub workspace: String,
    /// Unique in its workspace.
    pub name: String,
    pub developer: DeveloperId,
    pub settings: ProjectSettings,
    pub created: Micros,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: KeyId,
    pub project: ProjectId,
    pub name: String,
    /// The first characters of the key, for recognising it.
    pub prefix: String,
    pub scopes: Scopes,
    pub created: Micros,
    /// Who made it, as the audit log names them; `None`: made before that was kept.
    pub created_by: Option<String>,
    /// From then on it opens nothing; `None`: it does not expire.
    pub expires: Option<Micros>,
    /// To the minute; `None`: never used, as far as is known.
    pub last_used: Option<Micros>,
    pub revoked: Option<Micros>,
}

/// What a valid key grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub key: KeyId,
    pub developer: DeveloperId,
    pub scopes: Scopes,
    /// From then on it grants nothing; `None`: it does not expire.
    pub expires: Option<Micros>,
    pub project: Project,
}

/// SHA-256 of an API key.
pub type KeyHash = [u8; 32];
