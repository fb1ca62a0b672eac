//! gRPC around its messages: frames, the details of a status, and the two small services that tools expect.
//! Invariant: nothing here takes memory beyond what it is given; what is read was bounded by the caller.
//! It must not know HTTP.

mod frame;
mod health;
pub mod reflection;
mod status;

pub use frame::{Frame, FrameError, HEAD_BYTES, encode_frame, read_frame_size, split_frame};
pub use health::{HealthCheck, ServingStatus, encode_health, read_health_check};
pub use status::{Detail, encode_details, encode_message, encode_retry};
