//! Filters of RFC 7644 §3.4.2.2; the body and its laws are in `tests/src/fuzz/filter.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    scimstack_tests::fuzz::run("filter", data);
});
