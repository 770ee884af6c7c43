//! RFC 9944, devices: the schemas against the tables, the example documents, and what a schema library can enforce of the
//! rest.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected is to fail"
)]

use scimstack_schema::discovery::{resource_type_document, schema_document};
use scimstack_schema::{
    Attribute, IngestOptions, Ingested, Mutability, Object, Projection, Registry, Resource, ResourceType, Returned,
    Schema, Type, Uniqueness, Value, Violation, ViolationKind, device,
};
use std::sync::Arc;

/// The text of a file in `spec/examples`.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/examples/", $name))
    };
}

const TABLES: &str = include_str!("../data/device_tables.md");
const APPLICATION: &str = example!("rfc9944/6-endpoint-app.json");
const TWO_METHODS: &str = example!("rfc9944/7.1-ble-two-methods.json");
const WITH_APPLICATIONS: &str = example!("rfc9944/7.6-endpoint-apps.json");

const DEVICES: [&str; 9] = [
    example!("rfc9944/3-device.json"),
    example!("rfc9944/7.1-ble-passkey.json"),
    example!("rfc9944/7.1-ble-out-of-band.json"),
    TWO_METHODS,
    example!("rfc9944/7.2-dpp.json"),
    example!("rfc9944/7.3-ethernet-mab.json"),
    example!("rfc9944/7.4-fdo.json"),
    example!("rfc9944/7.5-zigbee.json"),
    WITH_APPLICATIONS,
];

fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn r#type(name: &str) -> Arc<ResourceType> {
    device::registry().resource_type(name).unwrap().clone()
}

/// Ingests under the strictest reading, pairing methods lifted.
fn ingest(name: &str, mut document: Value) -> Result<Ingested, Vec<Violation>> {
    device::lift_pairing(&mut document);
    let mut options = IngestOptions::default();
    options.refuse_unknown = true;
    let found = r#type(name).ingest(document, &options).map_err(|violations| violations.0)?;
    assert!(found.unknown.is_empty() && found.leniencies.is_empty());
    device::check(&found.resource, &found.hidden).map_err(|violations| violations.0)?;
    Ok(found)
}

/// A device with one extension that says this.
fn with(extension: &str, content: &str) -> Value {
    json(&format!(r#"{{"schemas":["{}","{extension}"],"active":true,"{extension}":{content}}}"#, device::DEVICE))
}

/// Path and kind of what is wrong with a document.
fn wrong(name: &str, document: Value) -> Vec<(String, ViolationKind)> {
    let violations = ingest(name, document).expect_err("accepted");
    violations.into_iter().map(|violation| (violation.path, violation.kind)).collect()
}

fn attribute<'a>(schema: &'a Schema, path: &str) -> &'a Attribute {
    let (name, sub) = path.split_once('.').map_or((path, None), |(name, sub)| (name, Some(sub)));
    let attribute = schema.attribute(name).unwrap_or_else(|| panic!("no {path}"));
    sub.map_or(attribute, |sub| attribute.sub_attribute(sub).unwrap_or_else(|| panic!("no {path}")))
}

