//! The registry: which resource types a tenant has, which schemas they use, which attributes are indexed and which are
//! relations; and what an attribute path means. Extended by building a new one; a registry never changes.
//!
//! ```
//! use scimstack_schema::{Attribute, Registry, Schema, Type};
//!
//! let badge = Schema::new("urn:example:params:scim:schemas:extension:badge:1.0:User", "Badge")
//!     .with_attribute(Attribute::new("number", Type::String));
//! let registry = Registry::core().to_builder().extension("User", badge, false).unwrap().build().unwrap();
//!
//! let user = registry.resource_type("User").unwrap();
//! let path = user.resolve("URN:example:params:scim:schemas:extension:badge:1.0:user:NUMBER").unwrap();
//! assert_eq!(path.to_string(), "urn:example:params:scim:schemas:extension:badge:1.0:User:number");
//! assert_eq!(user.resolve("name.givenname").unwrap().leaf().name.as_ref(), "givenName");
//! assert!(user.resolve("number").is_none());
//! ```

use crate::attribute::{Attribute, Type};
use crate::relation::Relation;
use crate::schema::Schema;
use crate::uri::SchemaUri;
use std::sync::{Arc, OnceLock};

/// The schemas and resource types of one tenant. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Registry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    resource_types: Vec<Arc<ResourceType>>,
    schemas: Vec<Arc<Schema>>,
}

/// A resource type (RFC 7643 §6) with its schemas at hand.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResourceType {
    /// The name, also its id: `User`.
    pub name: Arc<str>,
    /// The endpoint relative to the base, with a leading slash: `/Users`.
    pub endpoint: String,
    /// For people.
    pub description: String,
    /// The base schema.
    pub schema: Arc<Schema>,
    /// The extensions, in the order they were declared.
    pub extensions: Vec<Extension>,
    /// The paths a store keeps an index on, besides `id`, `userName`, `externalId`, `displayName` and times.
    pub indexed: Vec<ResolvedPath>,
    /// The paths of texts that a store finds by a part of the value (`co`, `ew`).
    pub searched: Vec<ResolvedPath>,
    /// Sets of paths: a store finds what has nothing at any path of a set.
    pub without: Vec<Vec<ResolvedPath>>,
    /// The relations.
    pub relations: Vec<Relation>,
    /// See [`ResourceType::index_declaration`].
    pub(crate) declaration: OnceLock<Arc<str>>,
}

/// An extension of a resource type (RFC 7643 §3.3).
#[derive(Clone, Debug)]
pub struct Extension {
    /// The extension's schema.
    pub schema: Arc<Schema>,
    /// Whether a resource without it is invalid.
    pub required: bool,
}

/// What an attribute path means for one resource type: an attribute, perhaps one of its sub-attributes.
#[derive(Clone, PartialEq, Debug)]
pub struct ResolvedPath {
    /// The extension the attribute belongs to; `None` for the base schema and the common attributes.
    pub extension: Option<SchemaUri>,
    /// The attribute.
    pub attribute: Arc<Attribute>,
    /// The sub-attribute named after the dot.
    pub sub_attribute: Option<Arc<Attribute>>,
}

impl ResolvedPath {
    /// What the path ends in: the sub-attribute, else the attribute.
    #[must_use]
    pub fn leaf(&self) -> &Arc<Attribute> {
        self.sub_attribute.as_ref().unwrap_or(&self.attribute)
    }
}

impl std::fmt::Display for ResolvedPath {
    /// `userName`, `name.givenName`, `urn:…:User:manager.value`: canonical, extension attributes with their URI.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(uri) = &self.extension {
            write!(f, "{uri}:")?;
        }
        f.write_str(&self.attribute.name)?;
        if let Some(sub) = &self.sub_attribute {
            write!(f, ".{}", sub.name)?;
        }
        Ok(())
    }
}

