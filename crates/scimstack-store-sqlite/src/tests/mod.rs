//! Tests that look inside: at the plans of statements, at what they cost, and at a writer in trouble.

#[path = "../../tests/common/mod.rs"]
mod common;

mod costs;
mod paces;
mod plans;
mod trouble;