#[test]
fn every_characteristic_is_the_printed_one_but_for_the_listed_differences() {
    let registry = device::registry();
    let sections: Vec<&str> = TABLES.split("\n## ").skip(1).collect();
    let core = Registry::core();
    let ours = registry.schemas().iter().filter(|schema| core.schema(schema.id.as_str()).is_none());
    assert_eq!(ours.count(), sections.len());
    for section in sections {
        let (uri, body) = section.split_once('\n').unwrap();
        let schema = registry.schema(uri).unwrap_or_else(|| panic!("no {uri}"));
        let mut count = 0;
        for line in body.lines().filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split('|').collect();
            let [path, multi, required, case, mutable, returned, unique, reason] = cells[..] else { panic!("{line}") };
            let found = attribute(schema, path);
            let flag = |flag: bool| if flag { "T" } else { "F" };
            let mutability = match found.mutability {
                Mutability::ReadOnly => "R",
                Mutability::ReadWrite => "RW",
                Mutability::WriteOnly => "WO",
                Mutability::Immutable => "I",
            };
            let shown = match found.returned {
                Returned::Default => "Def",
                Returned::Never => "Nev",
                other => panic!("{path} is returned {other}"),
            };
            assert_eq!(found.uniqueness, Uniqueness::None);
            let differs: Vec<&str> = [
                ("multiValued", flag(found.multi_valued) != multi),
                ("required", flag(found.required) != required),
                // The tables say F of types that have no case.
                ("caseExact", found.r#type.has_case() && flag(found.case_exact) != case),
                ("mutability", mutability != mutable),
                ("returned", shown != returned),
                ("uniqueness", unique != "None"),
            ]
            .into_iter()
            .filter_map(|(name, differs)| differs.then_some(name))
            .collect();
            let listed: Vec<&str> = reason.split_once(": ").map(|(name, _)| name).into_iter().collect();
            assert_eq!(differs, listed, "{uri} {path}");
            count += 1;
        }
        let attributes = schema.attributes.iter().filter(|attribute| &*attribute.name != "groups");
        assert_eq!(count, attributes.map(|attribute| 1 + attribute.sub_attributes.len()).sum::<usize>(), "{uri}");
    }
}

#[test]
fn every_schema_is_sound_survives_its_own_json_and_says_what_it_is_for() {
    for schema in device::registry().schemas() {
        schema.check().unwrap();
        let served = Value::parse(&schema_document(schema, "https://rp.test/v2").to_bytes()).unwrap();
        assert_eq!(&Schema::from_json(&served).unwrap(), &**schema);
        for attribute in schema.attributes.iter().flat_map(|a| std::iter::once(a).chain(&a.sub_attributes)) {
            assert!(attribute.description.ends_with('.') && attribute.description.len() > 10, "{}", attribute.name);
        }
        assert!(schema.description.ends_with('.') && !schema.name.is_empty());
    }
}

#[test]
fn groups_of_devices_and_applications_are_those_of_users() {
    let user = Registry::core();
    let user = user.schema(scimstack_schema::uri::USER).unwrap().attribute("groups").unwrap();
    for name in ["Device", "EndpointApp"] {
        let ours = r#type(name).schema.attribute("groups").unwrap().clone();
        let mut same = (*ours).clone();
        same.description.clone_from(&user.description);
        for (sub, theirs) in same.sub_attributes.iter_mut().zip(&user.sub_attributes) {
            Arc::make_mut(sub).description.clone_from(&theirs.description);
        }
        assert_eq!(same, **user);
    }
}

