//! Which attributes a response shows: `returned` characteristics against `attributes` and `excludedAttributes`
//! (RFC 7643 §7, RFC 7644 §3.9).
//!
//! | returned | nothing asked | named in `attributes` | `attributes` without it | named in `excludedAttributes` | else |
//! |---|---|---|---|---|---|
//! | always | yes | yes | yes | yes | yes |
//! | default | yes | yes | no | no | yes |
//! | request | no | yes | no | no | no |
//! | request, just written | yes | yes | no | no | yes |
//! | never, or writeOnly | no | no | no | no | no |
//!
//! Sub-attributes follow the same table; `schemas` and `id` are always shown; what no schema declares is never shown.
//!
//! ```
//! use scimstack_schema::{Projection, Registry, Value};
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let mut document = Value::parse(br#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1",
//!     "userName":"ann","name":{"givenName":"Ann","familyName":"Lee"}}"#).unwrap();
//! let projection = Projection::from_query(Some("NAME.givenName, shoeSize"), None).unwrap();
//! projection.apply(user, document.as_object_mut().unwrap());
//! assert_eq!(
//!     document.to_string(),
//!     r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1","name":{"givenName":"Ann"}}"#
//! );
//! assert!(!projection.shows(user, "groups"));
//! ```

mod shape;
mod text;

pub use shape::{Look, TextShapes};
pub use text::{TextMember, TextProjection};

use crate::attribute::{Attribute, Returned, Type};
use crate::registry::{ResourceType, common_attributes};
use crate::uri::SchemaUri;
use crate::value::{Object, Value};
use std::sync::Arc;

/// What a client asked to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// `attributes`: only these (and what is always returned). Paths as sent.
    pub attributes: Vec<String>,
    /// `excludedAttributes`: all but these. Paths as sent.
    pub excluded: Vec<String>,
}

/// Why two query parameters make no projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectionError {
    /// Both were given; they exclude each other (RFC 7644 §3.9).
    #[error("attributes and excludedAttributes were both sent; send one of them")]
    Both,
}

impl Projection {
    /// Everything that is returned by default.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Reads the query parameters `attributes` and `excludedAttributes`: names between commas, blanks around them
    /// ignored. An empty parameter is as good as none.
    ///
    /// # Errors
    /// [`ProjectionError::Both`].
    pub fn from_query(attributes: Option<&str>, excluded: Option<&str>) -> Result<Self, ProjectionError> {
        let names = |list: Option<&str>| -> Vec<String> {
            let names = list.unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
        };
        let projection = Self { attributes: names(attributes), excluded: names(excluded) };
        if projection.attributes.is_empty() || projection.excluded.is_empty() {
            Ok(projection)
        } else {
            Err(ProjectionError::Both)
        }
    }

    /// True when nothing was asked for in particular.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.attributes.is_empty() && self.excluded.is_empty()
    }

    /// Whether a response shows any of the top-level attribute called `name` (`members`, `groups`, `meta`, or the URI of
    /// an extension), so that what is not shown need not be read.
    #[must_use]
    pub fn shows(&self, resource_type: &ResourceType, name: &str) -> bool {
        Wish::new(self, resource_type, &[]).shows(name)
    }

    /// Takes out of a complete document what the response is not to show. Unknown paths are ignored.
    pub fn apply(&self, resource_type: &ResourceType, document: &mut Object) {
        self.apply_after_write(resource_type, document, &[]);
    }

    /// As [`Projection::apply`], for the answer to a write that set the attributes at the paths `written`: those that are
    /// otherwise returned on request only are then shown like any other (RFC 7643 §7).
    pub fn apply_after_write(&self, resource_type: &ResourceType, document: &mut Object, written: &[String]) {
        if document.is_empty() {
            return;
        }
        let wish = Wish::new(self, resource_type, written);
        document.retain(|name, value| {
            if let Some(extension) = resource_type.extension(name) {
                let Value::Object(object) = value else { return false };
                let schema = &extension.schema;
                object.retain(|name, value| {
                    schema.attribute(name).is_some_and(|a| wish.part(Some(&schema.id), a).keep(a, value))
                });
                return !object.is_empty();
            }
            is_fixed(name) || find(resource_type, name).is_some_and(|a| wish.part(None, a).keep(a, value))
        });
    }
}

