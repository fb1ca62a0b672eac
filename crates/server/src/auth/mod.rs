//! Who asks, and what they may do: a handler's signature says which permission it needs.
//!
//! Order of refusals: 401 (nobody known), 403 (key without the scope), 404 (another project); for
//! members 400 (no project named), 404 (not a member), 403 (too little of a role).

pub mod address;
mod allowed;
mod cache;
mod caller;
pub mod cookie;
mod credential;
pub mod enter;
pub mod key;
pub mod link;
pub mod origin;
pub mod page;
pub mod password;
pub mod power;
pub mod secret;
pub mod throttle;

pub use allowed::{
    Allowed, AnyRight, Delete, Edit, Ingest, ManageKeys, ManageProject, Own, Permission, Read,
    check_known,
};
pub use cache::GrantCache;
pub use caller::Caller;
pub use page::{Guest, GuestForm, Inside, Operator, PartingForm, Submitted, Visit};
