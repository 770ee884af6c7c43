//! What is stored of a resource, by its resource type's declarations; the keys of the index; complete documents.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

use bytes::Bytes;
use proptest::prelude::*;
use scimstack_filter::{Filter, Operand, ResolveOptions};
use scimstack_schema::{
    Attribute, ReferenceKey, Registry, Resource, ResourceType, Schema, Timestamp, Type, Uniqueness, Value,
};
use scimstack_store::plan::{self, EdgeNeed};
use scimstack_store::{
    Core, Edge, IndexEntry, Key, Name, Peer, Record, Reference, ReferenceRule, ResourceId, Stored, UniqueValue, Version,
};
use std::sync::Arc;

const CREATED: Timestamp = Timestamp::from_micros(1_767_225_600_123_456);
const MODIFIED: Timestamp = Timestamp::from_micros(1_767_225_700_654_321);

fn haystack(name: &str) -> Arc<ResourceType> {
    Registry::haystack().resource_type(name).unwrap().clone()
}

fn record(resource_type: Arc<ResourceType>, document: &str) -> Record {
    let resource = Resource::from_stored(resource_type, document.as_bytes()).unwrap();
    plan::record(&resource, Bytes::from_static(b"{}"), CREATED, MODIFIED)
}

const ANN: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"u1","externalId":"E-1",
    "userName":"Ann@X.test","name":{"familyName":"Müller","givenName":"Ann"},"displayName":"Ann MÜLLER","active":false,
    "emails":[{"value":"Ann@Work.test","type":"Work","primary":true},{"value":"ann@home.test"},{"value":"ANN@work.TEST","type":"other"},{"type":"home"}],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D","manager":{"value":"Boss@X.test","displayName":"Boss"}},
    "urn:ietf:params:scim:schemas:extension:haystack:1.0:User":{"managerExternalId":"E-9"}}"#;

