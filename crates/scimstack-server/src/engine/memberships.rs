//! The read-only `groups` of a resource (RFC 7643 §4.1.2): the memberships read backward, direct and through nesting,
//! for a whole page at once.

use super::call::{Call, location};
use super::failure::Outcome;
use scimstack_schema::value::write_string;
use scimstack_schema::{Mutability, ResourceType, Type};
use scimstack_store::{Anchor, EdgeQuery, Key};
use std::collections::HashMap;

/// The relation that memberships are.
pub(crate) const MEMBERS: &str = "members";

/// Edges read at once.
const CHUNK: usize = 1_000;
/// Groups within groups, at most.
const DEPTH: usize = 32;

/// Who is a member of what, by numbers: those asked about, and every group that somebody is in.
#[derive(Default)]
pub(crate) struct Memberships {
    numbers: HashMap<Key, usize>,
    nodes: Vec<Node>,
    /// The numbers of those asked about, in their order.
    asked: Vec<usize>,
    /// By number, the last walk that came by.
    walks: Vec<usize>,
}

/// One of them.
struct Node {
    key: Key,
    /// Set once it is known to be a group; how it is shown.
    display: Option<Option<String>>,
    /// The groups it is directly in.
    groups: Vec<usize>,
    /// The text of a group as an element of `groups`, up to the value of its `type`, once it was needed.
    element: Vec<u8>,
}

/// The key that was looked up last, and its number. Edges of one group stand together, as do those of a single member.
type Last = Option<(Key, usize)>;

/// Whether resources of this type show the groups they are in.
pub(crate) fn shows_groups(resource_type: &ResourceType) -> bool {
    resource_type.schema.attribute("groups").is_some_and(|groups| {
        groups.multi_valued && groups.r#type == Type::Complex && groups.mutability == Mutability::ReadOnly
    })
}

/// Reads memberships level by level until there is no group left that may be in another, or a limit is reached.
pub(crate) async fn read(call: &Call<'_>, keys: impl Iterator<Item = &Key>) -> Outcome<Memberships> {
    let mut found = Memberships::default();
    let mut level: Vec<Key> = keys.cloned().collect();
    found.asked = level.iter().map(|key| found.number(key, &mut None)).collect();
    let asked = found.nodes.len();
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
        let (mut next, mut last_group, mut last_member) = (Vec::new(), None, None);
        loop {
            let page = call.store().edges(call.scope(), &query).await?;
            left = left.saturating_sub(page.edges.len());
            for edge in page.edges {
                let Some(member) = edge.target else { continue };
                let group = found.number(&edge.source, &mut last_group);
                let is_above = edge.peer.as_ref().is_none_or(|peer| peer.is_target);
                // Most groups are in no other; nothing is asked of what is above those, nor twice of anything.
                if found.is_news(group, edge.peer.and_then(|peer| peer.display)) && is_above && group >= asked {
                    next.push(edge.source);
                }
                let member = found.number(&member, &mut last_member);
                if let Some(node) = found.nodes.get_mut(member) {
                    node.groups.push(group);
                }
            }
            query.after = page.next;
            if query.after.is_none() || left == 0 {
                break;
            }
            query.limit = CHUNK.min(left);
        }
        level = next;
    }
    found.walks = vec![usize::MAX; found.nodes.len()];
    Ok(found)
}

impl Memberships {
    /// The number of a key, a new one if need be.
    fn number(&mut self, key: &Key, last: &mut Last) -> usize {
        match last {
            Some((known, number)) if known == key => *number,
            _ => {
                let number = *self.numbers.entry(key.clone()).or_insert_with(|| {
                    let node = Node { key: key.clone(), display: None, groups: Vec::new(), element: Vec::new() };
                    self.nodes.push(node);
                    self.nodes.len() - 1
                });
                *last = Some((key.clone(), number));
                number
            }
        }
    }

    /// Remembers how a group is shown; false when that is known already.
    fn is_news(&mut self, group: usize, display: Option<String>) -> bool {
        let node = self.nodes.get_mut(group).filter(|node| node.display.is_none());
        node.is_some_and(|node| {
            node.display = Some(display);
            true
        })
    }

    /// The groups of one of those asked about, and whether it is in them itself: nearest first, each once, never itself.
    fn of(&mut self, at: usize) -> Vec<(usize, bool)> {
        let Some(&start) = self.asked.get(at) else { return Vec::new() };
        let (mut found, mut next) = (Vec::new(), 0);
        let mut visit = |from: usize, is_start: bool, found: &mut Vec<(usize, bool)>| {
            for &group in self.nodes.get(from).map(|node| &*node.groups).unwrap_or_default() {
                if let Some(walk) = self.walks.get_mut(group).filter(|walk| **walk != at) {
                    *walk = at;
                    found.push((group, is_start));
                }
            }
        };
        visit(start, true, &mut found);
        while let Some(&(group, _)) = found.get(next) {
            visit(group, false, &mut found);
            next += 1;
        }
        found.retain(|&(group, _)| group != start);
        found
    }

    /// Writes the text of the `groups` of one of those asked about, a list, unless there are none.
    pub(crate) fn write(&mut self, call: &Call<'_>, at: usize, out: &mut Vec<u8>) {
        let groups = self.of(at);
        for (n, &(group, is_direct)) in groups.iter().enumerate() {
            let Some(node) = self.nodes.get_mut(group) else { continue };
            out.push(if n == 0 { b'[' } else { b',' });
            out.extend_from_slice(node.element(call));
            out.extend_from_slice(if is_direct { b"\"direct\"}" } else { b"\"indirect\"}" });
        }
        if !groups.is_empty() {
            out.push(b']');
        }
    }
}

impl Node {
    /// What all members of the group say of it.
    fn element(&mut self, call: &Call<'_>) -> &[u8] {
        let out = &mut self.element;
        if out.is_empty() {
            out.reserve(256);
            out.extend_from_slice(b"{\"value\":");
            write_string(self.key.id.as_str(), out);
            if let Some(resource_type) = call.registry().resource_type(self.key.kind.as_str()) {
                out.extend_from_slice(b",\"$ref\":");
                write_string(&location(&call.base, resource_type, self.key.id.as_str()), out);
            }
            if let Some(Some(display)) = &self.display {
                out.extend_from_slice(b",\"display\":");
                write_string(display, out);
            }
            out.extend_from_slice(b",\"type\":");
        }
        out
    }
}
