//! haystack-server
fn main() {}
