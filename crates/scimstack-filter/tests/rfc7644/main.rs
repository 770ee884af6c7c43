//! Tests by section of RFC 7644: filters (§3.4.2.2) and PATCH (§3.5.2). What providers send is in `idp`, laws in `laws`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

#[path = "../support/mod.rs"]
mod support;

mod examples;
mod section_3_4_2_2;
mod section_3_5_2;
mod section_3_5_2_1;
mod section_3_5_2_2;
mod section_3_5_2_3;
