//! Who gets in and what they may do there: log-ins, links, accounts, members, keys, projects.
mod login;

use super::{Page, show, take};

pub(super) fn list_pages() -> Vec<Page> {
    vec![
        show("/login", login::show_login),
        take("/login", login::log_in),
        take("/logout", login::log_out),
    ]
}
