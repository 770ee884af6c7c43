//! What has no named fields cannot be a set of attributes.

use scimstack_derive::{ScimComplex, ScimExtension, ScimResource};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
enum A {
    One,
}

#[derive(ScimResource)]
#[scim(urn = "urn:example:b", endpoint = "/Bs")]
struct B(String);

#[derive(ScimComplex)]
struct C;

#[derive(ScimExtension)]
#[scim(urn = "urn:example:d")]
union D {
    one: u8,
}

fn main() {}
