//! The queue against a real Redis server. Every test has a queue of its own.
mod dead;
mod flow;
mod harness;
mod schedule;
mod trouble;
mod workers;