/// Why a registry cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A schema that breaks a duty of schema authors.
    #[error("schema {schema}: {problem}")]
    Schema {
        /// The schema's URI.
        schema: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// A path that cannot be searched by parts, because what is there is no text.
    #[error("{path} of {resource_type} is no text, and so cannot be searched by parts")]
    NotSearchable {
        /// The path.
        path: String,
        /// The resource type.
        resource_type: String,
    },
    /// An attribute that has to stay as open as its schema says.
    #[error("{path} of {resource_type} cannot be closed: {problem}")]
    NotRestrictable {
        /// The path.
        path: String,
        /// The resource type.
        resource_type: String,
        /// Why not.
        problem: &'static str,
    },
    /// A resource type that was named but does not exist.
    #[error("there is no resource type \"{0}\"")]
    UnknownResourceType(String),
    /// A resource type without a name, or at an endpoint that cannot be its own.
    #[error("{0}")]
    ResourceType(String),
    /// A name or an endpoint that two resource types share.
    #[error("two resource types are called or found at \"{0}\"")]
    DuplicateResourceType(String),
    /// A path that leads nowhere.
    #[error("the path \"{path}\" names no attribute of {resource_type}")]
    UnknownPath {
        /// The path.
        path: String,
        /// The resource type.
        resource_type: String,
    },
}

impl Registry {
    /// A registry without anything in it, to fill.
    #[must_use]
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// `User` with the enterprise extension, and `Group`, as RFC 7643 has them.
    #[must_use]
    pub fn core() -> Self {
        crate::discovery::core_registry()
    }

    /// [`Registry::core`] with the Haystack extension of `User`.
    #[must_use]
    pub fn haystack() -> Self {
        crate::discovery::haystack_registry()
    }

    /// A builder that starts with everything in here.
    #[must_use]
    pub fn to_builder(&self) -> RegistryBuilder {
        let mut builder = RegistryBuilder::default();
        for r#type in &self.inner.resource_types {
            builder.types.push(Draft {
                name: r#type.name.clone(),
                endpoint: r#type.endpoint.clone(),
                description: r#type.description.clone(),
                schema: r#type.schema.clone(),
                extensions: r#type.extensions.clone(),
                indexed: r#type.indexed.iter().map(ToString::to_string).collect(),
                searched: r#type.searched.iter().map(ToString::to_string).collect(),
                without: r#type.without.iter().map(|set| set.iter().map(ToString::to_string).collect()).collect(),
                relations: r#type
                    .relations
                    .iter()
                    .map(|r| (r.name.clone(), r.path.to_string(), r.keys.clone(), r.targets.clone()))
                    .collect(),
            });
        }
        builder
    }

    /// The resource types, in the order they were declared.
    #[must_use]
    pub fn resource_types(&self) -> &[Arc<ResourceType>] {
        &self.inner.resource_types
    }

    /// The resource type with this name, exactly.
    #[must_use]
    pub fn resource_type(&self, name: &str) -> Option<&Arc<ResourceType>> {
        self.inner.resource_types.iter().find(|t| &*t.name == name)
    }

    /// The resource type at this endpoint (`/Users`, with or without the slash, exactly).
    #[must_use]
    pub fn resource_type_at(&self, endpoint: &str) -> Option<&Arc<ResourceType>> {
        let endpoint = endpoint.trim_start_matches('/');
        self.inner.resource_types.iter().find(|t| t.endpoint.trim_start_matches('/') == endpoint)
    }

    /// Every schema in use, base schemas and extensions, each once.
    #[must_use]
    pub fn schemas(&self) -> &[Arc<Schema>] {
        &self.inner.schemas
    }

    /// The schema with this URI, whatever its case.
    #[must_use]
    pub fn schema(&self, uri: &str) -> Option<&Arc<Schema>> {
        self.inner.schemas.iter().find(|s| s.id.matches(uri))
    }
}

impl ResourceType {
    /// The extension with this URI, whatever its case.
    #[must_use]
    pub fn extension(&self, uri: &str) -> Option<&Extension> {
        self.extensions.iter().find(|e| e.schema.id.matches(uri))
    }

