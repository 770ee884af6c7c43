//! What may be absent, and what the type says of it.

use scimstack_derive::ScimExtension;

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    #[scim(required = false)]
    name: String,
    #[scim(default)]
    floor: Option<i64>,
    #[scim(default)]
    doors: Vec<String>,
}

fn main() {}
