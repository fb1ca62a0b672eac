//! Fuzzes `pieces::check_accept`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cognobserve_fuzz::pieces::check_accept(bytes));
