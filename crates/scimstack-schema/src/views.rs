//! Typed views of the well-known resources, for code that wants fields: [`User`], [`Group`], [`EnterpriseUser`],
//! [`HaystackUser`]. They convert from and to documents without losing what they do not know: it stays in `other`, and so
//! does a member whose value does not have the field's type. Nothing is judged here; [`crate::ingest`] does that.
//!
//! ```
//! use scimstack_schema::views::{Email, Name, User};
//! use scimstack_schema::{IngestOptions, Registry};
//!
//! let ann = User {
//!     user_name: "ann@x.test".into(),
//!     name: Some(Name { given_name: Some("Ann".into()), ..Name::default() }),
//!     emails: vec![Email { value: Some("ann@x.test".into()), primary: Some(true), ..Email::default() }],
//!     ..User::default()
//! };
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let resource = user.ingest(ann.to_value(), &IngestOptions::default()).unwrap().resource;
//! let back = User::from_resource(&resource).unwrap();
//! assert_eq!(back.emails, ann.emails);
//! assert_eq!(back.primary_email(), Some("ann@x.test"));
//! ```

mod fields;
mod group;
mod user;

use fields::view;
pub use group::{Group, Member};
pub use user::{
    Address, Certificate, Email, EnterpriseUser, Entitlement, GroupMembership, HaystackUser, InstantMessage, Manager,
    Name, PhoneNumber, Photo, Role, User,
};

view! {
    /// `meta` (RFC 7643 §3.1): what the service provider keeps about a resource.
    Meta {
        /// The name of the resource type.
        resource_type: Option<String> = "resourceType",
        /// When it was created.
        created: Option<String> = "created",
        /// When it was changed last.
        last_modified: Option<String> = "lastModified",
        /// Its address.
        location: Option<String> = "location",
        /// Its version, as the ETag header has it.
        version: Option<String> = "version",
    }
}
