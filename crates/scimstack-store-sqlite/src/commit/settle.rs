//! A membership that is given whole, merged with what is there: both in the order of the table, one row after the other,
//! so that what stays as it is costs no more than reading it.
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
use scimstack_store::{EdgeDraft, Key};

/// What is left to be worked out.
pub(super) struct Unsettled<'d> {
    /// The edges that no draft is exactly, none of which is to stay.
    pub(super) edges: EdgeSet,
    /// The drafts that no edge is exactly, in their order.
    pub(super) drafts: Vec<&'d EdgeDraft>,
}

impl Work<'_> {
    /// Settles the drafts that are an edge exactly: bound to the target whose id they say. `None` when a value means
    /// several: two drafts, or two edges.
    pub(super) fn settle<'d>(
        &self,
        source: &Key,
        relation: Num,
        drafts: &'d [EdgeDraft],
    ) -> Result<Option<Unsettled<'d>>, Fault> {
        // Stable, because that is fast for what is in order but for a few.
        let mut sorted: Vec<(&str, usize)> =
            drafts.iter().enumerate().map(|(place, draft)| (draft.reference.raw.as_str(), place)).collect();
        sorted.sort_by_key(|(raw, _)| *raw);
        if sorted.windows(2).any(|pair| matches!(pair, [(one, _), (other, _)] if one == other)) {
            return Ok(None);
        }
        let mut settled = vec![false; drafts.len()];
        let mut edges = EdgeSet::default();
        let mut statement = sql::prepare(
            self.connection,
            "SELECT pending, tkind, tid, n, raw, spec, data FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 ORDER BY pending, tkind, tid, n",
        )?;
        let mut rows = statement.query(params![self.scope, relation, source.kind.as_str(), source.id.as_str()])?;
        let (mut kind, mut at) = (String::new(), 0);
        while let Some(row) = rows.next()? {
            if let Some(bound) = Bound::read(row)? {
                // The targets of each kind are in the order of their ids.
                if bound.kind != kind {
                    (kind, at) = (bound.kind.to_owned(), 0);
                }
                at += sorted.get(at..).unwrap_or_default().iter().take_while(|(raw, _)| *raw < bound.id).count();
                if let Some((_, place)) = sorted.get(at)
                    && drafts.get(*place).is_some_and(|draft| bound.is(draft))
                    && let Some(is_settled) = settled.get_mut(*place)
                {
                    if *is_settled {
                        return Ok(None);
                    }
                    *is_settled = true;
                    continue;
                }
            }
            let link = Link::read(row)?;
            if link.n == 0 {
                edges.put(link);
            }
        }
        let is_settled = |raw: &str| {
            let found = sorted.binary_search_by_key(&raw, |(raw, _)| *raw).ok().and_then(|at| sorted.get(at));
            found.is_some_and(|(_, place)| settled.get(*place) == Some(&true))
        };
        if edges.before().any(|link| is_settled(&link.raw)) {
            return Ok(None);
        }
        let left = drafts.iter().zip(&settled).filter(|(_, is_settled)| !**is_settled);
        Ok(Some(Unsettled { edges, drafts: left.map(|(draft, _)| draft).collect() }))
    }
}

/// A row that is bound to the target whose id was sent, of an edges-only relation.
struct Bound<'r> {
    kind: &'r str,
    id: &'r str,
    data: &'r [u8],
}

impl<'r> Bound<'r> {
    fn read(row: &'r Row<'_>) -> rusqlite::Result<Option<Self>> {
        if row.get::<_, bool>(0)? || row.get::<_, i64>(3)? != 0 || row.get_ref(4)? != ValueRef::Null {
            return Ok(None);
        }
        let data = row.get_ref(6)?.as_blob_or_null()?.unwrap_or_default();
        Ok(Some(Self { kind: row.get_ref(1)?.as_str()?, id: row.get_ref(2)?.as_str()?, data }))
    }

    /// Whether the draft is this edge and nothing else.
    fn is(&self, draft: &EdgeDraft) -> bool {
        let reference = &draft.reference;
        reference.raw == self.id
            && reference.rule.keys.first() == Some(&ReferenceKey::Id)
            && reference.rule.targets.iter().any(|kind| kind.as_str() == self.kind)
            && draft.data[..] == *self.data
    }
}
