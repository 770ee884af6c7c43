//! What a derived resource type does: its schema, its way into a registry, documents in and out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use scimstack_derive::{ScimComplex, ScimEnum, ScimExtension, ScimResource};
use scimstack_schema::typed::{Binary, Reference, RegistryBuilderExt, ScimExtension, ScimResource, TypedError};
use scimstack_schema::{IngestOptions, Object, Registry, Resource, ResourceType, Timestamp, Type, Value, views};
use std::sync::Arc;

/// Something with a plug.
#[derive(ScimResource, Clone, Debug, PartialEq)]
#[scim(
    urn = "urn:example:params:scim:schemas:core:1.0:Device",
    endpoint = "/Devices",
    extension(Audit),
    extension(Site, required)
)]
struct Device {
    #[scim(common)]
    id: Option<String>,
    #[scim(common)]
    external_id: Option<String>,
    #[scim(common)]
    meta: Option<views::Meta>,
    /// The number on the case.
    #[scim(case_exact, uniqueness = "global", mutability = "immutable")]
    serial_number: String,
    /// Whether it may be used.
    #[scim(default)]
    active: bool,
    /// What it is for.
    usage: Option<Usage>,
    /// Its sockets.
    ports: Vec<u16>,
    /// How warm it is.
    temperature: Option<f64>,
    /// When it was bought.
    bought: Option<jiff::Timestamp>,
    /// When it was seen last.
    #[scim(mutability = "readOnly")]
    seen: Option<Timestamp>,
    /// Its key.
    key: Option<Binary>,
    /// Who answers for it.
    #[scim(reference_types("User", "Group"))]
    owner: Option<Reference>,
    /// Its network cards.
    cards: Vec<Card>,
    /// Where it stands.
    place: Option<Place>,
    /// How to reach who answers for it.
    emails: Vec<views::Email>,
    #[scim(extension)]
    loan: Option<Loan>,
}

/// What a device is for.
#[derive(ScimEnum, Clone, Debug, PartialEq)]
enum Usage {
    Office,
    #[scim(name = "meeting-room")]
    MeetingRoom,
    #[scim(other)]
    Other(String),
}

#[derive(ScimEnum, Clone, Debug, PartialEq)]
#[scim(rename_all = "UPPERCASE", case_exact)]
enum Speed {
    Slow,
    Fast,
}

/// A network card.
#[derive(ScimComplex, Clone, Debug, PartialEq)]
struct Card {
    /// The hardware address.
    #[scim(required)]
    value: Option<String>,
    /// How fast it is.
    speed: Option<Speed>,
    /// The secret of its network.
    #[scim(returned = "never")]
    secret: Option<String>,
    #[scim(name = "$ref", reference_types("Network"))]
    network: Option<Reference>,
}

#[derive(ScimComplex, Clone, Debug, PartialEq)]
struct Place {
    /// The building.
    building: String,
    /// The floor.
    floor: i8,
}

/// A device that was lent.
#[derive(ScimExtension, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:loan:1.0:Device")]
struct Loan {
    /// For how many days.
    days: u16,
    place: Option<Place>,
}

#[derive(ScimExtension, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:audit:1.0:Device")]
struct Audit {
    auditor: Option<String>,
}

#[derive(ScimExtension, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:site:1.0:Device")]
struct Site {
    city: String,
}

const DEVICE: &str = "urn:example:params:scim:schemas:core:1.0:Device";

