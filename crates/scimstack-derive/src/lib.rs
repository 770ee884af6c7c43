//! Derive macros for SCIM: Rust structs and enums become schemas, with every characteristic of RFC 7643 §7, and typed access
//! to documents that loses nothing of what it does not know.
//!
//! | derive | makes | of |
//! |---|---|---|
//! | [`macro@ScimResource`] | a resource type with its endpoint (RFC 7643 §6) | a struct |
//! | [`macro@ScimExtension`] | an extension of any resource type (RFC 7643 §3.3) | a struct |
//! | [`macro@ScimComplex`] | a complex attribute (RFC 7643 §2.3.8) | a struct |
//! | [`macro@ScimEnum`] | a string with canonical values (RFC 7643 §7) | an enum |
//!
//! They write code against `scimstack-schema`'s module `typed` and nothing else; serde has no part in it. What Rust types
//! attributes can have is said there. Under the facade `scimstack` the same derives are exported with paths that go through
//! the facade; whoever renames a crate says `#[scim(crate = "…")]`.
//!
//! Mistakes are compile errors at the option or the field that is wrong, and all of a struct's are reported at once.
//!
//! ```
//! use scimstack_derive::{ScimComplex, ScimEnum, ScimExtension, ScimResource};
//! use scimstack_schema::typed::{Reference, RegistryBuilderExt, ScimExtension, ScimResource};
//! use scimstack_schema::{IngestOptions, Registry, Value};
//!
//! /// Something with a plug.
//! #[derive(ScimResource, Debug, PartialEq)]
//! #[scim(urn = "urn:example:params:scim:schemas:core:1.0:Device", endpoint = "/Devices")]
//! struct Device {
//!     #[scim(common)]
//!     id: Option<String>,
//!     /// The number on the case.
//!     #[scim(case_exact, uniqueness = "server", mutability = "immutable")]
//!     serial_number: String,
//!     /// What it is for.
//!     usage: Option<Usage>,
//!     /// Its network cards.
//!     cards: Vec<Card>,
//!     /// Who answers for it.
//!     #[scim(reference_types("User"))]
//!     owner: Option<Reference>,
//!     #[scim(extension)]
//!     loan: Option<Loan>,
//! }
//!
//! #[derive(ScimEnum, Debug, PartialEq)]
//! enum Usage {
//!     Office,
//!     MeetingRoom,
//!     #[scim(other)]
//!     Other(String),
//! }
//!
//! #[derive(ScimComplex, Debug, PartialEq)]
//! struct Card {
//!     /// The hardware address.
//!     value: String,
//!     /// Whether it is the one to use.
//!     primary: Option<bool>,
//! }
//!
//! /// A device that was lent.
//! #[derive(ScimExtension, Debug, PartialEq)]
//! #[scim(urn = "urn:example:params:scim:schemas:extension:loan:1.0:Device")]
//! struct Loan {
//!     /// For how many days.
//!     days: u16,
//! }
//!
//! let registry = Registry::core().to_builder().with_resource::<Device>().unwrap().build().unwrap();
//! let r#type = registry.resource_type_at("/Devices").unwrap();
//!
//! let sent = br#"{"schemas": ["urn:example:params:scim:schemas:core:1.0:Device"], "serialNumber": "S1",
//!     "usage": "meetingroom", "cards": [{"value": "00:11:22:33:44:55"}]}"#;
//! let mut resource = r#type.ingest(Value::parse(sent).unwrap(), &IngestOptions::default()).unwrap().resource;
//! let device = Device::from_resource(&resource).unwrap();
//! assert_eq!(device.usage, Some(Usage::MeetingRoom));
//! assert_eq!(device.loan, None);
//!
//! Loan { days: 14 }.set_on(&mut resource).unwrap();
//! assert_eq!(Device::from_resource(&resource).unwrap().loan, Some(Loan { days: 14 }));
//!
//! let wrong = Value::parse(br#"{"serialNumber": "S1", "cards": [{"value": 7}]}"#).unwrap();
//! assert_eq!(
//!     Device::from_document(&wrong).unwrap_err().to_string(),
//!     "cards[0].value must be a string, not a number"
//! );
//! ```

