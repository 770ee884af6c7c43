//! The common attributes are not of a resource type's own schema.

use scimstack_derive::ScimResource;
use scimstack_schema::views::Meta;

#[derive(ScimResource)]
#[scim(urn = "urn:example:a", endpoint = "/As")]
struct A {
    id: Option<String>,
    external_id: Option<String>,
    meta: Option<Meta>,
    schemas: Vec<String>,
    #[scim(name = "ID")]
    number: String,
}

fn main() {}
