//! The provisioning state machines, sans-IO: [`directory`] is the receiving side, what becomes of a person whom an
//! identity provider creates, changes, deactivates and brings back; [`connector`] is the sending side, what an identity
//! provider asks of a SCIM server to make it agree about one person or group; [`sync`] does that for a whole directory.
//!
//! The machines know no HTTP client, storage, clock, randomness or async. `handle_*` takes an input, and the time where
//! it matters; `poll_*` gives what is to be done; nothing happens in between.

pub mod connector;
pub mod directory;
pub mod sync;
