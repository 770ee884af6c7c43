//! The SCIM protocol engine on http types: routing, authentication, tenancy, dialects, projection
