//! Rust structs as SCIM data: an extension ([`ScimExtension`]), a resource type of one's own ([`ScimResource`]), a complex
//! attribute ([`ScimComplex`]), a string with known values ([`ScimEnum`]). All four are usually derived with
//! `scimstack-derive`; what is here works without it. They are read from and written to any document without touching
//! what they do not know. (RFC 7643 §2.3, §3, §7.)
//!
//! Which Rust type is which data type of SCIM:
//!
//! | Rust | SCIM |
//! |---|---|
//! | [`String`], an enum with `#[derive(ScimEnum)]` | string |
//! | [`bool`] | boolean |
//! | [`i8`] to [`i64`], [`u8`] to [`u32`] | integer, the range checked |
//! | [`f64`] | decimal |
//! | [`jiff::Timestamp`], [`crate::Timestamp`] | dateTime |
//! | [`Binary`] | binary |
//! | [`Reference`] | reference |
//! | a struct with `#[derive(ScimComplex)]` | complex |
//! | [`Option`] of one of these | an attribute that may be absent |
//! | [`Vec`] of one of these | a multi-valued attribute |
//!
//! A type of one's own joins them by implementing [`AttributeValue`].
//!
//! ```
//! use scimstack_schema::typed::{AttributeField, Binary, TypedError};
//! use scimstack_schema::{Type, Value};
//!
//! let badge = Value::parse(br#"{"floor": 300, "photo": "aGk="}"#).unwrap();
//! let badge = badge.as_object().unwrap();
//! assert_eq!(Option::<Binary>::read(badge, "photo").unwrap().unwrap().as_ref(), b"hi");
//! assert_eq!(Vec::<String>::read(badge, "doors").unwrap(), Vec::<String>::new());
//! assert_eq!(
//!     u8::read(badge, "floor").unwrap_err().to_string(),
//!     "floor must be a whole number from 0 to 255, not 300"
//! );
//!
//! let attribute = Vec::<i64>::attribute("codes");
//! assert!(attribute.multi_valued && !attribute.required);
//! assert_eq!(attribute.r#type, Type::Integer);
//! ```

#[doc(hidden)]
pub mod check;
mod error;
mod extension;
mod field;
mod newtypes;
mod resource;
mod simple;
mod structured;

pub use error::TypedError;
pub use extension::{ExtensionField, ScimExtension};
pub use field::{AttributeField, AttributeValue};
pub use newtypes::{Binary, Reference};
pub use resource::{RegistryBuilderExt, ScimResource};
pub use structured::{ScimComplex, ScimEnum};
