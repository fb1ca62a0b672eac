//! What is about the files of the embedded store.
mod disk;
mod erase;
mod events;
mod expired;
mod restart;
mod trpc;
