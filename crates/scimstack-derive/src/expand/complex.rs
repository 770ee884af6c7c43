//! `#[derive(ScimComplex)]`: a struct as a complex attribute, and as the value of a field.

use super::{Body, fields_of};
use crate::Defaults;
use crate::options::Problems;
use crate::options::container::{Container, Kind};
use crate::options::field::Role;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Result};

pub(crate) fn complex(input: &DeriveInput, defaults: &Defaults) -> Result<TokenStream> {
    let mut problems = Problems::default();
    let container = Container::read(Kind::Complex, input, defaults, &mut problems);
    let fields = fields_of(Kind::Complex, input, &mut problems);
    if matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)))
        && !fields.iter().any(|field| matches!(field.role, Role::Attribute(_)))
    {
        problems.add(input.ident.span(), "a complex attribute has at least one sub-attribute (RFC 7643 §2.3.8)");
    }
    problems.finish()?;
    let Body { definitions, reads, writes, checks, .. } = Body::of(&container, &fields);
    let Container { path, description, .. } = &container;
    let ident = &input.ident;
    let described = (!description.is_empty()).then(|| quote!(.with_description(#description)));
    Ok(quote! {
        #[automatically_derived]
        impl #path::typed::ScimComplex for #ident {
            fn sub_attributes() -> ::std::vec::Vec<#path::Attribute> {
                ::std::vec::Vec::from([#(#definitions),*])
            }

            fn from_object(
                object: &#path::Object,
            ) -> ::core::result::Result<Self, #path::typed::TypedError> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }

            fn write_to(&self, object: &mut #path::Object) {
                #(#writes)*
            }
        }

        #[automatically_derived]
        impl #path::typed::AttributeValue for #ident {
            const TYPE: #path::Type = #path::Type::Complex;

            fn define(attribute: #path::Attribute) -> #path::Attribute {
                attribute #described .with_sub_attributes(<Self as #path::typed::ScimComplex>::sub_attributes())
            }

            fn from_value(
                value: &#path::Value,
            ) -> ::core::result::Result<Self, #path::typed::TypedError> {
                #path::typed::check::complex_from_value(value)
            }

            fn to_value(&self) -> #path::Value {
                #path::typed::check::complex_to_value(self)
            }

            fn write_over(&self, old: &mut #path::Value) {
                #path::typed::check::complex_write_over(self, old)
            }
        }

        #(#checks)*
    })
}
