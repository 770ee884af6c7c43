//! Fields that are no attributes, and what cannot be said of them.

use scimstack_derive::{ScimExtension, ScimResource};
use scimstack_schema::Object;

#[derive(ScimResource)]
#[scim(urn = "urn:example:a", endpoint = "/As")]
struct A {
    #[scim(common)]
    nick_name: Option<String>,
    #[scim(common, case_exact)]
    id: Option<String>,
    #[scim(other, name = "rest")]
    other: Object,
    #[scim(other)]
    more: Object,
    #[scim(skip, required)]
    cache: u8,
}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:b")]
struct B {
    #[scim(common)]
    id: Option<String>,
    #[scim(extension)]
    badge: Option<String>,
}

fn main() {}