mod expand;
mod names;
mod options;

use proc_macro::TokenStream;
use syn::{DeriveInput, Path, Result, parse_macro_input, parse_quote};

/// What holds where the input says nothing.
struct Defaults {
    /// Where the schema crate is found.
    path: Path,
}

impl Defaults {
    /// For users of `scimstack-schema`.
    fn schema() -> Self {
        Self { path: parse_quote!(::scimstack_schema) }
    }

    /// For users of the facade alone.
    fn facade() -> Self {
        Self { path: parse_quote!(::scimstack::schema) }
    }
}

type Expansion = fn(&DeriveInput, &Defaults) -> Result<proc_macro2::TokenStream>;

fn derive(input: &DeriveInput, expansion: Expansion, defaults: &Defaults) -> TokenStream {
    expansion(input, defaults).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a struct with named fields an extension (`typed::ScimExtension`): its schema, and reading and writing it on any
/// resource.
///
/// # On the struct
///
/// | option | meaning |
/// |---|---|
/// | `urn = "urn:…"` | the schema's URI; needed |
/// | `name = "…"` | the schema's name; else the struct's |
/// | `description = "…"` | another description than the doc comment's first paragraph |
/// | `crate = "…"` | the path of `scimstack-schema`, where it has another |
///
/// # On fields
///
/// A field is an attribute under its name in camelCase; its first doc paragraph is the description. Its type says the data
/// type; `Vec` makes it multi-valued, and everything but `Option` and `Vec` makes it required.
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | another name |
/// | `description = "…"` | another description than the doc comment |
/// | `required`, `required = false` | what the schema says; reading goes by the type |
/// | `default` | not required; absent, it is the type's `Default`, and such a value is not added |
/// | `case_exact` | of strings: upper and lower case differ |
/// | `mutability = "…"` | `readOnly`, `readWrite`, `immutable` or `writeOnly`; the last makes it `returned = "never"` |
/// | `returned = "…"` | `always`, `never`, `default` or `request`; `never` needs an `Option` or a `Vec`: no document shows it |
/// | `uniqueness = "…"` | `none`, `server` or `global`; not of booleans, binaries, complex attributes |
/// | `canonical("…", "…")` | of strings: the values that are suggested |
/// | `reference_types("…", "…")` | of references: names of resource types, `external`, `uri`; if nothing is said, `uri` |
/// | `other` | the field, an `Object`, takes the members that are no other field; they are written back |
/// | `skip` | not in the document; read as the type's `Default` |
///
/// # Example
///
/// ```
/// use scimstack_derive::ScimExtension;
/// use scimstack_schema::typed::{Binary, Reference, ScimExtension, TypedError};
/// use scimstack_schema::{Mutability, Object, Returned, Type, Value};
///
/// /// What the badge office knows.
/// #[derive(ScimExtension, Debug, PartialEq)]
/// #[scim(urn = "urn:example:params:scim:schemas:extension:badge:1.0:User", name = "Badge")]
/// struct Badge {
///     /// The number printed on the badge.
///     #[scim(case_exact, uniqueness = "server")]
///     badge_number: String,
///     /// The doors it opens.
///     #[scim(canonical("main", "garage"))]
///     doors: Vec<String>,
///     /// The secret of its chip.
///     #[scim(mutability = "writeOnly", required)]
///     chip: Option<Binary>,
///     /// The picture on it.
///     #[scim(name = "photo", reference_types("external"))]
///     picture: Option<Reference>,
///     /// Whether it was lost.
///     #[scim(default)]
///     lost: bool,
///     /// What later versions of the schema have.
///     #[scim(other)]
///     other: Object,
/// }
///
/// let schema = Badge::schema();
/// schema.check().unwrap();
/// assert_eq!(schema.description, "What the badge office knows.");
/// assert_eq!(schema.attribute("badgeNumber").unwrap().description, "The number printed on the badge.");
/// assert!(schema.attribute("doors").unwrap().multi_valued);
/// let chip = schema.attribute("chip").unwrap();
/// assert_eq!((chip.r#type, chip.required), (Type::Binary, true));
/// assert_eq!((chip.mutability, chip.returned), (Mutability::WriteOnly, Returned::Never));
///
/// let sent = Value::parse(br#"{"badgeNumber": "B7", "colour": "red"}"#).unwrap();
/// let badge = Badge::from_object(sent.as_object().unwrap()).unwrap();
/// assert_eq!((badge.badge_number.as_str(), badge.lost), ("B7", false));
/// assert_eq!(badge.other.get("colour"), Some(&Value::from("red")));
///
/// let error = Badge::from_object(&Object::new()).unwrap_err();
/// assert_eq!(error.to_string(), "badgeNumber is missing; it must be a string");
/// ```
#[proc_macro_derive(ScimExtension, attributes(scim))]
pub fn scim_extension(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::extension, &Defaults::schema())
}

