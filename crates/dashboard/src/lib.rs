//! The pages: what they show, asked of the reading room and the log of events, as HTML.
//! Invariant: pages see `Reports`, `Events` and who looks, never a back end, a socket or a cookie.
//! All text from outside is escaped by the templates; there is no inline script or style.
#![forbid(unsafe_code)]

pub mod assets;
pub mod chart;
pub mod form;
pub mod format;
pub mod frame;
pub mod glossary;
pub mod link;
pub mod pages;
mod payload;
mod theme;
pub mod view;

pub use form::Form;
pub use frame::{Frame, Nav, Notice, Who};
pub use theme::Theme;
pub use view::{BadView, View};
