//! References and edges: which record answers to a raw value, and what happens to links when records come, change names
//! and go. The rules are those of [`Reference`] and [`crate::Op`].

use super::state::{Row, Space};
use crate::changeset::{EdgeChange, EdgeDraft, EdgeStep};
use crate::key::{Key, ResourceId};
use crate::record::{Name, Reference, normalize_name};
use bytes::Bytes;
use scimstack_schema::ReferenceKey;
use scimstack_schema::value::Text;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One reference or edge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) reference: Reference,
    pub(super) target: Option<Key>,
    pub(super) data: Bytes,
    /// True for a single-valued reference, which belongs to its record; false for an edge of an edges-only relation.
    pub(super) own: bool,
}

impl Link {
    /// Its place among those of its source and relation.
    fn place(&self) -> (bool, Option<&Key>, &str) {
        (self.target.is_none(), self.target.as_ref(), &self.reference.raw)
    }

    /// What it shows as its value: the target's id, or the raw value while it is pending.
    pub(super) fn value(&self) -> &str {
        self.target.as_ref().map_or(self.reference.raw.as_str(), |target| target.id.as_str())
    }
}

/// Who answers to a raw value.
pub(super) enum Answer {
    Nobody,
    One(Key),
    Several,
}

impl Answer {
    fn target(self) -> Option<Key> {
        match self {
            Self::One(key) => Some(key),
            Self::Nobody | Self::Several => None,
        }
    }
}

/// The edges of one source and relation that came and went, by the value they show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) source: Key,
    pub(super) relation: String,
    pub(super) added: Vec<String>,
    pub(super) removed: Vec<String>,
}

/// Whether the record answers to the name.
fn answers(key: &Key, row: &Row, name: &Name) -> bool {
    let column = match name.key {
        ReferenceKey::Id => Some(key.id.as_str()),
        ReferenceKey::UserName => row.record.core.unique.as_deref(),
        ReferenceKey::ExternalId => row.record.core.external_id.as_deref(),
        ReferenceKey::Email => None,
    };
    column == Some(name.value.as_str()) || row.record.names.contains(name)
}

/// The name that `raw` is by `key`.
fn name(key: ReferenceKey, raw: &str) -> Name {
    Name { key, value: normalize_name(key, raw) }
}

/// Whether the record is one that the reference may mean.
fn may_mean(reference: &Reference, key: &Key, row: &Row) -> bool {
    reference.rule.targets.contains(&key.kind)
        && reference.rule.keys.iter().any(|&by| answers(key, row, &name(by, &reference.raw)))
}

impl Space {
    /// Who answers to the reference: the first key with any match decides.
    pub(super) fn resolve(&self, reference: &Reference) -> Answer {
        for &by in &reference.rule.keys {
            let mut found = self.named(by, reference);
            if let Some(first) = found.pop() {
                return if found.is_empty() { Answer::One(first) } else { Answer::Several };
            }
        }
        Answer::Nobody
    }

    fn named(&self, by: ReferenceKey, reference: &Reference) -> Vec<Key> {
        let mut found = Vec::new();
        if by == ReferenceKey::Id
            && let Some(id) = ResourceId::new(&reference.raw)
        {
            // No record is named by another's id, so the look-up spares a scan.
            let keys = reference.rule.targets.iter().map(|kind| Key { kind: kind.clone(), id: id.clone() });
            found.extend(keys.filter(|key| self.row(key).is_some()));
        } else {
            let name = name(by, &reference.raw);
            let rows = self.rows().filter(|(key, _)| reference.rule.targets.contains(&key.kind));
            found.extend(rows.filter(|(key, row)| answers(key, row, &name)).map(|(key, _)| key.clone()));
        }
        found.sort();
        found.dedup();
        found
    }

