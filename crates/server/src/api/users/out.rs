//! Users as they go out.
use crate::api::json::{MetadataOut, TimeOut};
use crate::api::measures::CountedOut;
use crate::api::sessions::out::SessionOut;
use cognobserve_model::report::{UserDetail, UserStats};
use serde::Serialize;
use utoipa::ToSchema;

/// A user with sums, all-time or of `[statsFrom, statsTo)`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserWithStats)]
pub struct UserOut {
    pub id: String,
    pub project_id: String,
    /// The developer's own id of this user.
    pub external_id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub metadata: MetadataOut,
    pub first_seen_at: TimeOut,
    pub last_seen_at: TimeOut,
    pub created_at: TimeOut,
    /// Last change of name, e-mail or metadata.
    pub updated_at: TimeOut,
    #[serde(flatten)]
    pub counted: CountedOut,
}

impl From<UserStats> for UserOut {
    fn from(stats: UserStats) -> UserOut {
        let user = stats.user;
        UserOut {
            id: user.id.to_string(),
            project_id: user.project.to_string(),
            external_id: user.external_id,
            name: user.name,
            email: user.email,
            metadata: MetadataOut(user.metadata),
            first_seen_at: TimeOut(user.first_seen),
            last_seen_at: TimeOut(user.last_seen),
            created_at: TimeOut(user.created),
            updated_at: TimeOut(user.updated),
            counted: CountedOut::new(&stats.measures, stats.session_count),
        }
    }
}

/// A user with the ten latest sessions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserDetail)]
pub struct UserDetailOut {
    #[serde(flatten)]
    pub user: UserOut,
    pub sessions: Vec<SessionOut>,
}

impl From<UserDetail> for UserDetailOut {
    fn from(detail: UserDetail) -> UserDetailOut {
        UserDetailOut {
            user: detail.stats.into(),
            sessions: detail.sessions.into_iter().map(SessionOut::from).collect(),
        }
    }
}
