//! `/v1/traces`, reading and deleting; writing is in `ingest`.

pub(crate) mod detail;
pub(crate) mod list;
mod one;
pub mod out;

pub use list::list_traces;
pub use one::{delete_trace, find_trace};

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::list::__path_list_traces;
    pub use super::one::{__path_delete_trace, __path_find_trace};
}
