//! Empty until its first tenant.
#![forbid(unsafe_code)]
