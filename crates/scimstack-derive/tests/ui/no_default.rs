//! `default` needs a type that has one.

use scimstack_derive::{ScimEnum, ScimExtension};

#[derive(ScimEnum)]
enum Shift {
    Day,
}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A {
    #[scim(default)]
    shift: Shift,
}

fn main() {}
