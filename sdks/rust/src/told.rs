//! Which calls below a span have told tokens. One answer is told once, and by the innermost call that knows of it, also
//! if that is in another trace.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};

use crate::say::lock;
use crate::usage::Usage;

/// Of a span that runs for long, what the latest calls have told is enough: their answers are handed on soon.
const MOST_CALLS: usize = 64;

#[derive(PartialEq)]
struct Call {
    response_id: Option<String>,
    usage: Usage,
}

#[derive(Default)]
struct State {
    has_any: bool,
    calls: VecDeque<Call>,
}

/// One of a span. That of the span around is held weakly: nobody looks at it when that span is gone.
#[derive(Default)]
pub(crate) struct Told {
    around: Weak<Told>,
    state: Mutex<State>,
}

impl Told {
    pub(crate) fn new(around: Weak<Self>) -> Arc<Self> {
        Arc::new(Self {
            around,
            ..Self::default()
        })
    }

    /// The spans around need not tell these tokens again.
    pub(crate) fn tell_around(&self, response_id: Option<&str>, usage: &Usage) {
        let mut around = self.around.upgrade();
        while let Some(told) = around {
            told.add(Call {
                response_id: response_id.map(str::to_owned),
                usage: usage.clone(),
            });
            around = told.around.upgrade();
        }
    }

    fn add(&self, call: Call) {
        let mut state = lock(&self.state);
        state.has_any = true;
        if state.calls.contains(&call) {
            return;
        }
        if state.calls.len() == MOST_CALLS {
            state.calls.pop_front();
        }
        state.calls.push_back(call);
    }

    /// Whether a call below has told this. Without ids on both sides nobody can tell answers apart: without one here it
    /// is taken for the same, without one there it is if the tokens are.
    pub(crate) fn has(&self, response_id: Option<&str>, usage: &Usage) -> bool {
        let state = lock(&self.state);
        let Some(own) = response_id else {
            return state.has_any;
        };
        let is_same = |call: &Call| match &call.response_id {
            Some(id) => id == own,
            None => call.usage == *usage,
        };
        state.calls.iter().any(is_same)
    }
}
