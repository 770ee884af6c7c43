//! Whole directories brought to a target: what is planned, what is sent for it, and that mishaps of every kind end in what
//! was wanted, with nothing done twice.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "sync/laws.rs"]
mod laws;
#[path = "sync/planning.rs"]
mod planning;
#[path = "sync/running.rs"]
mod running;
#[path = "sync/target.rs"]
mod target;
#[path = "sync/world.rs"]
mod world;
