//! One schema has one set of attributes.

use scimstack_derive::{ScimComplex, ScimEnum, ScimExtension};

#[derive(ScimExtension)]
#[scim(urn = "urn:example:a")]
struct A<T> {
    one: T,
}

#[derive(ScimComplex)]
struct B<'a> {
    one: &'a str,
}

#[derive(ScimEnum)]
enum C<const N: usize> {
    One,
}

fn main() {}
