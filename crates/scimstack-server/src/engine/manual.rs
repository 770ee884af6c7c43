//! Attributes that the application owns ([`scimstack_protocol::ConnectionPolicy::manual`]): whatever a connection sends of
//! them, what is stored stays. The log says that it was sent.
//! Left out: attributes closed for a connection, which its registry says (`readOnly`), and the application's own writes.

use super::call::Call;
use super::log::Entry;
use super::relations::RelationChange;
use scimstack_schema::{Object, ResolvedPath, Resource, ResourceType, Value};

/// What the log calls it.
const KEPT: &str = "kept-manual";

/// The paths that the application owns, as far as they are there.
fn paths(call: &Call<'_>, resource_type: &ResourceType) -> Vec<ResolvedPath> {
    let manual = &call.principal.connection.policy.manual;
    let named = manual.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&resource_type.name));
    named.flat_map(|(_, paths)| paths).filter_map(|path| resource_type.resolve(path)).collect()
}

/// Puts back into `after` what the application owns.
pub(crate) fn keep(call: &Call<'_>, before: &Resource, after: &mut Resource, entry: &mut Entry) {
    if call.principal.connection.policy.manual.is_empty() {
        return;
    }
    let resource_type = after.resource_type().clone();
    let mut kept = false;
    for path in paths(call, &resource_type) {
        let name = &*path.attribute.name;
        let old = match &path.extension {
            Some(uri) => before.root().get(uri.as_str()).and_then(|extension| extension.get(name)),
            None => before.root().get(name),
        };
        let Some(holder) = holder(after.root_mut(), &path, old.is_some()) else { continue };
        if holder.get(name) == old {
            continue;
        }
        kept = true;
        match old {
            Some(value) => {
                holder.insert(name, value.clone());
            }
            None => {
                holder.remove(name);
            }
        }
    }
    if kept {
        entry.leniencies(&[KEPT]);
        after.normalize();
    }
}

/// The object that has the attribute, made when there is something to put in it.
fn holder<'a>(root: &'a mut Object, path: &ResolvedPath, make: bool) -> Option<&'a mut Object> {
    let Some(uri) = &path.extension else { return Some(root) };
    if make && root.get(uri.as_str()).is_none() {
        root.insert(uri.as_str(), Object::new());
    }
    root.get_mut(uri.as_str()).and_then(Value::as_object_mut)
}

/// Leaves out changes of relations that the application owns (a group's members).
pub(crate) fn keep_relations(
    call: &Call<'_>,
    resource_type: &ResourceType,
    changes: &mut Vec<RelationChange>,
    entry: &mut Entry,
) {
    if call.principal.connection.policy.manual.is_empty() {
        return;
    }
    let owned = paths(call, resource_type);
    let is_owned = |change: &RelationChange| {
        let relation = resource_type.relation(&change.relation);
        relation.is_some_and(|relation| {
            owned.iter().any(|path| {
                path.extension == relation.path.extension && path.attribute.name == relation.path.attribute.name
            })
        })
    };
    let count = changes.len();
    changes.retain(|change| !is_owned(change));
    if changes.len() < count {
        entry.leniencies(&[KEPT]);
    }
}
