//! The embedded store, on the disk.
#![forbid(unsafe_code)]

mod conformance;
mod people;
mod property;
mod store;
