//! What pages of events are asked of, and what the edition lets them tell.
//! Invariant: where events are stored without people, no page asks for one.
use crate::pages::PageError;
use crate::view::View;
use cognobserve_model::event::{EventFilter, StoredEvent, Who};
use cognobserve_model::id::{DeveloperId, UserId};
use cognobserve_model::report::UserName;
use cognobserve_ports::{Events, Reports};
use std::collections::HashMap;

/// What developers are called: the project's own by its workspace, an account by its person.
#[derive(Clone, Debug, Default)]
pub struct DeveloperNames(HashMap<String, String>);

impl DeveloperNames {
    /// Ids with names.
    pub fn new(names: impl IntoIterator<Item = (String, String)>) -> DeveloperNames {
        DeveloperNames(names.into_iter().collect())
    }

    /// The id itself where no name is known.
    pub fn call<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

/// Whether a project's events are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    On,
    /// By the settings of the installation.
    SwitchedOff,
    /// By the developer's own choice.
    OptedOut,
}

impl Capture {
    /// The beginning of a sentence; `None`: they are stored.
    pub fn why_not(self) -> Option<&'static str> {
        match self {
            Capture::On => None,
            Capture::SwitchedOff => Some("Telemetry is switched off"),
            Capture::OptedOut => Some("The developer of this workspace has opted out of telemetry"),
        }
    }
}

pub struct Source<'a> {
    pub events: &'a dyn Events,
    pub reports: &'a dyn Reports,
    /// Whether events are stored without the people they are of.
    pub is_anonymous: bool,
    /// Whether this project's events are stored at all.
    pub capture: Capture,
    pub names: DeveloperNames,
    /// Where this server is reached, without a trailing slash.
    pub base: &'a str,
}

impl Source<'_> {
    /// Whether the project has any event, whenever it was.
    pub async fn has_events(&self, view: &View) -> Result<bool, PageError> {
        let filter = EventFilter {
            project: Some(view.project.id.clone()),
            ..EventFilter::default()
        };
        Ok(!self.events.list_events(&filter, None, 1).await?.is_empty())
    }

    /// Those of these events' end users who have a page.
    pub async fn name_users<'e>(
        &self,
        view: &View,
        events: impl Iterator<Item = &'e StoredEvent>,
    ) -> Result<HashMap<UserId, UserName>, PageError> {
        let users = events.filter_map(|event| people_of(event).1.cloned());
        self.name_ids(view, users.collect()).await
    }

    /// At most 100 ids.
    pub async fn name_ids(
        &self,
        view: &View,
        mut ids: Vec<UserId>,
    ) -> Result<HashMap<UserId, UserName>, PageError> {
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let names = self.reports.name_users(&view.project.id, &ids).await?;
        let named = ids.into_iter().zip(names);
        Ok(named.filter_map(|(id, name)| Some((id, name?))).collect())
    }
}

/// Whose an event is, as far as it says so.
pub fn people_of(event: &StoredEvent) -> (Option<&DeveloperId>, Option<&UserId>) {
    match &event.who {
        Who::Known {
            developer,
            end_user,
        } => (Some(developer), end_user.as_ref()),
        Who::Concealed(_) => (None, None),
    }
}
