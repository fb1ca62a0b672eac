//! What a process does of what there is to do.

/// One part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Takes traces in.
    Ingest,
    /// Books them.
    Worker,
    /// Answers questions.
    Api,
    /// Shows the dashboard.
    Web,
}

const NAMES: [(&str, Role); 4] = [
    ("ingest", Role::Ingest),
    ("worker", Role::Worker),
    ("api", Role::Api),
    ("web", Role::Web),
];

/// At least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    pub fn all() -> Roles {
        Roles(NAMES.iter().map(|(_, role)| *role).collect())
    }

    pub fn contains(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    pub fn are_all(&self) -> bool {
        *self == Roles::all()
    }

    /// Reads `ingest,worker`; the order and repeats do not matter.
    pub fn parse(list: &str) -> Result<Roles, String> {
        let mut roles = Vec::new();
        for word in list
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            let Some((_, role)) = NAMES.iter().find(|(name, _)| *name == word) else {
                return Err(format!(
                    "there is no role {word:?}; the roles are ingest, worker, api, web"
                ));
            };
            roles.push(*role);
        }
        roles.sort_unstable();
        roles.dedup();
        match roles.is_empty() {
            true => Err("at least one role is needed".into()),
            false => Ok(Roles(roles)),
        }
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |role: &Role| NAMES[*role as usize].0;
        let names: Vec<&str> = self.0.iter().map(name).collect();
        f.write_str(&names.join(","))
    }
}
