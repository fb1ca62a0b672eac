//! Pages of a project's data: overview, users, sessions, traces, costs, events, developers, search, settings.
//! Each handler reads the URL into a typed question; the dashboard asks it and writes the page.
mod asset;
mod bill;
mod consent;
mod costs;
mod developers;
mod events;
mod export;
mod overview;
mod patch;
mod prices;
mod search;
mod session_change;
mod sessions;
mod settings;
mod suppressions;
mod traces;
mod user;
mod users;

use super::{Page, show, take};

pub(super) fn list_pages() -> Vec<Page> {
    vec![
        show("/", overview::show_overview),
        show("/users", users::show_users),
        show("/users.csv", users::download_users),
        show("/users/{id}", user::show_user),
        show("/users/{id}/models", user::show_models),
        show("/users/{id}/costs.csv", bill::download_bill),
        show("/users/{id}/export", export::export_user),
        show("/users/{id}/edit", user::show_edit),
        take("/users/{id}/edit", user::save_edit),
        show("/users/{id}/delete", user::show_delete),
        take("/users/{id}/delete", user::delete),
        show("/sessions", sessions::show_sessions),
        show("/sessions/{id}", sessions::show_session),
        show("/sessions/{id}/edit", session_change::show_edit),
        take("/sessions/{id}/edit", session_change::save_edit),
        show("/sessions/{id}/delete", session_change::show_delete),
        take("/sessions/{id}/delete", session_change::delete),
        show("/traces", traces::show_traces),
        show("/traces/{traceId}", traces::show_trace),
        show("/costs", costs::show_costs),
        show("/costs.csv", costs::download_costs),
        show("/events", events::show_events),
        show("/developers", developers::show_developers),
        show("/developers/{developerId}", developers::show_developer),
        show("/search", search::search),
        show("/settings", settings::show_settings),
        take("/settings", settings::save_settings),
        take("/settings/telemetry", consent::choose_capture),
        show("/settings/suppressions", suppressions::show_suppressions),
        take("/settings/suppressions", suppressions::lift_suppression),
        show("/settings/prices", prices::show_prices),
        take("/settings/prices", prices::set_price),
        take("/settings/prices/remove", prices::remove_price),
    ]
}

pub(super) use asset::read_asset;
