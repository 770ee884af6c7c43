//! `#[scim(…)]` on a struct or an enum.

use super::{Given, Problems, doc, each_option, flag, keep, keyword, text, unknown};
use crate::Defaults;
use crate::names::{CASES, endpoint_problem, urn_problem};
use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{DeriveInput, Error, Path, Result, Type};

/// Which derive macro is at work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Extension,
    Resource,
    Complex,
    Enum,
}

impl Kind {
    /// The macro's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Extension => "ScimExtension",
            Self::Resource => "ScimResource",
            Self::Complex => "ScimComplex",
            Self::Enum => "ScimEnum",
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Extension => &["urn", "name", "description", "crate"],
            Self::Resource => &["urn", "name", "endpoint", "description", "extension", "crate"],
            Self::Complex => &["description", "crate"],
            Self::Enum => &["rename_all", "case_exact", "description", "crate"],
        }
    }
}

/// What is said of the struct or enum as a whole.
pub(crate) struct Container {
    pub(crate) kind: Kind,
    /// The schema crate.
    pub(crate) path: Path,
    pub(crate) urn: Given<String>,
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) description: String,
    pub(crate) extensions: Vec<Listed>,
    pub(crate) rename_all: &'static str,
    pub(crate) case_exact: bool,
}

/// An extension of a resource type that no field holds: `extension(Badge, required)`.
pub(crate) struct Listed {
    pub(crate) extension: Type,
    pub(crate) required: bool,
}

/// As it is written.
#[derive(Default)]
struct Written {
    urn: Option<Given<String>>,
    name: Option<Given<String>>,
    endpoint: Option<Given<String>>,
    description: Option<Given<String>>,
    path: Option<Given<Path>>,
    rename_all: Option<Given<&'static str>>,
    case_exact: Option<Given<bool>>,
    extensions: Vec<Listed>,
}

impl Container {
    pub(crate) fn read(kind: Kind, input: &DeriveInput, defaults: &Defaults, problems: &mut Problems) -> Self {
        let mut written = Written::default();
        each_option(&input.attrs, problems, |meta| written.option(kind, meta));
        let ident = input.ident.span();
        // An option that is wrong is not also missing.
        let tell_what_is_missing = problems.is_empty();
        let urn = written.urn.unwrap_or_else(|| {
            if tell_what_is_missing && matches!(kind, Kind::Extension | Kind::Resource) {
                problems.add(ident, format!("say which schema `{}` is: `#[scim(urn = \"urn:…\")]`", input.ident));
            }
            Given { value: String::new(), span: Span::call_site() }
        });
        if tell_what_is_missing && kind == Kind::Resource && written.endpoint.is_none() {
            problems.add(ident, format!("say where `{0}` is found: `#[scim(endpoint = \"/{0}s\")]`", input.ident));
        }
        let generics = &input.generics;
        if !generics.params.is_empty() {
            let message = format!(
                "`{}` is for types without generic parameters: one schema has one set of attributes",
                kind.name()
            );
            problems.push(Error::new_spanned(&generics.params, message));
        }
        Self {
            kind,
            path: written.path.map_or_else(|| defaults.path.clone(), |given| given.value),
            urn,
            name: written.name.map_or_else(|| input.ident.to_string(), |given| given.value),
            endpoint: written.endpoint.map(|given| given.value).unwrap_or_default(),
            description: written.description.map_or_else(|| doc(&input.attrs), |given| given.value),
            extensions: written.extensions,
            rename_all: written.rename_all.map_or("camelCase", |given| given.value),
            case_exact: written.case_exact.is_some_and(|given| given.value),
        }
    }
}

impl Written {
    fn option(&mut self, kind: Kind, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let known = kind.options();
        let name = super::name_of(meta);
        if !known.contains(&name.as_str()) {
            return Err(unknown(meta, &format!("`{}`", kind.name()), known));
        }
        match name.as_str() {
            "urn" => {
                let urn = text(meta)?;
                if let Some(problem) = urn_problem(&urn.value) {
                    return Err(Error::new(urn.span, problem));
                }
                keep(&mut self.urn, meta, urn.value)
            }
            "name" => keep(&mut self.name, meta, text(meta)?.value),
            "endpoint" => {
                let endpoint = text(meta)?;
                if let Some(problem) = endpoint_problem(&endpoint.value) {
                    return Err(Error::new(endpoint.span, problem));
                }
                keep(&mut self.endpoint, meta, endpoint.value)
            }
            "description" => keep(&mut self.description, meta, text(meta)?.value),
            "rename_all" => keep(&mut self.rename_all, meta, keyword(meta, CASES)?.value),
            "case_exact" => keep(&mut self.case_exact, meta, flag(meta)?),
            "crate" => {
                let given = text(meta)?;
                let path = syn::parse_str(&given.value).map_err(|_| {
                    Error::new(given.span, "expected the path of scimstack-schema, such as `scimstack::schema`")
                })?;
                keep(&mut self.path, meta, path)
            }
            _ => {
                self.extensions.push(listed(meta)?);
                Ok(())
            }
        }
    }
}

/// `extension(Badge)` or `extension(Badge, required)`.
fn listed(meta: &ParseNestedMeta<'_>) -> Result<Listed> {
    const WANTED: &str = "expected `extension(Badge)` or `extension(Badge, required)`";
    if !meta.input.peek(syn::token::Paren) {
        return Err(meta.error(WANTED));
    }
    let inside;
    syn::parenthesized!(inside in meta.input);
    let extension: Type = inside.parse().map_err(|error| Error::new(error.span(), WANTED))?;
    let mut required = false;
    if inside.peek(syn::Token![,]) {
        inside.parse::<syn::Token![,]>()?;
        if !inside.is_empty() {
            let word: syn::Ident = inside.parse()?;
            if word != "required" || !inside.is_empty() {
                return Err(Error::new(word.span(), WANTED));
            }
            required = true;
        }
    }
    if !inside.is_empty() {
        return Err(inside.error(WANTED));
    }
    Ok(Listed { extension, required })
}
