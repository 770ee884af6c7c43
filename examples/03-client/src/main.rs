//! client-example
fn main() {}
