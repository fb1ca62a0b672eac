//! Tests of the encodings: round trips, truncation, bombs.
use super::*;
use crate::worker::Budget;
use proptest::prelude::*;
use std::io::Write;
use std::sync::Arc;

const ALL: [Encoding; 4] = [
    Encoding::Gzip,
    Encoding::Deflate,
    Encoding::Zstd,
    Encoding::Brotli,
];

fn compress(encoding: Encoding, plain: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    match encoding {
        Encoding::Gzip => {
            let mut to = flate2::write::GzEncoder::new(Vec::new(), level);
            to.write_all(plain).unwrap();
            to.finish().unwrap()
        }
        Encoding::Deflate => {
            let mut to = flate2::write::ZlibEncoder::new(Vec::new(), level);
            to.write_all(plain).unwrap();
            to.finish().unwrap()
        }
        Encoding::Zstd => zstd::encode_all(plain, 3).unwrap(),
        Encoding::Brotli => {
            let mut to = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            to.write_all(plain).unwrap();
            to.into_inner()
        }
    }
}

fn undo(encoding: Encoding, input: &[u8], max_body_bytes: usize) -> Result<Vec<u8>, Problem> {
    let budget = Arc::new(Budget::new(1 << 30, 1 << 30));
    let mut reservation = budget.open(Arc::default());
    let limits = Limits {
        max_body_bytes,
        ..Limits::default()
    };
    let output = decompress(encoding, input, &mut reservation, &limits)?;
    assert_eq!(budget.used_bytes(), output.len());
    Ok(output)
}

fn headers(values: &[&str]) -> HeaderMap {
    values
        .iter()
        .map(|value| (header::CONTENT_ENCODING, value.parse().unwrap()))
        .collect()
}

#[test]
fn every_encoding_comes_back() {
    let plain = "{\"name\":\"ä\"}".repeat(20_000);
    for encoding in ALL {
        assert_eq!(
            undo(encoding, &compress(encoding, plain.as_bytes()), 64 << 20).unwrap(),
            plain.as_bytes(),
            "{encoding:?}"
        );
        assert_eq!(
            undo(encoding, &compress(encoding, b""), 64 << 20).unwrap(),
            b"",
            "{encoding:?}"
        );
    }
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    bare.write_all(plain.as_bytes()).unwrap();
    assert_eq!(
        undo(Encoding::Deflate, &bare.finish().unwrap(), 64 << 20).unwrap(),
        plain.as_bytes()
    );
    let two = [
        compress(Encoding::Gzip, b"one "),
        compress(Encoding::Gzip, b"two"),
    ]
    .concat();
    assert_eq!(undo(Encoding::Gzip, &two, 64 << 20).unwrap(), b"one two");
}

#[test]
fn what_is_cut_or_garbled_is_refused() {
    let plain: Vec<u8> = (0..50_000u32)
        .flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes())
        .collect();
    for encoding in ALL {
        let whole = compress(encoding, &plain);
        for cut in [0, 1, 2, whole.len() / 2, whole.len() - 1] {
            let refused = undo(encoding, &whole[..cut], 64 << 20);
            // An empty input is an empty zstd or gzip stream to those decoders: no body either way.
            if cut > 0 || refused.is_err() {
                assert_eq!(
                    refused.map_err(|p| p.code),
                    Err(Code::InvalidRequest),
                    "{encoding:?} {cut}"
                );
            }
        }
        assert!(
            undo(encoding, b"{\"name\":\"plain text\"}", 64 << 20).is_err(),
            "{encoding:?}"
        );
    }
}

#[test]
fn bombs_stop_early() {
    let zeros = vec![0; 20 << 20];
    for encoding in ALL {
        let bomb = compress(encoding, &zeros);
        assert_eq!(
            undo(encoding, &bomb, 16 << 20).unwrap_err().code,
            Code::PayloadTooLarge,
            "{encoding:?}"
        );
        let budget = Arc::new(Budget::new(1 << 20, 1 << 20));
        let mut reservation = budget.open(Arc::default());
        let refused =
            decompress(encoding, &bomb, &mut reservation, &Limits::default()).unwrap_err();
        assert_ne!(refused.code, Code::InvalidRequest);
        assert!(budget.used_bytes() <= 1 << 20);
    }
    // 20 MiB out of a few hundred bytes: refused for its ratio although it would fit.
    assert_eq!(
        undo(Encoding::Zstd, &compress(Encoding::Zstd, &zeros), 64 << 20)
            .unwrap_err()
            .code,
        Code::PayloadTooLarge
    );
}

#[test]
fn headers_name_encodings_in_order() {
    assert_eq!(read_encodings(&headers(&[]), Format::Json).unwrap(), []);
    assert_eq!(
        read_encodings(&headers(&["Identity"]), Format::Json).unwrap(),
        []
    );
    assert_eq!(
        read_encodings(&headers(&["gzip, br"]), Format::Json).unwrap(),
        [Encoding::Brotli, Encoding::Gzip]
    );
    assert_eq!(
        read_encodings(&headers(&["zstd", "x-gzip"]), Format::Json).unwrap(),
        [Encoding::Gzip, Encoding::Zstd]
    );
    for bad in ["compress", "gzip, snappy", "gzip,gzip,gzip"] {
        assert_eq!(
            read_encodings(&headers(&[bad]), Format::Json)
                .unwrap_err()
                .code,
            Code::UnsupportedMediaType,
            "{bad}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for encoding in ALL {
            let _ = undo(encoding, &bytes, 1 << 20);
        }
    }
}
