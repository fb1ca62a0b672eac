//! Fuzzes `checks::check_native_proto`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cognobserve_fuzz::checks::check_native_proto(bytes));