/// Makes a struct with named fields a resource of its own type (`typed::ScimResource`): schema, resource type, and reading
/// and writing whole documents. `typed::RegistryBuilderExt::with_resource` puts it into a registry.
///
/// # On the struct
///
/// | option | meaning |
/// |---|---|
/// | `urn = "urn:…"` | the schema's URI; needed |
/// | `endpoint = "/…"` | where the resources are found; needed |
/// | `name = "…"` | the name of the schema and of the resource type; else the struct's |
/// | `description = "…"` | another description than the doc comment's first paragraph |
/// | `extension(Badge)`, `extension(Badge, required)` | an extension that has no field here; as often as there are some |
/// | `crate = "…"` | the path of `scimstack-schema`, where it has another |
///
/// # On fields
///
/// A field is an attribute under its name in camelCase; its first doc paragraph is the description. Its type says the data
/// type; `Vec` makes it multi-valued, and everything but `Option` and `Vec` makes it required.
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | another name |
/// | `description = "…"` | another description than the doc comment |
/// | `required`, `required = false` | what the schema says; reading goes by the type |
/// | `default` | not required; absent, it is the type's `Default`, and such a value is not added |
/// | `case_exact` | of strings: upper and lower case differ |
/// | `mutability = "…"` | `readOnly`, `readWrite`, `immutable` or `writeOnly`; the last makes it `returned = "never"` |
/// | `returned = "…"` | `always`, `never`, `default` or `request`; `never` needs an `Option` or a `Vec`: no document shows it |
/// | `uniqueness = "…"` | `none`, `server` or `global`; not of booleans, binaries, complex attributes |
/// | `canonical("…", "…")` | of strings: the values that are suggested |
/// | `reference_types("…", "…")` | of references: names of resource types, `external`, `uri`; if nothing is said, `uri` |
/// | `common` | `id`, `externalId` or `meta`, by name; these are not of the schema |
/// | `extension` | the field is an extension, required unless it is an `Option`; with `required`, whatever it is |
/// | `other` | the field, an `Object`, takes the members that are no other field; they are written back |
/// | `skip` | not in the document; read as the type's `Default` |
///
/// # Example
///
/// ```
/// use scimstack_derive::{ScimExtension, ScimResource};
/// use scimstack_schema::typed::{RegistryBuilderExt, ScimResource};
/// use scimstack_schema::{Registry, Value, views};
///
/// /// A room that can be booked.
/// #[derive(ScimResource, Debug, PartialEq)]
/// #[scim(urn = "urn:example:params:scim:schemas:core:1.0:Room", endpoint = "/Rooms", extension(Audit))]
/// struct Room {
///     #[scim(common)]
///     id: Option<String>,
///     #[scim(common)]
///     external_id: Option<String>,
///     #[scim(common)]
///     meta: Option<views::Meta>,
///     /// What is written on the door.
///     #[scim(uniqueness = "server")]
///     display_name: String,
///     /// How many people fit in.
///     seats: u16,
///     #[scim(extension)]
///     catering: Option<Catering>,
/// }
///
/// #[derive(ScimExtension, Debug, PartialEq)]
/// #[scim(urn = "urn:example:params:scim:schemas:extension:catering:1.0:Room")]
/// struct Catering {
///     /// Whether there is coffee.
///     coffee: bool,
/// }
///
/// #[derive(ScimExtension)]
/// #[scim(urn = "urn:example:params:scim:schemas:extension:audit:1.0:Room")]
/// struct Audit {
///     /// Who looked last.
///     auditor: Option<String>,
/// }
///
/// let registry = Registry::builder().with_resource::<Room>().unwrap().build().unwrap();
/// let r#type = registry.resource_type("Room").unwrap();
/// assert_eq!((r#type.endpoint.as_str(), r#type.extensions.len()), ("/Rooms", 2));
///
/// let room = Room {
///     id: None,
///     external_id: None,
///     meta: None,
///     display_name: "Attic".into(),
///     seats: 4,
///     catering: Some(Catering { coffee: true }),
/// };
/// let document = room.to_document();
/// assert_eq!(document.get("schemas").unwrap().as_array().unwrap().len(), 2);
/// assert_eq!(Room::from_document(&document), Ok(room));
/// let mut resource = Room::from_document(&document).unwrap().to_resource(r#type).unwrap();
/// resource.set_id("r1");
/// assert_eq!(Room::from_resource(&resource).unwrap().id.as_deref(), Some("r1"));
/// ```
#[proc_macro_derive(ScimResource, attributes(scim))]
pub fn scim_resource(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::resource, &Defaults::schema())
}

