//! scimstack-benches
