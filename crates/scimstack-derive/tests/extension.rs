//! What a derived extension does on a real resource.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use scimstack_derive::ScimExtension;
use scimstack_schema::typed::{RegistryBuilderExt, ScimExtension, TypedError};
use scimstack_schema::{IngestOptions, Mutability, Object, Registry, Resource, Returned, Type, Uniqueness, Value};

/// Where someone sits.
///
/// This paragraph is for programmers.
#[derive(ScimExtension, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:seat:1.0:User", name = "Seat")]
struct Seat {
    /// The desk.
    #[scim(case_exact, mutability = "immutable", returned = "request", uniqueness = "server")]
    desk: String,
    /// Floors that may be entered.
    #[scim(canonical("ground", "first"))]
    open_floors: Vec<String>,
    /// How high the desk stands, in millimetres.
    height: Option<i64>,
    /// Whether it is by the window.
    #[scim(name = "window-side", description = "By the window or not.")]
    window: Option<bool>,
    /// The alarm's code.
    #[scim(mutability = "writeOnly", required)]
    code: Option<u16>,
}

const SEAT: &str = "urn:example:params:scim:schemas:extension:seat:1.0:User";

fn registry() -> Registry {
    Registry::core().to_builder().with_extension::<Seat>("User", false).unwrap().build().unwrap()
}

fn object(json: &str) -> Object {
    Value::parse(json.as_bytes()).unwrap().as_object().unwrap().clone()
}

