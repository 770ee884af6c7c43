//! What is writeOnly is never returned.

use scimstack_derive::ScimExtension;

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    #[scim(mutability = "writeOnly", returned = "always")]
    pin: Option<String>,
}

fn main() {}