#[test]
fn a_user_gives_columns_index_names_and_references() {
    let found = record(haystack("User"), ANN);
    let core = Core {
        unique: Some("ann@x.test".into()),
        external_id: Some("E-1".into()),
        sort_name: Some("ann müller".into()),
        display: Some("Ann MÜLLER".into()),
        active: Some(false),
        created: CREATED,
        modified: MODIFIED,
    };
    assert_eq!(found.core, core);
    assert_eq!(found.private, "{}");
    assert_eq!(Value::parse(&found.doc).unwrap(), Value::parse(ANN.as_bytes()).unwrap());
    let entry = |path: &str, value: &str, element, kind: Option<&str>| IndexEntry {
        path: path.into(),
        value: value.into(),
        element,
        kind: kind.map(Into::into),
    };
    let expected = [
        entry("emails.value", "ann@home.test", 1, None),
        entry("emails.value", "ann@work.test", 0, Some("work")),
        entry("emails.value", "ann@work.test", 2, Some("other")),
        entry("name.familyName", "müller", 0, None),
        entry("name.givenName", "ann", 0, None),
        entry("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "r&d", 0, None),
    ];
    assert_eq!(found.index.entries, expected);
    assert_eq!(found.unique, []);
    let email = |value: &str| Name { key: ReferenceKey::Email, value: value.into() };
    assert_eq!(found.names, [email("ann@home.test"), email("ann@work.test")]);
    let reference = |relation: &str, raw: &str, keys: &[ReferenceKey]| {
        let rule = ReferenceRule { relation: relation.into(), keys: keys.to_vec(), targets: vec!["User".into()] };
        Reference::new(&Arc::new(rule), raw)
    };
    use ReferenceKey::{Email, ExternalId, Id, UserName};
    let expected = [
        reference("manager", "Boss@X.test", &[Id, UserName, ExternalId, Email]),
        reference("managerExternalId", "E-9", &[ExternalId, Id, UserName, Email]),
    ];
    assert_eq!(found.references, expected);
}

#[test]
fn what_is_missing_or_empty_is_not_stored() {
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for document in [
        r#"{"id":"u1","userName":"Ann"}"#.to_owned(),
        format!(r#"{{"id":"u1","userName":"Ann","emails":[],"{manager}":{{"manager":{{"value":""}}}}}}"#),
        format!(
            r#"{{"id":"u1","userName":"Ann","emails":[{{"value":""}}],"{manager}":{{"manager":{{"value":"  "}}}}}}"#
        ),
    ] {
        let found = record(haystack("User"), &document);
        assert_eq!(found.core.unique.as_deref(), Some("ann"));
        assert_eq!(found.core.display.as_deref(), Some("Ann"), "the user name as sent");
        assert_eq!((found.core.sort_name, found.core.active, found.core.external_id), (None, None, None));
        assert_eq!((found.names, found.references, found.unique), (vec![], vec![], vec![]), "{document}");
    }
}

#[test]
fn what_has_nothing_at_any_path_of_a_set_is_found_by_that() {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    const HAYSTACK: &str = "urn:ietf:params:scim:schemas:extension:haystack:1.0:User";
    let without = |document: &str| -> Vec<usize> {
        let found = record(haystack("User"), document).index.entries;
        found.iter().filter(|entry| entry.path.starts_with('!')).map(|entry| entry.path.split(' ').count()).collect()
    };
    let manager = format!(r#""{ENTERPRISE}":{{"manager":{{"value":"boss"}}}}"#);
    let empty = format!(r#""{ENTERPRISE}":{{"manager":{{"value":""}}}}"#);
    let external = format!(r#""{HAYSTACK}":{{"managerExternalId":"e1"}}"#);
    assert_eq!(without(r#"{"userName":"a"}"#), [1, 2]);
    assert_eq!(without(&format!(r#"{{"userName":"a",{empty}}}"#)), [1, 2]);
    assert_eq!(without(&format!(r#"{{"userName":"a",{external}}}"#)), [1]);
    assert!(without(&format!(r#"{{"userName":"a",{manager}}}"#)).is_empty());
    assert!(without(&format!(r#"{{"userName":"a",{manager},{external}}}"#)).is_empty());
}

#[test]
fn a_group_has_no_unique_value_and_its_members_are_no_references() {
    let found = record(haystack("Group"), r#"{"id":"g1","displayName":"Everyone","externalId":"cafe\u0301"}"#);
    assert_eq!(found.core.unique, None);
    assert_eq!(found.core.sort_name.as_deref(), Some("everyone"));
    assert_eq!(found.core.external_id.as_deref(), Some("café"), "in one spelling of the accent");
    assert_eq!(found.references, []);
}

#[test]
fn long_values_are_cut_in_the_index_and_whole_where_they_are_unique() {
    let long = "é".repeat(300);
    let document = format!(r#"{{"userName":"{long}","displayName":"{long}","name":{{"familyName":"{long}"}}}}"#);
    let found = record(haystack("User"), &document);
    assert_eq!(found.core.unique.unwrap().len(), 600);
    assert_eq!(found.core.sort_name.unwrap().len(), 256);
    let family = found.index.entries.iter().find(|entry| entry.path == "name.familyName").unwrap();
    assert_eq!(family.value.len(), 256);
    assert_eq!(found.core.display, Some(long));
}

/// A device: unique by a serial number whose case matters, a tag in a list, a port's address, and by an extension.
fn device() -> Arc<ResourceType> {
    let unique = |name: &str, r#type| Attribute::new(name, r#type).with_uniqueness(Uniqueness::Server);
    let schema = Schema::new("urn:example:Device", "Device")
        .with_attribute(unique("serial", Type::String).with_case_exact(true))
        .with_attribute(unique("label", Type::String))
        .with_attribute(unique("tags", Type::String).with_multi_valued(true))
        .with_attribute(unique("number", Type::Integer))
        .with_attribute(
            Attribute::new("ports", Type::Complex)
                .with_multi_valued(true)
                .with_sub_attributes([unique("address", Type::String), Attribute::new("type", Type::String)]),
        );
    let extension = Schema::new("urn:example:Asset", "Asset")
        .with_attribute(unique("inventory", Type::String).with_uniqueness(Uniqueness::Global));
    let builder = Registry::builder().resource_type("Device", "/Devices", "", schema);
    let registry = builder.extension("Device", extension, false).unwrap().build().unwrap();
    registry.resource_type("Device").unwrap().clone()
}

#[test]
fn every_attribute_that_is_declared_unique_is() {
    let found = record(
        device(),
        r#"{"id":"d1","serial":"aB","label":"Box","tags":["X","x","Y"],"number":7,
            "ports":[{"address":"A:1","type":"in"},{"type":"out"}],"urn:example:Asset":{"inventory":"Inv-1"}}"#,
    );
    assert_eq!(plan::unique_attribute(&device()).unwrap().name.as_ref(), "label");
    assert_eq!(found.core.unique.as_deref(), Some("box"));
    assert_eq!(found.core.display.as_deref(), Some("Box"));
    let unique = |path: &str, value: &str| UniqueValue { path: path.into(), value: value.into() };
    let expected = [
        unique("number", "c01c000000000000"),
        unique("ports.address", "a:1"),
        unique("serial", "aB"),
        unique("tags", "x"),
        unique("tags", "y"),
        unique("urn:example:Asset:inventory", "inv-1"),
    ];
    assert_eq!(found.unique, expected);
    let name = |value: &str| Name { key: ReferenceKey::UserName, value: value.into() };
    assert_eq!(found.names, [name("ab"), name("x"), name("y")], "by which references find it");
}

fn stored(document: &str) -> Stored {
    let core = Core { created: CREATED, modified: MODIFIED, ..Core::default() };
    let key = Key::new("User", ResourceId::new("u1").unwrap());
    Stored::new(key, Version(3), core, Bytes::from(document.to_owned()), Bytes::new(), 0)
}

#[test]
fn a_complete_document_has_id_and_meta() {
    let document = plan::complete(&stored(r#"{"userName":"ann"}"#), &haystack("User")).unwrap();
    let expected = r#"{"userName":"ann","id":"u1","meta":{"resourceType":"User","created":"2026-01-01T00:00:00.123Z","lastModified":"2026-01-01T00:01:40.654Z","version":"W/\"3\""}}"#;
    assert_eq!(Value::Object(document).to_string(), expected);
    for broken in ["", "[]", "{", "7"] {
        assert!(plan::complete(&stored(broken), &haystack("User")).is_err(), "{broken}");
    }
}

fn needs(kind: &str, filter: &str) -> Vec<EdgeNeed> {
    let resource_type = haystack(kind);
    let filter = Filter::parse(filter).unwrap().resolve(&resource_type, ResolveOptions::default()).unwrap();
    plan::needs_edges(&resource_type, Some(&filter))
}

#[test]
fn edges_are_needed_only_where_the_filter_mentions_them() {
    assert_eq!(plan::needs_edges(&haystack("Group"), None), []);
    for filter in [r#"userName eq "a""#, r#"not (title pr) and emails[type eq "work"]"#, "meta.created pr"] {
        assert_eq!(needs("User", filter), [], "{filter}");
    }
    for filter in ["members pr", r#"not (displayName pr or members[value eq "u1"])"#, r#"members.display co "x""#] {
        let found: Vec<_> = needs("Group", filter).into_iter().map(|need| (need.relation, need.backward)).collect();
        assert_eq!(found, [("members".to_owned(), false)], "{filter}");
    }
    for filter in ["groups pr", r#"active eq true and groups[display eq "x"]"#] {
        let found: Vec<_> = needs("User", filter).into_iter().map(|need| (need.attribute, need.backward)).collect();
        assert_eq!(found, [("groups".to_owned(), true)], "{filter}");
    }
}

#[test]
fn members_and_groups_are_put_where_filters_look_for_them() {
    let key = |kind: &str, id: &str| Key::new(kind, ResourceId::new(id).unwrap());
    let edge = |source: Key, target: Option<Key>, raw: &str, data: &'static str, display: Option<&str>| Edge {
        source,
        target,
        raw: raw.into(),
        data: Bytes::from_static(data.as_bytes()),
        peer: display.map(|display| Peer { display: Some(display.into()), active: None, is_target: false }),
    };
    let group = key("Group", "g1");
    let members = vec![
        edge(group.clone(), Some(key("User", "u1")), "ann", r#"{"display":"As sent","VALUE":"never"}"#, None),
        edge(group.clone(), Some(key("Group", "g2")), "g2", r#"{"type":"group"}"#, None),
        edge(group.clone(), None, "ghost", "", None),
    ];
    let forward: Vec<_> = needs("Group", "members pr").into_iter().map(|need| (need, members.clone())).collect();
    let document = plan::complete_with_edges(&stored("{}"), &haystack("Group"), &forward).unwrap();
    let expected =
        r#"[{"value":"u1","display":"As sent","type":"User"},{"value":"g2","type":"group"},{"value":"ghost"}]"#;
    assert_eq!(document.get("members").unwrap().to_string(), expected);

    let groups = vec![edge(group, Some(key("User", "u1")), "u1", "", Some("Everyone"))];
    let backward: Vec<_> = needs("User", "groups pr").into_iter().map(|need| (need, groups.clone())).collect();
    let document = plan::complete_with_edges(&stored("{}"), &haystack("User"), &backward).unwrap();
    let expected = r#"[{"value":"g1","display":"Everyone","type":"direct"}]"#;
    assert_eq!(document.get("groups").unwrap().to_string(), expected);

    let none: Vec<_> = needs("User", "groups pr").into_iter().map(|need| (need, vec![])).collect();
    let document = plan::complete_with_edges(&stored("{}"), &haystack("User"), &none).unwrap();
    assert_eq!(document.get("groups"), None, "nothing is there, rather than an empty list");
}

#[test]
fn a_list_is_sorted_by_its_primary_element_else_by_its_first() {
    let user = haystack("User");
    for (path, document, expected) in [
        ("userName", r#"{"userName":"ANN"}"#, Some("ann")),
        ("externalId", r#"{"externalId":"ANN"}"#, Some("ANN")),
        ("id", "{}", Some("u1")),
        ("title", "{}", None),
        ("emails", r#"{"emails":[{"value":"B"},{"value":"a"}]}"#, Some("b")),
        ("emails.value", r#"{"emails":[{"value":"b"},{"value":"A","primary":true}]}"#, Some("a")),
        ("emails.type", r#"{"emails":[{"value":"b","type":"work"},{"value":"a","primary":true}]}"#, None),
        ("name.familyName", r#"{"name":{"familyName":"Ö"}}"#, Some("ö")),
        ("name", r#"{"name":{"familyName":"Ö"}}"#, None),
        ("active", r#"{"active":true}"#, Some("1")),
        ("meta.created", "{}", Some("8006474846222240")),
        ("meta.lastModified", "{}", Some("800647484c201cf1")),
        ("meta.resourceType", "{}", Some("User")),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            r#"{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R"}}"#,
            Some("r"),
        ),
    ] {
        let stored = stored(document);
        let document = plan::complete(&stored, &user).unwrap();
        let found = plan::sort_key(&user.resolve(path).unwrap(), &stored, &document);
        assert_eq!(found.as_deref(), expected, "{path} of {stored:?}");
    }
}

fn path(r#type: Type) -> scimstack_schema::ResolvedPath {
    scimstack_schema::ResolvedPath {
        extension: None,
        attribute: Arc::new(Attribute::new("x", r#type)),
        sub_attribute: None,
    }
}

fn number_key(number: f64) -> String {
    plan::operand_key(&path(Type::Decimal), &Operand::Number(number)).unwrap()
}

fn instant_key(micros: i64) -> String {
    plan::operand_key(&path(Type::DateTime), &Operand::Instant(Timestamp::from_micros(micros))).unwrap()
}

#[test]
fn what_does_not_fit_its_type_has_no_key() {
    for (r#type, json) in [
        (Type::String, "7"),
        (Type::Boolean, r#""true""#),
        (Type::Integer, r#""7""#),
        (Type::DateTime, r#""yesterday""#),
        (Type::Binary, r#""QQ==""#),
        (Type::Complex, "{}"),
    ] {
        assert_eq!(plan::index_key(&path(r#type), &Value::parse(json.as_bytes()).unwrap()), None, "{json}");
    }
    assert_eq!(plan::operand_key(&path(Type::Decimal), &Operand::Number(f64::NAN)), None);
    assert_eq!(plan::operand_key(&path(Type::String), &Operand::Null), None);
}

proptest! {
    #[test]
    fn number_keys_are_in_the_order_of_the_numbers(one: f64, other: f64) {
        prop_assume!(!one.is_nan() && !other.is_nan());
        prop_assert_eq!(Some(number_key(one).cmp(&number_key(other))), one.partial_cmp(&other));
    }

    #[test]
    fn small_number_keys_are_in_order_too(one in -3_i64..4, other in -3_i64..4) {
        let key = |n: i64| plan::index_key(&path(Type::Integer), &Value::from(n)).unwrap();
        prop_assert_eq!(key(one).cmp(&key(other)), one.cmp(&other));
        prop_assert_eq!(key(one), number_key(one as f64));
        prop_assert_eq!(number_key(0.0), number_key(-0.0));
    }

    #[test]
    fn instant_keys_are_in_the_order_of_time(one: i64, other: i64) {
        prop_assert_eq!(instant_key(one).cmp(&instant_key(other)), one.cmp(&other));
    }

    #[test]
    fn a_value_and_an_equal_operand_have_the_same_key(text in "\\PC{0,3}|[aAéß]{100,300}", exact: bool) {
        let attribute = Arc::new(Attribute::new("x", Type::String).with_case_exact(exact));
        let path = scimstack_schema::ResolvedPath { extension: None, attribute, sub_attribute: None };
        let operand = if exact { scimstack_schema::fold::exact(&text) } else { scimstack_schema::fold::fold(&text) };
        let key = plan::index_key(&path, &Value::from(text.as_str()));
        prop_assert_eq!(&key, &plan::operand_key(&path, &Operand::Text(operand.clone().into_owned())));
        prop_assert!(operand.starts_with(key.as_deref().unwrap()), "a cut key is a beginning");
    }
}
