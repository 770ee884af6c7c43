//! Equations that hold for every document: what came out goes in again unchanged, views lose nothing, nothing panics.

use crate::support::*;
use proptest::prelude::*;
use proptest::strategy::Union;
use scimstack_schema::views::{Group, User};
use scimstack_schema::{Attribute, IngestOptions, Object, Projection, Resource, ResourceType, Type, Value};
use std::sync::Arc;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9@. -]{1,12}", "\\PC{1,6}", Just(String::new()), Just("\u{c5}sa \"\\ \u{1f600}".to_owned()),]
}

/// A value for an attribute; now and then an unassigned one.
fn value_of(attribute: &Attribute) -> BoxedStrategy<Value> {
    let single: BoxedStrategy<Value> = match attribute.r#type {
        Type::String if attribute.required => "[a-z]{1,8}".prop_map(Value::from).boxed(),
        Type::String | Type::Reference => text().prop_map(Value::from).boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::Integer => any::<i64>().prop_map(Value::from).boxed(),
        Type::Decimal => prop_oneof!["-?[1-9][0-9]{0,20}\\.[0-9]{1,9}", "[1-9]e[0-9]"]
            .prop_map(|text| Value::parse(text.as_bytes()).unwrap())
            .boxed(),
        Type::DateTime => {
            "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:00:00(\\.[0-9]{1,9})?(Z|\\+01:00|)".prop_map(Value::from).boxed()
        }
        Type::Binary => "([A-Za-z0-9+/]{4}){0,3}([A-Za-z0-9+/]{3}=?)?".prop_map(Value::from).boxed(),
        Type::Complex => members_of(&attribute.sub_attributes, 0.5).prop_map(Value::from).boxed(),
    };
    let whole = if attribute.multi_valued {
        proptest::collection::vec(single, 0..4).prop_map(one_primary).boxed()
    } else {
        single
    };
    if attribute.required {
        whole
    } else {
        prop_oneof![9 => whole, 1 => Just(Value::Null), 1 => Just(Value::Array(Vec::new()))].boxed()
    }
}

fn one_primary(mut elements: Vec<Value>) -> Value {
    let mut seen = false;
    for object in elements.iter_mut().filter_map(Value::as_object_mut) {
        if object.get("primary").and_then(Value::as_bool) == Some(true) && std::mem::replace(&mut seen, true) {
            object.insert("primary", false);
        }
    }
    Value::Array(elements)
}

/// An object with some of the attributes, their names in any case.
fn members_of(attributes: &[Arc<Attribute>], weight: f64) -> BoxedStrategy<Object> {
    let members: Vec<_> = attributes
        .iter()
        .map(|attribute| {
            let names = [attribute.name.to_string(), attribute.name.to_lowercase(), attribute.name.to_uppercase()];
            let member = (proptest::sample::select(names.to_vec()), value_of(attribute));
            if attribute.required {
                member.prop_map(Some).boxed()
            } else {
                proptest::option::weighted(weight, member).boxed()
            }
        })
        .collect();
    members.prop_map(|members| members.into_iter().flatten().collect()).boxed()
}

