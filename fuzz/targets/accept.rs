//! Fuzzes `pieces::check_accept`.
#![no_main]

#[path = "../pieces.rs"]
mod pieces;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pieces::check_accept(bytes));
