//! A schema without its URI, a resource type without its endpoint.

use scimstack_derive::{ScimExtension, ScimResource};

#[derive(ScimExtension)]
struct A {}

#[derive(ScimResource)]
struct Device {}

fn main() {}