/// Makes a struct with named fields a complex attribute (`typed::ScimComplex`): the type of a field, of an `Option` or of a
/// `Vec` in another derived struct. Its fields are sub-attributes; none of them can be complex itself (RFC 7643 §2.3.8).
///
/// # On the struct
///
/// | option | meaning |
/// |---|---|
/// | `description = "…"` | for attributes that have none; else the doc comment's first paragraph |
/// | `crate = "…"` | the path of `scimstack-schema`, where it has another |
///
/// # On fields
///
/// A field is an attribute under its name in camelCase; its first doc paragraph is the description. Its type says the data
/// type; `Vec` makes it multi-valued, and everything but `Option` and `Vec` makes it required.
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | another name |
/// | `description = "…"` | another description than the doc comment |
/// | `required`, `required = false` | what the schema says; reading goes by the type |
/// | `default` | not required; absent, it is the type's `Default`, and such a value is not added |
/// | `case_exact` | of strings: upper and lower case differ |
/// | `mutability = "…"` | `readOnly`, `readWrite`, `immutable` or `writeOnly`; the last makes it `returned = "never"` |
/// | `returned = "…"` | `always`, `never`, `default` or `request`; `never` needs an `Option` or a `Vec`: no document shows it |
/// | `uniqueness = "…"` | `none`, `server` or `global`; not of booleans, binaries, complex attributes |
/// | `canonical("…", "…")` | of strings: the values that are suggested |
/// | `reference_types("…", "…")` | of references: names of resource types, `external`, `uri`; if nothing is said, `uri` |
/// | `other` | the field, an `Object`, takes the members that are no other field; they are written back |
/// | `skip` | not in the document; read as the type's `Default` |
///
/// A sub-attribute can be called `$ref`; it is a `Reference`.
///
/// # Example
///
/// ```
/// use scimstack_derive::{ScimComplex, ScimExtension};
/// use scimstack_schema::Type;
/// use scimstack_schema::typed::{Reference, ScimExtension};
///
/// /// A parking space.
/// #[derive(ScimComplex)]
/// struct Parking {
///     /// The space's number.
///     value: u32,
///     /// The space itself.
///     #[scim(name = "$ref", reference_types("ParkingSpace"))]
///     reference: Option<Reference>,
/// }
///
/// #[derive(ScimExtension)]
/// #[scim(urn = "urn:example:params:scim:schemas:extension:car:1.0:User")]
/// struct Car {
///     parking: Vec<Parking>,
/// }
///
/// let schema = Car::schema();
/// let parking = schema.attribute("parking").unwrap();
/// assert_eq!((parking.r#type, parking.multi_valued), (Type::Complex, true));
/// assert_eq!(parking.description, "A parking space.");
/// assert_eq!(parking.sub_attribute("$ref").unwrap().reference_types, ["ParkingSpace"]);
/// assert!(parking.sub_attribute("value").unwrap().required);
/// ```
#[proc_macro_derive(ScimComplex, attributes(scim))]
pub fn scim_complex(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::complex, &Defaults::schema())
}