const FULL: &str = r#"{
    "schemas": ["urn:example:params:scim:schemas:core:1.0:Device",
        "urn:example:params:scim:schemas:extension:loan:1.0:Device",
        "urn:example:params:scim:schemas:extension:site:1.0:Device"],
    "externalId": "x1",
    "serialNumber": "S1",
    "active": true,
    "usage": "MEETING-ROOM",
    "ports": [80, 443],
    "temperature": 21.50,
    "bought": "2026-03-01T11:00:00+01:00",
    "seen": "2026-03-01T11:00:00Z",
    "key": "aGk",
    "owner": "../Users/u1",
    "cards": [{"value": "a", "speed": "FAST", "secret": "x"}, {"value": "b", "$ref": "../Networks/n1"}],
    "place": {"building": "B", "floor": -1},
    "emails": [{"value": "a@x.test", "type": "work"}],
    "urn:example:params:scim:schemas:extension:loan:1.0:Device": {"days": 14},
    "urn:example:params:scim:schemas:extension:site:1.0:Device": {"city": "Kiel"}
}"#;

fn devices() -> Arc<ResourceType> {
    let registry = Registry::core().to_builder().with_resource::<Device>().unwrap().build().unwrap();
    registry.resource_type_at("/Devices").unwrap().clone()
}

fn ingested(json: &str) -> Resource {
    let found = devices().ingest(Value::parse(json.as_bytes()).unwrap(), &IngestOptions::default()).unwrap();
    assert_eq!(found.unknown, Vec::<String>::new());
    found.resource
}

