//! A membership that is given whole, merged with what is there: both in the order of the table, one row after the other, so
//! that what stays as it is costs hardly more than reading it. For back ends that keep edges in the order of `pending`,
//! the target's kind, and its id or, while it is pending, the raw value.
//! Left out: edges that differ in any way; a back end works those out one by one.
//!
//! ```
//! use scimstack_schema::ReferenceKey;
//! use scimstack_store::settle::{EdgeRow, Settling};
//! use scimstack_store::{EdgeDraft, Reference, ReferenceRule};
//! use std::sync::Arc;
//!
//! let rule = ReferenceRule { relation: "members".into(), keys: vec![ReferenceKey::Id], targets: vec!["User".into()] };
//! let rule = Arc::new(rule);
//! let member = |id| EdgeDraft { reference: Reference::new(&rule, id), data: "".into(), must_exist: false };
//! let drafts = [member("u3"), member("u1")];
//! let mut settling = Settling::new(&drafts).unwrap();
//! let row = |value| EdgeRow { pending: false, kind: b"User", value, is_own: true, data: b"" };
//! // One is there and stays, one goes, and one is to be made.
//! assert_eq!(settling.row(&row(b"u1"), |_| false), Some(true));
//! assert_eq!(settling.row(&row(b"u2"), |_| false), Some(false));
//! assert_eq!(settling.left(), [&drafts[0]]);
//! ```

use crate::{EdgeDraft, ReferenceRule};
use scimstack_schema::ReferenceKey;
use std::cmp::Ordering;
use std::sync::Arc;

/// An edge that is there, as its row has it.
#[derive(Clone, Copy, Debug)]
pub struct EdgeRow<'r> {
    /// Whether its target is not there.
    pub pending: bool,
    /// The target's kind; nothing while it is pending.
    pub kind: &'r [u8],
    /// The target's id; the raw value while it is pending.
    pub value: &'r [u8],
    /// Whether it was sent as that.
    pub is_own: bool,
    /// As [`EdgeDraft::data`].
    pub data: &'r [u8],
}

/// Drafts of which no two say the same, while the edges that are there pass by.
#[derive(Debug)]
pub struct Settling<'d> {
    drafts: &'d [EdgeDraft],
    /// Their places by raw value; `None` when they came in this order.
    order: Option<Vec<usize>>,
    settled: Vec<bool>,
    run: Run<'d>,
}

/// Rows within which targets are in the order of their ids: those of one kind, or those that are pending.
#[derive(Debug, Default)]
struct Run<'d> {
    kind: Vec<u8>,
    /// How far the drafts were passed.
    at: usize,
    /// The rule that was judged last, which is nearly always the next one, too; and whether by it an id names a target of
    /// this kind, whatever else it may name.
    judged: Option<(&'d Arc<ReferenceRule>, bool)>,
}

impl<'d> Settling<'d> {
    /// `None` when two drafts say the same.
    #[must_use]
    pub fn new(drafts: &'d [EdgeDraft]) -> Option<Self> {
        let raw = |draft: &'d EdgeDraft| draft.reference.raw.as_bytes();
        let mut order = None;
        if !drafts.is_sorted_by(|one, next| raw(one) < raw(next)) {
            let mut sorted: Vec<(&[u8], usize)> = drafts.iter().map(raw).zip(0..).collect();
            // Stable, because that is fast for what is in order but for a few.
            sorted.sort_by_key(|(raw, _)| *raw);
            if sorted.windows(2).any(|pair| matches!(pair, [(one, _), (next, _)] if one == next)) {
                return None;
            }
            order = Some(sorted.into_iter().map(|(_, place)| place).collect());
        }
        Some(Self { drafts, order, settled: vec![false; drafts.len()], run: Run::default() })
    }

    /// Takes the next row, in the order of the table. Whether a draft is that edge exactly: bound to the target whose id it
    /// says, or pending under what it says (`is_rule`: by that rule). `None` when the draft is another edge, too: then
    /// nothing can be settled in this way.
    pub fn row(&mut self, row: &EdgeRow<'_>, is_rule: impl FnOnce(&Arc<ReferenceRule>) -> bool) -> Option<bool> {
        // The kind of those that are pending is empty.
        if row.kind != self.run.kind {
            self.run = Run { kind: row.kind.to_owned(), at: 0, judged: None };
        }
        let Some((place, draft)) = self.seek(row.value) else { return Some(false) };
        let is_it = match row.pending {
            // Had anybody come that its value names, the edge would not be pending. Who has to exist is looked for.
            true => !draft.must_exist && is_rule(&draft.reference.rule),
            false => row.is_own && self.is_named(&draft.reference.rule),
        };
        if !is_it || row.data != draft.data {
            return Some(false);
        }
        let settled = self.settled.get_mut(place)?;
        (!std::mem::replace(settled, true)).then_some(true)
    }

    /// Whether the draft with this raw value is settled.
    #[must_use]
    pub fn is_settled(&self, raw: &str) -> bool {
        let has = |draft: &EdgeDraft| draft.reference.raw.as_str().cmp(raw);
        let place = match &self.order {
            Some(order) => {
                let found = order.binary_search_by(|place| self.drafts.get(*place).map_or(Ordering::Greater, has));
                found.ok().and_then(|at| order.get(at).copied())
            }
            None => self.drafts.binary_search_by(has).ok(),
        };
        place.is_some_and(|place| self.settled.get(place) == Some(&true))
    }

    /// The drafts that no edge is exactly, in their order.
    #[must_use]
    pub fn left(&self) -> Vec<&'d EdgeDraft> {
        self.drafts.iter().zip(&self.settled).filter(|(_, settled)| !**settled).map(|(draft, _)| draft).collect()
    }

    /// The draft at this place in the order, and its place among all.
    fn get(&self, at: usize) -> Option<(usize, &'d EdgeDraft)> {
        let place = match &self.order {
            Some(order) => *order.get(at)?,
            None => at,
        };
        Some((place, self.drafts.get(place)?))
    }

    /// Passes those before the value; takes the one that has it.
    fn seek(&mut self, value: &[u8]) -> Option<(usize, &'d EdgeDraft)> {
        while let Some((place, draft)) = self.get(self.run.at) {
            match draft.reference.raw.as_bytes().cmp(value) {
                Ordering::Less => self.run.at += 1,
                Ordering::Equal => {
                    self.run.at += 1;
                    return Some((place, draft));
                }
                Ordering::Greater => break,
            }
        }
        None
    }

    fn is_named(&mut self, rule: &'d Arc<ReferenceRule>) -> bool {
        match &self.run.judged {
            Some((known, judged)) if Arc::ptr_eq(known, rule) => *judged,
            _ => {
                let is_target = rule.targets.iter().any(|kind| kind.as_str().as_bytes() == self.run.kind);
                let judged = is_target && rule.keys.first() == Some(&ReferenceKey::Id);
                self.run.judged = Some((rule, judged));
                judged
            }
        }
    }
}
