//! Product telemetry of this installation: its settings and its store's secret, put together for whoever sends events
//! and whoever explains what would be sent.
use crate::assemble::{Place, Store};
use async_trait::async_trait;
use cognobserve_model::account::Project;
use cognobserve_model::id::{DeveloperId, ProjectId};
use cognobserve_model::people::Role;
use cognobserve_ports::{Actor, ErrorKind, StoreError};
use cognobserve_server::config::{Config, Target, Telemetry};
use cognobserve_server::events::Telling;
use cognobserve_telemetry::delivery::transport::{Http, PATIENCE};
use cognobserve_telemetry::delivery::{Delivery, Developers, Running, make_holder};
use cognobserve_telemetry::pseudonym::Pseudonyms;
use cognobserve_telemetry::route::Installation;
use std::sync::Arc;

/// What is the same for all events of this installation and process.
pub fn describe_installation(store: &Store, telemetry: &Telemetry) -> Installation {
    Installation {
        edition: telemetry.edition,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os: std::env::consts::OS.to_owned(),
        allowed: telemetry.allowed.clone(),
        pseudonyms: Pseudonyms::of_process(&store.telemetry_secret()),
    }
}

/// The project of events that other installations send, in a workspace of the same name.
const PROXY_PROJECT: &str = "telemetry-proxy";

/// Whether nobody but the installation itself has made it.
pub fn is_proxy_project(project: &Project) -> bool {
    project.workspace == PROXY_PROJECT && project.name == PROXY_PROJECT
}

/// What door, answers and sinks share. Makes the project of other installations' events where they are taken.
pub async fn describe_telling(store: &Store, telemetry: &Telemetry) -> Result<Telling, StoreError> {
    let providers = telemetry.targets.iter().map(|target| target.provider);
    let installation = describe_installation(store, telemetry);
    let mut telling = Telling::new(installation, telemetry.is_enabled, providers.collect());
    if telemetry.is_proxy {
        telling.proxy = Some(find_proxy_project(store).await?);
    }
    Ok(telling)
}

async fn find_proxy_project(store: &Store) -> Result<ProjectId, StoreError> {
    let made = store
        .create_project(PROXY_PROJECT, PROXY_PROJECT, &Actor::Operator)
        .await;
    match made {
        // Of an earlier start, or of another process at this moment.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let projects = store.list_projects().await?;
            let found = projects.into_iter().find(is_proxy_project);
            found.map(|project| project.id).ok_or(error)
        }
        made => Ok(made?.id),
    }
}

/// Sends what is in the log, if anything may be sent and somebody is to be told; must be called within a tokio runtime.
pub fn start_delivery(store: &Store, config: &Config, telling: &Telling) -> Option<Running> {
    let telemetry = &config.telemetry;
    if telemetry.targets.is_empty() {
        return None;
    }
    if !telemetry.is_enabled {
        tracing::info!("telemetry is switched off: nothing is captured or sent");
        return None;
    }
    for target in &telemetry.targets {
        let (sink, url) = (target.provider.as_str(), &target.base_url);
        tracing::info!(
            sink,
            url,
            edition = telemetry.edition.as_str(),
            "telemetry is sent"
        );
    }
    let delivery = Delivery {
        events: store.events(),
        installation: telling.installation.clone(),
        transport: Arc::new(Http::new(PATIENCE, telemetry.is_plain_http_allowed)),
        developers: Arc::new(Owners(store.clone())),
        gate: telling.gate.clone(),
        bell: telling.bell.clone(),
        counts: telling.counts.clone(),
        // No other process has the embedded store: what one that was killed held is this one's at once.
        holder: match Place::of(config).is_embedded() {
            true => "embedded".to_owned(),
            false => make_holder(),
        },
    };
    Some(delivery.start(telemetry.targets.iter().map(Target::sink).collect()))
}

/// Developers are workspaces; what is known of one is known of its owner.
pub struct Owners(pub Store);

#[async_trait]
impl Developers for Owners {
    async fn find_email(&self, developer: &DeveloperId) -> Result<Option<String>, StoreError> {
        let projects = self.0.list_projects().await?;
        let Some(project) = projects.into_iter().find(|it| it.developer == *developer) else {
            return Ok(None);
        };
        let members = self.0.people().list_members(&project.workspace).await?;
        let owners = members.into_iter().filter(|it| it.role == Role::Owner);
        let first = owners.min_by(|one, other| {
            (one.since, &one.account.email).cmp(&(other.since, &other.account.email))
        });
        Ok(first.map(|owner| owner.account.email))
    }
}

#[cfg(test)]
#[path = "telemetry_tests.rs"]
mod tests;
