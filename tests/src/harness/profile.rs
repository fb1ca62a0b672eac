//! What stands behind the servers of a run: `COGNOBSERVE_TEST_PROFILE` is `embedded`, the
//! default, or `postgres`. The stories are the same.
use cognobserve_servers::Schema;
use std::sync::Arc;

/// A store that one server, started and stopped as often as it likes, has to itself.
#[derive(Clone, Default)]
pub struct Backing {
    schema: Option<Arc<Schema>>,
}

impl Backing {
    /// As the run's profile says.
    #[track_caller]
    pub fn of_profile() -> Backing {
        let profile = std::env::var("COGNOBSERVE_TEST_PROFILE").unwrap_or_default();
        match profile.as_str() {
            "" | "embedded" => Backing::default(),
            "postgres" => Backing {
                schema: Some(Arc::new(cognobserve_servers::postgres().make_schema())),
            },
            other => panic!("there is no profile {other:?}"),
        }
    }

    /// What the environment of a command must say to find the store.
    pub fn settings(&self) -> Vec<(&'static str, &str)> {
        let schema = self.schema.iter();
        schema
            .map(|schema| ("COGNOBSERVE_DATABASE_URL", schema.url()))
            .collect()
    }
}
