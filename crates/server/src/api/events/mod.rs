//! `/v1/events` as questions: which events there are, and how many.

mod count;
mod filter;
mod list;

pub use count::{count_events, read_group};
pub use filter::refuse_people;
pub(super) use filter::{refuse_many_before, refuse_too_much};
pub use list::list_events;

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::count::__path_count_events;
    pub use super::list::__path_list_events;
}