    /// The relation stored under `name`.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|r| r.name == name)
    }

    /// The relation that `attribute` (of the base schema, or of `extension`) is or holds.
    #[must_use]
    pub fn relation_of(&self, path: &ResolvedPath) -> Option<&Relation> {
        self.relations
            .iter()
            .find(|r| r.path.extension == path.extension && r.path.attribute.name == path.attribute.name)
    }

    /// What an attribute path means here: `userName`, `NAME.givenname`, `meta.created`, `urn:…core:2.0:User:userName`,
    /// `urn:…enterprise:2.0:User:manager.value`. `None` when it names nothing (a bare schema URI does not either).
    ///
    /// The URI is matched first, against the schemas of this type, so that its own colons and dots do no harm.
    #[must_use]
    pub fn resolve(&self, path: &str) -> Option<ResolvedPath> {
        let tail_after = |uri: &str| -> Option<&str> {
            let head = path.get(..uri.len())?;
            let tail = path.get(uri.len()..)?;
            (head.eq_ignore_ascii_case(uri)).then_some(tail)?.strip_prefix(':')
        };
        // One URI may begin with another: the longest that fits is meant.
        let extensions = self.extensions.iter().map(|extension| (Some(&extension.schema.id), &extension.schema));
        let named = extensions
            .chain([(None, &self.schema)])
            .filter_map(|(extension, schema)| Some((extension, schema, tail_after(schema.id.as_str())?)))
            .min_by_key(|(_, _, tail)| tail.len());
        let (extension, schema, tail) = named.unwrap_or((None, &self.schema, path));
        let found = resolve_in(&schema.attributes, tail);
        let (attribute, sub_attribute) = match extension {
            Some(_) => found,
            None => found.or_else(|| resolve_in(common_attributes(), tail)),
        }?;
        Some(ResolvedPath { extension: extension.cloned(), attribute, sub_attribute })
    }
}

fn resolve_in(attributes: &[Arc<Attribute>], path: &str) -> Option<(Arc<Attribute>, Option<Arc<Attribute>>)> {
    let (name, sub) = match path.split_once('.') {
        Some((name, sub)) => (name, Some(sub)),
        None => (path, None),
    };
    let attribute = attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))?;
    let sub = match sub {
        Some(sub) => Some(attribute.sub_attribute(sub)?.clone()),
        None => None,
    };
    Some((attribute.clone(), sub))
}

/// The common attributes of every resource: `schemas`, `id`, `externalId`, `meta` (RFC 7643 §3.1).
#[must_use]
pub fn common_attributes() -> &'static [Arc<Attribute>] {
    use crate::attribute::{Mutability, Returned, Type, Uniqueness};
    static COMMON: std::sync::LazyLock<Vec<Arc<Attribute>>> = std::sync::LazyLock::new(|| {
        let read_only = |name: &str, r#type| Attribute::new(name, r#type).with_mutability(Mutability::ReadOnly);
        [
            Attribute::new("schemas", Type::Reference)
                .with_multi_valued(true)
                .with_required(true)
                .with_case_exact(false)
                .with_returned(Returned::Always)
                .with_reference_types(["uri"]),
            read_only("id", Type::String)
                .with_required(true)
                .with_case_exact(true)
                .with_returned(Returned::Always)
                .with_uniqueness(Uniqueness::Server),
            Attribute::new("externalId", Type::String).with_case_exact(true),
            read_only("meta", Type::Complex).with_sub_attributes([
                read_only("resourceType", Type::String).with_case_exact(true),
                read_only("created", Type::DateTime),
                read_only("lastModified", Type::DateTime),
                read_only("location", Type::Reference).with_reference_types(["uri"]),
                read_only("version", Type::String).with_case_exact(true),
            ]),
        ]
        .into_iter()
        .map(Arc::new)
        .collect()
    });
    &COMMON
}

/// Collects what a [`Registry`] is to hold.
#[derive(Default, Debug)]
pub struct RegistryBuilder {
    types: Vec<Draft>,
}

type RelationDraft = (String, String, Vec<crate::relation::ReferenceKey>, Vec<String>);

#[derive(Debug)]
pub(crate) struct Draft {
    name: Arc<str>,
    endpoint: String,
    description: String,
    pub(crate) schema: Arc<Schema>,
    pub(crate) extensions: Vec<Extension>,
    indexed: Vec<String>,
    searched: Vec<String>,
    without: Vec<Vec<String>>,
    relations: Vec<RelationDraft>,
}

