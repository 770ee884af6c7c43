//! The full server: SCIM endpoint, command line, Admin Console, in one process over one database. This is the only place
//! with sockets, a clock and a source of randomness.

pub mod console;
pub mod state;
