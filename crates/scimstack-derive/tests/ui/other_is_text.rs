//! The variant for other values holds a text, the field for other members an object.

use scimstack_derive::{ScimEnum, ScimExtension};

#[derive(ScimEnum)]
enum A {
    One,
    #[scim(other)]
    Other(u8),
}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:b")]
struct B {
    #[scim(other)]
    other: String,
}

fn main() {}
