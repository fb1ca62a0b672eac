//! `Content-Encoding`, and `grpc-encoding`: gzip, deflate (with or without zlib's frame), zstd and br, undone
//! within bounds of size and ratio, so that a bomb stops early.
//!
//! A stream that ends too soon is an error, never a shorter body.
use super::body::{refuse_full, refuse_size};
use super::format::Format;
use crate::http::problem::{Code, Problem};
use crate::state::Limits;
use crate::worker::Reservation;
use axum::http::{HeaderMap, HeaderName, header};
use flate2::{Decompress, FlushDecompress, Status};
use std::borrow::Cow;
use std::io::Read;

/// Up to this size any ratio is fine.
const FREE_BYTES: usize = 8 << 20;
/// Beyond it, output bytes per input byte.
const MAX_RATIO: usize = 1_000;
/// Encodings on top of each other.
const MAX_LAYERS: usize = 2;
/// zstd windows above 32 MiB are refused: they are memory that the sender commands.
const MAX_ZSTD_WINDOW_LOG: u32 = 25;
const CHUNK_BYTES: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Gzip,
    Deflate,
    Zstd,
    Brotli,
}

/// The header that names the encodings of a format's bodies.
fn name_header(format: Format) -> HeaderName {
    match format {
        Format::Json | Format::Protobuf => header::CONTENT_ENCODING,
        Format::Grpc => HeaderName::from_static("grpc-encoding"),
    }
}

/// The encodings in the order in which they are to be undone; unknown ones are 415.
pub fn read_encodings(headers: &HeaderMap, format: Format) -> Result<Vec<Encoding>, Problem> {
    let mut encodings = Vec::new();
    for value in headers.get_all(name_header(format)) {
        for word in value.to_str().unwrap_or("?").split(',') {
            match word.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" => encodings.push(Encoding::Gzip),
                "deflate" => encodings.push(Encoding::Deflate),
                "zstd" => encodings.push(Encoding::Zstd),
                "br" => encodings.push(Encoding::Brotli),
                _ => return Err(refuse_encoding(format)),
            }
        }
    }
    if encodings.len() > MAX_LAYERS {
        return Err(refuse_encoding(format));
    }
    encodings.reverse();
    Ok(encodings)
}

fn refuse_encoding(format: Format) -> Problem {
    let name = match format {
        Format::Json | Format::Protobuf => "Content-Encoding",
        Format::Grpc => "grpc-encoding",
    };
    Problem::new(
        Code::UnsupportedMediaType,
        format!("{name} may be gzip, deflate, zstd, br or identity."),
    )
}

/// Undoes encodings one after the other.
pub fn decompress_all<'b>(
    mut body: Cow<'b, [u8]>,
    encodings: &[Encoding],
    reservation: &mut Reservation,
    limits: &Limits,
) -> Result<Cow<'b, [u8]>, Problem> {
    for encoding in encodings {
        body = Cow::Owned(decompress(*encoding, &body, reservation, limits)?);
    }
    Ok(body)
}

/// Undoes one encoding; the output's bytes are reserved as they appear.
fn decompress(
    encoding: Encoding,
    input: &[u8],
    reservation: &mut Reservation,
    limits: &Limits,
) -> Result<Vec<u8>, Problem> {
    let most = limits
        .max_body_bytes
        .min(FREE_BYTES.max(input.len().saturating_mul(MAX_RATIO)));
    let mut output = Output {
        bytes: Vec::new(),
        most,
        reservation,
        limits,
    };
    match encoding {
        Encoding::Deflate => inflate(input, &mut output)?,
        Encoding::Gzip => copy(flate2::read::MultiGzDecoder::new(input), &mut output)?,
        Encoding::Brotli => copy(brotli::Decompressor::new(input, 4096), &mut output)?,
        Encoding::Zstd => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(input).map_err(|_| refuse_stream())?;
            decoder
                .window_log_max(MAX_ZSTD_WINDOW_LOG)
                .map_err(|_| refuse_stream())?;
            copy(decoder, &mut output)?;
        }
    }
    Ok(output.bytes)
}

struct Output<'a> {
    bytes: Vec<u8>,
    most: usize,
    reservation: &'a mut Reservation,
    limits: &'a Limits,
}

impl Output<'_> {
    fn push(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        if self.bytes.len() + chunk.len() > self.most {
            return Err(refuse_size(self.limits));
        }
        self.reservation.grow(chunk.len()).map_err(refuse_full)?;
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

fn refuse_stream() -> Problem {
    Problem::invalid("", "The body is not what its encoding says.")
}

fn copy(mut from: impl Read, output: &mut Output) -> Result<(), Problem> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match from.read(&mut chunk).map_err(|_| refuse_stream())? {
            0 => return Ok(()),
            n => output.push(&chunk[..n])?,
        }
    }
}

/// By hand, because flate2's reader takes a truncated stream for a whole one.
fn inflate(input: &[u8], output: &mut Output) -> Result<(), Problem> {
    let mut state = Decompress::new(has_zlib_frame(input));
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let (read, written) = (state.total_in(), state.total_out());
        let rest = &input[usize::try_from(read).unwrap_or(input.len())..];
        let status = state
            .decompress(rest, &mut chunk, FlushDecompress::None)
            .map_err(|_| refuse_stream())?;
        let count = usize::try_from(state.total_out() - written).unwrap_or(0);
        output.push(&chunk[..count])?;
        match status {
            Status::StreamEnd => return Ok(()),
            _ if count == 0 && state.total_in() == read => return Err(refuse_stream()),
            _ => {}
        }
    }
}

/// Some senders mean bare DEFLATE by `deflate`, the standard means zlib.
fn has_zlib_frame(input: &[u8]) -> bool {
    let [first, second, ..] = input else {
        return true;
    };
    first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0
}

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod tests;
