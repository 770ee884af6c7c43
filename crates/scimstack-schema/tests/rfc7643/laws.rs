//! Equations that hold for every document of every type: what came out goes in again unchanged, however it is spelled it
//! means the same, views lose nothing, projections show parts, nothing panics.

use crate::support::*;
use proptest::prelude::*;
use scimstack_schema::projection::Look;
use scimstack_schema::registry::common_attributes;
use scimstack_schema::strategies::{self, Messy};
use scimstack_schema::views::{Group, User};
use scimstack_schema::{
    Attribute, IngestOptions, Object, Projection, Registry, Resource, ResourceType, Returned, Schema, Value,
};
use std::sync::Arc;

fn again(resource: &Resource, options: &IngestOptions) -> Resource {
    let document = Value::parse(&resource.to_bytes()).unwrap();
    ingest(resource.resource_type(), document, options).resource
}

fn text_of(resource: &Resource) -> String {
    String::from_utf8(resource.to_bytes()).unwrap()
}

/// A type that was made at run time, and something drawn for it.
fn with_thing<T: std::fmt::Debug>(
    draw: impl Fn(&Arc<ResourceType>) -> BoxedStrategy<T> + 'static,
) -> impl Strategy<Value = (Arc<ResourceType>, T)> {
    strategies::resource_type().prop_flat_map(move |thing| (Just(thing.clone()), draw(&thing)))
}

fn messy_under(options: fn() -> IngestOptions) -> impl Fn(&Arc<ResourceType>) -> BoxedStrategy<Messy> {
    move |thing| strategies::messy(thing, &options())
}

