//! A typed asynchronous SCIM client over any transport
