//! The whole server over the reference store, request by request, without a socket.
mod app;

mod access;
mod batches;
mod bodies;
mod changes;
mod costs;
mod coverage;
mod forgotten;
mod grpc;
mod http2;
mod lists;
mod notes;
mod otlp;
mod overload;
mod resolve;
mod service;
mod sessions;
mod sockets;
mod traces;
