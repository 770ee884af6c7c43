//! The protocol (RFC 7644), one module for each of its sections.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod s2_authentication;
mod s3_01_messages;
mod s3_03_create;
mod s3_04_1_read;
mod s3_04_2_2_filter;
mod s3_04_2_3_order;
mod s3_04_2_list;
mod s3_04_3_search;
mod s3_05_1_replace;
mod s3_05_2_modify;
mod s3_05_2_operations;
mod s3_06_delete;
mod s3_07_bulk;
mod s3_07_order;
mod s3_09_projection;
mod s3_11_me;
mod s3_12_http;
mod s3_14_versions;
mod s4_discovery;
mod s5_strings;
mod s7_security;
