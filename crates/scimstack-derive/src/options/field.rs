//! `#[scim(…)]` on a field: what the field is, and the characteristics of RFC 7643 §7.

use super::container::Kind;
use super::{Given, Problems, doc, each_option, flag, keep, keyword, text, texts, unknown};
use crate::names::{camel_case, is_attribute_name};
use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::{Error, Field, Ident, Result, Type};

/// The common attributes of every resource (RFC 7643 §3.1), and `schemas`.
pub(crate) const COMMON: &[&str] = &["id", "externalId", "meta"];

/// A field, understood.
pub(crate) struct ScimField {
    pub(crate) ident: Ident,
    pub(crate) r#type: Type,
    pub(crate) role: Role,
}

/// What a field is.
pub(crate) enum Role {
    /// An attribute of the schema.
    Attribute(Box<Characteristics>),
    /// `id`, `externalId` or `meta`, by name.
    Common(Given<String>),
    /// An extension of the resource; `required` where the type does not say it.
    Extension { required: Option<bool> },
    /// All members that are no other field.
    Other,
    /// Not in the document.
    Skip,
}

/// What is said of an attribute.
pub(crate) struct Characteristics {
    pub(crate) name: Given<String>,
    pub(crate) description: String,
    pub(crate) required: Option<Given<bool>>,
    pub(crate) default: Option<Given<bool>>,
    pub(crate) case_exact: Option<Given<bool>>,
    pub(crate) mutability: Option<Given<&'static str>>,
    pub(crate) returned: Option<Given<&'static str>>,
    pub(crate) uniqueness: Option<Given<&'static str>>,
    pub(crate) canonical: Option<Given<Vec<String>>>,
    pub(crate) reference_types: Option<Given<Vec<String>>>,
}

impl Characteristics {
    /// Where the field was said to be one that no response shows.
    pub(crate) fn hidden(&self) -> Option<Span> {
        let write_only = self.mutability.as_ref().filter(|given| given.value == "writeOnly");
        let never = self.returned.as_ref().filter(|given| given.value == "never");
        write_only.or(never).map(|given| given.span)
    }

    pub(crate) fn has_default(&self) -> bool {
        self.default.as_ref().is_some_and(|given| given.value)
    }
}

/// The characteristics, and `name`: what only an attribute of the schema has.
const CHARACTERISTICS: &[&str] = &[
    "name",
    "description",
    "required",
    "default",
    "case_exact",
    "mutability",
    "returned",
    "uniqueness",
    "canonical",
    "reference_types",
];

/// As it is written.
#[derive(Default)]
struct Written {
    name: Option<Given<String>>,
    description: Option<Given<String>>,
    required: Option<Given<bool>>,
    default: Option<Given<bool>>,
    case_exact: Option<Given<bool>>,
    mutability: Option<Given<&'static str>>,
    returned: Option<Given<&'static str>>,
    uniqueness: Option<Given<&'static str>>,
    canonical: Option<Given<Vec<String>>>,
    reference_types: Option<Given<Vec<String>>>,
    roles: Vec<Given<&'static str>>,
    said: Vec<Given<String>>,
}

impl Written {
    fn option(&mut self, kind: Kind, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let roles: &'static [&'static str] = match kind {
            Kind::Resource => &["common", "extension", "other", "skip"],
            _ => &["other", "skip"],
        };
        let name = super::name_of(meta);
        self.said.push(Given { value: name.clone(), span: syn::spanned::Spanned::span(&meta.path) });
        if let Some(role) = roles.iter().find(|role| **role == name) {
            if self.roles.iter().any(|given| given.value == *role) {
                return Err(meta.error(format!("`{role}` is said twice")));
            }
            self.roles.push(Given { value: role, span: syn::spanned::Spanned::span(&meta.path) });
            return Ok(());
        }
        match name.as_str() {
            "name" => {
                let given = text(meta)?;
                let span = given.span;
                keep(&mut self.name, meta, given.value)?;
                if let Some(name) = &mut self.name {
                    name.span = span;
                }
                Ok(())
            }
            "description" => keep(&mut self.description, meta, text(meta)?.value),
            "required" => keep(&mut self.required, meta, flag(meta)?),
            "default" => keep(&mut self.default, meta, flag(meta)?),
            "case_exact" => keep(&mut self.case_exact, meta, flag(meta)?),
            "mutability" => {
                let word = keyword(meta, &["readOnly", "readWrite", "immutable", "writeOnly"])?;
                keep(&mut self.mutability, meta, word.value)
            }
            "returned" => {
                keep(&mut self.returned, meta, keyword(meta, &["always", "never", "default", "request"])?.value)
            }
            "uniqueness" => keep(&mut self.uniqueness, meta, keyword(meta, &["none", "server", "global"])?.value),
            "canonical" => keep(&mut self.canonical, meta, texts(meta)?),
            "reference_types" => keep(&mut self.reference_types, meta, texts(meta)?),
            "common" | "extension" => {
                Err(meta.error(format!("`{name}` is for the fields of a resource type (`ScimResource`)")))
            }
            _ => Err(unknown(meta, "a field", &[CHARACTERISTICS, roles].concat())),
        }
    }
}

