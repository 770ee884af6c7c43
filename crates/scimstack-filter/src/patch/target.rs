//! What the path of an operation names in a resource type (RFC 7644 §3.5.2).

use super::context::{Context, leniency};
use super::{PatchError, PatchErrorKind};
use crate::ast::Filter;
use crate::error::shown;
use crate::path::PatchPath;
use crate::resolve::{ResolveOptions, Resolved, in_element};
use scimstack_schema::registry::Extension;
use scimstack_schema::uri::ENTERPRISE_USER;
use scimstack_schema::{Relation, ResolvedPath, Type};

/// What a path names.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A whole extension, by its URI.
    Extension(Extension),
    /// An attribute, elements of it, or sub-attributes.
    Slot(Slot),
}

/// An attribute; with a selection, those elements of it; with a sub-attribute, that part.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) path: ResolvedPath,
    pub(super) selection: Option<Selection>,
}

/// The filter in brackets, as written and as it means something.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) written: Filter,
    pub(super) resolved: Resolved,
    /// How many comparisons it makes of one element at most.
    pub(super) terms: usize,
}

impl Slot {
    pub(super) fn attribute(path: ResolvedPath) -> Self {
        Self { path, selection: None }
    }
}

impl Context<'_> {
    /// The attribute path `text`, or `manager` for short.
    pub(super) fn resolve(&mut self, text: &str) -> Option<ResolvedPath> {
        let found = self.resource_type.resolve(text);
        if found.is_some() || !self.options.short_manager {
            return found;
        }
        let name = text.split('.').next().unwrap_or(text);
        if !name.eq_ignore_ascii_case("manager") {
            return None;
        }
        let found = self.resource_type.resolve(&format!("{ENTERPRISE_USER}:{text}"))?;
        self.used(leniency::SHORT_MANAGER);
        Some(found)
    }

    /// What the path `text` names.
    pub(super) fn locate(&mut self, text: &str) -> Result<Target, PatchError> {
        use PatchErrorKind::{InvalidFilter, InvalidPath, NoTarget};
        if let Some(extension) = self.resource_type.extension(text) {
            return Ok(Target::Extension(extension.clone()));
        }
        let parsed = PatchPath::parse_with(text, &self.options.limits).map_err(|error| {
            let kind = if error.in_brackets { InvalidFilter } else { InvalidPath };
            self.error(kind, error.to_string())
        })?;
        let Some(mut path) = self.resolve(&parsed.attribute.text) else {
            let problem =
                format!("\"{}\" is not an attribute of {}", shown(&parsed.attribute.text), self.resource_type.name);
            return Err(self.error(NoTarget, problem));
        };
        let Some(filter) = parsed.filter else {
            return Ok(Target::Slot(Slot::attribute(path)));
        };
        if !path.attribute.multi_valued || path.sub_attribute.is_some() {
            let problem =
                format!("\"{path}\" has a single value; brackets go after a multi-valued attribute such as emails");
            return Err(self.error(InvalidPath, problem));
        }
        let mut resolved = in_element(&filter, &path, self.resource_type, ResolveOptions::default());
        if resolved.is_err() && self.options.boolean_strings {
            let options = ResolveOptions::default().with_boolean_strings(true);
            resolved = in_element(&filter, &path, self.resource_type, options);
            if resolved.is_ok() {
                self.used(leniency::BOOLEAN_STRING);
            }
        }
        let resolved = resolved.map_err(|error| self.error(InvalidFilter, error.to_string()))?;
        if let Some(name) = parsed.sub_attribute {
            path.sub_attribute = path.attribute.sub_attribute(&name).cloned();
            let itself = path.attribute.r#type != Type::Complex && name.eq_ignore_ascii_case("value");
            if path.sub_attribute.is_none() && !itself {
                let problem = format!("\"{}\" is not a sub-attribute of {}", shown(&name), path.attribute.name);
                return Err(self.error(NoTarget, problem));
            }
        }
        Ok(Target::Slot(Slot {
            path,
            selection: Some(Selection { terms: resolved.terms(), written: filter, resolved }),
        }))
    }

    /// The relation whose values live only as edges that `path` is about.
    pub(super) fn edges(&self, path: &ResolvedPath) -> Option<Relation> {
        self.resource_type.relation_of(path).filter(|relation| relation.edges_only).cloned()
    }
}
