//! What surrounds every page: who looks, where they are, and where they can go.
use crate::assets;
use crate::link::Link;
use crate::theme::Theme;
use crate::view::{CHOICES, View};
use cognobserve_model::account::Project;
use cognobserve_model::people::Role;

/// For templates.
pub const OWNER: Role = Role::Owner;

/// The rooms of the sidebar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    Overview,
    Users,
    Sessions,
    Traces,
    Costs,
    Events,
    Developers,
    Settings,
    Members,
    Account,
    Installation,
    /// A page that is in none of them.
    Nowhere,
}

/// Who looks.
#[derive(Clone, Debug)]
pub struct Who {
    pub email: String,
    pub name: Option<String>,
    /// What each form that changes something carries.
    pub form_token: String,
    /// Projects that they may see, by workspace and name.
    pub projects: Vec<Project>,
    /// Whether they run the installation.
    pub is_operator: bool,
    pub theme: Theme,
}

/// A word about what was just done, and where to see more of it.
#[derive(Clone, Debug)]
pub struct Notice {
    pub text: String,
    pub more: Option<(String, Link)>,
}

/// Title, navigation and period picker around a page's own content.
#[derive(Clone, Debug)]
pub struct Frame {
    pub title: String,
    pub nav: Nav,
    pub who: Option<Who>,
    pub theme: Theme,
    pub view: Option<View>,
    /// What they may do in the project's workspace.
    pub role: Option<Role>,
    /// This page with all that its URL says, for the pickers.
    pub here: Option<Link>,
    /// Whether the page is about a period.
    pub has_period: bool,
    /// Whether the page waits for something to come.
    pub waits: bool,
    /// Whether more of what the page is about can come, whatever the period.
    pub grows: bool,
    pub notice: Option<Notice>,
    /// What links keep where there is no view: project, period and zone of the page before.
    pub kept: Vec<(String, String)>,
    /// What the search box holds.
    pub search: String,
}

/// A link that is current or not.
pub struct Choice {
    pub text: String,
    pub link: Link,
    pub is_current: bool,
}

impl Frame {
    /// Around a page for somebody who is not logged in.
    pub fn bare(title: &str) -> Frame {
        Frame {
            title: title.to_owned(),
            nav: Nav::Nowhere,
            who: None,
            theme: Theme::default(),
            view: None,
            role: None,
            here: None,
            has_period: false,
            waits: false,
            grows: false,
            notice: None,
            kept: Vec::new(),
            search: String::new(),
        }
    }

    /// Around a page that belongs to the account, or to no project yet.
    pub fn personal(title: &str, nav: Nav, who: Who) -> Frame {
        Frame {
            nav,
            theme: who.theme,
            who: Some(who),
            ..Frame::bare(title)
        }
    }

    /// Lets the links of a page without a project lead back to where its visitor came from.
    pub fn keeping(mut self, kept: Vec<(String, String)>) -> Frame {
        self.kept = kept;
        self
    }

    pub fn with_theme(mut self, theme: Theme) -> Frame {
        self.theme = theme;
        self
    }

    /// Around a page of a project.
    pub fn project(title: &str, nav: Nav, who: Who, role: Role, view: View) -> Frame {
        Frame {
            view: Some(view),
            role: Some(role),
            ..Frame::personal(title, nav, who)
        }
    }

    /// Gives the page a period picker, which keeps the rest of its URL.
    pub fn with_period(mut self, here: Link) -> Frame {
        self.here = Some(here);
        self.has_period = true;
        self
    }

    pub fn with_notice(mut self, notice: Option<Notice>) -> Frame {
        self.notice = notice;
        self
    }

