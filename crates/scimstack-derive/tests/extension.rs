//! What a derived extension does on a real resource.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use scimstack_derive::ScimExtension;
use scimstack_schema::typed::ScimExtension as _;
use scimstack_schema::{IngestOptions, Mutability, Registry, Returned, Type, Uniqueness, Value};

/// Where someone sits.
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
    #[scim(name = "window-side")]
    window: Option<bool>,
}

fn registry() -> Registry {
    Registry::core().to_builder().extension("User", Seat::schema(), false).unwrap().build().unwrap()
}

fn user(json: &str) -> scimstack_schema::Resource {
    let user = registry().resource_type("User").unwrap().clone();
    user.ingest(Value::parse(json.as_bytes()).unwrap(), &IngestOptions::default()).unwrap().resource
}

#[test]
fn the_schema_says_what_the_struct_says() {
    let schema = Seat::schema();
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
    assert_eq!(schema.attribute("window-side").unwrap().description, "Whether it is by the window.");
    assert_eq!(schema.description, "Where someone sits.");
}

#[test]
fn a_resource_gives_its_extension_and_takes_it_back() {
    let json = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:example:params:scim:schemas:extension:seat:1.0:User"],
        "userName":"ann","urn:example:params:scim:schemas:extension:seat:1.0:User":{"DESK":"4B","height":720}}"#;
    let mut ann = user(json);
    let mut seat = Seat::of(&ann).unwrap();
    assert_eq!(seat, Seat { desk: "4B".into(), open_floors: vec![], height: Some(720), window: None });
    seat.height = None;
    seat.open_floors = vec!["first".into()];
    seat.set_on(&mut ann);
    assert_eq!(Seat::of(&ann).unwrap(), seat);
    assert_eq!(ann.root().get("userName").and_then(Value::as_str), Some("ann"));
}

#[test]
fn a_resource_without_the_extension_has_none() {
    let bo = user(r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bo"}"#);
    assert!(Seat::of(&bo).is_none());
}