/// What every resource shows whatever was asked.
const FIXED: [&str; 2] = ["schemas", "id"];

fn is_fixed(name: &str) -> bool {
    FIXED.iter().any(|fixed| name.eq_ignore_ascii_case(fixed))
}

/// Whether an attribute, or a sub-attribute of a shown one, is shown when nothing in particular is asked for.
fn is_usual(attribute: &Attribute) -> bool {
    !attribute.is_hidden() && attribute.returned != Returned::Request
}

fn find<'a>(resource_type: &'a ResourceType, name: &str) -> Option<&'a Arc<Attribute>> {
    resource_type
        .schema
        .attribute(name)
        .or_else(|| common_attributes().iter().find(|a| a.name.eq_ignore_ascii_case(name)))
}

/// Whether anything of a resource type is returned on request only.
fn has_on_request(resource_type: &ResourceType) -> bool {
    let is_one = |attribute: &Arc<Attribute>| attribute.returned == Returned::Request;
    let has_one = |attribute: &Arc<Attribute>| is_one(attribute) || attribute.sub_attributes.iter().any(is_one);
    let extensions = resource_type.extensions.iter().flat_map(|extension| &extension.schema.attributes);
    resource_type.schema.attributes.iter().chain(extensions).chain(common_attributes()).any(has_one)
}

/// A path with its names found in the schemas.
struct Named {
    extension: Option<SchemaUri>,
    /// `None` means all of the schema.
    attribute: Option<Arc<str>>,
    sub_attribute: Option<Arc<str>>,
}

impl Named {
    fn find(resource_type: &ResourceType, path: &str) -> Option<Self> {
        if let Some(extension) = resource_type.extension(path) {
            return Some(Self { extension: Some(extension.schema.id.clone()), attribute: None, sub_attribute: None });
        }
        if resource_type.schema.id.matches(path) {
            return Some(Self { extension: None, attribute: None, sub_attribute: None });
        }
        let found = resource_type.resolve(path)?;
        Some(Self {
            extension: found.extension,
            attribute: Some(found.attribute.name.clone()),
            sub_attribute: found.sub_attribute.map(|sub| sub.name.clone()),
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Usual,
    Only,
    AllBut,
}

/// A projection with its paths resolved for one resource type.
struct Wish<'a> {
    resource_type: &'a ResourceType,
    mode: Mode,
    named: Vec<Named>,
    written: Vec<Named>,
}

/// What is wished of one attribute.
struct Part<'a> {
    mode: Mode,
    /// What is shown of it when no sub-attribute is named.
    usual: bool,
    /// False when not even sub-attributes that are always returned are shown.
    any: bool,
    /// The sub-attributes that were named.
    named: Vec<&'a str>,
    /// The sub-attributes that were just written.
    written: Vec<&'a str>,
    /// All of it was just written.
    written_whole: bool,
}

impl<'a> Wish<'a> {
    fn new(projection: &Projection, resource_type: &'a ResourceType, written: &[String]) -> Self {
        let find = |paths: &[String]| paths.iter().filter_map(|path| Named::find(resource_type, path)).collect();
        let (mode, named) = if !projection.attributes.is_empty() {
            (Mode::Only, find(&projection.attributes))
        } else if !projection.excluded.is_empty() {
            (Mode::AllBut, find(&projection.excluded))
        } else {
            (Mode::Usual, Vec::new())
        };
        // What was written makes a difference to what is returned on request only.
        let written = if written.is_empty() || !has_on_request(resource_type) { Vec::new() } else { find(written) };
        Self { resource_type, mode, named, written }
    }

