//! Stories: what a team does with the product, played against a real server process.
mod access;
mod back_pressure;
mod batch;
mod books;
mod embedded;
mod encodings;
mod events;
mod grpc;
mod hostile;
mod kill;
mod many_users;
mod native;
mod otel_sdk;
mod otlp;
mod quick_start;
mod same_answers;
mod scaled;
mod scopes;
mod sender;
mod tenants;
mod users;

pub use grpc::make_trace as make_message;
pub use otlp::make_request as make_otlp_request;
