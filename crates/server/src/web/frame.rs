//! The frame around a page of a project, with the period and zone that its URL says.
use super::answer::find_who;
use crate::auth::Inside;
use crate::auth::page::Refusal;
use crate::auth::power::Right;
use crate::http::query::Params;
use crate::state::AppState;
use cognobserve_dashboard::pages::PageError;
use cognobserve_dashboard::pages::pager::{Place, TRAIL};
use cognobserve_dashboard::{Frame, Nav, Notice, View};
use cognobserve_model::time::Micros;

/// What a notice after a redirect may say; the URL has the word only.
const NOTICES: [(&str, &str); 8] = [
    ("saved", "Saved."),
    (
        "unlinked",
        "The user was unlinked: their traces stay and count as spend without a user.",
    ),
    (
        "erased",
        "The user was erased. What they spent stays under an anonymous row.",
    ),
    (
        "session-unlinked",
        "The session was unlinked: its traces stay, without a session.",
    ),
    (
        "priced",
        "The price is set. It is for spans that come from now on.",
    ),
    ("unpriced", "The price was removed."),
    (
        "lifted",
        "The suppression was lifted: new data of this id makes a user again.",
    ),
    ("deleted", "Deleted."),
];

/// `title` as the browser's tab shows it.
pub async fn frame_page<P>(
    state: &AppState,
    inside: &Inside<P>,
    params: &Params,
    title: &str,
    nav: Nav,
) -> Result<Frame, Refusal> {
    let who = find_who(state, &inside.visit).await?;
    let pairs = params.pairs();
    let view = View::read(pairs, inside.project.clone(), Micros::now()).map_err(PageError::from)?;
    let done = pairs.iter().find(|(name, _)| name == "done");
    let notice = done.and_then(|(_, word)| NOTICES.iter().find(|(known, _)| known == word));
    let notice = notice.map(|(word, text)| Notice {
        text: (*text).to_owned(),
        more: (*word == "erased" && inside.may(Right::Delete)).then(|| {
            let link = view.link("/settings/suppressions");
            ("Erased users".to_owned(), link)
        }),
    });
    Ok(Frame::project(title, nav, who, inside.role, view).with_notice(notice))
}

/// The page's project, period and zone.
pub fn view_of(frame: &Frame) -> Result<&View, Refusal> {
    frame.view.as_ref().ok_or_else(Refusal::not_found)
}

/// Which page of its list a URL names.
pub fn read_place(params: &mut Params) -> Place {
    Place::read(params.text("cursor"), params.text(TRAIL))
}