    pub fn form_token(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.form_token)
    }

    /// Whether they have at least this role in the project's workspace.
    pub fn may(&self, role: Role) -> bool {
        self.role.is_some_and(|own| own >= role)
    }

    pub fn may_edit(&self) -> bool {
        self.may(Role::Member)
    }

    pub fn may_delete(&self) -> bool {
        self.may(Role::Admin)
    }

    pub fn asset(&self, name: &str) -> String {
        assets::path_of(name)
    }

    /// A page of this project, period and zone.
    pub fn link(&self, path: &str) -> Link {
        match &self.view {
            Some(view) => view.link(path),
            None => {
                let kept = self.kept.iter();
                kept.fold(Link::to(path), |link, (name, value)| link.with(name, value))
            }
        }
    }

    pub fn project_name(&self) -> &str {
        self.view.as_ref().map_or("", |view| &view.project.name)
    }

    pub fn workspace_name(&self) -> &str {
        self.view
            .as_ref()
            .map_or("", |view| &view.project.workspace)
    }

    /// The same kind of page in each project, of the same period; a page of one thing leads to its list.
    pub fn projects(&self) -> Vec<Choice> {
        let Some(who) = &self.who else {
            return Vec::new();
        };
        let path = match self.nav {
            Nav::Users => "/users",
            Nav::Sessions => "/sessions",
            Nav::Traces => "/traces",
            Nav::Costs => "/costs",
            Nav::Events => "/events",
            Nav::Developers => "/developers",
            Nav::Settings => "/settings",
            Nav::Members => "/members",
            Nav::Overview | Nav::Account | Nav::Installation | Nav::Nowhere => "/",
        };
        let several = who
            .projects
            .windows(2)
            .any(|pair| pair[0].workspace != pair[1].workspace);
        let choice = |project: &Project| Choice {
            text: match several {
                true => format!("{} / {}", project.workspace, project.name),
                false => project.name.clone(),
            },
            link: self.link(path).with("projectId", &project.id),
            is_current: self
                .view
                .as_ref()
                .is_some_and(|view| view.project.id == project.id),
        };
        who.projects.iter().map(choice).collect()
    }

    pub fn rooms(&self) -> Vec<(Choice, &'static str)> {
        let rooms = [
            (Nav::Overview, "Overview", "/"),
            (Nav::Users, "Users", "/users"),
            (Nav::Sessions, "Sessions", "/sessions"),
            (Nav::Traces, "Traces", "/traces"),
            (Nav::Costs, "Costs", "/costs"),
            (Nav::Events, "Events", "/events"),
            (Nav::Developers, "Developers", "/developers"),
        ];
        self.list_rooms(&rooms)
    }

    pub fn back_rooms(&self) -> Vec<(Choice, &'static str)> {
        let rooms = [
            (Nav::Settings, "Settings", "/settings"),
            (Nav::Members, "Members", "/members"),
            (Nav::Account, "Account", "/account"),
            (Nav::Installation, "Installation", "/installation"),
        ];
        let who = self.who.as_ref();
        let first = match who.is_some_and(|who| !who.projects.is_empty()) {
            true => 0,
            false => 2,
        };
        let last = match who.is_some_and(|who| who.is_operator) {
            true => 4,
            false => 3,
        };
        self.list_rooms(&rooms[first..last])
    }

    fn list_rooms(&self, rooms: &[(Nav, &'static str, &str)]) -> Vec<(Choice, &'static str)> {
        let choice = |(nav, text, path): &(Nav, &'static str, &str)| {
            let choice = Choice {
                text: (*text).to_owned(),
                link: self.link(path),
                is_current: *nav == self.nav,
            };
            (choice, *text)
        };
        rooms.iter().map(choice).collect()
    }

    /// The pages of settings; `current`: the path of this one.
    pub fn tabs(&self, current: &str) -> Vec<Choice> {
        let tabs = [
            ("Project", "/settings", Role::Viewer),
            ("API keys", "/settings/keys", Role::Member),
            ("Prices", "/settings/prices", Role::Viewer),
            ("Erased users", "/settings/suppressions", Role::Admin),
            ("Audit log", "/audit", Role::Admin),
        ];
        let tab = |(text, path, _): (&str, &str, Role)| Choice {
            text: text.to_owned(),
            link: self.link(path),
            is_current: path == current,
        };
        // What would be refused is not offered.
        let open = tabs.into_iter().filter(|(_, _, least)| self.may(*least));
        open.map(tab).collect()
    }

    pub fn periods(&self) -> Vec<Choice> {
        let (Some(view), Some(here)) = (&self.view, &self.here) else {
            return Vec::new();
        };
        let choice = |(word, text): &(&'static str, &'static str)| Choice {
            text: (*text).to_owned(),
            link: view.with_choice(here, word),
            is_current: view.choice() == *word,
        };
        CHOICES.iter().map(choice).collect()
    }

    /// What the search box sends beside its text.
    pub fn search_fields(&self) -> Vec<(String, String)> {
        self.link("/search").fields().to_vec()
    }

    /// What a custom period's form must carry along.
    pub fn kept_fields(&self) -> Vec<(String, String)> {
        let Some(here) = &self.here else {
            return Vec::new();
        };
        let is_kept = |name: &str| !["period", "from", "to", "tz", "cursor"].contains(&name);
        let fields = here.fields().iter();
        fields.filter(|(name, _)| is_kept(name)).cloned().collect()
    }

    /// Whether the page fetches itself anew from time to time.
    pub fn is_live(&self) -> bool {
        self.waits || self.grows || self.has_period && self.view.as_ref().is_some_and(View::is_live)
    }
}
