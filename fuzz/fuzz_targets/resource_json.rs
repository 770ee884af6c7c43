//! Documents that a client sends (RFC 7643 §3); the body and its laws are in `tests/src/fuzz/resource.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    scimstack_tests::fuzz::run("resource_json", data);
});
