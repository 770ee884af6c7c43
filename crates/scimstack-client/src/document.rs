//! What travels as a resource: the views, plain objects, and types of your own.

use scimstack_schema::views::{Group, User};
use scimstack_schema::{Object, Value};

/// A type that is read from and written as a resource.
pub trait Document: Sized + Send {
    /// From a resource as the server shows it; what does not fit must not be lost.
    fn from_object(object: Object) -> Self;

    /// The resource to send.
    fn to_value(&self) -> Value;
}

impl Document for User {
    fn from_object(object: Object) -> Self {
        Self::from_object(object)
    }

    fn to_value(&self) -> Value {
        self.to_value()
    }
}

impl Document for Group {
    fn from_object(object: Object) -> Self {
        Self::from_object(object)
    }

    fn to_value(&self) -> Value {
        self.to_value()
    }
}

impl Document for Object {
    fn from_object(object: Object) -> Self {
        object
    }

    fn to_value(&self) -> Value {
        self.clone().into()
    }
}
