//! The embedded SQLite store for scimstack