/// Makes an enum the type of a string with known values (`typed::ScimEnum`); they become the attribute's canonical values.
/// Read without regard to case, unless the enum says otherwise.
///
/// Canonical values are suggestions (RFC 7643 §7): a provider may send others. One variant can take these, as
/// `#[scim(other)] Other(String)`; without it they are errors.
///
/// # On the enum
///
/// | option | meaning |
/// |---|---|
/// | `rename_all = "…"` | `camelCase`, which holds by itself, `PascalCase`, `lowercase`, `UPPERCASE`, `snake_case`, `SCREAMING_SNAKE_CASE` or `kebab-case` |
/// | `case_exact` | upper and lower case differ |
/// | `description = "…"` | for attributes that have none; else the doc comment's first paragraph |
/// | `crate = "…"` | the path of `scimstack-schema`, where it has another |
///
/// # On variants
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | the value |
/// | `other` | holds every value that is none of the others |
///
/// # Example
///
/// ```
/// use scimstack_derive::ScimEnum;
/// use scimstack_schema::Value;
/// use scimstack_schema::typed::{AttributeField, AttributeValue, ScimEnum};
///
/// #[derive(ScimEnum, Debug, PartialEq)]
/// enum Shift {
///     Day,
///     #[scim(name = "graveyard")]
///     Night,
///     #[scim(other)]
///     Other(String),
/// }
///
/// assert_eq!(Shift::VALUES, ["day", "graveyard"]);
/// assert_eq!(Shift::attribute("shift").canonical_values.unwrap(), ["day", "graveyard"]);
/// assert_eq!(Shift::from_value(&Value::from("DAY")), Ok(Shift::Day));
/// assert_eq!(Shift::from_value(&Value::from("swing")), Ok(Shift::Other("swing".into())));
/// assert_eq!(Shift::Other("swing".into()).to_value(), Value::from("swing"));
///
/// #[derive(ScimEnum, Debug, PartialEq)]
/// #[scim(rename_all = "UPPERCASE", case_exact)]
/// enum Side {
///     Left,
///     Right,
/// }
///
/// let error = Side::from_value(&Value::from("left")).unwrap_err();
/// assert_eq!(error.in_attribute("side").to_string(), r#"side must be one of "LEFT", "RIGHT", not "left""#);
/// ```
#[proc_macro_derive(ScimEnum, attributes(scim))]
pub fn scim_enum(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::enumeration, &Defaults::schema())
}

/// [`macro@ScimExtension`] for users of the facade `scimstack`, which exports it under that name.
#[doc(hidden)]
#[proc_macro_derive(FacadeScimExtension, attributes(scim))]
pub fn facade_scim_extension(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::extension, &Defaults::facade())
}

/// [`macro@ScimResource`] for users of the facade `scimstack`, which exports it under that name.
#[doc(hidden)]
#[proc_macro_derive(FacadeScimResource, attributes(scim))]
pub fn facade_scim_resource(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::resource, &Defaults::facade())
}

/// [`macro@ScimComplex`] for users of the facade `scimstack`, which exports it under that name.
#[doc(hidden)]
#[proc_macro_derive(FacadeScimComplex, attributes(scim))]
pub fn facade_scim_complex(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::complex, &Defaults::facade())
}

/// [`macro@ScimEnum`] for users of the facade `scimstack`, which exports it under that name.
#[doc(hidden)]
#[proc_macro_derive(FacadeScimEnum, attributes(scim))]
pub fn facade_scim_enum(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), expand::enumeration, &Defaults::facade())
}
