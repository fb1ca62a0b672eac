//! `POST /v1/users/resolve`: the developer's ids to ours, many at a time.
use crate::auth::power::Right;
use crate::auth::{Allowed, AnyRight};
use crate::http::body::{Fields, JsonBody};
use crate::http::problem::{Code, Problem, ProblemOut};
use crate::ingest::refusal::answer_refusal;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use cognobserve_pipeline::normalise_user_id;
use cognobserve_wire::json::Kind;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::sync::Arc;
use utoipa::ToSchema;

/// Most ids in one request.
const MAX_IDS: usize = 1_000;

/// Which ids are wanted.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[schema(as = ResolveUsers)]
pub struct ResolveIn {
    /// At most 1,000; matched exactly after trimming.
    #[schema(max_items = 1000)]
    pub external_ids: Vec<String>,
    /// Make the users that do not exist; needs the scope `ingest`.
    #[schema(default = false)]
    pub create: Option<bool>,
}

/// Our id of each external id as it was given; null if there is no such user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResolvedUsers)]
pub struct ResolvedOut {
    #[serde(serialize_with = "write_map")]
    #[schema(value_type = std::collections::HashMap<String, Option<String>>)]
    pub users: Vec<(String, Option<String>)>,
}

fn write_map<S: Serializer>(pairs: &[(String, Option<String>)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

/// Resolves external ids; with `create`, missing users are made, race-free.
#[utoipa::path(post, path = "/v1/users/resolve", tag = "users", request_body = ResolveIn,
    responses((status = 200, body = ResolvedOut), (status = "default", body = ProblemOut)))]
pub async fn resolve_users(
    State(state): State<Arc<AppState>>,
    allowed: Allowed<AnyRight>,
    body: JsonBody,
) -> Result<Json<ResolvedOut>, Problem> {
    let mut fields = body.fields()?;
    let create = read_create(&mut fields);
    // The scope is refused before anything else in the body is judged.
    allowed.require(if create { Right::Ingest } else { Right::Read })?;
    let given = read_ids(&mut fields)?;
    fields.finish()?;
    let wanted: Vec<String> = given.iter().filter_map(|(_, id)| id.clone()).collect();
    let found = state
        .ledger
        .resolve_users(allowed.project(), wanted, create)
        .await?;
    let mut found = found.map_err(answer_refusal)?.into_iter();
    let mut users = Vec::with_capacity(given.len());
    for (text, id) in given {
        let user = id.and_then(|_| found.next().flatten());
        users.push((text, user.map(|user| user.to_string())));
    }
    Ok(Json(ResolvedOut { users }))
}

fn read_create(fields: &mut Fields) -> bool {
    let raw = fields.get("create");
    if raw.is_given() && raw.kind() != Kind::Bool {
        fields.refuse("create", "must be true or false");
    }
    raw.as_bool().unwrap_or(false)
}

/// Each different text once, with its normal form; junk has none.
fn read_ids(fields: &mut Fields) -> Result<Vec<(String, Option<String>)>, Problem> {
    let Some(items) = fields.get("externalIds").items() else {
        return Err(Problem::invalid(
            "externalIds",
            "must be an array of strings",
        ));
    };
    if items.len() > MAX_IDS {
        return Err(Problem::new(
            Code::InvalidRequest,
            format!("externalIds: at most {MAX_IDS} ids at a time"),
        ));
    }
    let mut ids: Vec<(String, Option<String>)> = Vec::with_capacity(items.len());
    let mut seen = std::collections::HashSet::new();
    for (at, item) in items.iter().enumerate() {
        let path = format!("externalIds[{at}]");
        let Some(text) = item.as_text() else {
            fields.refuse(path, "must be a string");
            continue;
        };
        match normalise_user_id(&text) {
            Ok(id) if seen.insert(text.to_string()) => {
                let id = id.map(std::borrow::Cow::into_owned);
                ids.push((text.to_string(), id));
            }
            Ok(_) => {}
            Err(error) => fields.refuse(path, error.to_string()),
        }
    }
    Ok(ids)
}
