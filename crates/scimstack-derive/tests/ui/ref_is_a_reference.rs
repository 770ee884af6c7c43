//! `$ref` is a reference, and one.

use scimstack_derive::ScimComplex;
use scimstack_schema::typed::Reference;

#[derive(ScimComplex)]
struct A {
    #[scim(name = "$ref")]
    reference: String,
}

#[derive(ScimComplex)]
struct B {
    #[scim(name = "$ref")]
    references: Vec<Reference>,
}

fn main() {}
