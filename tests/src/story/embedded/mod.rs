//! What is about the files of the embedded store.
mod disk;
mod erase;
mod expired;
mod restart;
mod trpc;
