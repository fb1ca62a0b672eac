//! Server reflection: a conversation, one answer for each question, in order.
//!
//! Anybody may ask, so that a conversation is short: small questions, and an end before a shutdown would wait for it.
use super::status::{STATUS, answer, describe};
use crate::http::problem::{Code, Problem};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use cognobserve_wire::grpc::reflection::answer as answer_question;
use cognobserve_wire::grpc::{HEAD_BYTES, encode_frame, read_frame_size};
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Questions are names.
const MAX_QUESTION_BYTES: usize = 4 << 10;
/// Of all questions of one conversation: a tool asks once for each type.
const MAX_QUESTIONS: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// `ServerReflectionInfo`, in both versions.
pub async fn reflect(body: Body) -> Response {
    let conversation = Conversation {
        body,
        unread: Vec::new(),
        left: MAX_QUESTIONS,
        until: Instant::now() + PATIENCE,
        is_over: false,
    };
    let frames = stream::unfold(conversation, |mut conversation| async move {
        let frame = conversation.go_on().await?;
        Some((Ok::<_, Infallible>(frame), conversation))
    });
    answer(StatusCode::OK, Body::new(StreamBody::new(frames)))
}

struct Conversation {
    body: Body,
    unread: Vec<u8>,
    left: usize,
    until: Instant,
    is_over: bool,
}

impl Conversation {
    /// The next answer, then the status, then nothing.
    async fn go_on(&mut self) -> Option<Frame<Bytes>> {
        if self.is_over {
            return None;
        }
        Some(match self.read_question().await {
            Ok(Some(question)) => Frame::data(encode_frame(&answer_question(&question)).into()),
            Ok(None) => self.end(HeaderMap::from_iter([(STATUS, HeaderValue::from(0_u16))])),
            Err(problem) => self.end(describe(&problem)),
        })
    }

    fn end(&mut self, trailers: HeaderMap) -> Frame<Bytes> {
        self.is_over = true;
        Frame::trailers(trailers)
    }

    async fn read_question(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        loop {
            let size = read_frame_size(&self.unread)
                .map_err(|error| Problem::invalid("", error.to_string()))?;
            match size {
                Some(size) if size > MAX_QUESTION_BYTES => {
                    let detail = "The question is too long.";
                    return Err(Problem::new(Code::PayloadTooLarge, detail));
                }
                Some(size) if size <= self.unread.len() => {
                    let left = self.left.checked_sub(1);
                    self.left =
                        left.ok_or_else(|| say_enough("Too many questions in one call."))?;
                    let rest = self.unread.split_off(size);
                    let question = std::mem::replace(&mut self.unread, rest);
                    return Ok(Some(question[HEAD_BYTES..].to_vec()));
                }
                _ => {}
            }
            let frame = timeout_at(self.until, self.body.frame()).await;
            let Ok(frame) = frame else {
                return Err(say_enough("The call took too long."));
            };
            match frame {
                None if self.unread.is_empty() => return Ok(None),
                None | Some(Err(_)) => {
                    return Err(Problem::invalid("", "the message is cut short"));
                }
                // No more than what flow control lets through at once.
                Some(Ok(frame)) => self
                    .unread
                    .extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
            }
        }
    }
}

fn say_enough(detail: &'static str) -> Problem {
    Problem::new(Code::Overloaded, detail)
}
