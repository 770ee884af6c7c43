//! Relations between the wire and the store (RFC 7643 §2.4, §4.2): from elements as sent to edges to be made, and from
//! edges to elements as shown.
//!
//! Of an element `value` and its other sub-attributes are kept as sent. What the server knows better is not kept: `$ref`,
//! and a `type` that names a resource type.

use super::call::{Call, location};
use super::failure::Outcome;
use scimstack_filter::MemberDelta;
use scimstack_filter::patch::MemberStep;
use scimstack_protocol::{ScimError, UnknownMembers};
use scimstack_schema::value::{JsonError, Text};
use scimstack_schema::{Object, Registry, Relation, Resource, ResourceType, Type, Value};
use scimstack_store::{Edge, EdgeChange, EdgeDraft, EdgeStep, Reference, ReferenceRule};
use std::sync::Arc;

/// What is to happen to the edges of one relation.
pub(crate) struct RelationChange {
    pub(crate) relation: String,
    pub(crate) change: EdgeChange,
}

/// All edges of the relations that a document mentions, by relation name, as sent.
pub(crate) fn replacements(
    call: &Call<'_>,
    resource_type: &ResourceType,
    sent: &[(String, Vec<Value>)],
) -> Outcome<Vec<RelationChange>> {
    let mut changes = Vec::new();
    for (name, elements) in sent {
        let Some(relation) = resource_type.relation(name) else {
            continue;
        };
        let rule = Arc::new(ReferenceRule::of(relation));
        let change = EdgeChange { replace: Some(drafts(call, relation, &rule, elements)?), steps: Vec::new() };
        changes.push(RelationChange { relation: name.clone(), change });
    }
    Ok(changes)
}

/// What a PATCH does to relations.
pub(crate) fn deltas(
    call: &Call<'_>,
    resource_type: &ResourceType,
    deltas: &[(String, MemberDelta)],
) -> Outcome<Vec<RelationChange>> {
    let mut changes = Vec::new();
    for (name, delta) in deltas {
        let Some(relation) = resource_type.relation(name) else {
            continue;
        };
        let rule = Arc::new(ReferenceRule::of(relation));
        let replace = delta.replace.as_ref().map(|elements| drafts(call, relation, &rule, elements)).transpose()?;
        let mut steps = Vec::with_capacity(delta.steps.len());
        for (i, step) in delta.steps.iter().enumerate() {
            steps.push(match step {
                MemberStep::Add(element) => EdgeStep::Add(draft(call, relation, &rule, i, element)?),
                MemberStep::Remove(raw) => EdgeStep::Remove(Reference::new(&rule, raw.as_str())),
            });
        }
        if replace.is_some() || !steps.is_empty() {
            changes.push(RelationChange { relation: name.clone(), change: EdgeChange { replace, steps } });
        }
    }
    Ok(changes)
}

fn drafts(
    call: &Call<'_>,
    relation: &Relation,
    rule: &Arc<ReferenceRule>,
    elements: &[Value],
) -> Outcome<Vec<EdgeDraft>> {
    elements.iter().enumerate().map(|(i, element)| draft(call, relation, rule, i, element)).collect()
}

fn draft(
    call: &Call<'_>,
    relation: &Relation,
    rule: &Arc<ReferenceRule>,
    at: usize,
    element: &Value,
) -> Outcome<EdgeDraft> {
    let Some(raw) = raw_value(relation, element) else {
        return Err(ScimError::invalid_value(format!(
            "Element {} of {} has no value; it must name a resource, such as {{\"value\": \"…\"}}.",
            at + 1,
            relation.path.attribute.name
        ))
        .into());
    };
    let must_exist = match call.principal.connection.policy.unknown_members {
        _ if call.is_arriving(&raw) => false,
        UnknownMembers::Refuse => true,
        UnknownMembers::Auto => looks_like_an_id(&raw),
        UnknownMembers::Park => false,
    };
    Ok(EdgeDraft { reference: Reference::new(rule, raw), data: data(relation, element).into(), must_exist })
}

