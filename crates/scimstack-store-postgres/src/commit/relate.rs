//! [`scimstack_store::Op::Relate`]: what the edges of one source and relation are to be. What is to be written is worked
//! out first, touching only the edges the change names; when it comes to nothing, nothing is written.

use super::edges::EdgeSet;
use super::{Work, check_version, done};
use crate::fault::Fault;
use crate::refs::{Answer, Link, Spec, packed};
use crate::sql::{self, unsigned};
use scimstack_schema::ReferenceKey;
use scimstack_store::{EdgeChange, EdgeDraft, EdgeStep, Expect, Key, OpReceipt, ResourceId, StoreError, Version};

/// The most values an error lists.
const UNKNOWN: usize = 10;

impl Work<'_> {
    pub(super) async fn relate(
        &self,
        op: usize,
        source: &Key,
        relation: &str,
        expect: Expect,
        change: &EdgeChange,
    ) -> Result<OpReceipt, Fault> {
        let (kind, id) = packed(source);
        let row = sql::first(
            self.tx,
            "SELECT version FROM resource WHERE scope = $1 AND kind = $2 AND id = $3 FOR UPDATE",
            &[&self.scope, &kind, &id],
        )
        .await?;
        let version = unsigned(row.ok_or(StoreError::NotFound { op })?.try_get(0)?);
        check_version(op, expect, version)?;
        let mut unknown = Vec::new();
        let mut edges = match &change.replace {
            Some(drafts) => self.replaced(source, relation, drafts, &mut unknown).await?,
            None => EdgeSet::default(),
        };
        for step in &change.steps {
            match step {
                EdgeStep::Add(draft) => {
                    let link = self.draft(draft, None, &mut unknown).await?;
                    edges.load(self, source, relation, &link).await?;
                    edges.add(link);
                }
                EdgeStep::Remove(reference) => {
                    edges.load_named(self, source, relation, &reference.raw).await?;
                    edges.remove(&reference.raw);
                }
            }
        }
        if !unknown.is_empty() {
            return Err(StoreError::UnknownTargets { op, values: unknown }.into());
        }
        let moved = edges.moved();
        if moved.added.is_empty() && moved.removed.is_empty() {
            return Ok(OpReceipt { version: Some(Version(version)), changed: false });
        }
        let count = self.write(source, relation, &edges).await?;
        self.bump(source, true, count).await?;
        self.log_moved(source, relation, Some(version + 1), &moved).await?;
        Ok(done(Some(version + 1)))
    }

    /// The edges when all of them are given: those that stay as they are, and those to be made.
    async fn replaced(
        &self,
        source: &Key,
        relation: &str,
        drafts: &[EdgeDraft],
        unknown: &mut Vec<String>,
    ) -> Result<EdgeSet, Fault> {
        let mut edges = EdgeSet::all(self, source, relation).await?;
        for draft in drafts {
            let mut link = self.draft(draft, Some(&edges), unknown).await?;
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
    async fn draft(
        &self,
        draft: &EdgeDraft,
        known: Option<&EdgeSet>,
        unknown: &mut Vec<String>,
    ) -> Result<Link, Fault> {
        let reference = &draft.reference;
        let spec = Spec::of(&reference.rule);
        // With one kind of target an id has one answer; of several kinds another may have the id, too.
        let by_id = known
            .filter(|_| spec.keys.first() == Some(&ReferenceKey::Id) && spec.targets.len() == 1)
            .and_then(|edges| edges.target_before(ResourceId::new(&reference.raw)?, &spec.targets));
        let answer = match by_id {
            Some(target) => Answer::One(target),
            None => self.resolve(&reference.raw, &spec).await?,
        };
        let is_unknown = draft.must_exist && answer == Answer::Nobody && unknown.len() < UNKNOWN;
        if is_unknown && !unknown.iter().any(|raw| reference.raw == *raw) {
            unknown.push(reference.raw.as_str().to_owned());
        }
        let raw = reference.raw.as_str().to_owned();
        Ok(Link { target: answer.target(), raw, n: 0, spec, data: draft.data.to_vec() })
    }

    /// Writes the difference; by how much the number of edges changed.
    async fn write(&self, source: &Key, relation: &str, edges: &EdgeSet) -> Result<i64, Fault> {
        let mut count = 0;
        for (before, after) in edges.differences() {
            if let Some(before) = before {
                self.erase(source, relation, before).await?;
                count -= 1;
            }
            if let Some(after) = after {
                self.insert(source, relation, after).await?;
                count += 1;
            }
        }
        Ok(count)
    }
}
