//! A membership that is given whole, merged with what is there: both in the order of the table, one row after the other,
//! so that what stays as it is costs hardly more than reading it.
//! Left out: edges that differ in any way, which [`super::relate`] works out one by one.

use super::Work;
use super::edges::EdgeSet;
use crate::dict::Num;
use crate::fault::Fault;
use crate::links::Link;
use crate::sql;
use rusqlite::types::ValueRef;
use rusqlite::{Row, params};
use scimstack_schema::ReferenceKey;
use scimstack_store::{EdgeDraft, Key, ReferenceRule};
use std::cmp::Ordering;
use std::sync::Arc;

/// What is left to be worked out.
pub(super) struct Unsettled<'d> {
    /// The edges that no draft is exactly, none of which is to stay.
    pub(super) edges: EdgeSet,
    /// The drafts that no edge is exactly, in their order.
    pub(super) drafts: Vec<&'d EdgeDraft>,
}

impl Work<'_> {
    /// Settles the drafts that are an edge exactly: bound to the target whose id they say, or pending under what they say.
    /// `None` when a value means several: two drafts, or two edges.
    pub(super) fn settle<'d>(
        &self,
        source: &Key,
        relation: Num,
        drafts: &'d [EdgeDraft],
    ) -> Result<Option<Unsettled<'d>>, Fault> {
        let Some(mut drafts) = Drafts::in_order(drafts) else { return Ok(None) };
        let mut edges = EdgeSet::default();
        let mut statement = sql::prepare(
            self.connection,
            "SELECT pending, tkind, tid, n, raw, spec, data FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND n = 0 ORDER BY pending, tkind, tid",
        )?;
        let mut rows = statement.query(params![self.scope, relation, source.kind.as_str(), source.id.as_str()])?;
        let mut run = Run::default();
        while let Some(row) = rows.next()? {
            run.enter(row)?;
            let exact = match drafts.seek(&mut run.at, text(row, 2)?) {
                Some((place, draft)) if run.is(self, row, draft)? => Some(place),
                _ => None,
            };
            match exact {
                // Another edge is this draft, too.
                Some(place) if !drafts.settle(place) => return Ok(None),
                Some(_) => {}
                None => edges.put(Link::read(row)?),
            }
        }
        if edges.before().any(|link| drafts.is_settled(&link.raw)) {
            return Ok(None);
        }
        Ok(Some(Unsettled { edges, drafts: drafts.left() }))
    }
}

/// Drafts by raw value, no two of which are the same.
struct Drafts<'d> {
    all: &'d [EdgeDraft],
    /// Their places by raw value; `None` when they came in this order.
    order: Option<Vec<usize>>,
    settled: Vec<bool>,
}

impl<'d> Drafts<'d> {
    fn in_order(all: &'d [EdgeDraft]) -> Option<Self> {
        let raw = |draft: &'d EdgeDraft| draft.reference.raw.as_bytes();
        let mut order = None;
        if !all.is_sorted_by(|one, next| raw(one) < raw(next)) {
            let mut sorted: Vec<(&[u8], usize)> = all.iter().map(raw).zip(0..).collect();
            // Stable, because that is fast for what is in order but for a few.
            sorted.sort_by_key(|(raw, _)| *raw);
            if sorted.windows(2).any(|pair| matches!(pair, [(one, _), (next, _)] if one == next)) {
                return None;
            }
            order = Some(sorted.into_iter().map(|(_, place)| place).collect());
        }
        Some(Self { all, order, settled: vec![false; all.len()] })
    }

    /// The draft at this place in the order, and its place among all.
    fn get(&self, at: usize) -> Option<(usize, &'d EdgeDraft)> {
        let place = match &self.order {
            Some(order) => *order.get(at)?,
            None => at,
        };
        Some((place, self.all.get(place)?))
    }

    /// Passes those before the value; takes the one that has it.
    fn seek(&self, at: &mut usize, value: &[u8]) -> Option<(usize, &'d EdgeDraft)> {
        while let Some((place, draft)) = self.get(*at) {
            match draft.reference.raw.as_bytes().cmp(value) {
                Ordering::Less => *at += 1,
                Ordering::Equal => {
                    *at += 1;
                    return Some((place, draft));
                }
                Ordering::Greater => break,
            }
        }
        None
    }

    /// False when it is settled already.
    fn settle(&mut self, place: usize) -> bool {
        self.settled.get_mut(place).is_some_and(|settled| !std::mem::replace(settled, true))
    }

    /// Whether the draft with this raw value is settled.
    fn is_settled(&self, raw: &str) -> bool {
        let has = |draft: &EdgeDraft| draft.reference.raw.as_str().cmp(raw);
        let place = match &self.order {
            Some(order) => {
                let found = order.binary_search_by(|place| self.all.get(*place).map_or(Ordering::Greater, has));
                found.ok().and_then(|at| order.get(at).copied())
            }
            None => self.all.binary_search_by(has).ok(),
        };
        place.is_some_and(|place| self.settled.get(place) == Some(&true))
    }

    fn left(&self) -> Vec<&'d EdgeDraft> {
        self.all.iter().zip(&self.settled).filter(|(_, settled)| !**settled).map(|(draft, _)| draft).collect()
    }
}

/// A run of rows within which targets are in the order of their ids: those of one kind, or those that are pending.
#[derive(Default)]
struct Run<'d> {
    pending: bool,
    kind: Vec<u8>,
    /// How far the drafts were passed.
    at: usize,
    /// The rule that was judged last, which is nearly always the next one, too.
    judged: Option<(&'d Arc<ReferenceRule>, Judged)>,
}

/// What a rule makes of the rows of a run.
#[derive(Clone, Copy)]
enum Judged {
    /// Whether an id names a target of this kind, whatever else it may name.
    Bound(bool),
    /// What a pending edge under this rule has for `spec`, if there is any.
    Pending(Option<Num>),
}

impl<'d> Run<'d> {
    fn enter(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let kind = text(row, 1)?;
        // The kind of those that are pending is empty.
        if kind != self.kind {
            *self = Self { pending: row.get(0)?, kind: kind.to_owned(), at: 0, judged: None };
        }
        Ok(())
    }

    /// Whether the draft, which says the row's `tid`, is this edge and nothing else. Who has to exist is looked for.
    fn is(&mut self, work: &Work<'_>, row: &Row<'_>, draft: &'d EdgeDraft) -> rusqlite::Result<bool> {
        let is_it = match self.judge(work, &draft.reference.rule) {
            Judged::Bound(is_named) => is_named && row.get_ref(4)? == ValueRef::Null,
            // Had anybody come that its value names, the edge would not be pending.
            Judged::Pending(spec) => !draft.must_exist && spec == Some(row.get(5)?),
        };
        Ok(is_it && row.get_ref(6)?.as_blob_or_null()?.unwrap_or_default() == draft.data)
    }

    fn judge(&mut self, work: &Work<'_>, rule: &'d Arc<ReferenceRule>) -> Judged {
        match &self.judged {
            Some((known, judged)) if Arc::ptr_eq(known, rule) => *judged,
            _ => {
                let judged = if self.pending {
                    Judged::Pending(work.known_spec(rule))
                } else {
                    let is_target = rule.targets.iter().any(|kind| kind.as_str().as_bytes() == self.kind);
                    Judged::Bound(is_target && rule.keys.first() == Some(&ReferenceKey::Id))
                };
                self.judged = Some((rule, judged));
                judged
            }
        }
    }
}

/// A text as bytes, which is what the table is ordered by.
fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r [u8]> {
    Ok(row.get_ref(column)?.as_bytes()?)
}
