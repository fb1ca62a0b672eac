//! How much one request may unfold to.
//! Invariant: memory after decoding is bounded by these two numbers plus the body itself.
//! It must not bite real exporters: they send a few hundred spans a request.

/// Most spans in one request, rejected ones included.
pub const MAX_SPANS: usize = 200_000;

/// Most attributes, events and list items in one request: an empty one is two bytes on the wire and fifty in memory.
pub const MAX_NODES: usize = 2_000_000;

#[derive(Debug)]
pub(super) struct Budget {
    spans: usize,
    nodes: usize,
    is_over: bool,
}

impl Budget {
    pub(super) fn new() -> Self {
        Budget {
            spans: MAX_SPANS,
            nodes: MAX_NODES,
            is_over: false,
        }
    }

    /// Room for one more span?
    pub(super) fn take_span(&mut self) -> bool {
        let left = self.spans.checked_sub(1);
        self.is_over |= left.is_none();
        self.spans = left.unwrap_or(0);
        !self.is_over
    }

    /// Room for one more attribute, event or list item?
    pub(super) fn take_node(&mut self) -> bool {
        let left = self.nodes.checked_sub(1);
        self.is_over |= left.is_none();
        self.nodes = left.unwrap_or(0);
        !self.is_over
    }

    /// Whether anything was refused.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}
