//! `GET /v1/me`: what this key or member may, and what was lately wrong with what its project sent.
use crate::api::json::TimeOut;
use crate::auth::power::Power;
use crate::auth::{Allowed, Read};
use crate::http::problem::ProblemOut;
use crate::ingest::lane::Note;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_model::account::Scope;
use cognobserve_model::id::MAX_SPANS_PER_TRACE;
use cognobserve_wire::native::MAX_TRACES;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Me)]
pub struct MeOut {
    pub project: ProjectOut,
    /// The owner of the project's workspace; with a session token the account.
    pub developer_id: String,
    /// With a session token the account is the end user, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user_id: Option<String>,
    /// Of a key, out of `ingest`, `read`, `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<&'static str>>,
    /// Of a member: `OWNER`, `ADMIN`, `MEMBER` or `VIEWER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    pub limits: LimitsOut,
    /// What clients of the project were warned of since the server started, newest first.
    pub recent_warnings: Vec<NoteOut>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Project)]
pub struct ProjectOut {
    pub id: String,
    pub name: String,
    pub workspace: String,
    pub time_zone: String,
    /// `full`, or `none`: inputs, outputs and metadata are dropped at the door.
    pub capture: &'static str,
    pub retention_payload_days: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Limits)]
pub struct LimitsOut {
    /// Null: no limit.
    pub max_spans_per_second: Option<u32>,
    /// Null: no limit.
    pub max_users: Option<u64>,
    /// Of a request, before and after decompression.
    pub max_body_bytes: usize,
    pub max_traces_per_batch: usize,
    pub max_spans_per_trace: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecentWarning)]
pub struct NoteOut {
    pub at: TimeOut,
    pub trace_id: Option<String>,
    pub code: &'static str,
    pub path: String,
    pub message: String,
}

impl From<Note> for NoteOut {
    fn from(note: Note) -> NoteOut {
        NoteOut {
            at: TimeOut(note.at),
            trace_id: note.trace_id,
            code: note.code,
            path: note.path,
            message: note.message,
        }
    }
}

/// The caller's project, scopes or role, and limits, and the project's latest warnings.
#[utoipa::path(get, path = "/v1/me", tag = "me", responses((status = 200, body = MeOut), (status = "default", body = ProblemOut)))]
pub async fn find_me(State(state): State<Arc<AppState>>, allowed: Allowed<Read>) -> Json<MeOut> {
    let project = allowed.project.clone();
    let settings = project.settings;
    let (scopes, role) = match allowed.power {
        Power::Key(scopes) => (Some(scopes.iter().map(Scope::as_str).collect()), None),
        Power::Member(role) => (None, Some(role.as_str())),
    };
    Json(MeOut {
        project: ProjectOut {
            id: project.id.to_string(),
            name: project.name,
            workspace: project.workspace,
            time_zone: settings.time_zone,
            capture: settings.capture.as_str(),
            retention_payload_days: settings.retention_payload_days,
        },
        developer_id: allowed.developer.to_string(),
        end_user_id: allowed.end_user.as_ref().map(ToString::to_string),
        scopes,
        role,
        limits: LimitsOut {
            max_spans_per_second: settings.max_spans_per_second,
            max_users: settings.max_users,
            max_body_bytes: state.limits.max_body_bytes,
            max_traces_per_batch: MAX_TRACES,
            max_spans_per_trace: MAX_SPANS_PER_TRACE,
        },
        recent_warnings: allowed
            .lane
            .recent_notes()
            .into_iter()
            .map(NoteOut::from)
            .collect(),
    })
}
