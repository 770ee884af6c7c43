//! The SCIM 2.0 filter, attribute-path and PATCH languages (RFC 7644 §3.4.2.2, §3.5.2)
