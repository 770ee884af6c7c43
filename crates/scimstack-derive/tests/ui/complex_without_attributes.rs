//! A complex attribute has sub-attributes.

use scimstack_derive::ScimComplex;

#[derive(ScimComplex)]
struct Empty {}

#[derive(ScimComplex)]
struct Skipped {
    #[scim(skip)]
    cache: u8,
}

fn main() {}
