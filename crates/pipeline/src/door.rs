//! What the door knows about a request besides its body.
//!
//! Everything that is not a function of the body comes in here; the steps read no clock and roll no dice.
use cognobserve_model::account::Capture;
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::Micros;

/// The circumstances of one request.
#[derive(Clone, Copy)]
pub struct Door<'d> {
    /// The time at which times "in the future" are judged.
    pub now: Micros,
    /// Gives the first of that many consecutive stamps; called once per request.
    pub take_arrivals: &'d dyn Fn(usize) -> Arrival,
    /// With `Capture::None` no input, output, metadata or model parameters pass.
    pub capture: Capture,
    /// From what missing trace ids are made.
    pub id_seed: IdSeed<'d>,
}

/// The source of trace ids that a client did not send.
#[derive(Clone, Copy, Debug)]
pub enum IdSeed<'d> {
    /// Fresh randomness: sending the same again makes another trace.
    Random([u8; 16]),
    /// The request's `Idempotency-Key`, or a file's hash and record number: the same again is the same trace.
    Stable(&'d str),
}
