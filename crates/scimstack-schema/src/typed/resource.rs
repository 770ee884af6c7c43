//! Structs that are resources of a type of their own (RFC 7643 §3, §6), and their way into a registry.

use super::error::TypedError;
use super::extension::ScimExtension;
use crate::registry::{Extension, RegistryBuilder, RegistryError, ResourceType};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::{Object, Value};
use std::sync::Arc;

/// A struct that is a resource of its own type. Derive it: `#[derive(ScimResource)]`.
pub trait ScimResource: Sized {
    /// The URI of the base schema.
    const URN: &'static str;
    /// The resource type's name: `Device`.
    const NAME: &'static str;
    /// The endpoint, with a leading slash: `/Devices`.
    const ENDPOINT: &'static str;

    /// The base schema, without the common attributes (RFC 7643 §3.1).
    fn schema() -> Schema;

    /// The extensions a resource can carry.
    #[must_use]
    fn extensions() -> Vec<Extension> {
        Vec::new()
    }

    /// From the members of a document. Whether it is one of this type is not looked at.
    ///
    /// # Errors
    /// A member that is missing or of the wrong type.
    fn from_object(object: &Object) -> Result<Self, TypedError>;

    /// Writes every field into a document; other members stay.
    fn write_to(&self, object: &mut Object);

    /// The resource type by itself. To serve it, put it into a registry: [`RegistryBuilderExt::with_resource`].
    #[must_use]
    fn resource_type() -> Arc<ResourceType> {
        let schema = Self::schema();
        Arc::new(ResourceType {
            name: Self::NAME.into(),
            endpoint: Self::ENDPOINT.to_owned(),
            description: schema.description.clone(),
            schema: Arc::new(schema),
            extensions: Self::extensions(),
            indexed: Vec::new(),
            searched: Vec::new(),
            without: Vec::new(),
            relations: Vec::new(),
            declaration: std::sync::OnceLock::new(),
        })
    }

    /// From a resource.
    ///
    /// # Errors
    /// A resource of another type; a member that is missing or of the wrong type.
    fn from_resource(resource: &Resource) -> Result<Self, TypedError> {
        is_of::<Self>(resource.resource_type())?;
        Self::from_object(resource.root())
    }

    /// From a document as it goes over the wire, such as a server's answer. Whether `schemas` lists this type is not
    /// looked at: [`ResourceType::ingest`] judges documents, and this reads them.
    ///
    /// # Errors
    /// No object; a member that is missing or of the wrong type.
    fn from_document(document: &Value) -> Result<Self, TypedError> {
        match document {
            Value::Object(object) => Self::from_object(object),
            other => Err(TypedError::wrong_type("an object", other).in_attribute("the document")),
        }
    }

    /// The document as it goes over the wire: `schemas` lists the base schema and the extensions in use.
    #[must_use]
    fn to_document(&self) -> Value {
        let mut written = Object::new();
        self.write_to(&mut written);
        // No attribute's name has a colon in it (RFC 7643 §2.1): these members are extensions.
        written.retain(|name, value| !(name.contains(':') && value.is_unassigned()));
        let extensions = written.iter().map(|(name, _)| name).filter(|name| name.contains(':'));
        let schemas: Vec<&str> = std::iter::once(Self::URN).chain(extensions).collect();
        let mut document = Object::from_iter([("schemas", schemas)]);
        for (name, value) in written {
            document.insert(name, value);
        }
        document.into()
    }

    /// A resource of the type `resource_type`, as a registry has it. Values that are never stored in a document
    /// (`meta`, what is never returned, what lives as edges) are left out.
    ///
    /// # Errors
    /// A resource type with another schema.
    fn to_resource(&self, resource_type: &Arc<ResourceType>) -> Result<Resource, TypedError> {
        let mut resource = Resource::from_canonical(resource_type.clone(), Object::new());
        self.set_on(&mut resource)?;
        Ok(resource)
    }

    /// Writes every field into a resource. Members the struct does not know stay, and so does `id` where the struct has
    /// none; values that are never stored in a document are left out, as in [`ScimResource::to_resource`].
    ///
    /// # Errors
    /// A resource of another type; an extension that its type does not declare. Then nothing was written.
    fn set_on(&self, resource: &mut Resource) -> Result<(), TypedError> {
        let resource_type = resource.resource_type().clone();
        is_of::<Self>(&resource_type)?;
        let mut root = resource.root().clone();
        self.write_to(&mut root);
        let foreign = |(name, value): &(&str, &Value)| {
            name.contains(':') && !value.is_unassigned() && resource_type.extension(name).is_none()
        };
        if let Some((name, _)) = root.iter().find(foreign) {
            return Err(TypedError::NotDeclared {
                extension: name.to_owned(),
                resource_type: resource_type.name.to_string(),
            });
        }
        if root.get("id").is_none()
            && let Some(id) = resource.id()
        {
            root.insert("id", id);
        }
        *resource.root_mut() = root;
        take_out_what_is_not_stored(resource);
        resource.normalize();
        Ok(())
    }
}

