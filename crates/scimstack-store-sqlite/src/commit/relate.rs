//! [`scimstack_store::Op::Relate`]: what the edges of one source and relation are to be. What is to be written is worked
//! out first, touching only the edges the change names; when it comes to nothing, nothing is written.

use super::edges::EdgeSet;
use super::{Work, check_version, done};
use crate::dict::{Class, Num};
use crate::fault::Fault;
use crate::links::Link;
use crate::refs::Answer;
use crate::sql::{self, unsigned};
use rusqlite::params;
use scimstack_schema::ReferenceKey;
use scimstack_store::{EdgeChange, EdgeDraft, EdgeStep, Expect, Key, OpReceipt, StoreError, Version};

/// The most values an error lists.
const UNKNOWN: usize = 10;

impl Work<'_> {
    pub(super) fn relate(
        &mut self,
        op: usize,
        source: &Key,
        relation: &str,
        expect: Expect,
        change: &EdgeChange,
    ) -> Result<OpReceipt, Fault> {
        let kind = self.dict.known(Class::Kind, source.kind.as_str());
        let version: Option<i64> = sql::first(
            self.connection,
            "SELECT version FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3",
            params![self.scope, kind, source.id.as_str()],
            |row| row.get(0),
        )?;
        let version = unsigned(version.ok_or(StoreError::NotFound { op })?);
        check_version(op, expect, version)?;
        let number = self.intern(Class::Relation, relation)?;
        let mut unknown = Vec::new();
        let mut edges = match &change.replace {
            Some(drafts) => self.replaced(source, number, drafts, &mut unknown)?,
            None => EdgeSet::default(),
        };
        for step in &change.steps {
            match step {
                EdgeStep::Add(draft) => {
                    let link = self.draft(draft, None, &mut unknown)?;
                    edges.load(self, source, number, &link)?;
                    edges.add(link);
                }
                EdgeStep::Remove(reference) => {
                    edges.load_named(self, source, number, &reference.raw)?;
                    edges.remove(&reference.raw);
                }
            }
        }
        if !unknown.is_empty() {
            unknown.truncate(UNKNOWN);
            return Err(StoreError::UnknownTargets { op, values: unknown }.into());
        }
        let moved = edges.moved();
        if moved.added.is_empty() && moved.removed.is_empty() {
            return Ok(OpReceipt { version: Some(Version(version)), changed: false });
        }
        let count = self.write(source, number, &edges)?;
        self.bump(source, true, count)?;
        self.log_moved(source, relation, Some(version + 1), &moved)?;
        Ok(done(Some(version + 1)))
    }

    /// The edges when all of them are given: those that stay as they are, and those to be made.
    fn replaced(
        &mut self,
        source: &Key,
        relation: Num,
        drafts: &[EdgeDraft],
        unknown: &mut Vec<String>,
    ) -> Result<EdgeSet, Fault> {
        let (mut edges, drafts) = match self.settle(source, relation, drafts)? {
            Some(unsettled) => (unsettled.edges, unsettled.drafts),
            None => (EdgeSet::all(self, source, relation)?, drafts.iter().collect()),
        };
        for draft in drafts {
            let mut link = self.draft(draft, Some(&edges), unknown)?;
            // It may be an edge that is settled, sent under another name.
            edges.load(self, source, relation, &link)?;
            match edges.find_before(&link) {
                Some(old) if old.data == link.data => link = old.clone(),
                // The value names nobody any more, but its edge stays bound.
                Some(old) => link.target.clone_from(&old.target),
                None => {}
            }
            edges.add(link);
        }
        Ok(edges)
    }

    /// The edge of a draft, by who answers to it now. A target among `known` edges need not be looked up.
    fn draft(&mut self, draft: &EdgeDraft, known: Option<&EdgeSet>, unknown: &mut Vec<String>) -> Result<Link, Fault> {
        let reference = &draft.reference;
        let by_id = known
            .filter(|_| reference.rule.keys.first() == Some(&ReferenceKey::Id))
            .and_then(|edges| edges.target_before(&reference.raw, &reference.rule.targets));
        let answer = match by_id {
            Some(target) => Answer::One(target),
            None => self.resolve(&reference.raw, &reference.rule.keys, &reference.rule.targets)?,
        };
        let is_unknown = draft.must_exist && answer == Answer::Nobody && unknown.len() < UNKNOWN;
        if is_unknown && !unknown.iter().any(|raw| reference.raw == *raw) {
            unknown.push(reference.raw.as_str().to_owned());
        }
        Ok(Link {
            target: answer.target(),
            raw: reference.raw.as_str().to_owned(),
            n: 0,
            spec: self.spec_of(&reference.rule)?,
            data: draft.data.to_vec(),
        })
    }

    /// Writes the difference; by how much the number of edges changed.
    fn write(&mut self, source: &Key, relation: Num, edges: &EdgeSet) -> Result<i64, Fault> {
        let mut count = 0;
        for (before, after) in edges.differences() {
            if let Some(before) = before {
                self.erase(source, relation, before)?;
                count -= 1;
            }
            if let Some(after) = after {
                self.insert(source, relation, after)?;
                count += 1;
            }
        }
        Ok(count)
    }
}
