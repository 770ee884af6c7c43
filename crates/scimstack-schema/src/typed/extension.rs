//! Structs that are extensions of a resource type (RFC 7643 §3.3).

use super::error::TypedError;
use super::resource::take_out_what_is_not_stored;
use crate::registry::Extension;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::value::{Object, Value};
use std::sync::Arc;

/// A struct that is an extension of a resource type. Derive it: `#[derive(ScimExtension)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no SCIM extension",
    label = "needs #[derive(ScimExtension)]",
    note = "a field with #[scim(extension)] is a struct with #[derive(ScimExtension)], or an Option of one"
)]
pub trait ScimExtension: Sized {
    /// The extension's URI.
    const URN: &'static str;

    /// The extension's schema.
    fn schema() -> Schema;

    /// From the extension's object.
    ///
    /// # Errors
    /// A member that is missing or of the wrong type, with its path inside the extension.
    fn from_object(object: &Object) -> Result<Self, TypedError>;

    /// Writes every field into the extension's object; other members stay.
    fn write_to(&self, object: &mut Object);

    /// The extension of a resource; `None` when the resource has none.
    ///
    /// # Errors
    /// An extension that does not fit, with the path in the resource.
    fn of(resource: &Resource) -> Result<Option<Self>, TypedError> {
        <Option<Self> as ExtensionField>::read(resource.root())
    }

    /// Sets the extension of a resource. Members the struct does not know stay; values that are never stored in a
    /// document (`returned` is `never`) are left out.
    ///
    /// # Errors
    /// [`TypedError::NotDeclared`] when the resource's type does not have this extension.
    fn set_on(&self, resource: &mut Resource) -> Result<(), TypedError> {
        if resource.resource_type().extension(Self::URN).is_none() {
            return Err(TypedError::NotDeclared {
                extension: Self::URN.to_owned(),
                resource_type: resource.resource_type().name.to_string(),
            });
        }
        ExtensionField::write(self, resource.root_mut());
        take_out_what_is_not_stored(resource);
        resource.normalize();
        Ok(())
    }

    /// Takes the extension off a resource.
    fn remove_from(resource: &mut Resource) {
        resource.root_mut().remove(Self::URN);
        resource.normalize();
    }
}

/// What a field with `#[scim(extension)]` can be: an extension, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no SCIM extension",
    label = "needs #[derive(ScimExtension)]",
    note = "a field with #[scim(extension)] is a struct with #[derive(ScimExtension)], or an Option of one"
)]
pub trait ExtensionField: Sized {
    /// The extension.
    type Extension: ScimExtension;
    /// Whether every resource must carry it.
    const REQUIRED: bool;

    /// From the document of a resource.
    ///
    /// # Errors
    /// An extension that does not fit, or none where one is needed.
    fn read(root: &Object) -> Result<Self, TypedError>;

    /// Into the document of a resource; taken out where there is none.
    fn write(&self, root: &mut Object);

    /// For the resource type.
    #[must_use]
    fn extension() -> Extension {
        Extension { schema: Arc::new(Self::Extension::schema()), required: Self::REQUIRED }
    }
}

#[diagnostic::do_not_recommend]
impl<T: ScimExtension> ExtensionField for T {
    type Extension = T;
    const REQUIRED: bool = true;

    fn read(root: &Object) -> Result<Self, TypedError> {
        Option::<T>::read(root)?.ok_or_else(|| TypedError::missing("this extension's object").in_extension(T::URN))
    }

    fn write(&self, root: &mut Object) {
        let slot = root.entry(T::URN);
        if !matches!(slot, Value::Object(_)) {
            *slot = Value::Object(Object::new());
        }
        if let Some(object) = slot.as_object_mut() {
            self.write_to(object);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: ScimExtension> ExtensionField for Option<T> {
    type Extension = T;
    const REQUIRED: bool = false;

    fn read(root: &Object) -> Result<Self, TypedError> {
        let result = match root.get(T::URN) {
            Some(Value::Object(object)) if !object.is_empty() => T::from_object(object).map(Some),
            Some(other) if !other.is_unassigned() => Err(TypedError::wrong_type("an object", other)),
            _ => Ok(None),
        };
        result.map_err(|error| error.in_extension(T::URN))
    }

    fn write(&self, root: &mut Object) {
        match self {
            Some(extension) => extension.write(root),
            None => {
                root.remove(T::URN);
            }
        }
    }
}
