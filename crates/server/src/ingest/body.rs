//! Reading a request's body within its limits: size, bytes in flight, patience.
//!
//! Memory is reserved as bytes arrive, never for what a header promises. A refused body is
//! read on and thrown away for a while, so that the client gets to see why.
use crate::http::body::discard_body;
use crate::http::problem::{Code, Problem};
use crate::state::Limits;
use crate::worker::{Full, Reservation};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::time::timeout;

/// Memory taken at once for what a header promises, at most.
const MAX_RESERVED_BYTES: u64 = 1 << 20;

/// The whole body as it came, still compressed.
pub async fn read_body(
    mut body: Body,
    headers: &HeaderMap,
    reservation: &mut Reservation,
    limits: &Limits,
) -> Result<Bytes, Problem> {
    let announced = announced_bytes(headers);
    if announced > limits.max_body_bytes as u64 {
        discard_body(body, headers).await;
        return Err(refuse_size(limits));
    }
    let mut first = Bytes::new();
    let mut rest = Vec::new();
    loop {
        let Ok(frame) = timeout(limits.body_patience, body.frame()).await else {
            return Err(Problem::new(
                Code::Overloaded,
                "The body did not arrive in time; send it again.",
            ));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| Problem::invalid("", "The body ended before its time."))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let size = first.len() + rest.len() + data.len();
        let fits = size <= limits.max_body_bytes;
        let taken = if fits {
            reservation.grow(data.len()).map_err(refuse_full)
        } else {
            Err(refuse_size(limits))
        };
        if let Err(problem) = taken {
            drop((first, rest));
            discard_body(body, headers).await;
            return Err(problem);
        }
        if size == data.len() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.reserve((announced.min(MAX_RESERVED_BYTES) as usize).max(size));
                rest.extend_from_slice(&first);
                first = Bytes::new();
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.into() })
}

fn announced_bytes(headers: &HeaderMap) -> u64 {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// 413, naming the limit.
pub fn refuse_size(limits: &Limits) -> Problem {
    let most = match limits.max_body_bytes {
        small if small < 1 << 20 => format!("{} KiB", small >> 10),
        large => format!("{} MiB", large >> 20),
    };
    Problem::new(
        Code::PayloadTooLarge,
        format!("A body may have at most {most}, before and after decompression."),
    )
}

/// 503, 429 or 413 by whose limit was reached.
pub fn refuse_full(full: Full) -> Problem {
    match full {
        Full::Server => Problem::new(Code::Overloaded, "Too much is in flight; send it again."),
        Full::Project => Problem::new(
            Code::RateLimited,
            "The project has too much in flight; send it again.",
        ),
        Full::Request => Problem::new(
            Code::PayloadTooLarge,
            "The request takes more memory than one project may have; send it in parts.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::Budget;
    use std::sync::Arc;

    fn limits(max_body_bytes: usize) -> Limits {
        Limits {
            max_body_bytes,
            ..Limits::default()
        }
    }

    fn chunks(parts: &[&'static str]) -> Body {
        let parts: Vec<Result<&str, std::io::Error>> = parts.iter().map(|part| Ok(*part)).collect();
        Body::from_stream(futures_util::stream::iter(parts))
    }

    #[tokio::test]
    async fn chunks_are_joined_and_counted() {
        let budget = Arc::new(Budget::new(100, 100));
        let mut reservation = budget.open(Arc::default());
        let body = read_body(
            chunks(&["ab", "", "cd", "e"]),
            &HeaderMap::new(),
            &mut reservation,
            &limits(5),
        )
        .await
        .unwrap();
        assert_eq!(body, "abcde");
        assert_eq!(budget.used_bytes(), 5);
        let whole = read_body(
            Body::from("xyz"),
            &HeaderMap::new(),
            &mut reservation,
            &limits(5),
        )
        .await
        .unwrap();
        assert_eq!(whole, "xyz");
    }

    /// A reader under pressure hands out chunks of any size.
    #[tokio::test]
    async fn large_chunks_are_joined_whatever_was_announced() {
        let part: &'static str = "x".repeat(900_000).leak();
        for announced in ["0", "1800000", "18446744073709551615"] {
            let budget = Arc::new(Budget::new(4_000_000, 4_000_000));
            let headers =
                HeaderMap::from_iter([(header::CONTENT_LENGTH, announced.parse().unwrap())]);
            let body = read_body(
                chunks(&[part, part]),
                &headers,
                &mut budget.open(Arc::default()),
                &limits(2_000_000),
            )
            .await;
            match body {
                Ok(body) => assert_eq!(body.len(), 1_800_000),
                Err(problem) => {
                    assert_eq!(problem.code, Code::PayloadTooLarge);
                    assert!(announced.len() > 7);
                }
            }
        }
    }

    #[tokio::test]
    async fn too_much_is_refused_with_its_reason() {
        let budget = Arc::new(Budget::new(8, 4));
        let mut reservation = budget.open(Arc::default());
        let refused = read_body(
            chunks(&["abc", "def"]),
            &HeaderMap::new(),
            &mut reservation,
            &limits(5),
        )
        .await
        .unwrap_err();
        assert_eq!(refused.code, Code::PayloadTooLarge);
        drop(reservation);
        let share = Arc::default();
        let mut other = budget.open(Arc::clone(&share));
        other.grow(1).unwrap();
        for (held, code) in [(1, Code::RateLimited), (0, Code::PayloadTooLarge)] {
            other.shrink_to(held);
            let refused = read_body(
                chunks(&["abc", if held == 1 { "d" } else { "de" }]),
                &HeaderMap::new(),
                &mut budget.open(Arc::clone(&share)),
                &limits(5),
            )
            .await
            .unwrap_err();
            assert_eq!(refused.code, code);
        }
        let headers = HeaderMap::from_iter([(header::CONTENT_LENGTH, "6".parse().unwrap())]);
        let refused = read_body(
            chunks(&["abcdef"]),
            &headers,
            &mut budget.open(share),
            &limits(5),
        )
        .await
        .unwrap_err();
        assert_eq!(refused.code, Code::PayloadTooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_body_is_a_passing_fault() {
        let budget = Arc::new(Budget::new(100, 100));
        let mut reservation = budget.open(Arc::default());
        let never =
            Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
        let refused = read_body(never, &HeaderMap::new(), &mut reservation, &limits(5))
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
    }
}
