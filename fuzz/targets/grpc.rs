//! Fuzzes `checks::check_grpc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cognobserve_fuzz::checks::check_grpc(bytes));
