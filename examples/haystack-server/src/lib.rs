//! The full server: SCIM endpoint, command line, Admin Console, in one process over one database. This is the only place
//! with sockets, a clock and a source of randomness.

pub mod cli;
pub mod clock;
pub mod commands;
pub mod console;
pub mod database;
pub mod demo;
mod due;
pub mod error;
pub mod first_start;
pub mod http;
pub mod indexing;
mod key_source;
mod metrics;
pub mod retention;
mod roster;
pub mod serve;
pub mod state;

pub use error::Error;
pub use key_source::Networks;
pub use serve::{Config, FirstStart, Running, start};
