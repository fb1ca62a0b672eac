//! What observed calls may answer, and how it is read.

use std::fmt::Display;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Written, write};

/// Is told what a call has answered, or why it has failed.
pub struct Teller {
    most: Option<usize>,
    pub(crate) answer: Option<Written>,
    pub(crate) failure: Option<String>,
}

impl Teller {
    /// `most` bytes of an answer are wanted, or none.
    pub(crate) fn new(most: Option<usize>) -> Self {
        Self {
            most,
            answer: None,
            failure: None,
        }
    }

    /// The answer: the output, or a provider's answer that is read.
    pub fn answer<T: Serialize + ?Sized>(&mut self, answer: &T) {
        if let Some(most) = self.most {
            self.answer = Some(write(answer, most));
        }
    }

    /// The call has failed, and this is the message.
    pub fn failure<E: Display + ?Sized>(&mut self, error: &E) {
        self.failure = Some(error.to_string());
    }
}

/// What an observed call may answer. `Err` marks its span as an error.
///
/// Anything that is [`Serialize`] can be put into a `Result`; what is not, into [`Untold`]. Or use
/// [`observe_with`](crate::observe_with).
pub trait Outcome {
    /// Tells what there is to tell.
    fn tell(&self, teller: &mut Teller);
}

impl<T: Serialize, E: Display> Outcome for Result<T, E> {
    fn tell(&self, teller: &mut Teller) {
        match self {
            Ok(answer) => teller.answer(answer),
            Err(error) => teller.failure(error),
        }
    }
}

macro_rules! plain {
    ($($kind:ty),*) => {$(
        impl Outcome for $kind {
            fn tell(&self, teller: &mut Teller) {
                teller.answer(self);
            }
        }
    )*};
}

plain!(
    (),
    bool,
    i32,
    i64,
    u32,
    u64,
    usize,
    f32,
    f64,
    str,
    String,
    Value
);

impl<T: Serialize> Outcome for Option<T> {
    fn tell(&self, teller: &mut Teller) {
        teller.answer(self);
    }
}

impl<T: Serialize> Outcome for Vec<T> {
    fn tell(&self, teller: &mut Teller) {
        teller.answer(self);
    }
}

impl<T: Outcome + ?Sized> Outcome for &T {
    fn tell(&self, teller: &mut Teller) {
        (**self).tell(teller);
    }
}

/// An answer of which nothing is told, such as a response of a web framework: `call().await.map(Untold)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untold<T>(pub T);

impl<T> Serialize for Untold<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<T> Outcome for Untold<T> {
    fn tell(&self, _: &mut Teller) {}
}
