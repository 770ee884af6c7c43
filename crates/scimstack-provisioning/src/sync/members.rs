//! Who belongs to which group at the target, as numbers; and what has to change.

use super::compare::hash;
use super::links::{Link, Links};
use scimstack_schema::{Object, Value};
use std::collections::HashMap;

/// The members of the groups of a target, by the groups' numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    flat: Vec<u64>,
    ranges: HashMap<u32, (usize, usize)>,
}

/// What has to change in a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) added: u32,
    pub(super) removed: u32,
    /// Names that lead to nobody, or to several.
    pub(super) unresolved: u32,
    /// Of all who are to be members.
    pub(super) hash: u64,
}

/// The ids of the people in a group's document; groups within it are nobody's business here.
pub(super) fn ids(document: &Object) -> impl Iterator<Item = &str> {
    let members = document.get("members").and_then(Value::as_array).unwrap_or_default();
    let people = members.iter().filter(|member| {
        let kind = member.get("type").and_then(Value::as_str);
        !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Group"))
    });
    people.filter_map(|member| member.get("value")?.as_str())
}

impl Sets {
    /// The members of a group; what was known of it is forgotten.
    pub(super) fn set<'a>(&mut self, group: u32, ids: impl Iterator<Item = &'a str>) {
        let from = self.flat.len();
        self.flat.extend(ids.map(|id| hash(id.as_bytes())));
        if let Some(own) = self.flat.get_mut(from..) {
            own.sort_unstable();
        }
        self.ranges.insert(group, (from, self.flat.len()));
    }

    /// How many memberships there are.
    pub(super) fn count(&self) -> u64 {
        self.ranges.values().map(|(from, to)| (to - from) as u64).sum()
    }

    fn of(&self, group: Option<u32>) -> &[u64] {
        let range = group.and_then(|group| self.ranges.get(&group));
        range.and_then(|&(from, to)| self.flat.get(from..to)).unwrap_or_default()
    }

    /// From what a group has to what it is to have.
    pub(super) fn delta(&self, group: Option<u32>, names: &[String], links: &Links) -> Delta {
        let (mut wanted, mut delta) = (Vec::with_capacity(names.len()), Delta::default());
        let mut sum = 0_u64;
        let mut coming: Vec<u64> = Vec::new();
        for name in names {
            match links.find(name) {
                Link::Known(id) => wanted.push(hash(id.as_bytes())),
                Link::Coming => coming.push(hash(name.to_lowercase().as_bytes())),
                Link::LeftOut => {}
                Link::Unknown | Link::Ambiguous => delta.unresolved += 1,
            }
            sum = sum.wrapping_add(hash(name.to_lowercase().as_bytes()));
        }
        for list in [&mut wanted, &mut coming] {
            list.sort_unstable();
            list.dedup();
        }
        let has = self.of(group);
        let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let new = wanted.iter().filter(|id| has.binary_search(id).is_err()).count();
        delta.added = count(new + coming.len());
        delta.removed = count(has.iter().filter(|id| wanted.binary_search(id).is_err()).count());
        delta.hash = sum;
        delta
    }
}
