//! Who gets in, how, and what they may do there.
mod forms;
mod links;
mod logins;
mod matrix;
mod projects;
mod table;
mod tokens;