/// A user with `json` as the extension, as a store would have it.
fn user(json: &str) -> Resource {
    let mut root = object(r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann"}"#);
    root.insert(SEAT, Value::parse(json.as_bytes()).unwrap());
    Resource::from_canonical(registry().resource_type("User").unwrap().clone(), root)
}

fn complaint(json: &str) -> String {
    Seat::of(&user(json)).unwrap_err().to_string()
}

#[test]
fn the_schema_says_what_the_struct_says() {
    let schema = Seat::schema();
    schema.check().unwrap();
    assert_eq!(schema.description, "Where someone sits.");
    let desk = schema.attribute("desk").unwrap();
    assert!(desk.required && desk.case_exact);
    assert_eq!(
        (desk.mutability, desk.returned, desk.uniqueness),
        (Mutability::Immutable, Returned::Request, Uniqueness::Server)
    );
    let floors = schema.attribute("openFloors").unwrap();
    assert!(floors.multi_valued && !floors.required);
    assert_eq!(floors.canonical_values.as_deref().unwrap(), ["ground", "first"]);
    assert_eq!(schema.attribute("height").unwrap().r#type, Type::Integer);
    assert_eq!(schema.attribute("window-side").unwrap().description, "By the window or not.");
    let code = schema.attribute("code").unwrap();
    assert_eq!((code.required, code.mutability, code.returned), (true, Mutability::WriteOnly, Returned::Never));
}

#[test]
fn a_resource_gives_its_extension_and_takes_it_back() {
    let json = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:example:params:scim:schemas:extension:seat:1.0:User"],
        "userName":"ann","urn:example:params:scim:schemas:extension:seat:1.0:User":{"DESK":"4B","height":720,"code":7}}"#;
    let users = registry().resource_type("User").unwrap().clone();
    let mut ann = users.ingest(Value::parse(json.as_bytes()).unwrap(), &IngestOptions::default()).unwrap().resource;
    let mut seat = Seat::of(&ann).unwrap().unwrap();
    assert_eq!(seat, Seat { desk: "4B".into(), open_floors: vec![], height: Some(720), window: None, code: None });
    seat.height = None;
    seat.open_floors = vec!["first".into()];
    seat.set_on(&mut ann).unwrap();
    assert_eq!(Seat::of(&ann), Ok(Some(seat)));
    assert_eq!(ann.root().get("userName").and_then(Value::as_str), Some("ann"));
    Seat::remove_from(&mut ann);
    assert_eq!(
        String::from_utf8(ann.to_bytes()).unwrap(),
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann"}"#
    );
}

#[test]
fn a_resource_without_the_extension_has_none() {
    for json in ["{}", "null", "[]"] {
        assert_eq!(Seat::of(&user(json)), Ok(None), "{json}");
    }
}

#[test]
fn an_extension_that_does_not_fit_is_told_with_its_path() {
    let at = |rest: &str| format!("{SEAT}:{rest}");
    for (json, told) in [
        (r#"{"height": 1}"#, at("desk is missing; it must be a string")),
        (r#"{"desk": null, "height": 1}"#, at("desk is missing; it must be a string")),
        (r#"{"desk": 4}"#, at("desk must be a string, not a number")),
        (r#"{"desk": "4B", "openFloors": "first"}"#, at("openFloors must be an array, not a string")),
        (r#"{"desk": "4B", "openFloors": ["first", 2]}"#, at("openFloors[1] must be a string, not a number")),
        (
            r#"{"desk": "4B", "height": 7.5}"#,
            at("height must be a whole number from -9223372036854775808 to 9223372036854775807, not 7.5"),
        ),
        (
            r#"{"desk": "4B", "window-side": "yes"}"#,
            at(r#"window-side must be true or false, without quotes, not "yes""#),
        ),
        (r#""4B""#, format!("{SEAT} must be an object, not a string")),
    ] {
        assert_eq!(complaint(json), told);
    }
}

#[test]
fn values_that_are_never_returned_are_not_repeated_in_errors() {
    let told = complaint(r#"{"desk": "4B", "code": 123456}"#);
    assert_eq!(told, format!("{SEAT}:code must be a whole number from 0 to 65535, not what was sent"));
}

#[test]
fn values_that_are_never_returned_do_not_get_into_a_resource() {
    let mut ann = user(r#"{"desk": "4B"}"#);
    let seat = Seat { code: Some(7), ..Seat::of(&ann).unwrap().unwrap() };
    seat.set_on(&mut ann).unwrap();
    assert_eq!(ann.root().get(SEAT).unwrap().to_string(), r#"{"desk":"4B"}"#);
    let mut sent = Object::new();
    seat.write_to(&mut sent);
    assert_eq!(sent.get("code").unwrap().to_string(), "7");
}

#[test]
fn members_that_are_no_field_stay() {
    let mut ann = user(r#"{"desk": "4B", "lamp": {"on": true}, "height": 700}"#);
    let seat = Seat { desk: "5C".into(), height: None, ..Seat::of(&ann).unwrap().unwrap() };
    seat.set_on(&mut ann).unwrap();
    assert_eq!(ann.root().get(SEAT).unwrap().to_string(), r#"{"desk":"5C","lamp":{"on":true}}"#);
}

#[test]
fn a_type_that_does_not_declare_the_extension_cannot_carry_it() {
    let groups = registry().resource_type("Group").unwrap().clone();
    let mut group = Resource::from_stored(groups, br#"{"displayName":"staff"}"#).unwrap();
    let seat = Seat { desk: "4B".into(), open_floors: vec![], height: None, window: None, code: None };
    let error = seat.set_on(&mut group).unwrap_err();
    assert!(matches!(error, TypedError::NotDeclared { .. }));
    assert_eq!(
        error.to_string(),
        format!("a Group cannot carry {SEAT}: the resource type does not declare this extension")
    );
    assert!(group.root().get(SEAT).is_none());
}

/// Everything the macros accept in odd places.
#[derive(ScimExtension, Default, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:odd:1.0:User", description = "Odd, but \"right\".")]
struct Odd {
    r#type: Option<String>,
    x509_key: Option<String>,
    #[scim(name = "with_underscore")]
    #[scim(required = true, case_exact = false)]
    plain: Option<String>,
    #[scim(skip)]
    cache: Vec<std::net::IpAddr>,
}

#[derive(ScimExtension)]
#[scim(urn = "urn:example:params:scim:schemas:extension:empty:1.0:User")]
struct Empty {}

#[test]
fn names_come_from_fields_unless_they_are_given() {
    let schema = Odd::schema();
    let names: Vec<&str> = schema.attributes.iter().map(|attribute| &*attribute.name).collect();
    assert_eq!(names, ["type", "x509Key", "with_underscore"]);
    assert_eq!((schema.name.as_str(), schema.description.as_str()), ("Odd", "Odd, but \"right\"."));
    assert!(schema.attribute("with_underscore").unwrap().required);
    assert_eq!(Odd::from_object(&Object::new()), Ok(Odd::default()));
    assert!(Empty::schema().attributes.is_empty() && Empty::from_object(&Object::new()).is_ok());
}
