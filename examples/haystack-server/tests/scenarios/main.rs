//! What happens at a workspace, from the first day to the last: joiners, movers, leavers, and everything that comes between,
//! told by a simulated identity provider to the engine with its lifecycle over a SQLite database. A scenario each.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in its helpers"
)]

mod entra;
mod groups;
mod guard;
mod hris;
mod joiners;
mod jumpcloud;
mod leavers;
mod limits;
mod movers;
mod world;
