//! Tests by section of RFC 7644.

#[path = "../support/mod.rs"]
mod support;

mod section_3_4_2_2;
mod section_3_5_2;
