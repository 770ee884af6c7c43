//! A black-box conformance suite for any SCIM server.
