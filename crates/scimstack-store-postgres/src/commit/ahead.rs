//! Members that are added, mostly one at a time. What there is to find out about them is asked behind the `BEGIN`, which is
//! not waited for; and what is to be written is sent with the `COMMIT`.
//!
//! Left out: every other change of edges ([`super::relate`]), which also does what turns out to need more than is asked
//! here: references that are not the id of one record.

use super::log::column;
use super::{Step, check_version, done};
use crate::fault::Fault;
use crate::refs::{Link, Moved, key, packed};
use crate::sql::{self, Message, Transaction, unsigned};
use crate::text::Packed;
use scimstack_schema::ReferenceKey;
use scimstack_store::{ChangeSet, EdgeDraft, EdgeStep, Expect, Key, Op, OpReceipt, Scope, StoreError, Version};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most edges of one operation, and of all.
const MOST: usize = 8;
const MOST_OF_ALL: usize = 256;

/// Each with its source's version, the records that answer to it, and whether there is an edge to them.
const ASK: &str = "SELECT e.at, s.version, r.kind, r.id, EXISTS (SELECT 1 FROM edge l WHERE l.scope = $1 \
    AND l.skind = e.skind AND l.sid = e.sid AND l.relation = e.relation AND NOT l.pending AND l.tkind = r.kind \
    AND l.tid = r.id AND l.n = 0) \
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS e(skind, sid, relation, name, at) \
    LEFT JOIN LATERAL (SELECT s.version FROM resource s WHERE s.scope = $1 AND s.kind = e.skind AND s.id = e.sid \
    OFFSET 0) AS s ON true \
    LEFT JOIN LATERAL (SELECT r.kind, r.id FROM resource r WHERE r.scope = $1 AND r.kind = ANY($6) AND r.id = e.name \
    LIMIT 2) AS r ON true";

/// What is asked: the edges that the first changesets add, when they do nothing else.
#[derive(Default)]
pub(crate) struct Ahead<'a> {
    asked: Vec<Asked<'a>>,
}

struct Asked<'a> {
    /// The changeset and the operation.
    place: (usize, usize),
    source: &'a Key,
    relation: &'a str,
    draft: &'a EdgeDraft,
}

/// What is known of an edge that is to be added.
#[derive(Clone, Default)]
struct Known {
    /// The source's version, if there is such a record.
    version: Option<u64>,
    /// Who answers to it: one, or it has to be found out otherwise.
    targets: Vec<Key>,
    is_there: bool,
}

/// What was found out, by operation, in the order of its steps.
#[derive(Default)]
pub(crate) struct Found(HashMap<(usize, usize), Vec<Known>>);

impl<'a> Ahead<'a> {
    pub(crate) fn of(changesets: &'a [ChangeSet]) -> Self {
        let mut asked: Vec<Asked<'a>> = Vec::new();
        for (number, changes) in changesets.iter().enumerate() {
            let before = asked.len();
            for (op, what) in changes.ops.iter().enumerate() {
                match what {
                    Op::Emit { .. } => {}
                    Op::Relate { source, relation, change, .. }
                        if change.replace.is_none() && (1..=MOST).contains(&change.steps.len()) =>
                    {
                        for step in &change.steps {
                            let targets = asked.first().map(|first| &first.draft.reference.rule.targets);
                            match step {
                                EdgeStep::Add(draft) if is_simple(draft, targets) => {
                                    asked.push(Asked { place: (number, op), source, relation, draft });
                                }
                                _ => {
                                    asked.truncate(before);
                                    return Self { asked };
                                }
                            }
                        }
                    }
                    _ => {
                        asked.truncate(before);
                        return Self { asked };
                    }
                }
            }
            if asked.len() > MOST_OF_ALL {
                asked.truncate(before);
                break;
            }
        }
        Self { asked }
    }

    pub(crate) async fn ask(&self, tx: &Transaction<'_>, scope: Scope) -> Result<Found, Fault> {
        let Some(first) = self.asked.first() else { return Ok(Found::default()) };
        let kinds: Vec<Packed> =
            first.draft.reference.rule.targets.iter().map(|kind| Packed::of(kind.as_str())).collect();
        let (skinds, sids): (Vec<Packed>, Vec<Packed>) = self.asked.iter().map(|asked| packed(asked.source)).unzip();
        let relations = column(&self.asked, |asked| Packed::of(asked.relation));
        let names = column(&self.asked, |asked| Packed::key(asked.draft.reference.raw.as_str()));
        let params: sql::Params<'_> = &[&i64::from(scope.number()), &skinds, &sids, &relations, &names, &kinds];
        let mut known = vec![Known::default(); self.asked.len()];
        for row in sql::all(tx, ASK, params).await? {
            let at = usize::try_from(row.try_get::<_, i64>(0)? - 1).unwrap_or(usize::MAX);
            let Some(known) = known.get_mut(at) else { continue };
            known.version = row.try_get::<_, Option<i64>>(1)?.map(unsigned);
            if let (Some(kind), Some(id)) = (row.try_get::<_, Option<Packed>>(2)?, row.try_get::<_, Option<Packed>>(3)?)
            {
                known.targets.push(key(&kind.open(), &id)?);
            }
            known.is_there = row.try_get(4)?;
        }
        let mut found = Found::default();
        for (asked, known) in self.asked.iter().zip(known) {
            found.0.entry(asked.place).or_default().push(known);
        }
        Ok(found)
    }
}

