//! Reads what providers answer: model, response id, usage, and the message as output. What is not known is `None`.

mod anthropic;
mod anthropic_stream;
mod cohere;
mod gemini;
mod openai;
mod openai_stream;
mod reading;

use serde_json::Value;

use anthropic_stream::MessageJoiner;
use cohere::ChatJoiner as CohereJoiner;
use gemini::ContentJoiner;
use openai_stream::{ChatJoiner, ResponseJoiner};
pub(crate) use reading::Reading;
use reading::TextJoiner;

/// What a whole answer says.
pub(crate) fn read_answer(answer: &Value) -> Option<Reading> {
    if !answer.is_object() {
        return None;
    }
    openai::read(answer)
        .or_else(|| anthropic::read(answer))
        .or_else(|| gemini::read(answer))
        .or_else(|| cohere::read(answer))
}

/// Takes the pieces of one answer; `finish` reads what they say together.
pub(crate) enum Joiner {
    Chat(ChatJoiner),
    Response(ResponseJoiner),
    Message(MessageJoiner),
    Content(ContentJoiner),
    Cohere(CohereJoiner),
    Text(TextJoiner),
}

/// What joins pieces such as this first one.
pub(crate) fn find_joiner(piece: &Value) -> Joiner {
    if openai_stream::is_chat(piece) {
        Joiner::Chat(ChatJoiner::default())
    } else if openai_stream::is_response(piece) {
        Joiner::Response(ResponseJoiner::default())
    } else if anthropic_stream::is_start(piece) {
        Joiner::Message(MessageJoiner::default())
    } else if gemini::is_ours(piece) {
        Joiner::Content(ContentJoiner::default())
    } else if cohere::is_start(piece) {
        Joiner::Cohere(CohereJoiner::default())
    } else {
        Joiner::Text(TextJoiner::default())
    }
}

impl Joiner {
    pub(crate) fn add(&mut self, piece: Value) {
        match self {
            Self::Chat(joiner) => joiner.add(&piece),
            Self::Response(joiner) => joiner.add(piece),
            Self::Message(joiner) => joiner.add(&piece),
            Self::Content(joiner) => joiner.add(&piece),
            Self::Cohere(joiner) => joiner.add(&piece),
            Self::Text(joiner) => joiner.add(piece),
        }
    }

    pub(crate) fn finish(self) -> Option<Reading> {
        match self {
            Self::Chat(joiner) => Some(joiner.finish()),
            Self::Response(joiner) => Some(joiner.finish()),
            Self::Message(joiner) => Some(joiner.finish()),
            Self::Content(joiner) => Some(joiner.finish()),
            Self::Cohere(joiner) => Some(joiner.finish()),
            Self::Text(joiner) => joiner.finish(),
        }
    }
}
