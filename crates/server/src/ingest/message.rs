//! gRPC bodies: the message out of its frame, and the JSON that says what it says.
//!
//! The JSON has the limit of a body: what would be too large as JSON is too large as a message.
use super::body::{refuse_full, refuse_size};
use super::delivery::Route;
use super::encoding::{Encoding, decompress_all};
use crate::http::problem::Problem;
use crate::state::Limits;
use crate::worker::{Full, Reservation};
use cognobserve_wire::grpc::split_frame;
use cognobserve_wire::native::proto::{ProtoError, Room, write_batch, write_trace};
use std::borrow::Cow;

/// The only message of a body, decompressed if its frame says that it is compressed.
pub fn unframe<'b>(
    body: &'b [u8],
    encodings: &[Encoding],
    reservation: &mut Reservation,
    limits: &Limits,
) -> Result<Cow<'b, [u8]>, Problem> {
    let frame = split_frame(body).map_err(|error| Problem::invalid("", error.to_string()))?;
    let message = Cow::Borrowed(frame.message);
    match (frame.is_compressed, encodings) {
        (false, _) => Ok(message),
        (true, []) => Err(Problem::invalid(
            "",
            "the message is compressed, but grpc-encoding does not say how",
        )),
        (true, encodings) => decompress_all(message, encodings, reservation, limits),
    }
}

/// The JSON of a native request.
pub fn write_json(
    message: &[u8],
    route: Route,
    reservation: &mut Reservation,
    limits: &Limits,
) -> Result<String, Problem> {
    let mut room = Reserved {
        reservation,
        full: None,
    };
    let most = limits.max_body_bytes;
    let written = match route {
        Route::Batch => write_batch(message, most, &mut room),
        Route::Traces | Route::Export => write_trace(message, most, &mut room),
    };
    written.map_err(|error| match (error, room.full) {
        (ProtoError::Full, Some(full)) => refuse_full(full),
        (ProtoError::TooLarge, _) => refuse_size(limits),
        (error, _) => Problem::invalid("", error.to_string()),
    })
}

struct Reserved<'r> {
    reservation: &'r mut Reservation,
    /// Whose limit was reached.
    full: Option<Full>,
}

impl Room for Reserved<'_> {
    fn take(&mut self, bytes: usize) -> bool {
        self.full = self.reservation.grow(bytes).err();
        self.full.is_none()
    }
}
