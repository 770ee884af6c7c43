//! Paths of a PATCH (RFC 7644 §3.5.2); the body and its laws are in `tests/src/fuzz/path.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    scimstack_tests::fuzz::run("path", data);
});
