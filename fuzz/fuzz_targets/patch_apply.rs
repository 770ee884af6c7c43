//! PATCH applied to resources (RFC 7644 §3.5.2); the body of the target and its laws are in
//! `tests/src/fuzz/patch_apply.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    scimstack_tests::fuzz::run("patch_apply", data);
});
