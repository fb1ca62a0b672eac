//! Fuzzes `checks::check_otlp_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cognobserve_fuzz::checks::check_otlp_json(bytes));