#[test]
fn both_types_are_there_beside_users_and_groups_and_require_no_extension() {
    let registry = device::registry();
    let names: Vec<&str> = registry.resource_types().iter().map(|r#type| &*r#type.name).collect();
    assert_eq!(names, ["User", "Group", "EndpointApp", "Device"]);
    let ours: Vec<String> = device::resource_types().iter().map(|r#type| r#type.name.to_string()).collect();
    assert_eq!(ours, ["EndpointApp", "Device"]);
    let document = resource_type_document(&r#type("Device"), "https://rp.test/v2");
    assert_eq!(document.get("endpoint").unwrap().as_str(), Some("/Devices"));
    assert_eq!(document.get("schema").unwrap().as_str(), Some(device::DEVICE));
    let extensions = document.get("schemaExtensions").unwrap().as_array().unwrap();
    let listed: Vec<_> =
        extensions.iter().map(|extension| extension.get("schema").unwrap().as_str().unwrap()).collect();
    let [null, works, key, oob] = device::PAIRING;
    assert_eq!(
        listed,
        [
            device::BLE,
            null,
            works,
            key,
            oob,
            device::DPP,
            device::ETHERNET_MAB,
            device::FIDO_DEVICE_ONBOARD,
            device::ZIGBEE,
            device::ENDPOINT_APPS
        ]
    );
    assert!(extensions.iter().all(|extension| extension.get("required") == Some(&Value::Bool(false))));
    let document = resource_type_document(&r#type("EndpointApp"), "https://rp.test/v2");
    assert_eq!(document.get("endpoint").unwrap().as_str(), Some("/EndpointApps"));
    assert!(document.get("schemaExtensions").is_none());
}

#[test]
fn a_registry_of_ones_own_can_have_devices_once() {
    let builder = device::add_to(Registry::haystack().to_builder()).unwrap();
    assert_eq!(builder.build().unwrap().resource_types().len(), 4);
    let twice = device::add_to(device::registry().to_builder()).unwrap();
    assert!(twice.build().is_err());
}

#[test]
fn every_example_is_ingested_without_a_complaint_and_shown_as_printed() {
    for (name, text) in DEVICES.map(|text| ("Device", text)).into_iter().chain([("EndpointApp", APPLICATION)]) {
        let found = ingest(name, json(text)).unwrap_or_else(|violations| panic!("{violations:?}: {text}"));
        r#type(name).validate(&found.resource).unwrap();
        // Once more, without a change: what is required and never stored is sent again.
        let mut again = Value::from(found.resource.root().clone());
        for (path, secret) in &found.hidden {
            let (uri, secret_name) = path.rsplit_once(':').unwrap();
            let root = again.as_object_mut().unwrap();
            match root.get_mut(uri).and_then(Value::as_object_mut) {
                Some(extension) => _ = extension.insert(secret_name, secret.clone()),
                // It had nothing else, and so was not there any more.
                None => {
                    root.insert(uri, [(secret_name, secret.clone())].into_iter().collect::<Object>());
                    root.insert("schemas", json(text).get("schemas").unwrap().clone());
                }
            }
        }
        assert_eq!(ingest(name, again).unwrap().resource.to_bytes(), found.resource.to_bytes());

        // As the server has it, with what is read-only, shown but for the secrets.
        let mut document = json(text);
        device::lift_pairing(&mut document);
        let stored = Resource::from_canonical(r#type(name), document.as_object().unwrap().clone());
        r#type(name).validate(&stored).unwrap();
        device::check(&stored, &[]).unwrap();
        let mut shown: Object = stored.root().clone();
        Projection::all().apply(&r#type(name), &mut shown);
        device::nest_pairing(&mut shown);
        let mut expected = json(text).as_object().unwrap().clone();
        for (uri, secret) in [(device::DPP, "bootstrapKey"), (device::FIDO_DEVICE_ONBOARD, "fdoVoucher")] {
            if let Some(extension) = expected.get_mut(uri).and_then(Value::as_object_mut) {
                assert!(extension.remove(secret).is_some());
                if extension.is_empty() {
                    expected.remove(uri);
                    shown.remove(uri);
                }
            }
        }
        assert_eq!(shown, expected);
    }
}

#[test]
fn pairing_methods_can_be_named_like_any_extension() {
    let found = ingest("Device", json(TWO_METHODS)).unwrap().resource;
    let value = |uri: &str, name: &str| {
        let path = r#type("Device").resolve(&format!("{uri}:{name}")).unwrap();
        found.value(&path).map(ToString::to_string)
    };
    assert_eq!(value(device::PAIRING_PASS_KEY, "key").as_deref(), Some("123456"));
    assert_eq!(value(device::PAIRING_OOB, "randomNumber").as_deref(), Some("238796813516896"));
    assert_eq!(value(device::PAIRING_OOB, "confirmationNumber"), None);
    let listed = found.root().get("schemas").unwrap().to_string();
    assert!(listed.contains(device::PAIRING_OOB) && listed.contains(device::PAIRING_PASS_KEY), "{listed}");
}

#[test]
fn methods_without_content_are_dropped_and_other_documents_stay_as_they_are() {
    for content in ["null", "{}"] {
        for uri in device::PAIRING {
            let ble = format!(
                r#"{{"versionSupport":["5.4"],"deviceMacAddress":"2C:54:91:88:C9:E2","pairingMethods":["{uri}"]"#
            );
            let found =
                ingest("Device", with(device::BLE, &format!(r#"{ble},"{}":{content}}}"#, uri.to_uppercase()))).unwrap();
            assert_eq!(found.resource.root().get(device::BLE).unwrap(), &json(&format!("{ble}}}")));
            assert!(found.resource.root().get(uri).is_none());
        }
    }
    // The draft gives this method a key that is always null.
    let works = format!(
        r#"{{"versionSupport":["5.4"],"deviceMacAddress":"2C:54:91:88:C9:E2","pairingMethods":["{0}"],"{0}":{{"key":null}}}}"#,
        device::PAIRING_JUST_WORKS
    );
    ingest("Device", with(device::BLE, &works)).unwrap();
    for text in
        ["[]", "null", r#"{"a":1}"#, &format!(r#"{{"{}":5}}"#, device::BLE), &with(device::ZIGBEE, "{}").to_string()]
    {
        let mut document = json(text);
        device::lift_pairing(&mut document);
        assert_eq!(document, json(text));
        if let Value::Object(object) = &mut document {
            device::nest_pairing(object);
        }
        assert_eq!(document, json(text));
    }
    // Without a BLE extension there is nowhere to put it.
    let mut alone = with(device::PAIRING_PASS_KEY, r#"{"key":1}"#);
    let before = alone.clone();
    device::nest_pairing(alone.as_object_mut().unwrap());
    assert_eq!(alone, before);
}

#[test]
fn what_is_required_is_required() {
    let bare = |uri: &str, members: &str| json(&format!(r#"{{"schemas":["{uri}"]{members}}}"#));
    let required = |path: &str| (path.to_owned(), ViolationKind::Required);
    assert_eq!(wrong("Device", bare(device::DEVICE, "")), [required("active")]);
    assert_eq!(
        wrong("EndpointApp", bare(device::ENDPOINT_APP, r#","applicationType":"telemetry""#)),
        [required("applicationName")]
    );
    assert_eq!(
        wrong("EndpointApp", bare(device::ENDPOINT_APP, r#","applicationName":"x""#)),
        [required("applicationType")]
    );
    for (uri, name, content) in [
        (device::ETHERNET_MAB, "deviceMacAddress", "{}"),
        (device::FIDO_DEVICE_ONBOARD, "fdoVoucher", r#"{"x":1}"#),
        (device::PAIRING_OOB, "randomNumber", r#"{"key":"k"}"#),
        (device::ZIGBEE, "deviceEui64Address", r#"{"versionSupport":["3.0"]}"#),
        (device::ENDPOINT_APPS, "applications", r#"{"applications":[]}"#),
    ] {
        let document = with(uri, content);
        let found = r#type("Device").ingest(document, &IngestOptions::default());
        match found {
            // An extension that says nothing is not there.
            Ok(found) => assert!(found.resource.root().get(uri).is_none(), "{uri}"),
            Err(violations) => assert_eq!(violations.0[0].path, format!("{uri}:{name}")),
        }
    }
    assert_eq!(
        wrong("Device", with(device::ZIGBEE, r#"{"versionSupport":["3.0"]}"#)),
        [required(&format!("{}:deviceEui64Address", device::ZIGBEE))]
    );
}

#[test]
fn clients_do_not_set_what_the_server_decides() {
    let found = ingest("Device", json(WITH_APPLICATIONS)).unwrap().resource;
    let extension = found.root().get(device::ENDPOINT_APPS).unwrap();
    assert!(
        extension.get("deviceControlEnterpriseEndpoint").is_none()
            && extension.get("telemetryEnterpriseEndpoint").is_none()
    );
    let applications = extension.get("applications").unwrap().as_array().unwrap();
    assert_eq!(applications[0].to_string(), r#"{"value":"e9e30dba-f08f-4109-8486-d5c6a3316212"}"#);

    let mut document = json(APPLICATION);
    document.as_object_mut().unwrap().insert("clientToken", "mine");
    document.as_object_mut().unwrap().insert("groups", vec![Object::new()]);
    let found = ingest("EndpointApp", document).unwrap().resource;
    assert!(found.root().get("clientToken").is_none() && found.root().get("groups").is_none());
    // What an application is for is said once.
    let mut other = json(APPLICATION);
    other.as_object_mut().unwrap().insert("applicationType", "telemetry");
    let mut other = ingest("EndpointApp", other).unwrap().resource;
    let refused = r#type("EndpointApp").carry_over(&found, &mut other).unwrap_err();
    assert_eq!((refused.0[0].path.as_str(), refused.0[0].kind), ("applicationType", ViolationKind::Mutability));
}

#[test]
fn a_usage_description_goes_round_and_groups_may_hold_devices() {
    let document = json(&format!(
        r#"{{"schemas":["{}"],"active":false,"mudUrl":"https://Maker.test/Lamp.json"}}"#,
        device::DEVICE
    ));
    let found = ingest("Device", document.clone()).unwrap().resource;
    assert_eq!(Value::from(found.root().clone()), document);
    assert!(found.resource_type().schema.attribute("mudUrl").unwrap().case_exact);

    let group = r#type("Group");
    let members = group.relation("members").unwrap();
    assert_eq!(members.targets, ["User", "Group", "Device", "EndpointApp"]);
    let member = group.schema.attribute("members").unwrap();
    assert_eq!(member.sub_attribute("$ref").unwrap().reference_types, members.targets);
    assert_eq!(member.sub_attribute("type").unwrap().canonical_values.as_ref(), Some(&members.targets));
    let core = Registry::core();
    assert_eq!(core.resource_type("Group").unwrap().relation("members").unwrap().targets, ["User", "Group"]);
    let document = json(
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Lamps",
        "members":[{"value":"d1","type":"Device"},{"value":"a1","type":"EndpointApp"}]}"#,
    );
    assert_eq!(ingest("Group", document).unwrap().relations[0].1.len(), 2);
}

#[test]
fn addresses_have_the_form_the_rfc_gives_them() {
    let mac = |address: &str| with(device::ETHERNET_MAB, &format!(r#"{{"deviceMacAddress":"{address}"}}"#));
    for address in ["2C:54:91:88:C9:E2", "2c:54:91:88:c9:e2", "00:00:00:00:00:00"] {
        ingest("Device", mac(address)).unwrap();
    }
    let path = |uri: &str, name: &str| vec![(format!("{uri}:{name}"), ViolationKind::Value)];
    for address in [
        "2C-54-91-88-C9-E2",
        "2C:54:91:88:C9",
        "2C:54:91:88:C9:E2:00",
        "2C:54:91:88:C9:G2",
        "2C:54:91:88:C9:E2 ",
        "2C54:91:88:C9:E2",
        ":::::",
        "2C:54:91:88:C9:\u{e9}",
    ] {
        assert_eq!(wrong("Device", mac(address)), path(device::ETHERNET_MAB, "deviceMacAddress"), "{address}");
    }
    let zigbee = |address: &str| {
        with(device::ZIGBEE, &format!(r#"{{"versionSupport":["3.0"],"deviceEui64Address":"{address}"}}"#))
    };
    ingest("Device", zigbee("50:32:5F:FF:FE:E7:67:28")).unwrap();
    assert_eq!(wrong("Device", zigbee("50:32:5F:FF:FE:E7")), path(device::ZIGBEE, "deviceEui64Address"));
    let dpp = with(device::DPP, r#"{"dppVersion":2,"bootstrapKey":"k","deviceMacAddress":"x"}"#);
    assert_eq!(wrong("Device", dpp), path(device::DPP, "deviceMacAddress"));
    let ble = |more: &str| {
        with(
            device::BLE,
            &format!(
                r#"{{"versionSupport":["5.4"],"deviceMacAddress":"2C:54:91:88:C9:E2","pairingMethods":["urn:x:y"],{more}}}"#
            ),
        )
    };
    let twice = wrong("Device", ble(r#""separateBroadcastAddress":["AA:BB:88:77:22:11","x","y"]"#));
    assert_eq!(
        twice,
        [path(device::BLE, "separateBroadcastAddress"), path(device::BLE, "separateBroadcastAddress")].concat()
    );
}

#[test]
fn a_broadcast_address_and_a_resolving_key_exclude_each_other() {
    let ble = |more: &str| {
        let known = r#""versionSupport":["5.4"],"deviceMacAddress":"2C:54:91:88:C9:E2","pairingMethods":["urn:x:y"]"#;
        with(device::BLE, &format!("{{{known},{more}}}"))
    };
    let (key, address) = (r#""irk":"secret""#, r#""separateBroadcastAddress":["AA:BB:88:77:22:11"]"#);
    for fine in [key, address, &format!("{key},\"separateBroadcastAddress\":[]"), &format!("\"irk\":null,{address}")] {
        ingest("Device", ble(fine)).unwrap();
    }
    let refused = ingest("Device", ble(&format!("{key},{address}"))).unwrap_err();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].path, format!("{}:separateBroadcastAddress", device::BLE));
    assert!(refused[0].detail.contains("exclude each other"), "{}", refused[0].detail);
    // Nor does a later PATCH bring the one to the other.
    let there = ingest("Device", ble(address)).unwrap().resource;
    let sent = [(format!("{}:irk", device::BLE), Value::from("secret"))];
    assert!(device::check(&there, &sent).is_err());
    assert!(device::check(&ingest("Device", ble(key)).unwrap().resource, &[]).is_ok());
}

#[test]
fn secrets_are_taken_out_and_never_shown() {
    for (text, uri, name) in [
        (example!("rfc9944/7.2-dpp.json"), device::DPP, "bootstrapKey"),
        (example!("rfc9944/7.4-fdo.json"), device::FIDO_DEVICE_ONBOARD, "fdoVoucher"),
    ] {
        let secret = json(text).get(uri).unwrap().get(name).unwrap().clone();
        let found = ingest("Device", json(text)).unwrap();
        assert_eq!(found.hidden, [(format!("{uri}:{name}"), secret.clone())]);
        assert!(!Value::from(found.resource.root().clone()).to_string().contains(secret.as_str().unwrap()));
    }
}

#[test]
fn passkeys_have_six_digits_and_tokens_an_end() {
    for (key, fine) in [
        ("0", true),
        ("123456", true),
        ("999999", true),
        ("1000000", false),
        ("-1", false),
        ("99999999999999999999", false),
    ] {
        let document = with(device::PAIRING_PASS_KEY, &format!(r#"{{"key":{key}}}"#));
        assert_eq!(ingest("Device", document).is_ok(), fine, "{key}");
    }
    let application = |member: &str, value: &str| {
        let mut root = json(APPLICATION).as_object().unwrap().clone();
        root.insert(member, value);
        device::check(&Resource::from_canonical(r#type("EndpointApp"), root), &[])
            .map_err(|violations| violations.0[0].path.clone())
    };
    assert_eq!(application("clientToken", &"\u{e9}".repeat(device::MAX_CLIENT_TOKEN)), Ok(()));
    assert_eq!(application("clientToken", &"x".repeat(501)), Err("clientToken".to_owned()));
    assert_eq!(application("applicationType", "TELEMETRY"), Ok(()));
    assert_eq!(application("applicationType", "toaster"), Err("applicationType".to_owned()));
    let user = Registry::core().resource_type("User").unwrap().clone();
    let root = json(r#"{"applicationType":"toaster"}"#).as_object().unwrap().clone();
    device::check(&Resource::from_canonical(user, root), &[]).unwrap();
}

#[test]
fn types_are_as_the_prose_says() {
    for (uri, path, expected) in [
        (device::DEVICE, "active", Type::Boolean),
        (device::DEVICE, "mudUrl", Type::Reference),
        (device::ENDPOINT_APP, "certificateInfo.rootCA", Type::String),
        (device::BLE, "isRandom", Type::Boolean),
        (device::BLE, "mobility", Type::Boolean),
        (device::PAIRING_JUST_WORKS, "key", Type::Integer),
        (device::PAIRING_PASS_KEY, "key", Type::Integer),
        (device::PAIRING_OOB, "key", Type::String),
        (device::PAIRING_OOB, "randomNumber", Type::Integer),
        (device::DPP, "dppVersion", Type::Integer),
        (device::FIDO_DEVICE_ONBOARD, "fdoVoucher", Type::String),
        (device::ENDPOINT_APPS, "applications", Type::Complex),
        (device::ENDPOINT_APPS, "deviceControlEnterpriseEndpoint", Type::Reference),
    ] {
        let registry = device::registry();
        assert_eq!(attribute(registry.schema(uri).unwrap(), path).r#type, expected, "{uri} {path}");
    }
}
