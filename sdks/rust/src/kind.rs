//! The kinds of what is sent: each has a queue, a thread, a route and words of its own.

/// One thing in a request: a trace with some of its spans, or an event.
pub(crate) trait Piece: Send {
    /// Its items.
    fn count(&self) -> u64;

    fn write(&self) -> Vec<u8>;
}

#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// Below the endpoint.
    pub(crate) path: &'static str,
    pub(crate) items: &'static str,
    /// What a request is a list of.
    pub(crate) wholes: &'static str,
    pub(crate) one_whole: &'static str,
    /// Said of what came after the shutdown.
    pub(crate) too_late: &'static str,
}

impl Kind {
    /// The body of a request.
    pub(crate) fn write_body(&self, pieces: &[Vec<u8>]) -> Vec<u8> {
        let opening = format!("{{\"{}\":[", self.wholes);
        [opening.as_bytes(), &pieces.join(&b','), b"]}"].concat()
    }
}

pub(crate) const TRACES: Kind = Kind {
    path: "/v1/traces/batch",
    items: "spans",
    wholes: "traces",
    one_whole: "a trace",
    too_late: "traces and spans ended after the shutdown: they are not sent",
};

pub(crate) const EVENTS: Kind = Kind {
    path: "/v1/events",
    items: "events",
    wholes: "events",
    one_whole: "an event",
    too_late: "events were tracked after the shutdown: they are not sent",
};