impl ScimField {
    /// Reads a field; `None` when it is not worth going on with it.
    pub(crate) fn read(kind: Kind, field: &Field, problems: &mut Problems) -> Option<Self> {
        let ident = field.ident.clone()?;
        let mut written = Written::default();
        each_option(&field.attrs, problems, |meta| written.option(kind, meta));
        let rust_name = ident.to_string();
        let own_name = camel_case(rust_name.strip_prefix("r#").unwrap_or(&rust_name));
        let name = written.name.clone().unwrap_or(Given { value: own_name, span: ident.span() });
        let role = match written.roles.as_slice() {
            [] => Role::Attribute(Box::new(written.characteristics(kind, name, field, problems))),
            [role] => written.role(role, name, problems),
            [first, second, ..] => {
                problems.add(second.span, format!("a field cannot be `{}` and `{}`", first.value, second.value));
                return None;
            }
        };
        Some(Self { ident, r#type: field.ty.clone(), role })
    }
}

impl Written {
    /// A field that is no attribute of the schema.
    fn role(&self, role: &Given<&'static str>, name: Given<String>, problems: &mut Problems) -> Role {
        let allowed: &[&str] = match role.value {
            "common" => &["common", "name"],
            "extension" => &["extension", "required"],
            _ => &[role.value],
        };
        for said in self.said.iter().filter(|said| !allowed.contains(&said.value.as_str())) {
            problems.add(said.span, format!("`{}` means nothing on a field that is `{}`", said.value, role.value));
        }
        match role.value {
            "common" => {
                if !COMMON.contains(&name.value.as_str()) {
                    problems.add(
                        name.span,
                        format!("`{}` is no common attribute; these are `id`, `externalId` and `meta`", name.value),
                    );
                }
                Role::Common(name)
            }
            "extension" => Role::Extension { required: self.required.as_ref().map(|given| given.value) },
            "other" => Role::Other,
            _ => Role::Skip,
        }
    }

    fn characteristics(
        self,
        kind: Kind,
        name: Given<String>,
        field: &Field,
        problems: &mut Problems,
    ) -> Characteristics {
        if let Some(problem) = name_problem(kind, &name.value) {
            problems.add(name.span, problem);
        }
        if let (Some(mutability), Some(returned)) = (&self.mutability, &self.returned)
            && mutability.value == "writeOnly"
            && returned.value != "never"
        {
            problems.push(Error::new(
                returned.span,
                "what is `writeOnly` is never returned (RFC 7643 §7): leave `returned` out, or say `returned = \"never\"`",
            ));
        }
        Characteristics {
            name,
            description: self.description.map_or_else(|| doc(&field.attrs), |given| given.value),
            required: self.required,
            default: self.default,
            case_exact: self.case_exact,
            mutability: self.mutability,
            returned: self.returned,
            uniqueness: self.uniqueness,
            canonical: self.canonical,
            reference_types: self.reference_types,
        }
    }
}

/// Why an attribute cannot have this name.
fn name_problem(kind: Kind, name: &str) -> Option<String> {
    if name.eq_ignore_ascii_case("$ref") {
        return match kind {
            Kind::Complex if name == "$ref" => None,
            Kind::Complex => Some("the sub-attribute is spelled `$ref`".to_owned()),
            _ => Some("`$ref` is a sub-attribute: it stands in a complex attribute (`ScimComplex`)".to_owned()),
        };
    }
    if !is_attribute_name(name) {
        return Some(format!(
            "`{name}` is no attribute name (RFC 7643 §2.1): a letter, then letters, digits, `-`, `_` and `$`; say \
             `#[scim(name = \"…\")]`"
        ));
    }
    if kind != Kind::Resource {
        return None;
    }
    if name.eq_ignore_ascii_case("schemas") {
        return Some("`schemas` is written by itself, from the URN and the extensions in use".to_owned());
    }
    COMMON.iter().find(|common| common.eq_ignore_ascii_case(name)).map(|common| {
        format!(
            "`{common}` is a common attribute (RFC 7643 §3.1) and not of this schema: mark the field `#[scim(common)]` to \
             have it here"
        )
    })
}
