//! Fuzzes `checks::check_otlp_protobuf`.
#![no_main]

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::check_otlp_protobuf(bytes));
