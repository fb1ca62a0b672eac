//! `/v1/developers`: who develops with a key or token of the project, by the events of their end users. Not in the
//! open-source edition.

mod list;
mod one;
mod retention;

pub use list::list_developers;
pub use one::find_developer;
pub use retention::read_retention;

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::list::__path_list_developers;
    pub use super::one::__path_find_developer;
    pub use super::retention::__path_read_retention;
}
