//! Words for making pieces, so that a case reads like what happened.
//!
//! Times are seconds after [`NOON`]; pieces get their arrival from the desk that books
//! them, unless they bring one.
use crate::Actor;
use cognobserve_model::id::KeyId;
use cognobserve_model::piece::{Piece, SessionPart, SpanPart};
use cognobserve_model::profile::ProfilePart;
use cognobserve_model::span::{Level, SpanKind};
use cognobserve_model::stamp::Arrival;
use cognobserve_model::time::{MICROS_PER_SECOND, Micros};

/// 2024-03-10T12:00:00Z, a whole quarter of an hour in every zone.
pub const NOON: Micros = Micros(1_710_072_000 * MICROS_PER_SECOND);

/// The key that every batch of the suite comes with.
pub fn tester_key() -> KeyId {
    KeyId::new("key_test")
}

/// Who makes the changes of the suite.
pub fn tester() -> Actor {
    Actor::Key(tester_key())
}

/// So many seconds after [`NOON`].
pub fn at(seconds: i64) -> Micros {
    Micros(NOON.0 + seconds * MICROS_PER_SECOND)
}

/// A piece of a trace that says nothing yet.
pub fn trace(id: &str) -> Piece {
    Piece {
        trace_id: id.into(),
        ..Piece::default()
    }
}

/// A span that says nothing yet.
pub fn span(id: &str) -> SpanPart {
    SpanPart {
        id: id.into(),
        ..SpanPart::default()
    }
}

/// A model call with prompt and completion tokens.
pub fn call(id: &str, model: &str, prompt: i64, completion: i64) -> SpanPart {
    span(id)
        .kind(SpanKind::Generation)
        .model(model)
        .tokens(prompt, completion)
}

/// Says things about a trace.
pub trait SayTrace: Sized {
    fn by(self, user: &str) -> Self;
    fn when(self, time: Micros) -> Self;
    fn named(self, name: &str) -> Self;
    fn within(self, session: &str) -> Self;
    fn with(self, span: SpanPart) -> Self;
    fn meta(self, json: &str) -> Self;
    fn telling(self, profile: ProfilePart) -> Self;
    fn arrived(self, arrival: i64) -> Self;
}

impl SayTrace for Piece {
    fn by(mut self, user: &str) -> Piece {
        self.user = Some(user.into());
        self
    }
    fn when(mut self, time: Micros) -> Piece {
        self.timestamp = Some(time);
        self
    }
    fn named(mut self, name: &str) -> Piece {
        self.name = Some(name.into());
        self
    }
    fn within(mut self, session: &str) -> Piece {
        self.session = Some(SessionPart {
            external_id: session.into(),
            ..SessionPart::default()
        });
        self
    }
    fn with(mut self, span: SpanPart) -> Piece {
        self.spans.push(span);
        self
    }
    fn meta(mut self, json: &str) -> Piece {
        self.metadata = Some(json.into());
        self
    }
    fn telling(mut self, profile: ProfilePart) -> Piece {
        self.profiles.push(profile);
        self
    }
    fn arrived(mut self, arrival: i64) -> Piece {
        self.arrival = Arrival(arrival);
        self
    }
}

/// Says things about a span.
pub trait SaySpan: Sized {
    fn under(self, parent: &str) -> Self;
    fn kind(self, kind: SpanKind) -> Self;
    fn model(self, model: &str) -> Self;
    fn tokens(self, prompt: i64, completion: i64) -> Self;
    fn cost(self, nanos: i64) -> Self;
    fn failed(self) -> Self;
    fn level(self, level: Level) -> Self;
    fn from(self, start: Micros) -> Self;
    fn to(self, end: Micros) -> Self;
    fn user(self, user: &str) -> Self;
    fn called(self, name: &str) -> Self;
    fn response(self, id: &str) -> Self;
    fn saying(self, input: &str, output: &str) -> Self;
}

impl SaySpan for SpanPart {
    fn under(mut self, parent: &str) -> SpanPart {
        self.parent = Some(parent.into());
        self
    }
    fn kind(mut self, kind: SpanKind) -> SpanPart {
        self.kind = Some(kind);
        self
    }
    fn model(mut self, model: &str) -> SpanPart {
        self.model = Some(model.into());
        self
    }
    fn tokens(mut self, prompt: i64, completion: i64) -> SpanPart {
        self.usage.prompt = Some(prompt);
        self.usage.completion = Some(completion);
        self
    }
    fn cost(mut self, nanos: i64) -> SpanPart {
        self.cost.span_total = Some(nanos);
        self
    }
    fn failed(self) -> SpanPart {
        self.level(Level::Error)
    }
    fn level(mut self, level: Level) -> SpanPart {
        self.level = Some(level);
        self
    }
    fn from(mut self, start: Micros) -> SpanPart {
        self.start = Some(start);
        self
    }
    fn to(mut self, end: Micros) -> SpanPart {
        self.end = Some(end);
        self
    }
    fn user(mut self, user: &str) -> SpanPart {
        self.user = Some(user.into());
        self
    }
    fn called(mut self, name: &str) -> SpanPart {
        self.name = Some(name.into());
        self
    }
    fn response(mut self, id: &str) -> SpanPart {
        self.response_id = Some(id.into());
        self
    }
    fn saying(mut self, input: &str, output: &str) -> SpanPart {
        self.payload.input = Some(input.into());
        self.payload.output = Some(output.into());
        self
    }
}

/// What is said of a person at a time; says nothing yet.
pub fn person(user: &str, time: Micros) -> ProfilePart {
    ProfilePart {
        user: user.into(),
        at: time,
        ..ProfilePart::default()
    }
}

/// Says things about a person; `None` clears.
pub trait SayPerson: Sized {
    fn name(self, name: Option<&str>) -> Self;
    fn email(self, email: Option<&str>) -> Self;
    fn key(self, key: &str, json: Option<&str>) -> Self;
}

impl SayPerson for ProfilePart {
    fn name(mut self, name: Option<&str>) -> ProfilePart {
        self.name = Some(name.map(Into::into));
        self
    }
    fn email(mut self, email: Option<&str>) -> ProfilePart {
        self.email = Some(email.map(Into::into));
        self
    }
    fn key(mut self, key: &str, json: Option<&str>) -> ProfilePart {
        self.metadata.push((key.into(), json.map(Into::into)));
        self
    }
}
