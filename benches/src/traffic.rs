//! The made-up traffic: requests of native JSON, written straight into a buffer.
//! Users follow a power law, sessions have 3.5 traces on average and some are open at any
//! time, times advance over 30 days; every trace id and every text is new.
use crate::text::{Corpus, Dice};
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

const MONTH_MS: u64 = 30 * 24 * 3_600_000;
const INPUT_BYTES: usize = 350;
const OUTPUT_BYTES: usize = 250;
const OPEN_SESSIONS: usize = 64;
const MODELS: [&str; 4] = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "o3-mini"];

/// Makes request bodies, one after the other.
pub struct Traffic {
    pub traces_per_request: u64,
    pub spans_per_trace: u64,
    users: u64,
    /// Over how many traces the 30 days are spread.
    traces: u64,
    made: u64,
    first: u64,
    once: bool,
    start_ms: u64,
    /// User and number of each open session.
    open: Vec<(u64, u64)>,
    opened: u64,
    corpus: Corpus,
    dice: Dice,
}

impl Traffic {
    pub fn new(users: u64, traces: u64, traces_per_request: u64, spans_per_trace: u64) -> Traffic {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64);
        Traffic {
            traces_per_request,
            spans_per_trace,
            users,
            traces: traces.max(1),
            made: 0,
            first: 0,
            once: false,
            start_ms: now - MONTH_MS - 3_600_000,
            open: Vec::new(),
            opened: 0,
            corpus: Corpus::new(),
            dice: Dice::new(users ^ traces_per_request),
        }
    }

    /// Trace ids other than those of traffic that starts elsewhere.
    pub fn numbered_from(mut self, first: u64) -> Traffic {
        self.first = first;
        self
    }

    /// Every user has the same number of traces, with a name of their own.
    pub fn everyone_once(mut self) -> Traffic {
        self.once = true;
        self
    }

    pub fn spans_per_request(&self) -> u64 {
        self.traces_per_request * self.spans_per_trace
    }

    /// Where one request of this traffic goes.
    pub fn path(&self) -> &'static str {
        if self.traces_per_request == 1 {
            "/v1/traces"
        } else {
            "/v1/traces/batch"
        }
    }

    /// Appends the next body.
    pub fn write_body(&mut self, to: &mut Vec<u8>) {
        if self.traces_per_request == 1 {
            return self.write_trace(to);
        }
        to.extend_from_slice(b"{\"traces\":[");
        for n in 0..self.traces_per_request {
            if n > 0 {
                to.push(b',');
            }
            self.write_trace(to);
        }
        to.extend_from_slice(b"]}");
    }

    fn pick_user(&mut self) -> u64 {
        if self.once {
            return self.made % self.users;
        }
        let place = (self.users as f64).powf(self.dice.share()) as u64;
        place.clamp(1, self.users) - 1
    }

    /// Goes on with an open session, or starts one of some user in its place.
    fn pick_session(&mut self) -> (u64, u64) {
        let at = self.dice.below(OPEN_SESSIONS as u64) as usize;
        let goes_on = !self.once && self.dice.below(7) >= 2;
        if let Some(session) = self.open.get(at).filter(|_| goes_on) {
            return *session;
        }
        let session = (self.pick_user(), self.first + self.opened);
        self.opened += 1;
        match self.open.get_mut(at) {
            Some(slot) => *slot = session,
            None => self.open.push(session),
        }
        session
    }

    fn write_trace(&mut self, to: &mut Vec<u8>) {
        let (user, session) = self.pick_session();
        let mut at = self.start_ms + (self.made % self.traces) * MONTH_MS / self.traces;
        let number = self.first + self.made;
        self.made += 1;
        let head = format!(
            "{{\"trace_id\":\"{:016x}{number:016x}\",\"name\":\"answer question\",\"timestamp\":{at},\"user_id\":\"user-{user:08}\",\"session_id\":\"session-{session:08}\"",
            number.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        );
        to.extend_from_slice(head.as_bytes());
        if self.once {
            // A vector takes all that is written to it.
            let _ = write!(
                to,
                ",\"user\":{{\"name\":\"Person {user:08}\",\"email\":\"p{user}@example.com\"}}"
            );
        }
        to.extend_from_slice(b",\"spans\":[");
        for n in 0..self.spans_per_trace {
            if n > 0 {
                to.push(b',');
            }
            at += self.write_span(to, number, n, at);
        }
        to.extend_from_slice(b"]}");
    }

    /// How long the span took, in ms.
    fn write_span(&mut self, to: &mut Vec<u8>, trace: u64, n: u64, at: u64) -> u64 {
        let took = 20 + self.dice.below(3_000);
        let level = if self.dice.below(50) == 0 {
            "ERROR"
        } else {
            "DEFAULT"
        };
        let model = MODELS[self.dice.below(4) as usize];
        let (prompt, completion) = (100 + self.dice.below(4_000), 10 + self.dice.below(900));
        let head = format!(
            "{{\"span_id\":\"{:016x}\",\"name\":\"chat {model}\",\"type\":\"generation\",\"start_time\":{at},\"end_time\":{},\"model\":\"{model}\",\"level\":\"{level}\",\"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{completion}}},\"input\":[{{\"role\":\"user\",\"content\":\"",
            (trace << 3 | n).wrapping_mul(0xD134_2543_DE82_EF95),
            at + took,
        );
        to.extend_from_slice(head.as_bytes());
        to.extend_from_slice(self.corpus.cut(&mut self.dice, INPUT_BYTES));
        to.extend_from_slice(b"\"}],\"output\":{\"role\":\"assistant\",\"content\":\"");
        to.extend_from_slice(self.corpus.cut(&mut self.dice, OUTPUT_BYTES));
        to.extend_from_slice(b"\"}}");
        took
    }
}