/// Whether an edge is to whoever has an id, of the same kinds as the others.
fn is_simple(draft: &EdgeDraft, targets: Option<&Vec<scimstack_store::Kind>>) -> bool {
    let rule = &draft.reference.rule;
    rule.keys.first() == Some(&ReferenceKey::Id) && targets.is_none_or(|targets| *targets == rule.targets)
}

/// What is to be written of additions.
#[derive(Default)]
pub(super) struct Additions<'w> {
    links: Vec<(&'w Key, &'w str, Link)>,
    /// What is added, whether it was there or not.
    targets: BTreeSet<(&'w Key, &'w str, Key)>,
    sources: BTreeMap<&'w Key, Source>,
}

/// A record as it will be.
struct Source {
    version: u64,
    /// By how much its version and its count of edges grow.
    versions: i64,
    edges: i64,
    at: i64,
}

impl<'w> Additions<'w> {
    /// Does an operation of a changeset that was asked about; `None` when that takes more than was found.
    pub(super) fn add(&mut self, step: &Step<'w>, found: &Found) -> Result<Option<OpReceipt>, Fault> {
        let (work, op) = (step.work, step.op);
        let (source, relation, expect, change) = match step.what {
            Op::Emit { topic, id, key, payload } => {
                return Ok(Some(work.emit(step.number, topic, id, key.as_ref(), payload)));
            }
            Op::Relate { source, relation, expect, change } => (source, relation.as_str(), *expect, change),
            _ => return Ok(None),
        };
        let Some(known) = found.0.get(&(step.changes, op)) else { return Ok(None) };
        let version = self.version(op, source, expect, known)?;
        let mut added = Vec::new();
        let drafts = change.steps.iter().filter_map(super::relate::added);
        for (draft, known) in drafts.zip(known) {
            let [target] = known.targets.as_slice() else { return Ok(None) };
            added.push((draft, target, known.is_there));
        }
        if added.len() < change.steps.len() {
            return Ok(None);
        }
        let mut moved = Moved::default();
        for (draft, target, is_there) in added {
            if !self.targets.insert((source, relation, target.clone())) || is_there {
                continue;
            }
            moved.added.push(target.id.to_string());
            self.links.push((source, relation, super::relate::link(draft, Some(target.clone()))));
        }
        if moved.added.is_empty() {
            return Ok(Some(OpReceipt { version: Some(Version(version)), changed: false }));
        }
        let is = self.sources.entry(source).or_insert(Source { version, versions: 0, edges: 0, at: 0 });
        is.version += 1;
        is.versions += 1;
        is.edges += moved.added.len() as i64;
        is.at = work.at.as_micros();
        work.log_moved(source, relation, Some(version + 1), &moved);
        Ok(Some(done(Some(version + 1))))
    }

    /// The version of a source that is as expected.
    fn version(&self, op: usize, source: &Key, expect: Expect, known: &[Known]) -> Result<u64, StoreError> {
        let before = known.first().and_then(|known| known.version);
        let version = self.sources.get(source).map(|source| source.version).or(before);
        let version = version.ok_or(StoreError::NotFound { op })?;
        check_version(op, expect, version)?;
        Ok(version)
    }

    /// The statements that write it.
    pub(super) fn messages(&self, scope: i64) -> Vec<Message<'_>> {
        if self.links.is_empty() {
            return Vec::new();
        }
        let links = column(&self.links, |(source, relation, link)| (*source, *relation, link));
        let (kinds, ids): (Vec<Packed>, Vec<Packed>) = self.sources.keys().map(|source| packed(source)).unzip();
        let of = |value: fn(&Source) -> i64| self.sources.values().map(value).collect::<Vec<i64>>();
        let bump = Message::new(
            "UPDATE resource r SET edge_count = r.edge_count + b.edges, version = r.version + b.versions, \
             modified = b.at FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) \
             AS b(kind, id, edges, versions, at) WHERE r.scope = $1 AND r.kind = b.kind AND r.id = b.id",
        );
        let bump = bump.bind(scope).bind(kinds).bind(ids);
        let bump = bump.bind(of(|of| of.edges)).bind(of(|of| of.versions)).bind(of(|of| of.at));
        vec![super::links::edge_rows(scope, &links), bump]
    }

    /// Writes it, where more is done before the `COMMIT`.
    pub(super) async fn write(self, tx: &Transaction<'_>, scope: i64) -> Result<(), Fault> {
        for message in self.messages(scope) {
            message.all(tx).await?;
        }
        Ok(())
    }
}
