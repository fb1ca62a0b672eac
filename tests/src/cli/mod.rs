//! The command line: every command as a person or a script calls it.
mod accounts;
mod backup;
mod client;
mod demo;
mod format;
mod help;
mod move_store;
mod prices;
mod telemetry;
mod transfer;
