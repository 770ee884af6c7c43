//! The provisioning state machines, sans-IO: directory lifecycle and connector
