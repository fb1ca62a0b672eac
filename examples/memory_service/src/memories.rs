//! The routes, and the memories themselves: some of the latest, and gone with the process. Whose a memory is comes from the
//! caller's credential and nowhere else.
use crate::client::{Caller, Client, Credential, Refusal};
use crate::telemetry::Telemetry;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Of all developers; the oldest goes first.
const MOST_MEMORIES: usize = 1_000;
const MOST_BODY_BYTES: usize = 64 << 10;
/// Where older clients put the end user's id.
const OLD_USER_KEY: &str = "external_user_id";

#[derive(Clone, Serialize)]
struct Memory {
    id: Uuid,
    developer_id: String,
    end_user_id: Option<String>,
    content: String,
    #[serde(rename = "type")]
    kind: String,
    metadata: Map<String, Value>,
}

#[derive(Deserialize)]
struct NewMemory {
    content: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// The developer's id of their end user.
    user_id: Option<Id>,
    metadata: Option<Map<String, Value>>,
}

/// As clients write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(i64),
}

impl Id {
    /// `None`: blank, which names nobody.
    fn read(self) -> Option<String> {
        let text = match self {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        };
        Some(text).filter(|text| !text.trim().is_empty())
    }
}

#[derive(Deserialize)]
struct Wanted {
    user_id: Option<String>,
    #[serde(default)]
    query: String,
}

pub struct Service {
    client: Client,
    telemetry: Telemetry,
    memories: Mutex<VecDeque<Memory>>,
}

impl Service {
    pub fn new(client: Client, telemetry: Telemetry) -> Service {
        Service {
            client,
            telemetry,
            memories: Mutex::default(),
        }
    }

    pub fn into_router(self) -> Router {
        Router::new()
            .route("/v1/memories", get(search).post(create))
            // As some clients call it.
            .route("/v1/memory", post(create))
            .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
            .with_state(Arc::new(self))
    }

    async fn identify(
        &self,
        headers: &HeaderMap,
        user: Option<&str>,
        create: bool,
    ) -> Result<(Credential, Caller), Refusal> {
        let missing = (
            StatusCode::UNAUTHORIZED,
            "an API key is needed, as X-API-Key".to_owned(),
        );
        let credential = Credential::read(headers).ok_or(missing)?;
        let caller = self.client.identify(&credential, user, create).await?;
        Ok((credential, caller))
    }
}

async fn create(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Json(sent): Json<NewMemory>,
) -> Result<(StatusCode, Json<Memory>), Refusal> {
    let mut metadata = sent.metadata.unwrap_or_default();
    // As it was sent: the older place of the id counts.
    let has_metadata = !metadata.is_empty();
    let old = metadata.remove(OLD_USER_KEY).map(serde_json::from_value);
    let old = old.and_then(Result::<Id, _>::ok);
    let user = sent.user_id.and_then(Id::read).or(old.and_then(Id::read));
    let (credential, caller) = service.identify(&headers, user.as_deref(), true).await?;
    let memory = Memory {
        id: Uuid::new_v4(),
        developer_id: caller.developer_id,
        end_user_id: caller.end_user_id,
        content: sent.content,
        kind: sent.kind.unwrap_or("text".to_owned()),
        metadata,
    };
    {
        let memories = service.memories.lock();
        let mut memories = memories.unwrap_or_else(PoisonError::into_inner);
        memories.push_front(memory.clone());
        memories.truncate(MOST_MEMORIES);
    }
    let properties = json!({"type": memory.kind, "has_metadata": has_metadata});
    let (event, user) = ("memory_created", user.as_deref());
    service
        .telemetry
        .track(event, properties, user, &credential);
    Ok((StatusCode::CREATED, Json(memory)))
}

/// The caller's own memories with a text in them, latest first. Nobody is made by asking, and who is not known has none.
async fn search(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Refusal> {
    let user = wanted.user_id.filter(|id| !id.trim().is_empty());
    let (credential, caller) = service.identify(&headers, user.as_deref(), false).await?;
    let is_known = user.is_none() || caller.end_user_id.is_some();
    let found: Vec<Memory> = {
        let memories = service.memories.lock();
        let memories = memories.unwrap_or_else(PoisonError::into_inner);
        let is_theirs = |it: &&Memory| {
            is_known
                && it.developer_id == caller.developer_id
                && it.end_user_id == caller.end_user_id
        };
        let theirs = memories.iter().filter(is_theirs);
        let matching = theirs.filter(|it| it.content.contains(&wanted.query));
        matching.cloned().collect()
    };
    let properties = json!({"feature": "search", "result_count": found.len()});
    let user = user.as_deref().filter(|_| is_known);
    service
        .telemetry
        .track("search", properties, user, &credential);
    Ok(Json(json!({"items": found})))
}
