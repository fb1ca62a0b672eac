//! Bytes made from other bytes: flipped, cut, doubled, mixed with words that decoders know.
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const WORDS: [&[u8]; 34] = [
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-1",
    b"0",
    b"18446744073709551616",
    b"0.1",
    b"\"\"",
    b"{}",
    b"[]",
    b"{",
    b"[",
    b"]",
    b"}",
    b",",
    b":",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"\\udc00",
    b"\\",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\xff\xff\xff\xff\x0f",
    b"\x0a",
    b"\x12",
    b"\x08\x01",
    b"9999-12-31T23:59:59Z",
    b"e-400",
    b"+14:00",
];
const MAX_BYTES: usize = 4096;

pub struct Mutator {
    random: StdRng,
    pool: Vec<Vec<u8>>,
}

impl Mutator {
    pub fn new(seeds: &[&[u8]]) -> Mutator {
        let seed: u64 = rand::random();
        eprintln!("seed {seed}");
        Mutator {
            random: StdRng::seed_from_u64(seed),
            pool: seeds.iter().map(|seed| seed.to_vec()).collect(),
        }
    }

    /// One more input.
    pub fn make(&mut self) -> Vec<u8> {
        let from = self.random.random_range(0..self.pool.len());
        let mut bytes = self.pool[from].clone();
        for _ in 0..self.random.random_range(1..6) {
            self.change(&mut bytes);
        }
        bytes.truncate(MAX_BYTES);
        // Some stay, so that changes add up.
        if self.random.random_range(0..200) == 0 && self.pool.len() < 500 {
            self.pool.push(bytes.clone());
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let random = &mut self.random;
        let at = random.random_range(0..=bytes.len());
        let length = random.random_range(0..=(bytes.len() - at).min(40));
        match random.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = random.random(),
            2 => drop(bytes.drain(at..at + length)),
            3 => {
                let copy = bytes[at..at + length].to_vec();
                let to = random.random_range(0..=bytes.len());
                for _ in 0..random.random_range(1..9) {
                    bytes.splice(to..to, copy.iter().copied());
                }
            }
            4 => {
                let other = &self.pool[random.random_range(0..self.pool.len())];
                let from = random.random_range(0..=other.len());
                let part = &other[from..(from + 60).min(other.len())];
                bytes.splice(at..at + length, part.iter().copied());
            }
            5 => bytes.truncate(at),
            _ => {
                let word = WORDS[random.random_range(0..WORDS.len())];
                bytes.splice(
                    at..at + if random.random() { 0 } else { length },
                    word.iter().copied(),
                );
            }
        }
    }
}