/// What is wrong with a device that has these members too.
fn complaint(members: &str) -> String {
    let json = format!(r#"{{"serialNumber": "S1", {members}}}"#);
    Device::from_document(&Value::parse(json.as_bytes()).unwrap()).unwrap_err().to_string()
}

#[test]
fn the_resource_type_says_what_the_struct_says() {
    let r#type = Device::resource_type();
    assert_eq!((&*r#type.name, r#type.endpoint.as_str()), ("Device", "/Devices"));
    assert_eq!(r#type.description, "Something with a plug.");
    assert_eq!(r#type.schema.id.as_str(), DEVICE);
    let extensions: Vec<(&str, bool)> =
        r#type.extensions.iter().map(|e| (e.schema.name.as_str(), e.required)).collect();
    assert_eq!(extensions, [("Loan", false), ("Audit", false), ("Site", true)]);
    r#type.schema.check().unwrap();
    let registered = devices();
    assert_eq!(registered.schema, r#type.schema);
    assert_eq!((&registered.name, &registered.endpoint), (&r#type.name, &r#type.endpoint));
}

#[test]
fn the_schema_has_the_types_and_none_of_the_common_attributes() {
    let schema = Device::schema();
    let shape: Vec<(&str, Type, bool, bool)> =
        schema.attributes.iter().map(|a| (&*a.name, a.r#type, a.multi_valued, a.required)).collect();
    assert_eq!(
        shape,
        [
            ("serialNumber", Type::String, false, true),
            ("active", Type::Boolean, false, false),
            ("usage", Type::String, false, false),
            ("ports", Type::Integer, true, false),
            ("temperature", Type::Decimal, false, false),
            ("bought", Type::DateTime, false, false),
            ("seen", Type::DateTime, false, false),
            ("key", Type::Binary, false, false),
            ("owner", Type::Reference, false, false),
            ("cards", Type::Complex, true, false),
            ("place", Type::Complex, false, false),
            ("emails", Type::Complex, true, false),
        ]
    );
    assert_eq!(schema.attribute("usage").unwrap().canonical_values.as_deref().unwrap(), ["office", "meeting-room"]);
    assert_eq!(schema.attribute("owner").unwrap().reference_types, ["User", "Group"]);
    let cards = schema.attribute("cards").unwrap();
    assert!(cards.sub_attribute("value").unwrap().required);
    assert!(cards.sub_attribute("speed").unwrap().case_exact);
    assert_eq!(cards.sub_attribute("$ref").unwrap().r#type, Type::Reference);
    assert_eq!(schema.attribute("place").unwrap().sub_attribute("floor").unwrap().description, "The floor.");
    assert_eq!(schema.attribute("emails").unwrap().sub_attribute("primary").unwrap().r#type, Type::Boolean);
}

#[test]
fn a_document_gives_its_fields() {
    let device = Device::from_resource(&ingested(FULL)).unwrap();
    assert_eq!(device.external_id.as_deref(), Some("x1"));
    assert!(device.active);
    assert_eq!(device.usage, Some(Usage::MeetingRoom));
    assert_eq!((device.ports.as_slice(), device.temperature), ([80, 443].as_slice(), Some(21.5)));
    assert_eq!(device.bought.unwrap().to_string(), "2026-03-01T10:00:00Z");
    assert_eq!(device.seen, None, "what is read-only is not taken from a client");
    assert_eq!(device.key, Some(Binary(b"hi".to_vec())));
    assert_eq!(device.owner, Some(Reference::from("../Users/u1")));
    assert_eq!(device.cards[0].speed, Some(Speed::Fast));
    assert_eq!(device.cards[0].secret, None, "what is never returned is not in a resource");
    assert_eq!(device.cards[1].network.as_ref().unwrap().as_str(), "../Networks/n1");
    assert_eq!(device.place, Some(Place { building: "B".into(), floor: -1 }));
    assert_eq!(device.emails[0].kind.as_deref(), Some("work"));
    assert_eq!(device.loan, Some(Loan { days: 14, place: None }));
}

#[test]
fn what_is_not_changed_stays_as_it_was_sent() {
    let resource = ingested(FULL);
    let mut written = resource.clone();
    Device::from_resource(&resource).unwrap().set_on(&mut written).unwrap();
    assert_eq!(String::from_utf8(written.to_bytes()).unwrap(), String::from_utf8(resource.to_bytes()).unwrap());
}

#[test]
fn members_that_are_no_field_stay_in_objects_lists_and_extensions() {
    let stored = r#"{"schemas":["urn:example:params:scim:schemas:core:1.0:Device"],"id":"d1","serialNumber":"S1","colour":"red",
        "cards":[{"value":"a","vendor":"v1"},{"value":"b","vendor":"v2"},{"value":"c","vendor":"v3"}],
        "place":{"building":"B","floor":1,"room":7},
        "urn:example:params:scim:schemas:extension:loan:1.0:Device":{"days":14,"to":"ann"}}"#;
    let mut resource = Resource::from_stored(devices(), stored.as_bytes()).unwrap();
    let mut device = Device::from_resource(&resource).unwrap();
    assert_eq!(device.id.as_deref(), Some("d1"));
    device.id = None;
    device.cards.remove(0);
    device.cards.reverse();
    device.cards[1].speed = Some(Speed::Slow);
    device.place.as_mut().unwrap().floor = 2;
    device.loan.as_mut().unwrap().days = 7;
    device.set_on(&mut resource).unwrap();
    let expected = r#"{"schemas":["urn:example:params:scim:schemas:core:1.0:Device","urn:example:params:scim:schemas:extension:loan:1.0:Device"],
        "id":"d1","serialNumber":"S1","colour":"red",
        "cards":[{"value":"c","vendor":"v3"},{"value":"b","vendor":"v2","speed":"SLOW"}],
        "place":{"building":"B","floor":2,"room":7},
        "urn:example:params:scim:schemas:extension:loan:1.0:Device":{"days":7,"to":"ann"}}"#;
    assert_eq!(Value::from(resource.root().clone()), Value::parse(expected.as_bytes()).unwrap());
}

#[test]
fn what_has_no_value_any_more_is_taken_out() {
    let mut resource = ingested(FULL);
    let mut device = Device::from_resource(&resource).unwrap();
    device.usage = None;
    device.cards.clear();
    device.place = None;
    device.loan = None;
    device.external_id = None;
    device.set_on(&mut resource).unwrap();
    for name in ["usage", "cards", "place", "externalId", Loan::URN] {
        assert_eq!(resource.root().get(name), None, "{name}");
    }
    assert_eq!(Audit::of(&resource), Ok(None));
    assert_eq!(Site::of(&resource), Ok(Some(Site { city: "Kiel".into() })));
}

#[test]
fn a_document_lists_the_schemas_that_it_uses() {
    let device = Device::from_resource(&ingested(FULL)).unwrap();
    let listed = |device: &Device| device.to_document().get("schemas").unwrap().to_string();
    assert_eq!(listed(&device), format!(r#"["{DEVICE}","{}"]"#, Loan::URN));
    assert_eq!(listed(&Device { loan: None, ..device }), format!(r#"["{DEVICE}"]"#));
}

#[test]
fn what_is_not_stored_is_in_the_document_and_not_in_the_resource() {
    let mut device = Device::from_resource(&ingested(FULL)).unwrap();
    device.cards[0].secret = Some("x".into());
    device.meta = Some(views::Meta { version: Some("W/\"1\"".into()), ..views::Meta::default() });
    let document = device.to_document();
    assert_eq!(document.get("cards").unwrap().as_array().unwrap()[0].get("secret"), Some(&Value::from("x")));
    assert!(document.get("meta").is_some());
    let resource = device.to_resource(&devices()).unwrap();
    assert_eq!(resource.root().get("cards").unwrap().as_array().unwrap()[0].get("secret"), None);
    assert_eq!(resource.root().get("meta"), None);
}

#[test]
fn a_default_is_read_where_nothing_stands_and_not_added() {
    let json = r#"{"schemas": ["urn:example:params:scim:schemas:core:1.0:Device"], "serialNumber": "S1"}"#;
    let mut resource = Resource::from_stored(devices(), json.as_bytes()).unwrap();
    let device = Device::from_resource(&resource).unwrap();
    assert!(!device.active);
    device.set_on(&mut resource).unwrap();
    assert_eq!(resource.root().get("active"), None);
    Device { active: true, ..device.clone() }.set_on(&mut resource).unwrap();
    device.set_on(&mut resource).unwrap();
    assert_eq!(resource.root().get("active"), Some(&Value::from(false)));
}

#[test]
fn a_document_that_does_not_fit_is_told_with_its_path() {
    for (members, told) in [
        (r#""ports": [80, 70000]"#, "ports[1] must be a whole number from 0 to 65535, not 70000"),
        (r#""ports": [80, -1]"#, "ports[1] must be a whole number from 0 to 65535, not -1"),
        (r#""ports": [1.0]"#, "ports[0] must be a whole number from 0 to 65535, not 1.0"),
        (r#""temperature": "warm""#, r#"temperature must be a number, not "warm""#),
        (
            r#""bought": "2026-03-01""#,
            r#"bought must be a string that holds a date and time such as 2026-03-01T10:00:00Z, not "2026-03-01""#,
        ),
        (r#""key": "a-b""#, "key must be a string in base64, not a string"),
        (r#""owner": 1"#, "owner must be a string that holds a URI, not a number"),
        (r#""usage": 1"#, "usage must be a string, not a number"),
        (r#""cards": [{"speed": "fast"}]"#, r#"cards[0].speed must be one of "SLOW", "FAST", not "fast""#),
        (r#""cards": [{"secret": 1}]"#, "cards[0].secret must be a string, not what was sent"),
        (r#""cards": ["a"]"#, "cards[0] must be an object, not a string"),
        (r#""place": {"building": "B"}"#, "place.floor is missing; it must be a whole number from -128 to 127"),
        (r#""place": {"building": "B", "floor": 300}"#, "place.floor must be a whole number from -128 to 127, not 300"),
        (
            r#""urn:example:params:scim:schemas:extension:loan:1.0:Device": {"days": "x"}"#,
            r#"urn:example:params:scim:schemas:extension:loan:1.0:Device:days must be a whole number from 0 to 65535, not "x""#,
        ),
        (
            r#""urn:example:params:scim:schemas:extension:loan:1.0:Device": {"days": 1, "place": {"floor": 1}}"#,
            "urn:example:params:scim:schemas:extension:loan:1.0:Device:place.building is missing; it must be a string",
        ),
    ] {
        assert_eq!(complaint(members), told);
    }
    let error = Device::from_document(&Value::Null).unwrap_err();
    assert_eq!(error.to_string(), "the document must be an object, not null");
}

#[test]
fn what_is_unassigned_is_absent() {
    let json = r#"{"serialNumber": "S1", "usage": null, "ports": null, "cards": [{}, {"value": "a"}, null], "place": {}, "key": []}"#;
    let device = Device::from_document(&Value::parse(json.as_bytes()).unwrap()).unwrap();
    assert_eq!((device.usage, device.ports, device.place, device.key), (None, vec![], None, None));
    assert_eq!(device.cards.len(), 1);
}

#[test]
fn a_resource_of_another_type_is_refused() {
    let users = Registry::core().resource_type("User").unwrap().clone();
    let mut ann = Resource::from_stored(users.clone(), br#"{"userName":"ann"}"#).unwrap();
    let refused = TypedError::WrongResource { expected: "Device".into(), found: "User".into() };
    assert_eq!(refused.to_string(), "the resource is a User, not a Device");
    assert_eq!(Device::from_resource(&ann), Err(refused.clone()));
    let device = Device::from_resource(&ingested(FULL)).unwrap();
    assert_eq!(device.set_on(&mut ann), Err(refused.clone()));
    assert_eq!(device.to_resource(&users), Err(refused));
}

#[test]
fn a_registry_without_the_extension_refuses_it_and_nothing_is_written() {
    let bare = Registry::builder().resource_type("Device", "/Devices", "", Device::schema()).build().unwrap();
    let mut resource = Resource::from_stored(bare.resource_type("Device").unwrap().clone(), b"{}").unwrap();
    let device = Device::from_resource(&ingested(FULL)).unwrap();
    let error = device.set_on(&mut resource).unwrap_err();
    assert!(matches!(&error, TypedError::NotDeclared { extension, .. } if extension == Loan::URN));
    assert_eq!(resource.root(), &Object::new());
    Device { loan: None, ..device }.set_on(&mut resource).unwrap();
}

/// The least a resource type can be.
#[derive(ScimResource, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:core:1.0:Tag", name = "Label", endpoint = "/Labels")]
struct Tag {
    #[scim(extension)]
    site: Site,
    #[scim(extension, required)]
    loan: Option<Loan>,
    #[scim(other)]
    rest: Object,
}

#[test]
fn the_type_of_a_field_says_whether_an_extension_is_required() {
    let r#type = Tag::resource_type();
    assert_eq!((Tag::NAME, &*r#type.name), ("Label", "Label"));
    assert!(r#type.extensions.iter().all(|extension| extension.required));
    let error = Tag::from_object(&Object::new()).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is missing; it must be this extension's object", Site::URN));
}

#[test]
fn other_members_are_those_without_a_field() {
    let json = format!(
        r#"{{"schemas":["{}"],"id":"1","meta":{{"version":"v"}},"x":1,"{}":{{"city":"Kiel"}}}}"#,
        Tag::URN,
        Site::URN.to_uppercase()
    );
    let document = Value::parse(json.as_bytes()).unwrap();
    let tag = Tag::from_document(&document).unwrap();
    assert_eq!(tag.rest, Object::from_iter([("x", 1)]));
    let written = format!(r#"{{"schemas":["{}","{}"],"{}":{{"city":"Kiel"}},"x":1}}"#, Tag::URN, Site::URN, Site::URN);
    assert_eq!(tag.to_document().to_string(), written);
}

#[test]
fn a_name_or_an_endpoint_that_is_taken_is_refused_by_the_registry() {
    let twice = Registry::builder().with_resource::<Device>().unwrap().with_resource::<Device>();
    assert!(twice.and_then(|builder| builder.build()).is_err());
}
