//! The storage contract of a SCIM server, and the in-memory reference store
