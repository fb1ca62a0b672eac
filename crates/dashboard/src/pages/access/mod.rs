//! Who gets in and what they may do there.
//! Invariant: what a page here shows was decided by whoever filled its struct; nothing is asked.

pub mod account;
pub mod audit;
pub mod keys;
pub mod link;
pub mod login;
pub mod members;
pub mod spaces;
