//! The same questions for pages: who looks, at which project, and is the form ours?
//!
//! A page's extractor refuses with a page: a log-in, a choice, or words; never with JSON.

mod form;
mod guest;
mod inside;
mod next;
mod operator;
mod refusal;
mod theme;
mod visit;

pub use form::{Fields, GuestForm, PartingForm, Submitted};
pub use guest::Guest;
pub use inside::{Inside, PROJECT_COOKIE, list_projects};
pub use next::{encode_query, read_next};
pub use operator::Operator;
pub use refusal::{Refusal, Words, redirect, render_message};
pub use theme::{keep_theme, with_theme_of, write_theme};
pub use visit::Visit;