impl RegistryBuilder {
    /// Adds a resource type.
    #[must_use]
    pub fn resource_type(mut self, name: &str, endpoint: &str, description: &str, schema: Schema) -> Self {
        self.types.push(Draft {
            name: name.into(),
            endpoint: endpoint.to_owned(),
            description: description.to_owned(),
            schema: Arc::new(schema),
            extensions: Vec::new(),
            indexed: Vec::new(),
            searched: Vec::new(),
            without: Vec::new(),
            relations: Vec::new(),
        });
        self
    }

    pub(crate) fn draft(&mut self, resource_type: &str) -> Result<&mut Draft, RegistryError> {
        self.types
            .iter_mut()
            .find(|t| &*t.name == resource_type)
            .ok_or_else(|| RegistryError::UnknownResourceType(resource_type.to_owned()))
    }

    /// Adds an extension to a resource type; one with the same URI is replaced.
    ///
    /// # Errors
    /// [`RegistryError::UnknownResourceType`].
    pub fn extension(mut self, resource_type: &str, schema: Schema, required: bool) -> Result<Self, RegistryError> {
        let draft = self.draft(resource_type)?;
        draft.extensions.retain(|e| e.schema.id != schema.id);
        draft.extensions.push(Extension { schema: Arc::new(schema), required });
        Ok(self)
    }

    /// Declares that stores keep an index on a path: for equality, order and beginnings. Twice is once.
    ///
    /// # Errors
    /// [`RegistryError::UnknownResourceType`]; an unknown path is found by [`RegistryBuilder::build`].
    pub fn indexed(mut self, resource_type: &str, path: &str) -> Result<Self, RegistryError> {
        self.draft(resource_type)?.indexed.push(path.to_owned());
        Ok(self)
    }

    /// Declares that stores find the texts at a path by a part of them (`co` and `ew` with three characters or more).
    /// Twice is once.
    ///
    /// # Errors
    /// [`RegistryError::UnknownResourceType`]; an unknown path, or one of no text, is found by [`RegistryBuilder::build`].
    pub fn searched(mut self, resource_type: &str, path: &str) -> Result<Self, RegistryError> {
        self.draft(resource_type)?.searched.push(path.to_owned());
        Ok(self)
    }

    /// Declares that stores find what has nothing at any of these paths (`not (a pr) and not (b pr)`): people without a
    /// manager, whichever attribute would name one. Twice is once.
    ///
    /// # Errors
    /// [`RegistryError::UnknownResourceType`]; an unknown path is found by [`RegistryBuilder::build`].
    pub fn found_without(mut self, resource_type: &str, paths: &[&str]) -> Result<Self, RegistryError> {
        self.draft(resource_type)?.without.push(paths.iter().map(|&path| path.to_owned()).collect());
        Ok(self)
    }

    /// Declares that the values at `path` name other resources.
    ///
    /// # Errors
    /// [`RegistryError::UnknownResourceType`]; an unknown path is found by [`RegistryBuilder::build`].
    pub fn relation(
        mut self,
        resource_type: &str,
        name: &str,
        path: &str,
        keys: &[crate::relation::ReferenceKey],
        targets: &[&str],
    ) -> Result<Self, RegistryError> {
        let targets = targets.iter().map(|&t| t.to_owned()).collect();
        self.draft(resource_type)?.relations.push((name.to_owned(), path.to_owned(), keys.to_vec(), targets));
        Ok(self)
    }

