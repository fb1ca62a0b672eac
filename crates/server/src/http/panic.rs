//! A panic in a handler is a defect; its caller gets a problem, the log gets the place.
use super::problem::{Code, Problem};
use crate::auth::page::Refusal;
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// 500: what was asked could not be answered.
pub fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    note_panic(&*panic);
    Problem::new(Code::Internal, "The server failed; the log says where.").into_response()
}

/// 503 on ingest: exporters drop a batch for good after a 500.
pub fn answer_ingest_panic(panic: Box<dyn Any + Send>) -> Response {
    note_panic(&*panic);
    Problem::new(
        Code::Overloaded,
        "The batch could not be taken in; send it again.",
    )
    .into_response()
}

/// The same for somebody who looks at pages.
pub fn answer_page_panic(panic: Box<dyn Any + Send>) -> Response {
    note_panic(&*panic);
    Refusal::from(Problem::new(
        Code::Internal,
        "The server failed; its log says where.",
    ))
    .into_response()
}

/// Notes that a handler panicked; the panic itself is told by the hook.
pub fn note_panic(_: &(dyn Any + Send)) {
    // The panic hook has written message and place; a message may quote a body, so it is not repeated.
    tracing::error!("a handler panicked");
}
