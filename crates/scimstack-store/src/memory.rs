//! The reference store: in memory, plans nothing, scans everything. What it answers is right by being simple.

/// A store in memory. Not durable; for tests and short-lived servers.
#[derive(Debug, Default)]
pub struct MemoryStore {}