    /// Builds the registry. What a base schema says of the common attributes does not count and is left out: they are
    /// the same in every resource (RFC 7643 §3.1).
    ///
    /// # Errors
    /// A schema that breaks a duty of its author (RFC 7643 §2.1, §7), two different schemas with one URI, a resource type
    /// without a name or at no endpoint of its own, two of them with one name or endpoint, or a path that leads nowhere.
    pub fn build(self) -> Result<Registry, RegistryError> {
        let mut resource_types = Vec::with_capacity(self.types.len());
        let mut schemas: Vec<Arc<Schema>> = Vec::new();
        let mut taken = std::collections::HashSet::new();
        for draft in self.types {
            if let Some(problem) = breach_of(&draft) {
                return Err(RegistryError::ResourceType(problem));
            }
            for key in [draft.name.to_string(), format!("/{}", draft.endpoint.trim_start_matches('/'))] {
                if !taken.insert(key.clone()) {
                    return Err(RegistryError::DuplicateResourceType(key));
                }
            }
            draft.schema.check()?;
            let mut r#type = ResourceType {
                name: draft.name,
                endpoint: draft.endpoint,
                description: draft.description,
                schema: without_common_attributes(draft.schema),
                extensions: draft.extensions,
                indexed: Vec::new(),
                searched: Vec::new(),
                without: Vec::new(),
                relations: Vec::new(),
                declaration: OnceLock::new(),
            };
            for schema in std::iter::once(&r#type.schema).chain(r#type.extensions.iter().map(|e| &e.schema)) {
                schema.check()?;
                match schemas.iter().find(|s| s.id == schema.id) {
                    None => schemas.push(schema.clone()),
                    Some(other) if other == schema => {}
                    Some(_) => {
                        let problem = "two different schemas have this URI".to_owned();
                        return Err(RegistryError::Schema { schema: schema.id.to_string(), problem });
                    }
                }
            }
            if r#type.extension(r#type.schema.id.as_str()).is_some() {
                let problem = format!("it is the base schema of {} and cannot extend it too", r#type.name);
                return Err(RegistryError::Schema { schema: r#type.schema.id.to_string(), problem });
            }
            let resolve = |t: &ResourceType, path: &str| {
                t.resolve(path).ok_or_else(|| RegistryError::UnknownPath {
                    path: path.to_owned(),
                    resource_type: t.name.to_string(),
                })
            };
            for path in &draft.indexed {
                let resolved = resolve(&r#type, path)?;
                if !r#type.indexed.contains(&resolved) {
                    r#type.indexed.push(resolved);
                }
            }
            for path in &draft.searched {
                let resolved = resolve(&r#type, path)?;
                if !matches!(resolved.leaf().r#type, Type::String | Type::Reference) {
                    return Err(RegistryError::NotSearchable {
                        path: resolved.to_string(),
                        resource_type: r#type.name.to_string(),
                    });
                }
                if !r#type.searched.contains(&resolved) {
                    r#type.searched.push(resolved);
                }
            }
            for set in &draft.without {
                let mut paths = set.iter().map(|path| resolve(&r#type, path)).collect::<Result<Vec<_>, _>>()?;
                paths.sort_by_key(ToString::to_string);
                paths.dedup();
                if !paths.is_empty() && !r#type.without.contains(&paths) {
                    r#type.without.push(paths);
                }
            }
            for (name, path, keys, targets) in draft.relations {
                let resolved = resolve(&r#type, &path)?;
                r#type.relations.push(Relation::new(name, resolved, keys, targets));
            }
            resource_types.push(Arc::new(r#type));
        }
        Ok(Registry { inner: Arc::new(Inner { resource_types, schemas }) })
    }
}

/// The endpoints of the protocol itself (RFC 7644 §3.2).
const TAKEN: [&str; 6] = ["ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", "Me", ".search"];

/// What a resource type lacks (RFC 7643 §6).
fn breach_of(draft: &Draft) -> Option<String> {
    let Draft { name, endpoint, .. } = draft;
    if name.is_empty() {
        return Some(format!("the resource type at {endpoint:?} has no name"));
    }
    let segment = endpoint.strip_prefix('/').unwrap_or(endpoint);
    if segment.is_empty() || !segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
        return Some(format!(
            "resource type \"{name}\": {endpoint:?} is no endpoint; write one path segment such as /Users"
        ));
    }
    TAKEN.contains(&segment).then(|| {
        format!("resource type \"{name}\": {endpoint:?} is an endpoint of the protocol itself; choose another, such as /Users")
    })
}

/// The schema without attributes called like the common ones, whose characteristics are fixed.
fn without_common_attributes(mut schema: Arc<Schema>) -> Arc<Schema> {
    let is_common =
        |attribute: &Attribute| common_attributes().iter().any(|c| c.name.eq_ignore_ascii_case(&attribute.name));
    if schema.attributes.iter().any(|attribute| is_common(attribute)) {
        Arc::make_mut(&mut schema).attributes.retain(|attribute| !is_common(attribute));
    }
    schema
}