    /// Makes the record's own references those of its record; one whose raw value is as before stays as it was.
    pub(super) fn set_references(&mut self, source: &Key, references: &[Reference]) {
        let (own, mut links): (Vec<Link>, Vec<Link>) = self.links(source).iter().cloned().partition(|link| link.own);
        for reference in references {
            let bound = own
                .iter()
                .find(|link| {
                    link.reference.rule.relation == reference.rule.relation && link.reference.raw == reference.raw
                })
                .and_then(|link| link.target.clone());
            let target = bound.or_else(|| self.resolve(reference).target());
            links.push(Link { reference: reference.clone(), target, data: Bytes::new(), own: true });
        }
        if links != self.links(source) {
            self.set_links(source, links);
        }
    }

    /// Tries pending references again that may mean a record as it was or as it is. What moved in edges-only relations
    /// comes back.
    pub(super) fn retry_pending(&mut self, key: &Key, versions: &[&Row]) -> Vec<Moved> {
        let mut sources: Vec<Key> = self
            .all_links()
            .filter(|(_, link)| link.target.is_none())
            .filter(|(_, link)| versions.iter().any(|row| may_mean(&link.reference, key, row)))
            .map(|(source, _)| source.clone())
            .collect();
        sources.dedup();
        let mut moved = Vec::new();
        for source in sources {
            let before = self.links(&source).to_vec();
            let (mut after, mut pending): (Vec<Link>, Vec<Link>) =
                before.iter().cloned().partition(|link| link.target.is_some());
            pending.sort_by(|one, other| one.reference.raw.cmp(&other.reference.raw));
            for mut link in pending {
                link.target = self.resolve(&link.reference).target();
                // Two values may turn out to name the same.
                let known = |other: &Link| {
                    other.reference.rule.relation == link.reference.rule.relation && other.target == link.target
                };
                if link.own || link.target.is_none() || !after.iter().any(known) {
                    after.push(link);
                }
            }
            moved.extend(difference(&source, &before, &after));
            self.set_links(&source, after);
        }
        moved
    }

    /// Takes out what starts at a record that is gone, and what ends there: edges of edges-only relations go, references
    /// become pending or find another.
    pub(super) fn unlink(&mut self, key: &Key) -> Vec<Moved> {
        self.set_links(key, Vec::new());
        let mut sources: Vec<Key> = self
            .all_links()
            .filter(|(_, link)| link.target.as_ref() == Some(key))
            .map(|(source, _)| source.clone())
            .collect();
        sources.dedup();
        let mut moved = Vec::new();
        for source in sources {
            let before = self.links(&source).to_vec();
            let mut after = before.clone();
            after.retain(|link| link.own || link.target.as_ref() != Some(key));
            for link in &mut after {
                if link.target.as_ref() == Some(key) {
                    link.target = self.resolve(&link.reference).target();
                }
            }
            moved.extend(difference(&source, &before, &after));
            self.set_links(&source, after);
        }
        moved
    }

    /// Changes the edges of one relation. `Err` names the values that had to be known and are not.
    pub(super) fn relate(
        &mut self,
        source: &Key,
        relation: &str,
        change: &EdgeChange,
    ) -> Result<Option<Moved>, Vec<String>> {
        let before = self.links(source).to_vec();
        let (edges, mut after): (Vec<Link>, Vec<Link>) =
            before.iter().cloned().partition(|link| !link.own && link.reference.rule.relation == relation);
        let mut edges = EdgeList::new(edges);
        let mut unknown = Vec::new();
        if let Some(drafts) = &change.replace {
            let old = std::mem::take(&mut edges);
            for draft in drafts {
                let mut link = self.draft(draft, &mut unknown);
                match old.find(&link) {
                    Some(old) if old.data == link.data => link = old.clone(),
                    // The value names nobody any more, but its edge stays bound.
                    Some(old) => link.target = old.target.clone(),
                    None => {}
                }
                edges.add(link);
            }
        }
        for step in &change.steps {
            match step {
                EdgeStep::Add(draft) => edges.add(self.draft(draft, &mut unknown)),
                EdgeStep::Remove(reference) => edges.remove(&reference.raw),
            }
        }
        if !unknown.is_empty() {
            unknown.truncate(10);
            return Err(unknown);
        }
        after.extend(edges.links);
        let moved = difference(source, &before, &after).pop();
        if moved.is_some() {
            self.set_links(source, after);
        }
        Ok(moved)
    }

