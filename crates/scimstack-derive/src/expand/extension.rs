//! `#[derive(ScimExtension)]`: a struct as an extension; the trait is all there is to it.

use super::{Body, fields_of};
use crate::Defaults;
use crate::options::Problems;
use crate::options::container::{Container, Kind};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Result};

pub(crate) fn extension(input: &DeriveInput, defaults: &Defaults) -> Result<TokenStream> {
    let mut problems = Problems::default();
    let container = Container::read(Kind::Extension, input, defaults, &mut problems);
    let fields = fields_of(Kind::Extension, input, &mut problems);
    problems.finish()?;
    let Body { definitions, reads, writes, checks, .. } = Body::of(&container, &fields);
    let Container { path, urn, name, description, .. } = &container;
    let (urn, ident) = (&urn.value, &input.ident);
    Ok(quote! {
        #[automatically_derived]
        impl #path::typed::ScimExtension for #ident {
            const URN: &'static str = #urn;

            fn schema() -> #path::Schema {
                #path::Schema::new(#urn, #name).with_description(#description) #(.with_attribute(#definitions))*
            }

            #[allow(unused_variables, reason = "an extension can have no attributes")]
            fn from_object(
                object: &#path::Object,
            ) -> ::core::result::Result<Self, #path::typed::TypedError> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }

            #[allow(unused_variables, reason = "an extension can have no attributes")]
            fn write_to(&self, object: &mut #path::Object) {
                #(#writes)*
            }
        }

        #(#checks)*
    })
}
