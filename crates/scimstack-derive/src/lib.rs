//! Derive macros for SCIM: [`macro@ScimExtension`] makes a Rust struct a schema extension, with URN, characteristics,
//! schema document, and typed access on any resource. It writes code against `scimstack-schema`'s `typed` module and
//! nothing else.
//!
//! ```
//! use scimstack_derive::ScimExtension;
//! use scimstack_schema::typed::ScimExtension as _;
//!
//! /// What the badge office knows.
//! #[derive(ScimExtension, Debug, PartialEq)]
//! #[scim(urn = "urn:example:params:scim:schemas:extension:badge:1.0:User", name = "Badge")]
//! struct Badge {
//!     /// The number printed on the badge.
//!     #[scim(case_exact, uniqueness = "server")]
//!     badge_number: String,
//!     /// The doors it opens.
//!     doors: Vec<String>,
//!     /// Whether it was handed out.
//!     #[scim(name = "handedOut")]
//!     given: Option<bool>,
//! }
//!
//! let schema = Badge::schema();
//! assert_eq!(schema.attribute("badgeNumber").unwrap().description, "The number printed on the badge.");
//! assert!(schema.attribute("badgenumber").unwrap().required);
//! assert!(schema.attribute("doors").unwrap().multi_valued);
//! assert!(schema.attribute("handedOut").is_some());
//! schema.check().unwrap();
//! ```

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Fields, Lit, LitStr, Meta, Result, parse_macro_input};

