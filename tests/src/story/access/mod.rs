//! Who gets in, how, and what they may do there.
mod forms;
mod links;
mod logins;
mod matrix;
mod table;
mod tokens;
