//! Public formats, one folder each: what clients send, read as leniently as can be done without guessing.
//! Invariant: no input, however hostile, panics, overflows the stack or takes memory out of proportion to its size.
//! This crate knows no domain type and decides nothing about meaning: it says what was sent, and where it was broken.
#![forbid(unsafe_code)]

pub mod grpc;
pub mod json;
pub mod native;
pub mod otlp;
mod protobuf;
pub mod trpc;
