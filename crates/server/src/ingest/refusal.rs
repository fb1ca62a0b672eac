//! A ledger's refusal of a whole batch, as it is answered.
use crate::http::problem::{Code, Problem};
use cognobserve_ports::Refusal;

/// Who makes too many users is not soon in order again.
const TOO_MANY_USERS_RETRY_S: u32 = 60;

/// 429 for too many users; a project that is gone has no valid keys: 401.
pub fn answer_refusal(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::TooManyUsers => Problem::new(
            Code::RateLimited,
            "The project has as many users as its settings allow.",
        )
        .retry_after(TOO_MANY_USERS_RETRY_S),
        Refusal::NoSuchProject => Problem::new(
            Code::Unauthorized,
            "The project of this key does not exist any more.",
        ),
    }
}
