//! RFC 7643, section by section, against the embedded registries; and what identity providers make of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking, like tests"
)]

/// The text of a file in `spec/examples`.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/examples/", $name))
    };
}

mod identity_providers;
mod laws;
mod projection;
mod replacement;
mod section_2_attributes;
mod section_3_resources;
mod section_4_views;
mod section_6_discovery;
mod section_7_schemas;
mod section_8_7_schemas;
mod section_8_characteristics;
mod section_8_examples;
mod support;
