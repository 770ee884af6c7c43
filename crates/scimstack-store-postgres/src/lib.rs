//! The PostgreSQL store for scimstack
