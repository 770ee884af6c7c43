//! [`scimstack_store::Op::Relate`]: what the edges of one source and relation are to be. What is to be written is worked
//! out first, touching only the edges the change names; when it comes to nothing, nothing is written.

use super::edges::EdgeSet;
use super::log::column;
use super::{Work, check_version, done};
use crate::fault::{Fault, both_of};
use crate::refs::{Answer, Link, Spec};
use futures_util::future::join_all;
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
        let drafts: Vec<&EdgeDraft> = change.steps.iter().filter_map(added).collect();
        let (version, added) = both_of(tokio::join!(self.version(source), self.draft_all(&drafts)))?;
        let version = version.ok_or(StoreError::NotFound { op })?;
        check_version(op, expect, version)?;
        let mut unknown = Vec::new();
        let mut edges = match &change.replace {
            Some(drafts) => self.replaced(source, relation, drafts, &mut unknown).await?,
            None => EdgeSet::default(),
        };
        for (draft, (_, answer)) in drafts.iter().zip(&added) {
            note_unknown(draft, answer, &mut unknown);
        }
        if !unknown.is_empty() {
            return Err(StoreError::UnknownTargets { op, values: unknown }.into());
        }
        let added: Vec<Link> = added.into_iter().map(|(link, _)| link).collect();
        let removed = change.steps.iter().filter_map(|step| match step {
            EdgeStep::Remove(reference) => Some(reference.raw.as_str()),
            EdgeStep::Add(_) => None,
        });
        edges.load(self, source, relation, &added, &removed.collect::<Vec<_>>()).await?;
        let mut added = added.into_iter();
        for step in &change.steps {
            match step {
                EdgeStep::Add(_) => added.by_ref().take(1).for_each(|link| edges.add(link)),
                EdgeStep::Remove(reference) => edges.remove(&reference.raw),
            }
        }
        let moved = edges.moved();
        if moved.added.is_empty() && moved.removed.is_empty() {
            return Ok(OpReceipt { version: Some(Version(version)), changed: false });
        }
        self.write(source, relation, &edges).await?;
        self.log_moved(source, relation, Some(version + 1), &moved);
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
        let (mut edges, drafts) = match EdgeSet::settle(self, source, relation, drafts).await? {
            Some(unsettled) => unsettled,
            None => (EdgeSet::all(self, source, relation).await?, drafts.iter().collect()),
        };
        let known: Vec<Option<Key>> = drafts.iter().map(|draft| known(draft, &edges)).collect();
        let asked = drafts.iter().zip(&known).filter(|(_, known)| known.is_none());
        let asked: Vec<&EdgeDraft> = asked.map(|(draft, _)| *draft).collect();
        let mut answers = self.draft_all(&asked).await?.into_iter();
        let mut links = Vec::with_capacity(drafts.len());
        for (draft, known) in drafts.iter().zip(known) {
            links.push(match known {
                Some(target) => link(draft, Some(target)),
                None => {
                    let Some((link, answer)) = answers.next() else { break };
                    note_unknown(draft, &answer, unknown);
                    link
                }
            });
        }
        // One may be an edge that is settled, sent under another name.
        edges.load(self, source, relation, &links, &[]).await?;
        for mut link in links {
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

    /// The edges of drafts, by who answers to them now.
    async fn draft_all(&self, drafts: &[&EdgeDraft]) -> Result<Vec<(Link, Answer)>, Fault> {
        let mut links = Vec::with_capacity(drafts.len());
        for some in drafts.chunks(ROWS) {
            let specs = column(some, |draft| Spec::of(&draft.reference.rule));
            let raws = some.iter().map(|draft| draft.reference.raw.as_str());
            let answers = self.resolve_all(&raws.zip(&specs).collect::<Vec<_>>()).await?;
            links
                .extend(some.iter().zip(answers).map(|(draft, answer)| (link(draft, answer.clone().target()), answer)));
        }
        Ok(links)
    }

    /// Writes the difference, and gives the source another version and count.
    async fn write(&self, source: &Key, relation: &str, edges: &EdgeSet) -> Result<(), Fault> {
        let (mut gone, mut new) = (Vec::new(), Vec::new());
        for (before, after) in edges.differences() {
            gone.extend(before);
            new.extend(after.map(|link| (source, relation, link)));
        }
        for some in gone.chunks(AT_ONCE) {
            let erased = some.iter().map(|link| self.erase(source, relation, link));
            for result in join_all(erased).await {
                result?;
            }
        }
        let count = new.len() as i64 - gone.len() as i64;
        let insert = async {
            for some in new.chunks(ROWS) {
                self.insert_all(some).await?;
            }
            Ok(())
        };
        both_of(tokio::join!(insert, self.bump(source, true, count)))?;
        Ok(())
    }
}

/// Statements that are sent together.
const AT_ONCE: usize = 64;

/// The most rows that one statement brings or asks for.
pub(super) const ROWS: usize = 10_000;

pub(super) fn added(step: &EdgeStep) -> Option<&EdgeDraft> {
    match step {
        EdgeStep::Add(draft) => Some(draft),
        EdgeStep::Remove(_) => None,
    }
}

/// Who a draft is about, when that is a target that an edge had before: with one kind of target an id has one answer; of
/// several kinds another may have the id, too.
fn known(draft: &EdgeDraft, edges: &EdgeSet) -> Option<Key> {
    let rule = &draft.reference.rule;
    let is_by_id = rule.keys.first() == Some(&ReferenceKey::Id) && rule.targets.len() == 1;
    is_by_id.then(|| edges.target_before(ResourceId::new(&draft.reference.raw)?, &rule.targets))?
}

pub(super) fn link(draft: &EdgeDraft, target: Option<Key>) -> Link {
    let reference = &draft.reference;
    let raw = reference.raw.as_str().to_owned();
    Link { target, raw, n: 0, spec: Spec::of(&reference.rule), data: draft.data.to_vec() }
}

fn note_unknown(draft: &EdgeDraft, answer: &Answer, unknown: &mut Vec<String>) {
    let raw = &draft.reference.raw;
    let is_unknown = draft.must_exist && *answer == Answer::Nobody && unknown.len() < UNKNOWN;
    if is_unknown && !unknown.iter().any(|known| raw == known) {
        unknown.push(raw.as_str().to_owned());
    }
}
