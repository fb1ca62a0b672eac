//! `/v1/costs`: who is to be billed what; rows + unattributed = total.

pub(crate) mod csv;
mod out;
pub(crate) mod report;
mod unpriced;

pub use report::report_costs;
pub use unpriced::list_unpriced;

/// For the OpenAPI document.
pub(crate) mod docs {
    pub use super::report::__path_report_costs;
    pub use super::unpriced::__path_list_unpriced;
}
