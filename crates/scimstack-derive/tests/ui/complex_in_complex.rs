//! Complex attributes do not nest (RFC 7643 §2.3.8).

use scimstack_derive::ScimComplex;

#[derive(ScimComplex)]
struct Inner {
    value: String,
}

#[derive(ScimComplex)]
struct Outer {
    inner: Option<Inner>,
    list: Vec<Inner>,
}

fn main() {}