/// ingest(canonical(d)) = ingest(d), and what an ingest makes is in order, valid, and needs no leniency.
fn assert_idempotent(
    r#type: &Arc<ResourceType>,
    document: Value,
    options: &IngestOptions,
) -> Result<(), TestCaseError> {
    let resource = ingest(r#type, document, options).resource;
    prop_assert_eq!(text_of(&again(&resource, options)), text_of(&resource));
    prop_assert!(r#type.validate(&resource).is_ok());
    let mut tidied = resource.clone();
    tidied.normalize();
    prop_assert_eq!(text_of(&tidied), text_of(&resource));
    let canonical = Value::parse(&resource.to_bytes()).unwrap();
    let refused = r#type.ingest(canonical, &refusing());
    let found = refused.map_err(|violations| TestCaseError::fail(format!("{violations}: {}", text_of(&resource))))?;
    prop_assert!(found.unknown.is_empty() && found.hidden.is_empty() && found.leniencies.is_empty());
    prop_assert!(found.resource == resource, "{} from {}", text_of(&found.resource), text_of(&resource));
    Ok(())
}

/// ingest(messy(d)) = ingest(d)
fn assert_means_the_same(
    r#type: &Arc<ResourceType>,
    messy: Messy,
    options: &IngestOptions,
) -> Result<(), TestCaseError> {
    let clean = ingest(r#type, messy.clean, options);
    let shown = messy.sent.to_string();
    let sent = r#type.ingest(messy.sent, options).map_err(|violations| TestCaseError::fail(violations.to_string()))?;
    prop_assert!(sent.resource == clean.resource, "{} from {shown}", text_of(&sent.resource));
    let assigned = |relations: Vec<(String, Vec<Value>)>| -> Vec<(String, Vec<Value>)> {
        relations.into_iter().filter(|(_, values)| !values.is_empty()).collect()
    };
    prop_assert_eq!(assigned(sent.relations), assigned(clean.relations));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_came_out_goes_in_again_unchanged(
        user in strategies::messy(&user_type(), &lenient()),
        group in strategies::messy(&group_type(), &lenient()),
        (thing, of_thing) in with_thing(messy_under(lenient)),
    ) {
        for (r#type, document) in [(user_type(), user), (group_type(), group), (thing, of_thing)] {
            assert_idempotent(&r#type, document.clean, &strict())?;
            assert_idempotent(&r#type, document.sent, &lenient())?;
        }
    }

    #[test]
    fn what_any_client_may_send_means_what_a_careful_one_sends(
        user in strategies::messy(&user_type(), &strict()),
        group in strategies::messy(&group_type(), &strict()),
        (thing, of_thing) in with_thing(messy_under(strict)),
    ) {
        for (r#type, document) in [(user_type(), user), (group_type(), group), (thing, of_thing)] {
            assert_means_the_same(&r#type, document, &strict())?;
        }
    }

    #[test]
    fn what_is_tolerated_means_what_a_careful_client_sends(
        user in strategies::messy(&user_type(), &lenient()),
        group in strategies::messy(&group_type(), &lenient()),
        (thing, of_thing) in with_thing(messy_under(lenient)),
    ) {
        for (r#type, document) in [(user_type(), user), (group_type(), group), (thing, of_thing)] {
            assert_means_the_same(&r#type, document, &lenient())?;
        }
    }

    #[test]
    fn what_nobody_could_object_to_means_the_same_too(
        user in strategies::messy(&user_type(), &refusing()),
        (thing, of_thing) in with_thing(messy_under(refusing)),
    ) {
        for (r#type, document) in [(user_type(), user), (thing, of_thing)] {
            assert_means_the_same(&r#type, document, &refusing())?;
        }
    }

    #[test]
    fn views_lose_nothing(document in strategies::document(&user_type())) {
        let resource = ingest(&user_type(), document, &strict()).resource;
        let view = User::from_resource(&resource).unwrap();
        prop_assert_eq!(text_of(&ingest(&user_type(), view.to_value(), &refusing()).resource), text_of(&resource));
        let json = serde_json::to_string(&view).unwrap();
        prop_assert_eq!(serde_json::from_str::<User>(&json).unwrap().to_value(), view.to_value());
    }

    #[test]
    fn group_views_lose_nothing(document in strategies::document(&group_type())) {
        let view = Group::from_object(document.as_object().unwrap().clone());
        let (sent, shown) = (ingest(&group_type(), document, &strict()), ingest(&group_type(), view.to_value(), &strict()));
        prop_assert_eq!(text_of(&shown.resource), text_of(&sent.resource));
        let members = |found: &[(String, Vec<Value>)]| found.first().map(|(_, values)| values.clone()).unwrap_or_default();
        prop_assert_eq!(members(&shown.relations), members(&sent.relations));
    }

    #[test]
    fn no_json_makes_an_ingest_panic(document in strategies::json()) {
        for r#type in [user_type(), group_type()] {
            for options in [strict(), lenient(), refusing()] {
                if let Ok(found) = r#type.ingest(document.clone(), &options) {
                    prop_assert_eq!(text_of(&again(&found.resource, &options)), text_of(&found.resource));
                }
            }
        }
    }

    #[test]
    fn json_that_is_printed_is_read_back(value in strategies::json()) {
        let other: serde_json::Value = serde_json::from_slice(&value.to_bytes()).unwrap();
        prop_assert_eq!(serde_json::to_value(&value).unwrap(), other);
        prop_assert_eq!(Value::parse(&value.to_bytes()).unwrap(), value);
    }

    #[test]
    fn a_schema_is_what_its_document_says(schema in strategies::schema("urn:example:thing:1.0:Thing")) {
        prop_assert!(schema.check().is_ok());
        let text = schema.to_json().to_string();
        prop_assert_eq!(Schema::from_json(&json(&text)).unwrap(), schema);
    }

    #[test]
    fn a_registry_is_what_its_builder_holds(registry in strategies::registry()) {
        let schemas = |registry: &Registry| registry.schemas().to_vec();
        prop_assert_eq!(schemas(&registry.to_builder().build().unwrap()), schemas(&registry));
    }

    #[test]
    fn replacing_a_resource_by_itself_changes_nothing(
        user in strategies::resource(&user_type()),
        (_, thing) in with_thing(strategies::resource),
    ) {
        for before in [user, thing] {
            let mut after = again(&before, &strict());
            before.resource_type().carry_over(&before, &mut after).unwrap();
            prop_assert_eq!(text_of(&after), text_of(&before));
        }
    }

    #[test]
    fn an_edit_that_keeps_what_is_immutable_is_a_replacement((thing, (before, mut after)) in with_thing(strategies::edited)) {
        let mut put = after.clone();
        if thing.carry_over(&before, &mut put).is_ok() {
            prop_assert!(put == after, "{} from {}", text_of(&put), text_of(&after));
        }
        // Only in lists can an edit change what is immutable: by another element in the place of one.
        let immutable = |attribute: &Arc<Attribute>| attribute.mutability == scimstack_schema::Mutability::Immutable;
        let schemas = thing.extensions.iter().map(|extension| &extension.schema).chain([&thing.schema]);
        let mut lists = schemas.flat_map(|schema| &schema.attributes).filter(|attribute| attribute.multi_valued);
        let may_change = lists.any(|list| list.sub_attributes.iter().any(immutable));
        prop_assert!(may_change || thing.carry_over(&before, &mut after).is_ok());
    }

    #[test]
    fn a_projection_shows_a_part_of_the_document_or_its_text_and_is_stable(
        (user, wish) in (strategies::resource(&user_type()), strategies::projection(&user_type())),
        (thing, (of_thing, other)) in with_thing(|thing| (strategies::resource(thing), strategies::projection(thing)).boxed()),
    ) {
        for (r#type, resource, wish) in [(user_type(), user, wish), (thing, of_thing, other)] {
            let once = projected(&wish, &resource);
            prop_assert_eq!(once.get("id"), resource.root().get("id"));
            prop_assert_eq!(once.get("schemas"), resource.root().get("schemas"));
            prop_assert!(is_part(&Value::from(once.clone()), &Value::from(resource.root().clone())));
            for (name, value) in resource.root().iter() {
                prop_assert!(once.get(name).is_none() || wish.shows(&r#type, name), "{} of {:?}", name, wish);
                if r#type.schema.attribute(name).is_some_and(|attribute| attribute.returned == Returned::Always) {
                    prop_assert!(shown_whole_or_in_part(once.get(name), value), "{} is always returned", name);
                }
            }
            let text = Value::from(resource.root().clone()).to_string();
            let shown = Value::from(once.clone()).to_string();
            prop_assert_eq!(wish.of_texts(&r#type, &[]).leaves(&text, |_| true), text == shown, "{} of {:?}", text, wish);
            prop_assert!(shown == "{}" || wish.of_texts(&r#type, &[]).leaves(&shown, |_| true), "{} of {:?}", shown, wish);
            let texts = wish.of_texts(&r#type, &[]);
            let mut shapes = texts.shapes();
            for one in [&text, &shown, &text, &shown] {
                prop_assert_eq!(shapes.leaves(one, |_| Look::Stays), texts.leaves(one, |_| true), "{} of {:?}", one, wish);
            }
            let mut twice = once.clone();
            wish.apply(&r#type, &mut twice);
            prop_assert_eq!(once, twice);
        }
    }

    /// What is asked for and what is left out when the same is excluded are the document, and share only what is always
    /// shown.
    #[test]
    fn included_and_excluded_make_up_the_document(
        (user, wish) in (strategies::resource(&user_type()), strategies::projection(&user_type())),
        (thing, (of_thing, other)) in with_thing(|thing| (strategies::resource(thing), strategies::projection(thing)).boxed()),
    ) {
        for (r#type, resource, wish) in [(user_type(), user, wish), (thing, of_thing, other)] {
            let mut names = [wish.attributes, wish.excluded].concat();
            names.retain(|name| r#type.resolve(name).is_some_and(|path| path.sub_attribute.is_none()));
            if names.is_empty() {
                continue;
            }
            let only = projected(&Projection { attributes: names.clone(), excluded: Vec::new() }, &resource);
            let rest = projected(&Projection { attributes: Vec::new(), excluded: names.clone() }, &resource);
            let is_named = |attribute: &Attribute, uri: Option<&str>| names.iter().any(|name| {
                let path = r#type.resolve(name).unwrap();
                path.attribute.name == attribute.name && path.extension.as_ref().map(|uri| uri.as_str()) == uri
            });
            let base = r#type.schema.attributes.iter().chain(common_attributes()).map(|attribute| (None, attribute));
            let extensions = r#type.extensions.iter().flat_map(|extension| {
                extension.schema.attributes.iter().map(|attribute| (Some(extension.schema.id.as_str()), attribute))
            });
            for (uri, attribute) in base.chain(extensions) {
                let plain = attribute.sub_attributes.iter().all(|sub| sub.returned == Returned::Default && !sub.is_hidden());
                let Some(whole) = part(resource.root(), uri, &attribute.name).filter(|_| plain) else { continue };
                let (shown, left) = (part(&only, uri, &attribute.name), part(&rest, uri, &attribute.name));
                let named = is_named(attribute, uri);
                let expected = match attribute.returned {
                    Returned::Always => (true, true),
                    Returned::Default => (named, !named),
                    Returned::Request => (named, false),
                    Returned::Never => (false, false),
                };
                prop_assert_eq!((shown.is_some(), left.is_some()), expected, "{} of {:?}", attribute.name, names);
                prop_assert!([shown, left].into_iter().flatten().all(|value| value == whole));
            }
        }
    }
}

fn projected(wish: &Projection, resource: &Resource) -> Object {
    let mut root = resource.root().clone();
    wish.apply(resource.resource_type(), &mut root);
    root
}

fn part<'a>(root: &'a Object, uri: Option<&str>, name: &str) -> Option<&'a Value> {
    match uri {
        Some(uri) => root.get(uri)?.get(name),
        None => root.get(name),
    }
}

/// A complex value that is always returned is, as far as its sub-attributes are.
fn shown_whole_or_in_part(shown: Option<&Value>, whole: &Value) -> bool {
    match whole {
        Value::Object(_) => true,
        Value::Array(elements) if elements.iter().all(|element| element.as_object().is_some()) => true,
        _ => shown == Some(whole),
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
