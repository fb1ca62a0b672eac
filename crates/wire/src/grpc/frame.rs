//! The five bytes before each message: whether it is compressed, and how long it is.
//! Invariant: a body of one call with one message is exactly one frame.

use thiserror::Error;

/// Bytes before each message.
pub const HEAD_BYTES: usize = 5;

/// One message as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// By the encoding that the call's head names.
    pub is_compressed: bool,
    pub message: &'a [u8],
}

/// Why a body is not one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// No byte at all.
    #[error("the call has no message")]
    Missing,
    /// More bytes than one message.
    #[error("the call has more than one message")]
    More,
    /// Fewer bytes than the frame says.
    #[error("the message is cut short")]
    Cut,
    /// A first byte that gRPC has no meaning for.
    #[error("the message is not framed as gRPC frames it")]
    Flag,
}

/// The only message of a body.
///
/// # Errors
/// A body that is no frame, or more than one.
pub fn split_frame(body: &[u8]) -> Result<Frame<'_>, FrameError> {
    let Some((head, message)) = body.split_first_chunk::<HEAD_BYTES>() else {
        return Err(match body.is_empty() {
            true => FrameError::Missing,
            false => FrameError::Cut,
        });
    };
    let (is_compressed, size) = read_head(*head)?;
    match message.len().cmp(&size) {
        std::cmp::Ordering::Less => Err(FrameError::Cut),
        std::cmp::Ordering::Equal => Ok(Frame {
            is_compressed,
            message,
        }),
        std::cmp::Ordering::Greater => Err(FrameError::More),
    }
}

/// Bytes of the first frame, head included, as soon as its head is there; compressed ones are refused.
///
/// # Errors
/// A first byte that is not that of a plain message.
pub fn read_frame_size(bytes: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    match read_head(*head)? {
        (false, size) => Ok(Some(HEAD_BYTES + size)),
        (true, _) => Err(FrameError::Flag),
    }
}

fn read_head(head: [u8; HEAD_BYTES]) -> Result<(bool, usize), FrameError> {
    let [flag, a, b, c, d] = head;
    if flag > 1 {
        return Err(FrameError::Flag);
    }
    let size = u32::from_be_bytes([a, b, c, d]);
    // On no machine of ours is a size narrower than 32 bits.
    Ok((flag == 1, usize::try_from(size).unwrap_or(usize::MAX)))
}

/// A message in its frame, uncompressed.
pub fn encode_frame(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD_BYTES + message.len());
    frame.push(0);
    // Answers are never near four gigabytes.
    let size = u32::try_from(message.len()).unwrap_or(u32::MAX);
    frame.extend_from_slice(&size.to_be_bytes());
    frame.extend_from_slice(message);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_is_one_frame() {
        let body = encode_frame(b"abc");
        assert_eq!(body, b"\0\0\0\0\x03abc");
        let frame = split_frame(&body).unwrap();
        assert_eq!((frame.is_compressed, frame.message), (false, &b"abc"[..]));
        assert!(split_frame(b"\x01\0\0\0\0").unwrap().is_compressed);
        for (body, error) in [
            (&b""[..], FrameError::Missing),
            (b"\0\0\0", FrameError::Cut),
            (b"\0\0\0\0\x04abc", FrameError::Cut),
            (b"\0\xff\xff\xff\xffabc", FrameError::Cut),
            (b"\0\0\0\0\x02abc", FrameError::More),
            (b"\x02\0\0\0\x03abc", FrameError::Flag),
            (b"{\"name\":\"x\"}", FrameError::Flag),
        ] {
            assert_eq!(split_frame(body), Err(error), "{body:?}");
        }
    }

    #[test]
    fn a_size_is_known_with_the_head() {
        assert_eq!(read_frame_size(b"\0\0\0\x01"), Ok(None));
        assert_eq!(read_frame_size(b"\0\0\0\x01\0x"), Ok(Some(261)));
        assert_eq!(read_frame_size(b"\x01\0\0\0\0"), Err(FrameError::Flag));
    }
}
