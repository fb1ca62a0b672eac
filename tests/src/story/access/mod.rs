//! Who gets in, how, and what they may do there.
mod callers;
mod calls;
mod forms;
mod invitations;
mod links;
mod logins;
mod matrix;
mod meanwhile;
mod projects;
mod table;
mod tokens;
mod trpc;
mod words;
