//! A membership that is given whole, merged with what is there ([`scimstack_store::settle`]).
//! Left out: edges that differ in any way, which [`super::relate`] works out one by one.

use super::Work;
use super::edges::EdgeSet;
use crate::dict::Num;
use crate::fault::Fault;
use crate::links::Link;
use crate::sql;
use rusqlite::types::ValueRef;
use rusqlite::{Row, params};
use scimstack_store::settle::{EdgeRow, Settling};
use scimstack_store::{EdgeDraft, Key};

/// What is left to be worked out.
pub(super) struct Unsettled<'d> {
    /// The edges that no draft is exactly, none of which is to stay.
    pub(super) edges: EdgeSet,
    /// The drafts that no edge is exactly, in their order.
    pub(super) drafts: Vec<&'d EdgeDraft>,
}

impl Work<'_> {
    /// Settles the drafts that are an edge exactly. `None` when a value means several: two drafts, or two edges.
    pub(super) fn settle<'d>(
        &self,
        source: &Key,
        relation: Num,
        drafts: &'d [EdgeDraft],
    ) -> Result<Option<Unsettled<'d>>, Fault> {
        let Some(mut settling) = Settling::new(drafts) else { return Ok(None) };
        let mut edges = EdgeSet::default();
        let mut statement = sql::prepare(
            self.connection,
            "SELECT pending, tkind, tid, n, raw, spec, data FROM edge \
             WHERE scope = ?1 AND relation = ?2 AND skind = ?3 AND sid = ?4 AND n = 0 ORDER BY pending, tkind, tid",
        )?;
        let mut rows = statement.query(params![self.scope, relation, source.kind.as_str(), source.id.as_str()])?;
        while let Some(row) = rows.next()? {
            let spec: Num = row.get(5)?;
            match settling.row(&edge_row(row)?, |rule| self.known_spec(rule) == Some(spec)) {
                Some(true) => {}
                Some(false) => edges.put(Link::read(row)?),
                None => return Ok(None),
            }
        }
        if edges.before().any(|link| settling.is_settled(&link.raw)) {
            return Ok(None);
        }
        Ok(Some(Unsettled { edges, drafts: settling.left() }))
    }
}

/// The columns of a row that a draft may be; texts as bytes, which is what the table is ordered by.
fn edge_row<'r>(row: &'r Row<'_>) -> rusqlite::Result<EdgeRow<'r>> {
    Ok(EdgeRow {
        pending: row.get(0)?,
        kind: row.get_ref(1)?.as_bytes()?,
        value: row.get_ref(2)?.as_bytes()?,
        is_own: row.get_ref(4)? == ValueRef::Null,
        data: row.get_ref(6)?.as_blob_or_null()?.unwrap_or_default(),
    })
}
