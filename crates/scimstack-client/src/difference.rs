//! What has to be said to turn one document into another: the smallest PATCH that the server's own schemas allow
//! (RFC 7644 §3.5.2), and what it cannot say.

use scimstack_filter::patch::OpKind;
use scimstack_filter::{Op, Patch};
use scimstack_schema::{Mutability, Object, Resource, ResourceType, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The difference between two documents of one resource type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The operations; none when nothing differs that a client can change.
    pub patch: Patch,
    /// Members that differ and that the resource type does not declare: no PATCH can name them for sure.
    pub undeclared: Vec<String>,
}

impl Difference {
    /// From `before` to `after`: what is absent in `after` is to go. What the server alone sets (`id`, `meta`, other
    /// read-only attributes) is left out; `members` are compared by their values, one by one.
    ///
    /// ```
    /// use scimstack_client::Difference;
    /// use scimstack_schema::{Registry, Value};
    ///
    /// let object = |text: &str| match Value::parse(text.as_bytes()).unwrap() {
    ///     Value::Object(object) => object,
    ///     _ => unreachable!(),
    /// };
    /// let before = object(r#"{"id":"7","userName":"ann","title":"Clerk"}"#);
    /// let after = object(r#"{"userName":"ann","title":"Head"}"#);
    /// let user = Registry::core().resource_type("User").unwrap().clone();
    /// let found = Difference::between(&user, &before, &after);
    /// assert_eq!(
    ///     found.patch.to_value().get("Operations").unwrap().to_string(),
    ///     r#"[{"op":"replace","path":"title","value":"Head"}]"#,
    /// );
    /// ```
    #[must_use]
    pub fn between(resource_type: &Arc<ResourceType>, before: &Object, after: &Object) -> Self {
        let resource = |of: &Object| {
            let mut root = of.clone();
            root.remove("meta");
            root.remove("members");
            let mut resource = Resource::from_canonical(resource_type.clone(), root);
            resource.normalize();
            resource
        };
        let mut patch = Patch::diff(&resource(before), &resource(after));
        hidden(resource_type, after, &mut patch.operations);
        if resource_type.schema.attribute("members").is_some() {
            members(before, after, &mut patch.operations);
        }
        Self { patch, undeclared: undeclared(resource_type, before, after) }
    }

    /// True when nothing differs that a client can change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patch.operations.is_empty() && self.undeclared.is_empty()
    }
}

/// Attributes that are written and never shown (`password`): whoever names one wants it set.
fn hidden(resource_type: &ResourceType, after: &Object, operations: &mut Vec<Op>) {
    for attribute in resource_type.schema.attributes.iter().filter(|a| a.mutability == Mutability::WriteOnly) {
        if let Some(value) = after.get(&attribute.name).filter(|value| !value.is_unassigned()) {
            let path = Some(attribute.name.to_string());
            operations.push(Op { kind: OpKind::Replace, path, value: Some(value.clone()) });
        }
    }
}

/// Members one by one: who is gone, then who is new.
fn members(before: &Object, after: &Object, operations: &mut Vec<Op>) {
    let list = |of: &Object| of.get("members").and_then(Value::as_array).unwrap_or_default().to_vec();
    let value = |member: &Value| member.get("value").and_then(Value::as_str).map(str::to_owned);
    let (old, new) = (list(before), list(after));
    let had: BTreeSet<String> = old.iter().filter_map(value).collect();
    let has: BTreeSet<String> = new.iter().filter_map(value).collect();
    for gone in had.difference(&has) {
        let path = format!("members[value eq {}]", Value::from(gone.as_str()));
        operations.push(Op { kind: OpKind::Remove, path: Some(path), value: None });
    }
    let added: Vec<Value> =
        new.into_iter().filter(|member| value(member).is_some_and(|value| !had.contains(&value))).collect();
    if !added.is_empty() {
        operations.push(Op { kind: OpKind::Add, path: Some("members".to_owned()), value: Some(Value::Array(added)) });
    }
}

/// Members of the documents that nothing declares and that differ.
fn undeclared(resource_type: &ResourceType, before: &Object, after: &Object) -> Vec<String> {
    let absent = Value::Null;
    let differs = |name: &str, before: &Object, after: &Object| {
        let (old, new) = (before.get(name).unwrap_or(&absent), after.get(name).unwrap_or(&absent));
        old != new && !(old.is_unassigned() && new.is_unassigned())
    };
    let names = |before: &Object, after: &Object| -> BTreeSet<String> {
        before.iter().chain(after.iter()).map(|(name, _)| name.to_owned()).collect()
    };
    let mut found = Vec::new();
    for name in names(before, after) {
        if let Some(extension) = resource_type.extension(&name) {
            let empty = Object::new();
            let inner = |of: &Object| of.get(&name).and_then(Value::as_object).unwrap_or(&empty).clone();
            let (old, new) = (inner(before), inner(after));
            let unknown = names(&old, &new).into_iter().filter(|n| extension.schema.attribute(n).is_none());
            found.extend(unknown.filter(|n| differs(n, &old, &new)).map(|n| format!("{name}:{n}")));
        } else if resource_type.resolve(&name).is_none() && differs(&name, before, after) {
            found.push(name);
        }
    }
    found
}
