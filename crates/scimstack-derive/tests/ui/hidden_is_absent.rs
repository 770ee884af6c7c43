//! What no document shows cannot be read, so that its type has to allow for that.

use scimstack_derive::ScimExtension;

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    #[scim(mutability = "writeOnly")]
    pin: String,
    #[scim(returned = "never")]
    secret: String,
}

fn main() {}