    /// The edge of a draft, by who answers to it now.
    fn draft(&self, draft: &EdgeDraft, unknown: &mut Vec<String>) -> Link {
        let answer = self.resolve(&draft.reference);
        if draft.must_exist
            && matches!(answer, Answer::Nobody)
            && !unknown.iter().any(|raw| draft.reference.raw == *raw)
        {
            unknown.push(draft.reference.raw.as_str().to_owned());
        }
        Link { reference: draft.reference.clone(), target: answer.target(), data: draft.data.clone(), own: false }
    }
}

/// Edges of one relation of one source: no two with the same target, nor pending under the same raw value.
#[derive(Default)]
struct EdgeList {
    links: Vec<Link>,
    targets: HashMap<Key, usize>,
    raws: HashMap<Text, usize>,
}

impl EdgeList {
    fn new(mut links: Vec<Link>) -> Self {
        let mut list = Self::default();
        links.sort_by(|one, other| one.place().cmp(&other.place()));
        links.into_iter().for_each(|link| list.push(link));
        list
    }

    fn push(&mut self, link: Link) {
        let at = self.links.len();
        if let Some(target) = &link.target {
            self.targets.entry(target.clone()).or_insert(at);
        }
        self.raws.entry(link.reference.raw.clone()).or_insert(at);
        self.links.push(link);
    }

    /// The edge that `link` is already: to the same target, or, when its value names nobody, with the same value.
    fn find(&self, link: &Link) -> Option<&Link> {
        let at = match &link.target {
            Some(target) => self.targets.get(target),
            None => self.raws.get(&link.reference.raw),
        };
        at.and_then(|&at| self.links.get(at))
    }

    fn add(&mut self, link: Link) {
        if self.find(&link).is_none() {
            self.push(link);
        }
    }

    /// Removes the edges that `value` is the target's id or the raw value of.
    fn remove(&mut self, value: &str) {
        let is_it = |link: &Link| link.value() == value || link.reference.raw == value;
        if self.links.iter().any(is_it) {
            let rest = std::mem::take(&mut self.links).into_iter().filter(|link| !is_it(link)).collect();
            *self = Self::new(rest);
        }
    }
}

/// What came and went between two states of a source's edges, by relation.
fn difference(source: &Key, before: &[Link], after: &[Link]) -> Vec<Moved> {
    let mut relations: BTreeMap<&str, (Vec<&Link>, Vec<&Link>)> = BTreeMap::new();
    for link in before.iter().filter(|link| !link.own) {
        relations.entry(&link.reference.rule.relation).or_default().0.push(link);
    }
    for link in after.iter().filter(|link| !link.own) {
        relations.entry(&link.reference.rule.relation).or_default().1.push(link);
    }
    let mut moved = Vec::new();
    for (relation, (before, after)) in relations {
        let was: HashSet<_> = before.iter().map(|link| (link.value(), &link.target, &link.data)).collect();
        // By id and kind: ids are unique per kind only. What shows the same value in another way did not go.
        let place = |link: &&Link| (link.value().to_owned(), link.target.clone());
        let (old, now): (HashSet<_>, HashSet<_>) =
            (before.iter().map(place).collect(), after.iter().map(place).collect());
        let is: HashSet<_> = now.difference(&old).map(|(value, _)| value.as_str()).collect();
        let added = after.iter().filter(|link| !was.contains(&(link.value(), &link.target, &link.data)));
        let added: Vec<String> = added.map(|link| link.value().to_owned()).collect();
        let removed = before.iter().filter(|link| !now.contains(&place(link)) && !is.contains(link.value()));
        let removed: Vec<String> = removed.map(|link| link.value().to_owned()).collect();
        if !added.is_empty() || !removed.is_empty() {
            moved.push(Moved { source: source.clone(), relation: relation.to_owned(), added, removed });
        }
    }
    moved
}
