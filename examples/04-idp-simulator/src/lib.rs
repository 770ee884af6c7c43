//! idp-simulator
