//! One file a page: a typed struct with its template, and how it is filled from `Reports` and `Events`.
//! Invariant: a page is asked for by typed questions; what fails is told by [`PageError`].

pub mod access;
pub mod costs;
pub mod developers;
pub mod events;
pub mod installation;
mod metadata_keys;
pub mod overview;
mod owner;
pub mod pager;
pub mod problem;
pub mod quick_start;
mod row;
#[cfg(test)]
mod samples;
pub mod search;
pub mod session;
pub mod session_change;
pub mod sessions;
pub mod settings;
mod stat;
pub mod suppressions;
pub mod trace;
pub mod traces;
pub mod user;
pub mod user_change;
pub mod user_models;
pub mod users;

pub use row::FRUITLESS;

use cognobserve_ports::StoreError;
use thiserror::Error;

/// Why a page could not be made.
#[derive(Debug, Error)]
pub enum PageError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a template failed")]
    Template(#[from] askama::Error),
    /// What the page is about does not exist, or not here.
    #[error("nothing is here")]
    NotFound,
    /// The URL says what the page cannot show.
    #[error("{0}")]
    Invalid(String),
}

impl From<crate::BadView> for PageError {
    fn from(bad: crate::BadView) -> PageError {
        PageError::Invalid(bad.0)
    }
}

/// HTML, or why there is none.
pub type Html = Result<String, PageError>;

/// A part of a whole, in percent.
fn share(part: i128, whole: i128) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64 * 100.0
}
