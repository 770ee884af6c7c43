//! The SCIM 2.0 protocol messages as types (RFC 7644), and the decide hook
