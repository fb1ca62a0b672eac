//! Fuzzes `checks::check_native_batch`.
#![no_main]

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::check_native_batch(bytes));