/// Whether a resource type has the schema of `R`.
fn is_of<R: ScimResource>(resource_type: &ResourceType) -> Result<(), TypedError> {
    if resource_type.schema.id.matches(R::URN) {
        return Ok(());
    }
    Err(TypedError::WrongResource { expected: R::NAME.to_owned(), found: resource_type.name.to_string() })
}

/// Takes out what a stored document never holds: `meta`, hidden values, relations that live as edges.
pub(super) fn take_out_what_is_not_stored(resource: &mut Resource) {
    let resource_type = resource.resource_type().clone();
    let root = resource.root_mut();
    root.remove("meta");
    let extensions = resource_type.extensions.iter().map(|extension| (Some(&extension.schema.id), &extension.schema));
    for (extension, schema) in std::iter::once((None, &resource_type.schema)).chain(extensions) {
        let object = match extension {
            None => &mut *root,
            Some(uri) => match root.get_mut(uri.as_str()) {
                Some(Value::Object(object)) => object,
                _ => continue,
            },
        };
        for attribute in &schema.attributes {
            let is_edge = resource_type.relations.iter().any(|relation| {
                relation.edges_only
                    && relation.path.extension.as_ref() == extension
                    && relation.path.attribute.name == attribute.name
            });
            if is_edge || attribute.is_hidden() {
                object.remove(&attribute.name);
                continue;
            }
            for hidden in attribute.sub_attributes.iter().filter(|sub| sub.is_hidden()) {
                match object.get_mut(&attribute.name) {
                    Some(Value::Object(inner)) => {
                        inner.remove(&hidden.name);
                    }
                    Some(Value::Array(elements)) => {
                        for inner in elements.iter_mut().filter_map(Value::as_object_mut) {
                            inner.remove(&hidden.name);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Structs into a registry.
///
/// ```
/// use scimstack_schema::Registry;
/// use scimstack_schema::typed::RegistryBuilderExt;
/// # use scimstack_schema::{Object, Schema, typed::{ScimExtension, TypedError}};
/// # struct Badge;
/// # impl ScimExtension for Badge {
/// #     const URN: &'static str = "urn:example:params:scim:schemas:extension:badge:1.0:User";
/// #     fn schema() -> Schema { Schema::new(Self::URN, "Badge") }
/// #     fn from_object(_: &Object) -> Result<Self, TypedError> { Ok(Self) }
/// #     fn write_to(&self, _: &mut Object) {}
/// # }
/// // `Badge` has #[derive(ScimExtension)].
/// let registry = Registry::core().to_builder().with_extension::<Badge>("User", false).unwrap().build().unwrap();
/// assert!(registry.resource_type("User").unwrap().extension(Badge::URN).is_some());
/// ```
pub trait RegistryBuilderExt: Sized {
    /// Adds the resource type of `R`, with its extensions.
    ///
    /// # Errors
    /// As [`RegistryBuilder::extension`]. A name or an endpoint that is taken is found by [`RegistryBuilder::build`].
    fn with_resource<R: ScimResource>(self) -> Result<Self, RegistryError>;

    /// Adds the extension `E` to a resource type; one with the same URI is replaced.
    ///
    /// # Errors
    /// [`RegistryError::UnknownResourceType`].
    fn with_extension<E: ScimExtension>(self, resource_type: &str, required: bool) -> Result<Self, RegistryError>;
}

impl RegistryBuilderExt for RegistryBuilder {
    fn with_resource<R: ScimResource>(self) -> Result<Self, RegistryError> {
        let schema = R::schema();
        let description = schema.description.clone();
        let mut builder = self.resource_type(R::NAME, R::ENDPOINT, &description, schema);
        for extension in R::extensions() {
            builder = builder.extension(R::NAME, Schema::clone(&extension.schema), extension.required)?;
        }
        Ok(builder)
    }

    fn with_extension<E: ScimExtension>(self, resource_type: &str, required: bool) -> Result<Self, RegistryError> {
        self.extension(resource_type, E::schema(), required)
    }
}
