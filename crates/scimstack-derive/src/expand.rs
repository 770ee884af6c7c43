//! What is written for the fields of a struct: definitions, reading, writing, and the questions only the compiler can
//! answer. Generated code names `scimstack-schema`'s items by full path and nothing of the user's.

mod complex;
mod enumeration;
mod extension;
mod resource;

pub(crate) use complex::complex;
pub(crate) use enumeration::enumeration;
pub(crate) use extension::extension;
pub(crate) use resource::resource;

use crate::names::capitalized;
use crate::options::container::{Container, Kind};
use crate::options::field::{COMMON, Characteristics, Role, ScimField};
use crate::options::{Given, Problems};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, Ident, Path, Type};

/// The code for a struct's fields.
#[derive(Default)]
struct Body {
    /// `Attribute` values.
    definitions: Vec<TokenStream>,
    /// `field: value`, out of `object`.
    reads: Vec<TokenStream>,
    /// Statements, into `object`.
    writes: Vec<TokenStream>,
    /// `registry::Extension` values, of fields.
    extensions: Vec<TokenStream>,
    /// The types whose URNs must differ, with where they stand.
    extension_types: Vec<(TokenStream, Span)>,
    /// Items evaluated at compile time.
    checks: Vec<TokenStream>,
}

/// The fields of a struct, or why it is none.
fn fields_of(kind: Kind, input: &DeriveInput, problems: &mut Problems) -> Vec<ScimField> {
    let name = kind.name();
    let span = input.ident.span();
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(_) => {
            let hint = "for an enum of known texts there is `ScimEnum`";
            problems.add(span, format!("`{name}` is for structs, whose fields become attributes; {hint}"));
            return Vec::new();
        }
        Data::Union(_) => {
            problems.add(span, format!("`{name}` is for structs, whose fields become attributes; this is a union"));
            return Vec::new();
        }
    };
    let fields = match fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unnamed(_) | Fields::Unit => {
            problems.add(span, format!("`{name}` needs a struct with named fields: the names become the attributes'"));
            return Vec::new();
        }
    };
    let fields: Vec<ScimField> = fields.iter().filter_map(|field| ScimField::read(kind, field, problems)).collect();
    let mut names: Vec<&str> = Vec::new();
    let mut others = 0;
    for field in &fields {
        match &field.role {
            Role::Attribute(characteristics) => refuse_twice(&mut names, &characteristics.name, problems),
            Role::Common(name) => refuse_twice(&mut names, name, problems),
            Role::Other => {
                others += 1;
                if others > 1 {
                    problems.add(field.ident.span(), "one field can hold the other members, and there is one already");
                }
            }
            Role::Extension { .. } | Role::Skip => {}
        }
    }
    fields
}

fn refuse_twice<'a>(names: &mut Vec<&'a str>, name: &'a Given<String>, problems: &mut Problems) {
    if let Some(first) = names.iter().find(|other| other.eq_ignore_ascii_case(&name.value)) {
        let how =
            if *first == name.value { String::new() } else { format!(" (like `{first}`: case makes no difference)") };
        problems.add(name.span, format!("two attributes are called `{}`{how}", name.value));
    }
    names.push(&name.value);
}

