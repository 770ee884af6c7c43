//! All that is wrong with a struct is told in one go.

use scimstack_derive::ScimResource;

#[derive(ScimResource)]
#[scim(urn = "badge")]
struct Badge<T> {
    #[scim(name = "a b")]
    one: String,
    #[scim(mutability = "never")]
    two: String,
    two_: T,
}

fn main() {}
