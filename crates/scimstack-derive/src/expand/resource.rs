//! `#[derive(ScimResource)]`: a struct as a resource type, with its extensions, which must differ.

use super::{Body, extension_of, fields_of};
use crate::Defaults;
use crate::options::Problems;
use crate::options::container::{Container, Kind};
use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Result};

pub(crate) fn resource(input: &DeriveInput, defaults: &Defaults) -> Result<TokenStream> {
    let mut problems = Problems::default();
    let container = Container::read(Kind::Resource, input, defaults, &mut problems);
    let fields = fields_of(Kind::Resource, input, &mut problems);
    problems.finish()?;
    let mut body = Body::of(&container, &fields);
    let Container { path, urn, name, endpoint, description, .. } = &container;
    let (urn_value, ident) = (&urn.value, &input.ident);
    for listed in &container.extensions {
        let (ty, required) = (&listed.extension, listed.required);
        let extension = quote!(<#ty as #path::typed::ScimExtension>);
        body.extensions.push(extension_of(path, &extension, &quote!(#required)));
        body.extension_types.push((extension, ty.span()));
    }
    for (i, (extension, span)) in body.extension_types.clone().iter().enumerate() {
        let before = body.extension_types.iter().take(i).map(|(other, _)| quote!(#other::URN));
        let others: Vec<TokenStream> = std::iter::once(quote!(#urn_value)).chain(before).collect();
        for other in others {
            let message = "two schemas of this resource type have the same URN";
            let differ = quote!(!#path::typed::check::same_uri(#extension::URN, #other));
            body.check(path, *span, &differ, message);
        }
    }
    let Body { definitions, reads, writes, extensions, checks, .. } = &body;
    Ok(quote! {
        #[automatically_derived]
        impl #path::typed::ScimResource for #ident {
            const URN: &'static str = #urn_value;
            const NAME: &'static str = #name;
            const ENDPOINT: &'static str = #endpoint;

            fn schema() -> #path::Schema {
                #path::Schema::new(#urn_value, #name)
                    .with_description(#description)
                    #(.with_attribute(#definitions))*
            }

            fn extensions() -> ::std::vec::Vec<#path::registry::Extension> {
                ::std::vec::Vec::from([#(#extensions),*])
            }

            #[allow(unused_variables, reason = "a resource type can have no attributes")]
            fn from_object(
                object: &#path::Object,
            ) -> ::core::result::Result<Self, #path::typed::TypedError> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }

            #[allow(unused_variables, reason = "a resource type can have no attributes")]
            fn write_to(&self, object: &mut #path::Object) {
                #(#writes)*
            }
        }

        #(#checks)*
    })
}
