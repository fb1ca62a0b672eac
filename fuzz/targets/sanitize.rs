//! Fuzzes `checks::check_sanitize`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cognobserve_fuzz::checks::check_sanitize(bytes));