impl Body {
    fn of(container: &Container, fields: &[ScimField]) -> Self {
        let path = &container.path;
        let mut body = Self::default();
        for field in fields {
            let (ident, ty) = (&field.ident, &field.r#type);
            match &field.role {
                Role::Attribute(characteristics) => body.attribute(container, ident, ty, characteristics),
                Role::Common(name) => body.common(path, ident, ty, name),
                Role::Extension { required } => body.extension(path, ident, ty, *required),
                Role::Other => body.other(container, ident, ty, fields),
                Role::Skip => body.reads.push(quote!(#ident: ::core::default::Default::default())),
            }
        }
        body
    }

    /// Stops the build with `message`, at `span`, unless `condition`.
    fn check(&mut self, path: &Path, span: Span, condition: &TokenStream, message: &str) {
        let path = respanned(path, span);
        self.checks.push(quote_spanned! {span=>
            const _: () = #path::typed::check::holds(#condition, #message);
        });
    }

    fn attribute(&mut self, container: &Container, ident: &Ident, ty: &Type, given: &Characteristics) {
        let path = &container.path;
        let name = &given.name.value;
        let span = ty.span();
        let field = {
            let path = respanned(path, span);
            quote_spanned!(span=> <#ty as #path::typed::AttributeField>)
        };
        let mut definition = quote!(#field::attribute(#name));
        if !given.description.is_empty() {
            let description = &given.description;
            definition.extend(quote!(.with_description(#description)));
        }
        let required = given.required.as_ref().map(|given| given.value);
        if let Some(required) = required.or(given.has_default().then_some(false)) {
            definition.extend(quote!(.with_required(#required)));
        }
        if let Some(case_exact) = given.case_exact.as_ref().map(|given| given.value) {
            definition.extend(quote!(.with_case_exact(#case_exact)));
        }
        let write_only = given.mutability.as_ref().is_some_and(|given| given.value == "writeOnly");
        let returned = given.returned.as_ref().map(|given| given.value).or(write_only.then_some("never"));
        for (method, of, word) in [
            ("with_mutability", "Mutability", given.mutability.as_ref().map(|given| given.value)),
            ("with_returned", "Returned", returned),
            ("with_uniqueness", "Uniqueness", given.uniqueness.as_ref().map(|given| given.value)),
        ] {
            if let Some(word) = word {
                let [method, of, variant] =
                    [method, of, &capitalized(word)].map(|text| Ident::new(text, Span::call_site()));
                definition.extend(quote!(.#method(#path::#of::#variant)));
            }
        }
        for (method, texts) in
            [("with_canonical_values", &given.canonical), ("with_reference_types", &given.reference_types)]
        {
            if let Some(texts) = texts {
                let (method, texts) = (Ident::new(method, Span::call_site()), &texts.value);
                definition.extend(quote!(.#method([#(#texts),*])));
            }
        }
        self.definitions.push(definition);

        let conceal = given.hidden().map(|_| quote!(.map_err(#path::typed::TypedError::concealed)));
        let default = quote_spanned!(span=> <#ty as ::core::default::Default>::default);
        let (read, write) = match given.has_default() {
            true => (
                quote!(#field::read_or(object, #name, #default)),
                quote!(#field::write_unless(&self.#ident, object, #name, #default)),
            ),
            false => (quote!(#field::read(object, #name)), quote!(#field::write(&self.#ident, object, #name))),
        };
        self.reads.push(quote!(#ident: #read #conceal?));
        self.writes.push(quote!(#write;));
        self.judge(container, &field, span, given);
    }

    /// Whether the characteristics apply to the type, which only the compiler knows.
    fn judge(&mut self, container: &Container, field: &TokenStream, span: Span, given: &Characteristics) {
        let path = &container.path;
        let name = &given.name.value;
        let check = quote!(#path::typed::check);
        let r#type = quote!(#field::TYPE);
        if let Some(given) = &given.case_exact {
            let message = format!(
                "`case_exact` is for strings, and `{name}` is none (references and binaries are exact by themselves)"
            );
            self.check(path, given.span, &quote!(#check::is_string(#r#type)), &message);
        }
        if let Some(given) = &given.uniqueness {
            let message = format!(
                "`uniqueness` means nothing on `{name}`: booleans, binaries and complex attributes have none (RFC 7643 §7)"
            );
            self.check(path, given.span, &quote!(#check::has_uniqueness(#r#type)), &message);
        }
        if let Some(given) = &given.canonical {
            let message = format!("`canonical` is for strings, and `{name}` is none");
            self.check(path, given.span, &quote!(#check::is_string(#r#type)), &message);
        }
        if let Some(given) = &given.reference_types {
            let message =
                format!("`reference_types` is for references, and `{name}` is none: make its type `typed::Reference`");
            self.check(path, given.span, &quote!(#check::is_reference(#r#type)), &message);
        }
        let is_always_there = quote!(#field::REQUIRED);
        let required_false = given.required.as_ref().filter(|required| !required.value);
        if let Some(required) = required_false.filter(|_| !given.has_default()) {
            let message = format!("`{name}` may be absent, so its type must be an `Option`; or say `default`");
            self.check(path, required.span, &quote!(!#is_always_there), &message);
        }
        if let Some(default) = given.default.as_ref().filter(|given| given.value) {
            let message =
                format!("`default` means nothing on `{name}`: an `Option` or a `Vec` can be absent by itself");
            self.check(path, default.span, &is_always_there, &message);
        }
        if let Some(hidden) = given.hidden().filter(|_| !given.has_default()) {
            let message = format!(
                "no document shows `{name}`, so its type must be an `Option` or a `Vec`; say `required` if clients have to send it"
            );
            self.check(path, hidden, &quote!(!#is_always_there), &message);
        }
        if container.kind == Kind::Complex {
            let message = format!(
                "`{name}` is complex, and complex attributes cannot stand inside complex ones (RFC 7643 §2.3.8)"
            );
            self.check(path, span, &quote!(!#check::is_complex(#r#type)), &message);
        }
        if name == "$ref" {
            let message = "`$ref` is a reference: make its type `typed::Reference`, or an `Option` of it";
            self.check(path, span, &quote!(#check::is_reference(#r#type) && !#field::MULTI_VALUED), message);
        }
    }

    fn common(&mut self, path: &Path, ident: &Ident, ty: &Type, name: &Given<String>) {
        let span = ty.span();
        let name = &name.value;
        let field = quote_spanned!(span=> <#ty as #path::typed::AttributeField>);
        self.reads.push(quote!(#ident: #field::read(object, #name)?));
        self.writes.push(quote!(#field::write(&self.#ident, object, #name);));
        let (is, message) = if name == "meta" {
            (quote!(is_complex), "`meta` is an object: make its type an `Option` of `views::Meta`".to_owned())
        } else {
            (quote!(is_string), format!("`{name}` is a string: make its type an `Option` of `String`"))
        };
        self.check(path, span, &quote!(#path::typed::check::#is(#field::TYPE) && !#field::MULTI_VALUED), &message);
    }

    fn extension(&mut self, path: &Path, ident: &Ident, ty: &Type, required: Option<bool>) {
        let span = ty.span();
        let field = quote_spanned!(span=> <#ty as #path::typed::ExtensionField>);
        self.reads.push(quote!(#ident: #field::read(object)?));
        self.writes.push(quote!(#field::write(&self.#ident, object);));
        let extension = quote!(<#field::Extension as #path::typed::ScimExtension>);
        let required = required.map_or_else(|| quote!(#field::REQUIRED), |required| quote!(#required));
        self.extensions.push(extension_of(path, &extension, &required));
        self.extension_types.push((extension, span));
    }

    fn other(&mut self, container: &Container, ident: &Ident, ty: &Type, fields: &[ScimField]) {
        let path = &container.path;
        let mut known: Vec<TokenStream> = Vec::new();
        if container.kind == Kind::Resource {
            known.push(quote!("schemas"));
            known.extend(COMMON.iter().map(|name| quote!(#name)));
        }
        for field in fields {
            match &field.role {
                Role::Attribute(characteristics) => {
                    let name = &characteristics.name.value;
                    known.push(quote!(#name));
                }
                Role::Extension { .. } => {
                    let ty = &field.r#type;
                    known.push(quote! {
                        <<#ty as #path::typed::ExtensionField>::Extension as #path::typed::ScimExtension>::URN
                    });
                }
                Role::Common(_) | Role::Other | Role::Skip => {}
            }
        }
        let known = quote!(&[#(#known),*]);
        let span = ty.span();
        let path = respanned(path, span);
        let (read, written) =
            (quote_spanned!(span=> #path::typed::check::others(object, #known)), quote_spanned!(span=> &self.#ident));
        self.reads.push(quote!(#ident: #read));
        self.writes.push(quote!(#path::typed::check::write_others(#written, object, #known);));
    }
}

/// A `registry::Extension`.
fn extension_of(path: &Path, extension: &TokenStream, required: &TokenStream) -> TokenStream {
    quote! {
        #path::registry::Extension { schema: ::std::sync::Arc::new(#extension::schema()), required: #required }
    }
}

/// The path, where errors in what it leads to are to be shown.
fn respanned(path: &Path, span: Span) -> TokenStream {
    let tokens = quote!(#path);
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(token.span().resolved_at(Span::call_site()).located_at(span));
            token
        })
        .collect()
}
