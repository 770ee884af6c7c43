//! scimstack-tests
