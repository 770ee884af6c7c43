//! What the store in memory holds, and the journal by which a changeset that fails is taken back.

use super::links::Link;
use crate::changeset::Receipt;
use crate::feed::{Change, Position};
use crate::key::{Key, Scope, Version};
use crate::query::Want;
use crate::record::{Record, Stored};
use bytes::Bytes;
use scimstack_schema::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Everything.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) spaces: HashMap<Scope, Space>,
    /// All scopes' changes, in order.
    pub(super) feed: Vec<Change>,
    /// Up to where a scope's changes were removed.
    pub(super) pruned: HashMap<Scope, Position>,
    /// The sequence number last given.
    pub(super) sequence: u64,
}

impl State {
    pub(super) fn space(&self, scope: Scope) -> Option<&Space> {
        self.spaces.get(&scope)
    }
}

/// One scope's records.
#[derive(Debug, Default)]
pub(super) struct Space {
    rows: BTreeMap<Key, Row>,
    /// By source: references of the record and edges of its edges-only relations.
    links: BTreeMap<Key, Vec<Link>>,
    events: BTreeSet<(String, String)>,
    pub(super) receipts: HashMap<String, (Timestamp, Receipt)>,
    journal: Vec<Undo>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) record: Record,
}

/// What was there before a step.
#[derive(Debug)]
enum Undo {
    Row(Key, Option<Box<Row>>),
    Links(Key, Option<Vec<Link>>),
    Event((String, String)),
}

impl Space {
    pub(super) fn row(&self, key: &Key) -> Option<&Row> {
        self.rows.get(key)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&Key, &Row)> {
        self.rows.iter()
    }

    pub(super) fn links(&self, source: &Key) -> &[Link] {
        self.links.get(source).map_or(&[], Vec::as_slice)
    }

    pub(super) fn all_links(&self) -> impl Iterator<Item = (&Key, &Link)> {
        self.links.iter().flat_map(|(source, links)| links.iter().map(move |link| (source, link)))
    }

    pub(super) fn set_row(&mut self, key: &Key, row: Option<Row>) {
        let before = match row {
            Some(row) => self.rows.insert(key.clone(), row),
            None => self.rows.remove(key),
        };
        self.journal.push(Undo::Row(key.clone(), before.map(Box::new)));
    }

    pub(super) fn set_links(&mut self, source: &Key, links: Vec<Link>) {
        let before = match links.is_empty() {
            false => self.links.insert(source.clone(), links),
            true => self.links.remove(source),
        };
        self.journal.push(Undo::Links(source.clone(), before));
    }

    /// False when the event is known.
    pub(super) fn add_event(&mut self, topic: &str, id: &str) -> bool {
        let event = (topic.to_owned(), id.to_owned());
        let new = self.events.insert(event.clone());
        if new {
            self.journal.push(Undo::Event(event));
        }
        new
    }

    /// Forgets an event that was removed from the feed.
    pub(super) fn forget_event(&mut self, topic: &str, id: &str) {
        self.events.remove(&(topic.to_owned(), id.to_owned()));
    }

    /// Keeps what was done since the last time.
    pub(super) fn keep(&mut self) {
        self.journal.clear();
    }

    /// Takes back what was done since the last time.
    pub(super) fn take_back(&mut self) {
        while let Some(undo) = self.journal.pop() {
            match undo {
                Undo::Row(key, Some(row)) => drop(self.rows.insert(key, *row)),
                Undo::Row(key, None) => drop(self.rows.remove(&key)),
                Undo::Links(key, Some(links)) => drop(self.links.insert(key, links)),
                Undo::Links(key, None) => drop(self.links.remove(&key)),
                Undo::Event(event) => drop(self.events.remove(&event)),
            }
        }
    }

    pub(super) fn stored(&self, key: &Key, want: Want) -> Option<Stored> {
        let row = self.row(key)?;
        let part = |bytes: &Bytes, wanted: bool| if wanted { bytes.clone() } else { Bytes::new() };
        let edge_count = self.links(key).iter().filter(|link| !link.own).count() as u64;
        Some(Stored::new(
            key.clone(),
            Version(row.version),
            row.record.core.clone(),
            part(&row.record.doc, want.document),
            part(&row.record.private, want.private),
            edge_count,
        ))
    }
}
