//! `/settings/keys`: a project's API keys, made and revoked by those who may do as much themselves.
use super::account::refuse_missing;
use super::audit::name_actor;
use super::fields::{read_end, read_name};
use crate::auth::key::SecretKey;
use crate::auth::page::{Refusal, redirect};
use crate::auth::power::may_manage_key;
use crate::auth::{Inside, ManageKeys, Submitted};
use crate::state::AppState;
use crate::web::answer::{Answer, answer, frame_project, view_inside};
use axum::extract::State;
use axum::http::StatusCode;
use cognobserve_dashboard::format::moment;
use cognobserve_dashboard::pages::access::keys::{KeyRow, KeysPage, render};
use cognobserve_dashboard::{Form, Nav};
use cognobserve_model::account::{ApiKey, Scope, Scopes};
use cognobserve_model::id::KeyId;
use cognobserve_model::time::{Micros, Zone};
use cognobserve_ports::NewKey;
use std::sync::Arc;

/// Days that a key may last, if not for ever.
const DAYS: [u32; 4] = [7, 30, 90, 365];

pub async fn show_keys(State(state): State<Arc<AppState>>, inside: Inside<ManageKeys>) -> Answer {
    show(&state, &inside, StatusCode::OK, offer(), None).await
}

/// What an app needs.
fn offer() -> Form {
    Form::default()
        .with("scope", Scope::Ingest.as_str())
        .with("scope", Scope::Read.as_str())
}

async fn show(
    state: &AppState,
    inside: &Inside<ManageKeys>,
    status: StatusCode,
    form: Form,
    made: Option<(SecretKey, Scopes)>,
) -> Answer {
    let (now, zone) = (Micros::now(), Zone::utc());
    let members = state.people.list_members(&inside.project.workspace).await?;
    let describe = |key: ApiKey| KeyRow {
        ended: match (key.revoked, key.expires) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "expired",
            _ => "",
        },
        is_ours: may_manage_key(inside.role, key.scopes),
        id: key.id.to_string(),
        name: key.name,
        prefix: key.prefix,
        scopes: key.scopes.to_string().replace(',', ", "),
        maker: key
            .created_by
            .map_or(String::new(), |by| name_actor(&by, &members)),
        created: moment(key.created, now, &zone),
        used: key.last_used.map(|used| moment(used, now, &zone)),
        expires: key.expires.map(|end| moment(end, now, &zone)),
    };
    let offered = Scope::ALL.iter().copied();
    let offered =
        offered.filter(|scope| may_manage_key(inside.role, Scopes::default().with(*scope)));
    let offered = offered.map(|scope| (scope.as_str(), explain(scope)));
    let keys = state.accounts.list_keys(&inside.project.id).await?;
    let page = KeysPage {
        frame: frame_project(state, inside, "API keys", Nav::Settings).await?,
        form,
        keys: keys.into_iter().map(describe).collect(),
        scopes: offered.collect(),
        can_ingest: made
            .as_ref()
            .is_some_and(|(_, scopes)| scopes.contains(Scope::Ingest)),
        new_key: made.map(|(key, _)| key.reveal().to_owned()),
        public_url: state.site.public_url.clone(),
    };
    answer(status, render(&page))
}

fn explain(scope: Scope) -> &'static str {
    match scope {
        Scope::Ingest => "sends traces",
        Scope::Read => "reads everything in the project",
        Scope::Admin => "changes and deletes users, sessions and traces",
    }
}

/// The answer shows the key, this once.
pub async fn create_key(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageKeys>,
    given: Submitted,
) -> Answer {
    let mut form = Form::default();
    let name = read_name(&given, "name", &mut form).unwrap_or_default();
    let expires = read_end(&given, &DAYS, &mut form);
    let mut scopes = Scopes::default();
    for word in given.all("scope") {
        match Scope::parse(word) {
            Some(scope) => {
                form.keep("scope", scope.as_str());
                scopes = scopes.with(scope);
            }
            None => form.refuse("scope", "choose out of the list"),
        }
    }
    if scopes == Scopes::default() {
        form.refuse("scope", "choose at least one");
    }
    if !form.is_fine() {
        return show(
            &state,
            &inside,
            StatusCode::UNPROCESSABLE_ENTITY,
            form,
            None,
        )
        .await;
    }
    check_scopes(&inside, scopes)?;
    let key = SecretKey::generate();
    let new = NewKey {
        hash: key.hash(),
        prefix: key.shown_prefix().to_owned(),
        name,
        scopes,
        expires,
    };
    let project = &inside.project.id;
    state
        .accounts
        .create_key(project, new, &inside.actor)
        .await?;
    show(
        &state,
        &inside,
        StatusCode::OK,
        offer(),
        Some((key, scopes)),
    )
    .await
}

pub async fn revoke_key(
    State(state): State<Arc<AppState>>,
    inside: Inside<ManageKeys>,
    given: Submitted,
) -> Answer {
    let id = KeyId::new(given.text("key"));
    let project = &inside.project.id;
    let keys = state.accounts.list_keys(project).await?;
    let key = keys.into_iter().find(|key| key.id == id);
    let key = key.ok_or_else(|| refuse_missing("key"))?;
    check_scopes(&inside, key.scopes)?;
    let by = &inside.actor;
    state.accounts.revoke_key(project, &id, by).await?;
    state.grants.forget_key(&id);
    let back = view_inside(&inside)?.link("/settings/keys");
    Ok(redirect(&back.to_string()))
}

fn check_scopes(inside: &Inside<ManageKeys>, scopes: Scopes) -> Result<(), Refusal> {
    match may_manage_key(inside.role, scopes) {
        true => Ok(()),
        false => Err(Refusal::forbidden(
            "Keys with the scope `admin` are for an ADMIN or an OWNER.",
        )),
    }
}
