//! What a journal comes to: who is linked to which resource, what was sent last, what is set aside, and which requests
//! nobody knows the outcome of.

use super::journal::{Aside, Entry};
use super::wire::Verb;
use scimstack_schema::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// What is known of one item.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    id: Option<String>,
    /// A request was to be sent, and nothing says what came of it.
    open: Option<Verb>,
    /// What was wanted when it was settled, and in which plan.
    settled: Option<(u64, Option<u64>)>,
    fingerprints: Vec<Option<u32>>,
    aside: Option<Aside>,
    members: BTreeSet<String>,
}

/// The sum of a journal.
///
/// ```
/// use scimstack_provisioning::sync::{Entry, Ledger};
///
/// let mut ledger = Ledger::default();
/// let line = r#"{"entry":"settled","item":"Users userName ann","id":"7","deed":"created","hash":"1","prints":"-"}"#;
/// ledger.handle_entry(&Entry::parse(line)?);
/// assert_eq!(ledger.id("Users userName ann"), Some("7"));
/// # Ok::<(), scimstack_provisioning::sync::EntryError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    items: HashMap<String, Known>,
    /// The plan of the run that has begun and not ended.
    plan: Option<u64>,
}

impl Ledger {
    /// One more entry.
    pub fn handle_entry(&mut self, entry: &Entry) {
        let plan = self.plan;
        match entry {
            Entry::Begin { plan, .. } => self.plan = Some(*plan),
            Entry::End { .. } => self.plan = None,
            Entry::Intent { item, verb, id } => {
                let known = self.item(item);
                known.open = Some(*verb);
                known.settled = None;
                known.id = id.clone().or(known.id.take());
            }
            Entry::Outcome { item, status, id, added, removed } => {
                let known = self.item(item);
                // Without an answer nobody knows.
                if status.is_some() {
                    known.open = None;
                }
                known.id = id.clone().or(known.id.take());
                known.members.extend(added.iter().cloned());
                known.members.retain(|id| !removed.contains(id));
            }
            Entry::Settled { item, id, hash, fingerprints, .. } => {
                let known = self.item(item);
                (known.open, known.aside) = (None, None);
                known.settled = Some((*hash, plan));
                known.fingerprints.clone_from(fingerprints);
                known.id.clone_from(id);
                if id.is_none() {
                    known.members.clear();
                }
            }
            Entry::Aside(aside) => self.item(&aside.item).aside = Some(aside.clone()),
        }
    }

    fn item(&mut self, name: &str) -> &mut Known {
        self.items.entry(name.to_owned()).or_default()
    }

    /// The resource of an item.
    #[must_use]
    pub fn id(&self, item: &str) -> Option<&str> {
        self.items.get(item)?.id.as_deref()
    }

    /// Whether a request about it may or may not have been done.
    #[must_use]
    pub fn is_open(&self, item: &str) -> bool {
        self.items.get(item).is_some_and(|known| known.open.is_some())
    }

    /// Whether it was settled with this in the run that was cut off.
    #[must_use]
    pub(super) fn is_done(&self, item: &str, hash: u64, plan: u64) -> bool {
        let settled = self.items.get(item).and_then(|known| known.settled);
        self.plan == Some(plan) && settled == Some((hash, Some(plan)))
    }

    /// Why it is set aside.
    #[must_use]
    pub fn aside(&self, item: &str) -> Option<&Aside> {
        self.items.get(item)?.aside.as_ref()
    }

    /// Nothing is set aside any more: everything is tried again, as by somebody who has looked at it.
    pub fn release(&mut self) {
        self.items.values_mut().for_each(|known| known.aside = None);
    }

    /// Everything that is set aside.
    pub fn all_aside(&self) -> impl Iterator<Item = &Aside> {
        self.items.values().filter_map(|known| known.aside.as_ref())
    }

    /// The fingerprints of what was sent last.
    pub(super) fn fingerprints(&self, item: &str) -> Option<&[Option<u32>]> {
        let known = self.items.get(item)?;
        (!known.fingerprints.is_empty()).then_some(known.fingerprints.as_slice())
    }

    /// Who was sent as members.
    pub(super) fn members(&self, item: &str) -> Vec<String> {
        self.items.get(item).map(|known| known.members.iter().cloned().collect()).unwrap_or_default()
    }

    /// The members that were sent, by the ids of their groups: for targets that do not show them.
    #[must_use]
    pub fn sent_members(&self) -> HashMap<&str, Vec<&str>> {
        let groups = self.items.values().filter(|known| !known.members.is_empty());
        groups
            .filter_map(|known| Some((known.id.as_deref()?, known.members.iter().map(String::as_str).collect())))
            .collect()
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items and their ids, whatever the order.
    pub(super) fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items.iter().filter_map(|(item, known)| Some((item.as_str(), known.id.as_deref()?)))
    }

    /// The plan of a run that was cut off.
    #[must_use]
    pub fn unfinished(&self) -> Option<u64> {
        self.plan
    }

    /// The same as few entries, for a journal that has become long: `at` is now.
    #[must_use]
    pub fn entries(&self, at: Timestamp) -> Vec<Entry> {
        let mut names: Vec<&String> = self.items.keys().collect();
        names.sort_unstable();
        let mut entries: Vec<Entry> = self.plan.map(|plan| Entry::Begin { plan, at }).into_iter().collect();
        for name in names {
            let Some(known) = self.items.get(name) else { continue };
            let item = name.clone();
            if !known.members.is_empty() {
                let (added, removed) = (known.members.iter().cloned().collect(), Vec::new());
                let (item, id) = (item.clone(), known.id.clone());
                entries.push(Entry::Outcome { item, status: Some(200), id, added, removed });
            }
            let (hash, is_settled) = known.settled.map_or((0, false), |(hash, _)| (hash, true));
            if is_settled || known.id.is_some() {
                let (id, fingerprints) = (known.id.clone(), known.fingerprints.clone());
                let deed = if id.is_some() { super::job::Deed::Unchanged } else { super::job::Deed::Gone };
                entries.push(Entry::Settled { item: item.clone(), id, deed, hash, fingerprints });
            }
            entries.extend(known.aside.clone().map(Entry::Aside));
            entries.extend(known.open.map(|verb| Entry::Intent { item, verb, id: known.id.clone() }));
        }
        entries
    }
}
