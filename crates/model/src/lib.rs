//! Nouns.
#![forbid(unsafe_code)]
