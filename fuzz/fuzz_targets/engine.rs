//! Conversations with the whole service (RFC 7644 §3); the body and its laws are in `tests/src/fuzz/engine.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    scimstack_tests::fuzz::run("engine", data);
});
