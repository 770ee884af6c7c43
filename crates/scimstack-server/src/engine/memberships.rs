//! The read-only `groups` of a resource (RFC 7643 §4.1.2): the memberships read backward, direct and through nesting,
//! for a whole page at once.

use super::call::{Call, location};
use super::failure::Outcome;
use scimstack_schema::{Mutability, Object, ResourceType, Type, Value};
use scimstack_store::{Anchor, EdgeQuery, Key};
use std::collections::{HashMap, HashSet, VecDeque};

/// The relation that memberships are.
pub(crate) const MEMBERS: &str = "members";

/// Edges read at once.
const CHUNK: usize = 1_000;
/// Groups within groups, at most.
const DEPTH: usize = 32;

/// Who is a member of what: the groups each key is directly in.
struct Memberships {
    direct: HashMap<Key, Vec<Key>>,
    display: HashMap<Key, Option<String>>,
}

/// Whether resources of this type show the groups they are in.
pub(crate) fn shows_groups(resource_type: &ResourceType) -> bool {
    resource_type.schema.attribute("groups").is_some_and(|groups| {
        groups.multi_valued && groups.r#type == Type::Complex && groups.mutability == Mutability::ReadOnly
    })
}

/// The `groups` of each key, in the order of the keys.
pub(crate) async fn groups(call: &Call<'_>, keys: &[Key]) -> Outcome<Vec<Value>> {
    let memberships = read(call, keys).await?;
    Ok(keys.iter().map(|key| memberships.shown(call, key)).collect())
}

/// Reads memberships level by level until there is no group left that may be in another, or a limit is reached.
async fn read(call: &Call<'_>, keys: &[Key]) -> Outcome<Memberships> {
    let mut found = Memberships { direct: HashMap::new(), display: HashMap::new() };
    let start: HashSet<&Key> = keys.iter().collect();
    let mut level: Vec<Key> = keys.to_vec();
    let mut left = call.limits().memberships;
    for _ in 0..DEPTH {
        if level.is_empty() || left == 0 {
            break;
        }
        let mut query = EdgeQuery {
            relation: MEMBERS.to_owned(),
            anchor: Anchor::Targets(level),
            pending: false,
            peer: true,
            values: false,
            after: None,
            limit: CHUNK.min(left),
        };
        let mut next = Vec::new();
        loop {
            let page = call.store().edges(call.scope(), &query).await?;
            left = left.saturating_sub(page.edges.len());
            for edge in page.edges {
                let Some(member) = edge.target else { continue };
                if !found.display.contains_key(&edge.source) {
                    // Most groups are in no other; nothing is asked of what is above those.
                    if edge.peer.as_ref().is_none_or(|peer| peer.is_target) {
                        next.push(edge.source.clone());
                    }
                    found.display.insert(edge.source.clone(), edge.peer.and_then(|peer| peer.display));
                }
                found.direct.entry(member).or_default().push(edge.source);
            }
            query.after = page.next;
            if query.after.is_none() || left == 0 {
                break;
            }
            query.limit = CHUNK.min(left);
        }
        next.retain(|key| !start.contains(key));
        level = next;
    }
    Ok(found)
}

impl Memberships {
    /// The groups of one key: nearest first, each once, never itself.
    fn shown(&self, call: &Call<'_>, key: &Key) -> Value {
        let mut seen: HashSet<&Key> = HashSet::from([key]);
        let mut queue: VecDeque<(&Key, bool)> = VecDeque::from([(key, true)]);
        let mut shown = Vec::new();
        while let Some((member, is_start)) = queue.pop_front() {
            for group in self.direct.get(member).into_iter().flatten() {
                if seen.insert(group) {
                    shown.push(self.element(call, group, is_start));
                    queue.push_back((group, false));
                }
            }
        }
        Value::Array(shown)
    }

    fn element(&self, call: &Call<'_>, group: &Key, direct: bool) -> Value {
        let mut element = Object::new();
        element.insert("value", group.id.as_str());
        if let Some(resource_type) = call.registry().resource_type(group.kind.as_str()) {
            element.insert("$ref", location(&call.base, resource_type, group.id.as_str()));
        }
        if let Some(Some(display)) = self.display.get(group) {
            element.insert("display", display.as_str());
        }
        element.insert("type", if direct { "direct" } else { "indirect" });
        element.into()
    }
}
