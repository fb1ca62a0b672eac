//! What a decoder gathers: accepted spans, and how many were rejected and why.
//! Invariant: every span of the body ends up in exactly one of the two.
//! It must not keep a message per rejected span: a few are enough to find the cause.

use std::sync::Arc;

use super::budget::Budget;
use super::{Attributes, OtlpError, OtlpSpan, Scope};

/// How many rejections are worded.
const MAX_MESSAGES: usize = 5;

/// Spans that were not accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    /// How many.
    pub count: u64,
    /// The first few reasons, with the number of the span in the request (from 0).
    pub messages: Vec<String>,
}

/// What an OTLP body contains.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decoded<'a> {
    /// Accepted spans, in the order sent.
    pub spans: Vec<OtlpSpan<'a>>,
    /// The others.
    pub rejected: Rejected,
}

pub(super) struct Context<'a> {
    pub(super) decoded: Decoded<'a>,
    pub(super) budget: Budget,
    pub(super) no_resource: Arc<Attributes<'a>>,
    pub(super) no_scope: Arc<Scope<'a>>,
    seen: u64,
}

impl<'a> Context<'a> {
    pub(super) fn new() -> Self {
        Context {
            decoded: Decoded::default(),
            budget: Budget::new(),
            no_resource: Arc::default(),
            no_scope: Arc::default(),
            seen: 0,
        }
    }

    /// Takes one span or the reason why there is none.
    pub(super) fn push(&mut self, span: Result<OtlpSpan<'a>, &'static str>) {
        match span {
            Ok(span) => self.decoded.spans.push(span),
            Err(reason) => {
                let rejected = &mut self.decoded.rejected;
                rejected.count += 1;
                if rejected.messages.len() < MAX_MESSAGES {
                    rejected
                        .messages
                        .push(format!("span {}: {reason}", self.seen));
                }
            }
        }
        self.seen += 1;
    }

    /// Gives all spans from `first` on their resource.
    pub(super) fn set_resource(&mut self, first: usize, resource: Attributes<'a>) {
        let resource = Arc::new(resource);
        for span in &mut self.decoded.spans[first..] {
            span.resource = Arc::clone(&resource);
        }
    }

    /// Gives all spans from `first` on their scope.
    pub(super) fn set_scope(&mut self, first: usize, scope: Scope<'a>) {
        let scope = Arc::new(scope);
        for span in &mut self.decoded.spans[first..] {
            span.scope = Arc::clone(&scope);
        }
    }

    pub(super) fn finish(self) -> Result<Decoded<'a>, OtlpError> {
        if self.budget.is_over() {
            return Err(OtlpError::TooLarge);
        }
        Ok(self.decoded)
    }
}
