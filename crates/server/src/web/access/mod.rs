//! Who gets in and what they may do there: log-ins, links, accounts, members, keys, projects.
//!
//! Whether somebody may do a thing is asked of `auth::power`, never decided here.
mod account;
mod audit;
mod fields;
mod invitations;
mod keys;
mod link;
mod login;
mod members;
mod spaces;
mod tokens;

use super::{Page, show, take};

pub(super) fn list_pages() -> Vec<Page> {
    vec![
        show("/login", login::show_login),
        take("/login", login::log_in),
        take("/logout", login::log_out),
        show("/link/{secret}", link::show_link),
        take("/link/{secret}", link::follow_link),
        show("/account", account::show_account),
        take("/account/name", account::change_name),
        take("/account/theme", account::choose_theme),
        take("/account/password", account::change_password),
        take("/account/logins/end", account::end_login),
        take("/account/tokens", tokens::create_token),
        take("/account/tokens/revoke", tokens::revoke_token),
        show("/members", members::show_members),
        take("/members/invite", members::invite_member),
        take(
            "/members/invitations/revoke",
            invitations::revoke_invitation,
        ),
        take("/members/role", members::change_role),
        take("/members/remove", members::remove_member),
        show("/audit", audit::show_audit),
        show("/settings/keys", keys::show_keys),
        take("/settings/keys", keys::create_key),
        take("/settings/keys/revoke", keys::revoke_key),
        show("/projects/new", spaces::show_new_project),
        take("/projects/new", spaces::create_project),
        take("/projects/delete", spaces::delete_project),
        show("/workspaces/new", spaces::show_new_workspace),
        take("/workspaces/new", spaces::create_workspace),
    ]
}
