//! The Group resource (RFC 7643 §4.2).

use super::Meta;
use super::fields::view;
use crate::resource::Resource;
use crate::uri::GROUP;
use crate::value::{Object, Value};

view! {
    /// A group (RFC 7643 §4.2). A [`Resource`] has no members in it: they are edges in the store.
    Group {
        /// The schemas the document lists; the Group schema is added when it is written.
        schemas: Vec<String> = "schemas",
        /// The id.
        id: Option<String> = "id",
        /// The provisioning client's id.
        external_id: Option<String> = "externalId",
        /// The name.
        display_name: String = "displayName",
        /// Who is in it.
        members: Vec<Member> = "members",
        /// What the service provider keeps about it.
        meta: Option<Meta> = "meta",
    }
}

view! {
    /// A member of a group.
    Member {
        /// The member's id.
        value: Option<String> = "value",
        /// The member's address.
        reference: Option<String> = "$ref",
        /// `User` or `Group`; `type` on the wire.
        kind: Option<String> = "type",
        /// The member's name.
        display: Option<String> = "display",
    }
}

impl Group {
    /// The view of a group's document; `None` for other resources.
    #[must_use]
    pub fn from_resource(resource: &Resource) -> Option<Self> {
        let is_group = resource.resource_type().schema.id.matches(GROUP);
        is_group.then(|| Self::from_object(resource.root().clone()))
    }

    /// The document, for [`crate::ResourceType::ingest`] or the wire.
    #[must_use]
    pub fn to_value(&self) -> Value {
        super::user::with_schemas(self.to_object(), GROUP, &[])
    }
}

impl Member {
    /// A member named by its id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { value: Some(id.into()), other: Object::new(), ..Self::default() }
    }
}
