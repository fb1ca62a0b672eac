//! `/v1/users`: the developer's customers.

mod analytics;
mod change;
mod list;
mod one;
pub mod out;
mod resolve;
mod summary;
mod traces;

pub use analytics::analyse_user;
pub use change::{UserPatchIn, delete_user, patch_user};
pub(crate) use change::{change_user, remove_user};
pub use list::list_users;
pub use one::{find_user, find_user_by_external_id};
pub use resolve::{ResolveIn, ResolvedOut, resolve_users};
pub use summary::summarise_users;
pub use traces::{list_user_sessions, list_user_traces};

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::analytics::__path_analyse_user;
    pub use super::change::{__path_delete_user, __path_patch_user};
    pub use super::list::__path_list_users;
    pub use super::one::{__path_find_user, __path_find_user_by_external_id};
    pub use super::resolve::__path_resolve_users;
    pub use super::summary::__path_summarise_users;
    pub use super::traces::{__path_list_user_sessions, __path_list_user_traces};
}
