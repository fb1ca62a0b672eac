//! Sessions as they go out.
use crate::api::json::{JsonOut, TimeOut};
use crate::api::measures::MeasuresOut;
use cognobserve_model::report::SessionStats;
use serde::Serialize;
use utoipa::ToSchema;

/// A session with its all-time sums.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionOut {
    pub id: String,
    pub project_id: String,
    /// The developer's own id of this session.
    pub external_id: String,
    pub name: Option<String>,
    #[schema(value_type = crate::api::json::MetadataOut)]
    pub metadata: JsonOut,
    /// The user of its latest identified trace.
    pub user_id: Option<String>,
    pub external_user_id: Option<String>,
    pub first_seen_at: TimeOut,
    pub last_seen_at: TimeOut,
    pub created_at: TimeOut,
    #[serde(flatten)]
    pub measures: MeasuresOut,
}

impl From<SessionStats> for SessionOut {
    fn from(session: SessionStats) -> SessionOut {
        let (user_id, external_user_id) = session
            .user
            .map(|user| (user.id.to_string(), user.external_id))
            .unzip();
        SessionOut {
            id: session.id.to_string(),
            project_id: session.project.to_string(),
            external_id: session.external_id,
            name: session.name,
            metadata: JsonOut::of(session.metadata),
            user_id,
            external_user_id: external_user_id.flatten(),
            first_seen_at: TimeOut(session.first_seen),
            last_seen_at: TimeOut(session.last_seen),
            created_at: TimeOut(session.created),
            measures: MeasuresOut::from(&session.measures),
        }
    }
}
