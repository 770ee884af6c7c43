//! parse
fn main() {}
