//! The bodies of the fuzz targets, one for each kind of text that comes in from outside. They are here, and not in
//! `fuzz/`, so that a test on stable runs them too, over the seeds and over mutations of them.
//!
//! A body panics when a law is broken; what a law says stands beside its assertion. That a text is refused is no finding.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a fuzz target reports what it finds by panicking"
)]

mod documents;
mod engine;
mod filter;
pub mod mutate;
mod patch;
mod patch_apply;
mod path;
mod resource;

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was read, and all laws hold.
    Accepted,
    /// It was refused with an error.
    Refused,
}

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of the wrapper in `fuzz/fuzz_targets`, and of its folders in `fuzz/seeds` and `fuzz/regressions`.
    pub name: &'static str,
    /// What it does with an input.
    pub body: fn(&[u8]) -> Outcome,
    /// Whether inputs are JSON, so that mutations can keep to its structure.
    pub json: bool,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "filter", body: filter::run, json: false },
    Target { name: "path", body: path::run, json: false },
    Target { name: "patch_body", body: patch::run, json: true },
    Target { name: "patch_apply", body: patch_apply::run, json: true },
    Target { name: "resource_json", body: resource::run, json: true },
    Target { name: "engine", body: engine::run, json: true },
];

/// Runs the target called `name`; what the wrappers in `fuzz/fuzz_targets` call.
///
/// # Panics
/// When a law is broken, or when there is no such target.
pub fn run(name: &str, data: &[u8]) -> Outcome {
    let target = TARGETS.iter().find(|target| target.name == name).expect("the target is in the list");
    (target.body)(data)
}
