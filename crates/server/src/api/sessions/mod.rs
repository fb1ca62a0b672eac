//! `/v1/sessions`: conversations.

mod change;
pub(crate) mod list;
mod one;
pub mod out;

pub use change::{SessionPatchIn, delete_session, patch_session};
pub(crate) use change::{change_session, list_members};
pub use list::list_sessions;
pub use one::{find_session, read_timeline};

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::change::{__path_delete_session, __path_patch_session};
    pub use super::list::__path_list_sessions;
    pub use super::one::{__path_find_session, __path_read_timeline};
}
