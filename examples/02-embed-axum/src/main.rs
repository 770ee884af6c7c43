//! embed-axum
fn main() {}
