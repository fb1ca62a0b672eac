//! Story tests: the real binary over HTTP and on the command line, real clients, store and
//! queue as one, and the shape of the tree. One crate, one test binary; it must not reach into the server.
#![forbid(unsafe_code)]
#![cfg(test)]

mod cli;
mod fuzzing;
mod harness;
mod messages;
mod story;
mod stream;
mod tree;
