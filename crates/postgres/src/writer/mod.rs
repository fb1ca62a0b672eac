//! Everything that books: one transaction per call, on a locked project.
mod desk;
mod erase;
mod group;
mod known;
mod named;
mod open;
mod people;
mod post;
mod removal;
mod reprice;
mod retention;
mod rewrite;
mod rows;
mod sessions;
mod totals;
mod tx;

pub(crate) use group::commit;
pub(crate) use rows::write_search_text;