/// What names the target: the value, else the last segment of `$ref`.
fn raw_value(relation: &Relation, element: &Value) -> Option<Text> {
    let named = match (element, &relation.path.sub_attribute) {
        (Value::String(text), _) => Some(text),
        (element, Some(sub)) => match element.get(&sub.name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    };
    let by_address = || element.get("$ref")?.as_str()?.trim_end_matches('/').rsplit('/').next().map(Text::from);
    // Long ones are shared with the document.
    let named = named.filter(|raw| !raw.trim().is_empty()).cloned();
    named.or_else(by_address).filter(|raw| !raw.is_empty())
}

/// Ids of this server are UUIDs; a value in their shape names one of its resources, or nothing ever.
fn looks_like_an_id(raw: &str) -> bool {
    raw.len() == 36 && uuid::Uuid::try_parse(raw).is_ok()
}

/// The sub-attributes to keep, as a JSON object; nothing when there are none.
fn data(relation: &Relation, element: &Value) -> Vec<u8> {
    let Some(element) = element.as_object() else {
        return Vec::new();
    };
    let value_name = relation.path.sub_attribute.as_ref().map_or("value", |sub| &*sub.name);
    let known_type = |value: &Value| {
        value.as_str().is_some_and(|name| relation.targets.iter().any(|target| target.eq_ignore_ascii_case(name)))
    };
    let known = |name: &str, value: &Value| {
        name.eq_ignore_ascii_case(value_name)
            || name.eq_ignore_ascii_case("$ref")
            || (name.eq_ignore_ascii_case("type") && known_type(value))
    };
    let kept: Object = element
        .iter()
        .filter(|(name, value)| !known(name, value) && !value.is_unassigned())
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    if kept.is_empty() { Vec::new() } else { Value::Object(kept).to_bytes() }
}

/// An edge as an element of its attribute.
pub(crate) fn element(relation: &Relation, edge: &Edge, registry: &Registry, base: &str) -> Result<Value, JsonError> {
    let attribute = &relation.path.attribute;
    let value = edge.target.as_ref().map_or(edge.raw.as_str(), |target| target.id.as_str());
    if attribute.r#type != Type::Complex {
        return Ok(Value::from(value));
    }
    let mut element = Object::new();
    element.insert(relation.path.sub_attribute.as_ref().map_or("value", |sub| &*sub.name), value);
    let target = edge.target.as_ref();
    let target_type = target.and_then(|target| registry.resource_type(target.kind.as_str()));
    if let (Some(target), Some(target_type), Some(_)) = (target, target_type, attribute.sub_attribute("$ref")) {
        element.insert("$ref", location(base, target_type, target.id.as_str()));
    }
    if !edge.data.is_empty()
        && let Value::Object(data) = Value::parse(&edge.data)?
    {
        for (name, value) in data {
            if element.get(&name).is_none() {
                element.insert(name, value);
            }
        }
    }
    if let (Some(target_type), Some(_), None) = (target_type, attribute.sub_attribute("type"), element.get("type")) {
        element.insert("type", &*target_type.name);
    }
    Ok(element.into())
}

/// Takes out of single-valued relations the `$ref` beside a `value`: it is made anew for every answer, from whom the value
/// turns out to name, so that every address that is shown can be read (RFC 7643 §2.3.7).
pub(crate) fn forget_addresses(resource: &mut Resource) {
    let resource_type = resource.resource_type().clone();
    for relation in resource_type.relations.iter().filter(|relation| !relation.edges_only) {
        let path = &relation.path;
        let container = match &path.extension {
            Some(uri) => resource.root_mut().get_mut(uri.as_str()).and_then(Value::as_object_mut),
            None => Some(resource.root_mut()),
        };
        let holder = container.and_then(|object| object.get_mut(&path.attribute.name)?.as_object_mut());
        if let Some(holder) = holder
            && holder.get("value").is_some()
        {
            holder.remove("$ref");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Relation {
        let registry = Registry::core();
        registry.resource_type("Group").unwrap().relation("members").unwrap().clone()
    }

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_member_is_named_by_value_or_by_address() {
        for (element, raw) in [
            (r#"{"value":"u1"}"#, Some("u1")),
            (r#"{"value":"u1","$ref":"https://x.test/Users/u2"}"#, Some("u1")),
            (r#"{"$ref":"../Users/u2"}"#, Some("u2")),
            (r#"{"$ref":null,"value":" "}"#, None),
            (r#"{"display":"Ann"}"#, None),
            (r#""u3""#, Some("u3")),
        ] {
            assert_eq!(raw_value(&members(), &value(element)), raw.map(Text::from), "{element}");
        }
    }

    #[test]
    fn of_a_member_only_what_the_server_does_not_know_is_kept() {
        for (element, kept) in [
            (r#"{"value":"u1","$ref":null,"type":"User"}"#, ""),
            (r#"{"value":"u1","display":"Ann","type":"group","$ref":"x"}"#, r#"{"display":"Ann"}"#),
            (r#"{"value":"u1","type":"robot"}"#, r#"{"type":"robot"}"#),
        ] {
            assert_eq!(String::from_utf8(data(&members(), &value(element))).unwrap(), kept, "{element}");
        }
    }

    #[test]
    fn uuids_look_like_ids_and_names_do_not() {
        assert!(looks_like_an_id("019c0a3e-7b2f-7d31-8f00-0123456789ab"));
        for other in ["ann@x.test", "019c0a3e7b2f7d318f000123456789ab", "00u1", ""] {
            assert!(!looks_like_an_id(other), "{other}");
        }
    }

    #[test]
    fn the_address_beside_a_value_is_forgotten_and_one_alone_kept() {
        let user = Registry::core().resource_type("User").unwrap().clone();
        let document = |manager: &str| {
            let enterprise = scimstack_schema::uri::ENTERPRISE_USER;
            format!(r#"{{"userName":"a","{enterprise}":{{"manager":{manager}}}}}"#)
        };
        for (sent, kept) in [
            (r#"{"value":"m","$ref":"https://x.test/v2/Users/m"}"#, r#"{"value":"m"}"#),
            (r#"{"$ref":"https://y.test/v2/Users/m","value":"m"}"#, r#"{"value":"m"}"#),
            (r#"{"$ref":"https://y.test/v2/Users/m"}"#, r#"{"$ref":"https://y.test/v2/Users/m"}"#),
            (r#"{"value":"m"}"#, r#"{"value":"m"}"#),
        ] {
            let mut resource = Resource::from_stored(user.clone(), document(sent).as_bytes()).unwrap();
            forget_addresses(&mut resource);
            assert_eq!(String::from_utf8(resource.to_bytes()).unwrap(), document(kept));
        }
    }
}
