//! What is planned.
