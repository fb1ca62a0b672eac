//! Stories: what a team does with the product, played against a real server process.
mod back_pressure;
mod batch;
mod books;
mod chaos;
mod disk;
mod encodings;
mod erase;
mod hostile;
mod kill;
mod many_users;
mod native;
mod otel_sdk;
mod otlp;
mod quick_start;
mod restart;
mod scopes;
mod sender;
mod tenants;
mod users;

pub use otlp::make_request as make_otlp_request;