fn document_of(r#type: &ResourceType) -> BoxedStrategy<Value> {
    let base = r#type.schema.id.to_string();
    let uris: Vec<String> = r#type.extensions.iter().map(|extension| extension.schema.id.to_string()).collect();
    let extensions: Vec<_> = r#type
        .extensions
        .iter()
        .map(|extension| proptest::option::of(members_of(&extension.schema.attributes, 0.5)))
        .collect();
    (members_of(&r#type.schema.attributes, 0.3), extensions, proptest::option::of(text()), any::<bool>())
        .prop_map(move |(members, extensions, external_id, junk)| {
            let mut root = Object::from_iter([("schemas", vec![base.to_uppercase()])]);
            for (name, value) in members {
                root.insert(name, value);
            }
            for (uri, extension) in uris.iter().zip(extensions) {
                if let Some(extension) = extension {
                    root.insert(uri.as_str(), extension);
                }
            }
            if let Some(id) = external_id {
                root.insert("externalId", id);
            }
            if junk {
                root.insert("shoeSize", 42);
                root.insert("ID", "ignored");
            }
            root.into()
        })
        .boxed()
}

fn any_json() -> BoxedStrategy<Value> {
    let names = [
        "schemas",
        "userName",
        "emails",
        "name",
        "active",
        "members",
        "value",
        "primary",
        "type",
        "displayName",
        USER,
        ENTERPRISE,
        "x",
    ];
    let leaf = Union::new([
        Just(Value::Null).boxed(),
        any::<bool>().prop_map(Value::from).boxed(),
        any::<i64>().prop_map(Value::from).boxed(),
        proptest::sample::select(vec![USER, ENTERPRISE, "", "true", "a"]).prop_map(Value::from).boxed(),
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let member = (proptest::sample::select(names.to_vec()), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
            proptest::collection::vec(member, 0..6).prop_map(|members| Value::from(Object::from_iter(members))),
        ]
    })
    .boxed()
}

fn projection() -> BoxedStrategy<Projection> {
    let names = [
        "userName",
        "NAME",
        "name.givenName",
        "emails",
        "emails.type",
        "meta",
        "shoeSize",
        "id",
        "externalId",
        ENTERPRISE,
        HAYSTACK,
    ];
    let some = proptest::sample::subsequence(names.to_vec(), 0..4)
        .prop_map(|names| names.into_iter().map(ToOwned::to_owned).collect::<Vec<String>>());
    (some, any::<bool>())
        .prop_map(|(names, only)| match only {
            true => Projection { attributes: names, excluded: Vec::new() },
            false => Projection { attributes: Vec::new(), excluded: names },
        })
        .boxed()
}

/// Only members that name somebody are acceptable.
fn with_named_members(mut group: Value) -> Value {
    if let Some(Value::Array(members)) = group.as_object_mut().unwrap().get_mut("members") {
        members.retain(|member| member.get("value").and_then(Value::as_str).is_some_and(|value| !value.is_empty()));
    }
    group
}

fn again(resource: &Resource, options: &IngestOptions) -> Resource {
    let document = Value::parse(&resource.to_bytes()).unwrap();
    ingest(resource.resource_type(), document, options).resource
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn what_came_out_goes_in_again_unchanged(user in document_of(&user_type()), group in document_of(&group_type())) {
        for (r#type, document) in [(user_type(), user), (group_type(), with_named_members(group))] {
            for options in [strict(), lenient()] {
                let resource = ingest(&r#type, document.clone(), &options).resource;
                prop_assert_eq!(again(&resource, &options).to_bytes(), resource.to_bytes());
                prop_assert!(r#type.validate(&resource).is_ok());
                // The canonical form is beyond reproach even where nothing is tolerated.
                prop_assert_eq!(again(&resource, &refusing()), resource);
            }
        }
    }

    #[test]
    fn views_lose_nothing(document in document_of(&user_type())) {
        let resource = ingest(&user_type(), document, &strict()).resource;
        let view = User::from_resource(&resource).unwrap();
        prop_assert_eq!(&ingest(&user_type(), view.to_value(), &refusing()).resource, &resource);
        let json = serde_json::to_string(&view).unwrap();
        prop_assert_eq!(serde_json::from_str::<User>(&json).unwrap().to_value(), view.to_value());
    }

    #[test]
    fn group_views_lose_nothing(document in document_of(&group_type())) {
        let document = with_named_members(document);
        let view = Group::from_object(document.as_object().unwrap().clone());
        let (sent, shown) = (ingest(&group_type(), document, &strict()), ingest(&group_type(), view.to_value(), &strict()));
        prop_assert_eq!(shown.resource, sent.resource);
        let members = |found: &[(String, Vec<Value>)]| found.first().map(|(_, values)| values.clone()).unwrap_or_default();
        prop_assert_eq!(members(&shown.relations), members(&sent.relations));
    }

    #[test]
    fn no_json_makes_an_ingest_panic(document in any_json()) {
        for r#type in [user_type(), group_type()] {
            for options in [strict(), lenient(), refusing()] {
                if let Ok(found) = r#type.ingest(document.clone(), &options) {
                    prop_assert_eq!(again(&found.resource, &options), found.resource);
                }
            }
        }
    }

    #[test]
    fn replacing_a_resource_by_itself_changes_nothing(document in document_of(&user_type())) {
        let mut before = ingest(&user_type(), document, &strict()).resource;
        let mut after = before.clone();
        before.set_id("u1");
        user_type().carry_over(&before, &mut after).unwrap();
        prop_assert_eq!(after.to_bytes(), before.to_bytes());
    }

    #[test]
    fn a_projection_shows_a_part_of_the_document_and_is_stable(document in document_of(&user_type()), wish in projection()) {
        let mut resource = ingest(&user_type(), document, &strict()).resource;
        resource.set_id("u1");
        let mut once = resource.root().clone();
        wish.apply(&user_type(), &mut once);
        prop_assert_eq!(once.get("id"), resource.root().get("id"));
        prop_assert_eq!(once.get("schemas"), resource.root().get("schemas"));
        prop_assert!(is_part(&Value::from(once.clone()), &Value::from(resource.root().clone())));
        for (name, _) in resource.root().iter() {
            prop_assert!(once.get(name).is_none() || wish.shows(&user_type(), name), "{}", name);
        }
        let mut twice = once.clone();
        wish.apply(&user_type(), &mut twice);
        prop_assert_eq!(once, twice);
    }
}

fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|whole| is_part(value, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => part.iter().all(|p| whole.iter().any(|w| is_part(p, w))),
        _ => part == whole,
    }
}
