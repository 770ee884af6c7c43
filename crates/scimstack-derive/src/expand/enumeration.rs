//! `#[derive(ScimEnum)]`: variants as values of a string, and one variant for the values that are not known.

use crate::Defaults;
use crate::names::variant_name;
use crate::options::Problems;
use crate::options::container::{Container, Kind};
use crate::options::variant::VariantOptions;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, Ident, Result};

/// The variants: those with a value each, and the one for other values.
#[derive(Default)]
struct Variants {
    known: Vec<(Ident, String)>,
    other: Option<(Ident, Span)>,
}

impl Variants {
    fn read(container: &Container, input: &DeriveInput, problems: &mut Problems) -> Self {
        let mut variants = Self::default();
        let span = input.ident.span();
        let Data::Enum(data) = &input.data else {
            problems.add(
                span,
                "`ScimEnum` is for enums, whose variants become values; for a struct there is `ScimComplex`",
            );
            return variants;
        };
        for variant in &data.variants {
            let options = VariantOptions::read(variant, problems);
            let ident = variant.ident.clone();
            if let Some(other) = options.other.filter(|given| given.value) {
                if let Some(name) = &options.name {
                    problems.add(name.span, "the variant for other values has no name of its own");
                }
                if variants.other.is_some() {
                    problems.add(other.span, "one variant can hold the other values, and there is one already");
                }
                if !matches!(&variant.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1) {
                    problems.add(
                        ident.span(),
                        format!("the variant for other values holds the value as it was sent: `{ident}(String)`"),
                    );
                }
                variants.other = Some((ident, variant.fields.iter().next().map_or(span, |field| field.ty.span())));
                continue;
            }
            if !matches!(variant.fields, Fields::Unit) {
                problems.add(
                    variant.fields.span(),
                    format!("a variant is one value and holds nothing; for all other values there is `#[scim(other)] {ident}(String)`"),
                );
            }
            let (text, at) = match options.name {
                Some(name) => (name.value, name.span),
                None => (variant_name(&ident.to_string().replace("r#", ""), container.rename_all), ident.span()),
            };
            let same = |(_, known): &&(Ident, String)| {
                if container.case_exact { *known == text } else { known.eq_ignore_ascii_case(&text) }
            };
            if let Some((first, _)) = variants.known.iter().find(same) {
                problems.add(at, format!("`{text}` is the value of `{first}` already"));
            }
            variants.known.push((ident, text));
        }
        if variants.known.is_empty() {
            problems.add(span, "an enum needs at least one variant with a value");
        }
        variants
    }
}

pub(crate) fn enumeration(input: &DeriveInput, defaults: &Defaults) -> Result<TokenStream> {
    let mut problems = Problems::default();
    let container = Container::read(Kind::Enum, input, defaults, &mut problems);
    let Variants { known, other } = Variants::read(&container, input, &mut problems);
    problems.finish()?;
    let Container { path, description, case_exact, .. } = &container;
    let ident = &input.ident;
    let idents = known.iter().map(|(ident, _)| ident).collect::<Vec<_>>();
    let texts = known.iter().map(|(_, text)| text).collect::<Vec<_>>();
    let same = if *case_exact { quote!(text == known) } else { quote!(text.eq_ignore_ascii_case(known)) };
    let fallback = match &other {
        Some((other, span)) => {
            let text = quote_spanned!(*span=> ::std::string::ToString::to_string(text));
            quote!(::core::option::Option::Some(Self::#other(#text)))
        }
        None => quote!(::core::option::Option::None),
    };
    let other_text = other.as_ref().map(|(other, span)| {
        let text = quote_spanned! {*span=> {
            let text: &::std::string::String = text;
            text
        }};
        quote!(Self::#other(text) => #text,)
    });
    // With a variant for them, other values are as good as the known ones.
    let expected = other.is_none().then(|| {
        quote! {
            fn expected() -> ::std::string::String {
                #path::typed::check::one_of(<Self as #path::typed::ScimEnum>::VALUES)
            }
        }
    });
    let described = (!description.is_empty()).then(|| quote!(.with_description(#description)));
    Ok(quote! {
        #[automatically_derived]
        impl #path::typed::ScimEnum for #ident {
            const VALUES: &'static [&'static str] = &[#(#texts),*];

            fn from_text(text: &str) -> ::core::option::Option<Self> {
                #({
                    let known = #texts;
                    if #same {
                        return ::core::option::Option::Some(Self::#idents);
                    }
                })*
                #fallback
            }

            fn as_text(&self) -> &str {
                match self {
                    #(Self::#idents => #texts,)*
                    #other_text
                }
            }
        }

        #[automatically_derived]
        impl #path::typed::AttributeValue for #ident {
            const TYPE: #path::Type = #path::Type::String;

            fn define(attribute: #path::Attribute) -> #path::Attribute {
                attribute
                    #described
                    .with_canonical_values(<Self as #path::typed::ScimEnum>::VALUES.iter().copied())
                    .with_case_exact(#case_exact)
            }

            #expected

            fn from_value(
                value: &#path::Value,
            ) -> ::core::result::Result<Self, #path::typed::TypedError> {
                #path::typed::check::enum_from_value(value)
            }

            fn to_value(&self) -> #path::Value {
                #path::Value::from(<Self as #path::typed::ScimEnum>::as_text(self))
            }
        }
    })
}
