//! Events on their way: from the call to the bytes that a provider's server gets, over real sockets, whatever the
//! server does.
mod consent;
mod gone;
mod matrix;
mod memory;
mod processes;
mod rig;
mod trouble;
