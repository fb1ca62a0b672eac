//! New projects and new workspaces.
use crate::form::Form;
use crate::frame::Frame;
use crate::pages::Html;
use askama::Template;

#[derive(Template)]
#[template(path = "access/project.html")]
pub struct NewProjectPage {
    pub frame: Frame,
    pub form: Form,
    /// Workspaces where they may make projects.
    pub workspaces: Vec<String>,
}

#[derive(Template)]
#[template(path = "access/workspace.html")]
pub struct NewWorkspacePage {
    pub frame: Frame,
    pub form: Form,
}

pub fn render_project(page: &NewProjectPage) -> Html {
    Ok(page.render()?)
}

pub fn render_workspace(page: &NewWorkspacePage) -> Html {
    Ok(page.render()?)
}