/// Makes a struct with named fields a schema extension.
///
/// On the struct: `#[scim(urn = "…", name = "…")]`; the URN is required. On fields, all optional: `name = "…"` (else the
/// field's name in camelCase), `case_exact`, `mutability = "readOnly" | "readWrite" | "immutable" | "writeOnly"`,
/// `returned = "always" | "never" | "default" | "request"`, `uniqueness = "none" | "server" | "global"`,
/// `canonical("a", "b")`. Doc comments become descriptions. `Option` and `Vec` fields may be absent, others are required.
#[proc_macro_derive(ScimExtension, attributes(scim))]
pub fn derive_scim_extension(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    extension(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// What `#[scim(…)]` says of the struct.
struct Container {
    urn: LitStr,
    name: String,
}

/// What `#[scim(…)]` says of a field.
#[derive(Default)]
struct Field {
    name: Option<String>,
    with: Vec<Tokens>,
}

fn extension(input: &DeriveInput) -> Result<Tokens> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "ScimExtension is for structs: an extension is a set of attributes",
        ));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(input.ident.span(), "ScimExtension needs named fields: each becomes an attribute"));
    };
    let container = container(input)?;
    let (urn, name, ident) = (&container.urn, &container.name, &input.ident);
    let description = description(&input.attrs);
    let (mut definitions, mut reads, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for field in &fields.named {
        let Some(field_ident) = &field.ident else { continue };
        let options = field_options(&field.attrs)?;
        let attribute = options.name.unwrap_or_else(|| camel_case(&field_ident.to_string().replace("r#", "")));
        if !is_attribute_name(&attribute) {
            let message =
                format!("`{attribute}` is no attribute name (RFC 7643 §2.1): a letter, then letters, digits, - and _");
            return Err(Error::new(field_ident.span(), message));
        }
        let (ty, doc, with) = (&field.ty, self::description(&field.attrs), &options.with);
        let value = quote!(<#ty as ::scimstack_schema::typed::AttributeValue>);
        definitions.push(quote! {
            .with_attribute(
                ::scimstack_schema::Attribute::new(#attribute, #value::TYPE)
                    .with_description(#doc)
                    .with_multi_valued(#value::MULTI_VALUED)
                    .with_required(!#value::OPTIONAL)
                    #(#with)*
            )
        });
        reads.push(quote! {
            #field_ident: match object.get(#attribute) {
                ::core::option::Option::Some(value) => #value::from_value(value)?,
                ::core::option::Option::None => #value::absent()?,
            }
        });
        writes.push(quote! {
            match #value::to_value(&self.#field_ident) {
                ::scimstack_schema::Value::Null => { object.remove(#attribute); }
                value => { object.insert(#attribute, value); }
            }
        });
    }
    let (generics, types, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::scimstack_schema::typed::ScimExtension for #ident #types #bounds {
            const URN: &'static str = #urn;

            fn schema() -> ::scimstack_schema::Schema {
                ::scimstack_schema::Schema::new(#urn, #name).with_description(#description) #(#definitions)*
            }

            fn from_object(object: &::scimstack_schema::Object) -> ::core::option::Option<Self> {
                ::core::option::Option::Some(Self { #(#reads),* })
            }

            fn write_to(&self, object: &mut ::scimstack_schema::Object) {
                #(#writes)*
            }
        }
    })
}

fn container(input: &DeriveInput) -> Result<Container> {
    let (mut urn, mut name) = (None::<LitStr>, input.ident.to_string());
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("scim")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("urn") {
                let text: LitStr = meta.value()?.parse()?;
                if !text.value().to_ascii_lowercase().starts_with("urn:") {
                    return Err(Error::new(text.span(), "a schema's URN begins with `urn:`"));
                }
                urn = Some(text);
            } else if meta.path.is_ident("name") {
                name = meta.value()?.parse::<LitStr>()?.value();
            } else {
                return Err(meta.error("expected `urn = \"…\"` or `name = \"…\"`"));
            }
            Ok(())
        })?;
    }
    let urn =
        urn.ok_or_else(|| Error::new(input.ident.span(), "say which extension it is: #[scim(urn = \"urn:…\")]"))?;
    Ok(Container { urn, name })
}

fn field_options(attributes: &[Attribute]) -> Result<Field> {
    let mut field = Field::default();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("scim")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                field.name = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("case_exact") {
                field.with.push(quote!(.with_case_exact(true)));
            } else if meta.path.is_ident("mutability") {
                let word = keyword(&meta.value()?.parse()?, &["readOnly", "readWrite", "immutable", "writeOnly"])?;
                field.with.push(quote!(.with_mutability(::scimstack_schema::Mutability::#word)));
            } else if meta.path.is_ident("returned") {
                let word = keyword(&meta.value()?.parse()?, &["always", "never", "default", "request"])?;
                field.with.push(quote!(.with_returned(::scimstack_schema::Returned::#word)));
            } else if meta.path.is_ident("uniqueness") {
                let word = keyword(&meta.value()?.parse()?, &["none", "server", "global"])?;
                field.with.push(quote!(.with_uniqueness(::scimstack_schema::Uniqueness::#word)));
            } else if meta.path.is_ident("canonical") {
                let inside;
                syn::parenthesized!(inside in meta.input);
                let values = inside.parse_terminated(<LitStr as syn::parse::Parse>::parse, syn::Token![,])?;
                let values = values.iter();
                field.with.push(quote!(.with_canonical_values([#(#values),*])));
            } else {
                return Err(meta
                    .error("expected `name`, `case_exact`, `mutability`, `returned`, `uniqueness` or `canonical(…)`"));
            }
            Ok(())
        })?;
    }
    Ok(field)
}

/// The enum variant for a keyword of RFC 7643 §7: `readOnly` is `ReadOnly`.
fn keyword(text: &LitStr, allowed: &[&str]) -> Result<syn::Ident> {
    let word = text.value();
    if !allowed.contains(&word.as_str()) {
        return Err(Error::new(text.span(), format!("expected one of {}", allowed.join(", "))));
    }
    let mut chars = word.chars();
    let variant: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    Ok(syn::Ident::new(&variant, text.span()))
}

/// The doc comment, lines joined.
fn description(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_').filter(|word| !word.is_empty());
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        name.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        name.extend(chars);
    }
    name
}

fn is_attribute_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
