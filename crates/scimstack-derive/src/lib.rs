//! Derive macros for SCIM extensions and resource types
