//! tRPC 11 over HTTP: the inputs of calls, and envelopes for what they come to; as plain JSON or
//! as superjson writes it, told apart by the input.
//! Invariant: what a call answers is JSON text that is wrapped, never rewritten.
mod envelope;
mod input;
mod superjson;

pub use envelope::{
    Failure, Form, Outcome, Status, write_batch, write_line, write_one, write_opening,
};
pub use input::{Input, InputError, read_input, split_batch};
