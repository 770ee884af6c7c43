//! The derives under the facade, with nothing of the workspace but the facade among the dependencies: the code that they
//! write finds its way through it.

#![cfg(feature = "derive")]

use scimstack::schema::typed::{Binary, Reference, RegistryBuilderExt};
use scimstack::schema::{IngestOptions, Object, Registry, Value, views};
use scimstack::{ScimComplex, ScimEnum, ScimExtension, ScimResource};

#[derive(ScimResource, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:core:1.0:Printer", endpoint = "/Printers", extension(Lease))]
struct Printer {
    #[scim(common)]
    id: Option<String>,
    #[scim(common)]
    meta: Option<views::Meta>,
    model: String,
    state: Option<State>,
    trays: Vec<Tray>,
    icon: Option<Binary>,
    #[scim(reference_types("User"), returned = "request")]
    owner: Option<Reference>,
    #[scim(mutability = "writeOnly")]
    pin: Option<String>,
    #[scim(default)]
    colour: bool,
    #[scim(other)]
    other: Object,
    #[scim(skip)]
    local: u8,
    #[scim(extension)]
    toner: Option<Toner>,
}

#[derive(ScimEnum, Clone, Debug, PartialEq)]
enum State {
    Idle,
    Busy,
    #[scim(other)]
    Other(String),
}

#[derive(ScimComplex, Clone, Debug, PartialEq)]
struct Tray {
    value: u8,
    #[scim(other)]
    other: Object,
}

#[derive(ScimExtension, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:toner:1.0:Printer")]
struct Toner {
    level: f64,
}

#[derive(ScimExtension, Clone, Debug, PartialEq)]
#[scim(urn = "urn:example:params:scim:schemas:extension:lease:1.0:Printer", crate = "scimstack::schema")]
struct Lease {
    months: i16,
}

#[test]
fn every_derive_works_with_the_facade_alone() {
    let registry = Registry::core().to_builder().with_resource::<Printer>().unwrap().build().unwrap();
    let printers = registry.resource_type("Printer").unwrap();
    assert_eq!(printers.extensions.len(), 2);
    let sent = br#"{"schemas": ["urn:example:params:scim:schemas:core:1.0:Printer"], "model": "P1", "STATE": "busy",
        "trays": [{"value": 1}, {"value": 2}], "urn:example:params:scim:schemas:extension:toner:1.0:Printer": {"level": 0.5}}"#;
    let sent = Value::parse(sent).unwrap();
    let resource = printers.ingest(sent, &IngestOptions::default()).unwrap().resource;
    let mut printer = Printer::from_resource(&resource).unwrap();
    assert_eq!(printer.state, Some(State::Busy));
    assert_eq!(printer.trays.iter().map(|tray| tray.value).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(printer.toner, Some(Toner { level: 0.5 }));
    assert_eq!(Lease::of(&resource), Ok(None));
    assert_eq!(printer.to_resource(printers).unwrap(), resource);
    printer.pin = Some("0000".to_owned());
    assert_eq!(printer.to_document().get("pin"), Some(&Value::from("0000")));
    assert_eq!(printer.to_resource(printers).unwrap().root().get("pin"), None);
}