    /// Whether nothing was asked for in particular, and nothing written that makes a difference.
    fn is_usual(&self) -> bool {
        self.mode == Mode::Usual && self.written.is_empty()
    }

    fn shows(&self, name: &str) -> bool {
        if let Some(extension) = self.resource_type.extension(name) {
            let id = &extension.schema.id;
            return extension.schema.attributes.iter().any(|a| self.part(Some(id), a).shows_any(a));
        }
        is_fixed(name)
            || find(self.resource_type, name).is_some_and(|attribute| self.part(None, attribute).shows_any(attribute))
    }

    /// Whether `paths` names all of an attribute, and which of its sub-attributes.
    fn mentions<'n>(
        &self,
        paths: &'n [Named],
        extension: Option<&SchemaUri>,
        attribute: &Attribute,
    ) -> (bool, Vec<&'n str>) {
        let mut whole = false;
        let mut subs = Vec::new();
        if paths.is_empty() {
            return (whole, subs);
        }
        for path in paths.iter().filter(|path| path.extension.as_ref() == extension) {
            match (&path.attribute, &path.sub_attribute) {
                // The base URI names what the base schema declares, not the common attributes.
                (None, _) => {
                    whole |= extension.is_some() || self.resource_type.schema.attribute(&attribute.name).is_some()
                }
                (Some(name), None) => whole |= *name == attribute.name,
                (Some(name), Some(sub)) if *name == attribute.name => subs.push(&**sub),
                _ => {}
            }
        }
        (whole, subs)
    }

    fn part(&self, extension: Option<&SchemaUri>, attribute: &Attribute) -> Part<'_> {
        let (whole, named) = self.mentions(&self.named, extension, attribute);
        let (written_whole, written) = self.mentions(&self.written, extension, attribute);
        let always = attribute.returned == Returned::Always;
        let on_request = attribute.returned == Returned::Request && !written_whole && written.is_empty();
        let usual = match self.mode {
            Mode::Usual => !on_request,
            Mode::Only => whole || (always && named.is_empty()),
            Mode::AllBut => always || !(whole || on_request),
        };
        let asked = self.mode == Mode::Only && (whole || !named.is_empty());
        let any = !attribute.is_hidden() && (asked || !on_request);
        Part { mode: self.mode, usual: usual && any, any, named, written, written_whole }
    }
}

impl Part<'_> {
    fn shows_sub(&self, sub: &Attribute) -> bool {
        let named = || self.named.contains(&&*sub.name);
        if !self.any || sub.is_hidden() {
            return false;
        }
        match (sub.returned, self.mode) {
            (Returned::Always, _) => true,
            (_, Mode::Only) if named() => true,
            (_, Mode::AllBut) if named() => false,
            (Returned::Request, _) => self.usual && (self.written_whole || self.written.contains(&&*sub.name)),
            _ => self.usual,
        }
    }

    fn shows_any(&self, attribute: &Attribute) -> bool {
        match attribute.r#type {
            Type::Complex => attribute.sub_attributes.iter().any(|sub| self.shows_sub(sub)),
            _ => self.usual,
        }
    }

    /// Takes out of the attribute's value what is not shown; false when nothing is left of it.
    fn keep(&self, attribute: &Attribute, value: &mut Value) -> bool {
        if attribute.r#type != Type::Complex {
            return self.usual;
        }
        let shown: Vec<&str> =
            attribute.sub_attributes.iter().filter(|sub| self.shows_sub(sub)).map(|sub| &*sub.name).collect();
        if shown.is_empty() {
            return false;
        }
        let trim = |value: &mut Value| match value {
            Value::Object(object) => {
                object.retain(|name, _| shown.iter().any(|sub| sub.eq_ignore_ascii_case(name)));
                !object.is_empty()
            }
            _ => false,
        };
        match value {
            // An empty list that the server put there on purpose stays one.
            Value::Array(elements) if elements.is_empty() => true,
            Value::Array(elements) => {
                elements.retain_mut(trim);
                !elements.is_empty()
            }
            single => trim(single),
        }
    }
}
