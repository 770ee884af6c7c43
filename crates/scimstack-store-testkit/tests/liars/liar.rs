//! A store in memory that lies in one way.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's own store, which may panic")]

use async_trait::async_trait;
use bytes::Bytes;
use scimstack_filter::Resolved;
use scimstack_schema::{ReferenceKey, Registry, Timestamp, Value};
use scimstack_store::{
    Anchor, Capabilities, ChangeKind, ChangePage, ChangeSet, EdgeChange, EdgeDraft, EdgePage, EdgeQuery, EdgeStep,
    Expect, Explanation, FeedQuery, FeedScope, Key, Kind, MemoryStore, Name, Op, Page, Paging, Prune, Query, Receipt,
    Record, Reference, ReferenceRule, ResourceId, Scope, Store, StoreError, Stored, Target, Total, Want,
};
use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

macro_rules! lies {
    ($($lie:ident),* $(,)?) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Lie { $($lie),* }
        impl Lie {
            pub(crate) const ALL: &[Self] = &[$(Self::$lie),*];
        }
    };
}

lies! {
    None,
    DropsTheLastOperation,
    IgnoresExpectedVersions,
    GivesNamesTwice,
    ComparesNamesWithCase,
    ChecksThenWrites,
    ShowsAnotherTenant,
    KeepsOneHeap,
    LosesFeedEntries,
    ForgetsWhatWasBefore,
    MixesUpTopics,
    EmitsTwice,
    ReversesTheOrder,
    PagesByOffset,
    TakesAnyCursor,
    AnswersTheFirstTermOnly,
    CountsThePage,
    BringsEverything,
    ForgetsPendingReferences,
    FindsMembersByMail,
    FindsAnyKind,
    ParksStrangers,
    AlwaysMovesTheVersion,
    RepeatsPagesOfEdges,
    CommitsOneByOne,
    ForgetsIdempotencyKeys,
    RemembersRefusedKeys,
    ReadsFromACache,
    RenewsCreation,
    CutsDocuments,
    CutsReplacements,
    FoldsIds,
    Overwrites,
    Upserts,
    KeepsTheDeleted,
    RefusesKnownNames,
    QueriesFromACache,
    ShowsNoPeers,
    LooksUpAgain,
    PicksTheFirst,
    KeepsOldReferences,
    TriesKeysBackward,
    DropsAliases,
    NamesNobody,
    TellsNoEdges,
    NeverHasMore,
    ChecksVersionsThenWrites,
    PrunesTooMuch,
    SkipsWhatWasPruned,
    MissesWhatWasWrittenBefore,
    KnowsNothingOutdated,
    ShowsThatItIndexed,
    IndexesWhatWasChanged,
    ExplainsAnother,
}

#[derive(Debug)]
pub(crate) struct Liar {
    inner: MemoryStore,
    lie: Lie,
    promises: Capabilities,
    cache: Mutex<HashMap<(Scope, Key), Stored>>,
    pages: Mutex<HashMap<String, Page>>,
    refused: Mutex<HashSet<String>>,
    references: Mutex<HashMap<(Scope, Key), Vec<Reference>>>,
}

impl Liar {
    pub(crate) fn new(lie: Lie) -> Self {
        Self { lie, ..Self::promising(MemoryStore::new().capabilities()) }
    }

    pub(crate) fn promising(promises: Capabilities) -> Self {
        Self {
            inner: MemoryStore::new(),
            lie: Lie::None,
            promises,
            cache: Mutex::default(),
            pages: Mutex::default(),
            refused: Mutex::default(),
            references: Mutex::default(),
        }
    }

    fn scope(&self, scope: Scope) -> Scope {
        if self.lie == Lie::KeepsOneHeap { Scope::System } else { scope }
    }

    fn seen_from(&self, scope: Scope) -> Scope {
        if self.lie == Lie::ShowsAnotherTenant && scope.number() == 2 {
            Scope::from_number(1)
        } else {
            self.scope(scope)
        }
    }

    fn shown(&self, mut stored: Stored) -> Stored {
        match self.lie {
            Lie::RenewsCreation => stored.core.created = stored.core.modified,
            Lie::CutsDocuments => stored.doc.truncate(65_536),
            Lie::ChecksThenWrites => {
                let unique = stored.core.unique.take();
                stored.core.unique = unique.map(|unique| unique.split('\u{1}').next().unwrap_or_default().to_owned());
            }
            _ => {}
        }
        stored
    }

    fn record(&self, key: &Key, record: &mut Record) {
        match self.lie {
            Lie::DropsAliases => record.names.clear(),
            Lie::TriesKeysBackward => {
                record.references.iter_mut().for_each(|reference| Arc::make_mut(&mut reference.rule).keys.reverse())
            }
            Lie::ComparesNamesWithCase => {
                let document = Value::parse(&record.doc).unwrap();
                if let Some(name) = document.get("userName").and_then(Value::as_str) {
                    record.core.unique = Some(name.to_owned());
                }
            }
            Lie::ChecksThenWrites => {
                if let Some(unique) = record.core.unique.take() {
                    record.core.unique = Some(format!("{unique}\u{1}{}", key.id));
                    record.names.push(Name { key: ReferenceKey::UserName, value: unique });
                }
            }
            _ => {}
        }
    }

    fn reference(&self, reference: &mut Reference) {
        let rule = Arc::make_mut(&mut reference.rule);
        match self.lie {
            Lie::FindsMembersByMail => rule.keys.push(ReferenceKey::Email),
            Lie::TriesKeysBackward => rule.keys.reverse(),
            Lie::FindsAnyKind => rule.targets = vec!["User".into(), "Group".into()],
            _ => {}
        }
    }

    fn draft(&self, draft: &mut EdgeDraft) {
        draft.must_exist &= self.lie != Lie::ParksStrangers;
        self.reference(&mut draft.reference);
    }

    /// The changes as the liar makes them.
    fn twist(&self, changes: &mut ChangeSet) {
        match self.lie {
            Lie::DropsTheLastOperation if changes.ops.len() > 1 => drop(changes.ops.pop()),
            Lie::ForgetsIdempotencyKeys => changes.idempotency_key = None,
            _ => {}
        }
        for op in &mut changes.ops {
            if self.lie == Lie::IgnoresExpectedVersions
                && let Op::Replace { expect, .. } | Op::Delete { expect, .. } | Op::Relate { expect, .. } = op
            {
                *expect = Expect::Any;
            }
            match op {
                Op::Create { key, record } | Op::Replace { key, record, .. } => self.record(key, record),
                Op::Relate { change, .. } => {
                    for draft in change.replace.iter_mut().flatten() {
                        self.draft(draft);
                    }
                    for step in &mut change.steps {
                        match step {
                            EdgeStep::Add(draft) => self.draft(draft),
                            EdgeStep::Remove(reference) => self.reference(reference),
                        }
                    }
                    if self.lie == Lie::CutsReplacements
                        && let Some(drafts) = &mut change.replace
                    {
                        drafts.truncate(1_000);
                    }
                }
                Op::Emit { id, .. } if self.lie == Lie::EmitsTwice => {
                    id.push_str(&format!("\u{1}{}", changes.at.as_micros()));
                }
                _ => {}
            }
        }
    }

    /// Who in the store has this name already, as far as can be seen.
    async fn holder(&self, scope: Scope, op: &Op) -> Option<Key> {
        let (Op::Create { key, record } | Op::Replace { key, record, .. }) = op else {
            return None;
        };
        let name =
            |unique: &Option<String>| unique.as_ref().map(|u| u.split('\u{1}').next().unwrap_or_default().to_owned());
        let wanted = name(&record.core.unique)?;
        let resource_type = Registry::haystack().resource_type("User").unwrap().clone();
        let query = Query::new(Target { kind: key.kind.clone(), resource_type, filter: None }, 10_000);
        let found = self.inner.query(scope, &query).await.ok()?.items;
        found
            .into_iter()
            .find(|other| other.key != *key && name(&other.core.unique).as_ref() == Some(&wanted))
            .map(|o| o.key)
    }

    /// All there is in a scope, as text.
    async fn documents(&self, scope: Scope) -> Vec<(Key, String)> {
        let mut documents = Vec::new();
        for kind in ["User", "Group"] {
            let resource_type = Registry::haystack().resource_type(kind).unwrap().clone();
            let query = Query::new(Target { kind: kind.into(), resource_type, filter: None }, 10_000);
            let found = self.inner.query(scope, &query).await.unwrap().items;
            let text = |stored: Stored| (stored.key, String::from_utf8_lossy(&stored.doc).into_owned());
            documents.extend(found.into_iter().map(text));
        }
        documents
    }

    /// Takes from references that nobody answers to now what they would be found by.
    async fn forget(&self, scope: Scope, changes: &mut ChangeSet) {
        let documents = self.documents(scope).await;
        let mut known: String = documents.into_iter().map(|(_, doc)| doc.to_lowercase()).collect();
        for op in &mut changes.ops {
            if let Op::Create { record, .. } | Op::Replace { record, .. } = op {
                known.push_str(&String::from_utf8_lossy(&record.doc).to_lowercase());
            }
            let forget = |reference: &mut Reference| {
                if !known.contains(&format!("\"{}\"", reference.raw.to_lowercase())) {
                    Arc::make_mut(&mut reference.rule).keys.clear();
                }
            };
            match op {
                Op::Create { record, .. } | Op::Replace { record, .. } => record.references.iter_mut().for_each(forget),
                Op::Relate { change, .. } => {
                    let added = change.steps.iter_mut().filter_map(|step| match step {
                        EdgeStep::Add(draft) => Some(draft),
                        EdgeStep::Remove(_) => None,
                    });
                    let drafts = change.replace.iter_mut().flatten().chain(added);
                    drafts.map(|draft| &mut draft.reference).for_each(forget);
                }
                _ => {}
            }
        }
    }

    /// Creates what is to be replaced and replaces what is to be created, as it comes.
    async fn as_it_comes(&self, scope: Scope, mut changes: ChangeSet) -> Result<Receipt, StoreError> {
        loop {
            let refused = match self.inner.commit(scope, changes.clone()).await {
                Err(refused) => refused,
                done => return done,
            };
            let (op, becomes) = match (self.lie, &refused) {
                (Lie::Overwrites, StoreError::Exists { op }) => match changes.ops[*op].clone() {
                    Op::Create { key, record } => (*op, Op::Replace { key, expect: Expect::Any, record }),
                    _ => return Err(refused),
                },
                (Lie::Upserts, StoreError::NotFound { op }) => match changes.ops[*op].clone() {
                    Op::Replace { key, record, .. } => (*op, Op::Create { key, record }),
                    _ => return Err(refused),
                },
                _ => return Err(refused),
            };
            changes.ops[op] = becomes;
        }
    }

    async fn one_by_one(&self, scope: Scope, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let mut ops = Vec::new();
        for op in &changes.ops {
            let mut one = changes.clone();
            one.idempotency_key = None;
            one.ops = vec![op.clone()];
            ops.extend(self.inner.commit(scope, one).await?.ops);
            pause().await;
        }
        Ok(Receipt::new(ops, false))
    }
}

/// Lets others run.
async fn pause() {
    let mut paused = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Makes what is unique in a record its own.
fn mangle(changes: &mut ChangeSet) {
    for op in &mut changes.ops {
        if let Op::Create { key, record } | Op::Replace { key, record, .. } = op {
            let own = |value: &mut String| value.push_str(key.id.as_str());
            record.core.unique.iter_mut().for_each(own);
            record.unique.iter_mut().for_each(|unique| unique.value.push_str(key.id.as_str()));
        }
    }
}

fn first_term(filter: &Resolved) -> Resolved {
    match filter {
        Resolved::And(all) => all.first().map_or_else(|| filter.clone(), first_term),
        other => other.clone(),
    }
}

#[async_trait]
impl Store for Liar {
    fn capabilities(&self) -> Capabilities {
        self.promises
    }

    async fn read(&self, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, StoreError> {
        let want = if self.lie == Lie::BringsEverything { Want::ALL } else { want };
        let mut key = key.clone();
        if self.lie == Lie::FoldsIds {
            key.id = ResourceId::new(&key.id.as_str().trim().to_lowercase()).unwrap();
        }
        let found = self.inner.read(self.seen_from(scope), &key, want).await?.map(|stored| self.shown(stored));
        let mut cache = self.cache.lock().unwrap();
        match (self.lie, found) {
            (Lie::ReadsFromACache, Some(stored)) => Ok(Some(cache.entry((scope, key)).or_insert(stored).clone())),
            (Lie::KeepsTheDeleted, Some(stored)) => {
                cache.insert((scope, key), stored.clone());
                Ok(Some(stored))
            }
            (Lie::KeepsTheDeleted, None) => Ok(cache.get(&(scope, key)).cloned()),
            (_, found) => Ok(found),
        }
    }

    async fn query(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let scope = self.seen_from(scope);
        let mut query = query.clone();
        let asked = format!("{scope:?} {query:?}");
        if self.lie == Lie::QueriesFromACache
            && let Some(page) = self.pages.lock().unwrap().get(&asked)
        {
            return Ok(page.clone());
        }
        if self.lie == Lie::BringsEverything {
            query.want = Want::ALL;
        }
        if self.lie == Lie::AnswersTheFirstTermOnly {
            for target in &mut query.targets {
                target.filter = target.filter.as_deref().map(first_term).map(Arc::new);
            }
        }
        let mut page = match (self.lie, query.page.clone()) {
            (Lie::PagesByOffset, Paging::Cursor { after, count }) => {
                let offset = after.map_or(0, |after| String::from_utf8_lossy(&after).parse().unwrap_or_default());
                query.page = Paging::Index { start: offset + 1, count };
                let mut page = self.inner.query(scope, &query).await?;
                let end = offset + page.items.len() as u64;
                let more = matches!(page.total, Total::Exact(total) if total > end);
                page.next = more.then(|| Bytes::from(end.to_string()));
                page
            }
            (Lie::TakesAnyCursor, Paging::Cursor { count, .. }) => match self.inner.query(scope, &query).await {
                Err(StoreError::BadCursor) => {
                    query.page = Paging::Cursor { after: None, count };
                    self.inner.query(scope, &query).await?
                }
                other => other?,
            },
            _ => self.inner.query(scope, &query).await?,
        };
        match self.lie {
            Lie::ReversesTheOrder => page.items.reverse(),
            Lie::CountsThePage => page.total = Total::Exact(page.items.len() as u64),
            Lie::MissesWhatWasWrittenBefore => {
                let target = &query.targets[0];
                let declaration = target.resource_type.index_declaration();
                let missed = self.inner.outdated(scope, &target.kind, declaration, None, u32::MAX).await?;
                page.items.retain(|stored| missed.iter().all(|missed| missed.key != stored.key));
            }
            Lie::QueriesFromACache => drop(self.pages.lock().unwrap().insert(asked, page.clone())),
            _ => {}
        }
        page.items = page.items.into_iter().map(|stored| self.shown(stored)).collect();
        Ok(page)
    }

    async fn edges(&self, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        let mut query = query.clone();
        if self.lie == Lie::RepeatsPagesOfEdges {
            query.after = None;
        }
        query.peer &= self.lie != Lie::ShowsNoPeers;
        self.inner.edges(self.seen_from(scope), &query).await
    }

    async fn commit(&self, scope: Scope, mut changes: ChangeSet) -> Result<Receipt, StoreError> {
        let scope = self.scope(scope);
        self.twist(&mut changes);
        if self.lie == Lie::PrunesTooMuch {
            for op in &mut changes.ops {
                if let Op::Prune(prune) = op {
                    let ever = Timestamp::from_micros(i64::MAX);
                    *prune = Prune::new(u32::MAX).changes_before(ever).keys_before(ever);
                }
            }
        }
        match self.lie {
            Lie::GivesNamesTwice => match self.inner.commit(scope, changes.clone()).await {
                Err(StoreError::Conflict { .. }) => {
                    mangle(&mut changes);
                    self.inner.commit(scope, changes).await
                }
                other => other,
            },
            Lie::ChecksThenWrites => {
                for (at, op) in changes.ops.iter().enumerate() {
                    if let Some(holder) = self.holder(scope, op).await {
                        return Err(StoreError::Conflict { op: at, path: "userName".to_owned(), holder: Some(holder) });
                    }
                }
                pause().await;
                self.inner.commit(scope, changes).await
            }
            Lie::ChecksVersionsThenWrites => {
                for (at, op) in changes.ops.iter_mut().enumerate() {
                    let Op::Replace { key, expect: expect @ Expect::Version(_), .. } = op else { continue };
                    let stored =
                        self.inner.read(scope, key, Want::HEAD).await?.ok_or(StoreError::NotFound { op: at })?;
                    if *expect != Expect::Version(stored.version) {
                        return Err(StoreError::VersionMismatch { op: at, current: stored.version });
                    }
                    *expect = Expect::Any;
                }
                pause().await;
                self.inner.commit(scope, changes).await
            }
            Lie::CommitsOneByOne => self.one_by_one(scope, &changes).await,
            Lie::Overwrites | Lie::Upserts => self.as_it_comes(scope, changes).await,
            Lie::ForgetsPendingReferences => {
                self.forget(scope, &mut changes).await;
                self.inner.commit(scope, changes).await
            }
            Lie::PicksTheFirst => {
                let documents = self.documents(scope).await;
                for op in &mut changes.ops {
                    let Op::Relate { change, .. } = op else { continue };
                    let drafts = change.steps.iter_mut().filter_map(|step| match step {
                        EdgeStep::Add(draft) => Some(draft),
                        EdgeStep::Remove(_) => None,
                    });
                    for draft in drafts {
                        let external = format!("\"externalId\":\"{}\"", draft.reference.raw);
                        let found = documents.iter().find(|(_, doc)| doc.contains(&external));
                        if let Some((key, _)) = found {
                            draft.reference.raw = key.id.as_str().into();
                        }
                    }
                }
                self.inner.commit(scope, changes).await
            }
            Lie::KeepsOldReferences => {
                for op in &mut changes.ops {
                    if let Op::Create { key, record } | Op::Replace { key, record, .. } = op {
                        let mut all = self.references.lock().unwrap();
                        let old = all.entry((scope, key.clone())).or_default();
                        old.retain(|old| record.references.iter().all(|new| new.rule.relation != old.rule.relation));
                        old.extend(record.references.iter().cloned());
                        record.references.clone_from(old);
                    }
                }
                self.inner.commit(scope, changes).await
            }
            Lie::LooksUpAgain => {
                let receipt = self.inner.commit(scope, changes.clone()).await?;
                let query = EdgeQuery {
                    relation: "members".to_owned(),
                    anchor: Anchor::All,
                    pending: false,
                    peer: false,
                    values: true,
                    after: None,
                    limit: 1_000_000,
                };
                for edge in self.inner.edges(scope, &query).await?.edges {
                    if edge.target.is_none_or(|target| target.id.as_str() == edge.raw) {
                        continue;
                    }
                    let rule = Arc::new(ReferenceRule {
                        relation: "members".to_owned(),
                        keys: vec![ReferenceKey::UserName, ReferenceKey::ExternalId],
                        targets: vec!["User".into(), "Group".into()],
                    });
                    let reference = Reference::new(&rule, edge.raw);
                    let draft = EdgeDraft { reference: reference.clone(), data: edge.data, must_exist: false };
                    let steps = vec![EdgeStep::Remove(reference), EdgeStep::Add(draft)];
                    let mut again = ChangeSet::new(changes.at, changes.actor.clone(), "again");
                    again.ops = vec![Op::Relate {
                        source: edge.source,
                        relation: "members".to_owned(),
                        expect: Expect::Any,
                        change: EdgeChange { replace: None, steps },
                    }];
                    self.inner.commit(scope, again).await?;
                }
                Ok(receipt)
            }
            Lie::RefusesKnownNames => {
                for (at, op) in changes.ops.iter().enumerate() {
                    let Op::Replace { key, record, .. } = op else { continue };
                    let stored = self.inner.read(scope, key, Want::HEAD).await?;
                    if stored.is_some_and(|stored| stored.core.unique == record.core.unique) {
                        return Err(StoreError::Conflict { op: at, path: "userName".to_owned(), holder: None });
                    }
                }
                self.inner.commit(scope, changes).await
            }
            Lie::ShowsThatItIndexed => {
                for op in &mut changes.ops {
                    let Op::Reindex { key, version, index } = op else { continue };
                    let Some(stored) = self.inner.read(scope, key, Want::ALL).await? else { continue };
                    let mut record = Record::new(stored.core, stored.doc);
                    (record.private, record.index) = (stored.private, index.clone());
                    *op = Op::Replace { key: key.clone(), expect: Expect::Version(*version), record };
                }
                self.inner.commit(scope, changes).await
            }
            Lie::IndexesWhatWasChanged => {
                for op in &mut changes.ops {
                    let Op::Reindex { key, version, .. } = op else { continue };
                    let stored = self.inner.read(scope, key, Want::HEAD).await?;
                    *version = stored.map_or(*version, |stored| stored.version);
                }
                self.inner.commit(scope, changes).await
            }
            Lie::AlwaysMovesTheVersion => {
                let receipt = self.inner.commit(scope, changes.clone()).await?;
                let mut ops = receipt.ops.clone();
                for (op, done) in changes.ops.iter().zip(&mut ops) {
                    let Op::Relate { source, .. } = op else { continue };
                    let stored = self.inner.read(scope, source, Want::ALL).await?.unwrap();
                    let mut record = Record::new(stored.core, stored.doc);
                    record.private = stored.private;
                    let mut again = changes.clone();
                    again.ops = vec![Op::Replace { key: source.clone(), expect: Expect::Any, record }];
                    again.idempotency_key = None;
                    let again = self.inner.commit(scope, again).await?;
                    (done.version, done.changed) = (again.ops[0].version, true);
                }
                Ok(Receipt::new(ops, receipt.replayed))
            }
            Lie::RemembersRefusedKeys => {
                let key = changes.idempotency_key.clone();
                if key.as_ref().is_some_and(|key| self.refused.lock().unwrap().contains(key)) {
                    return Ok(Receipt::new(Vec::new(), true));
                }
                let done = self.inner.commit(scope, changes).await;
                if let (Err(_), Some(key)) = (&done, key) {
                    self.refused.lock().unwrap().insert(key);
                }
                done
            }
            _ => self.inner.commit(scope, changes).await,
        }
    }

    async fn explain(&self, scope: Scope, query: &Query) -> Result<Explanation, StoreError> {
        let seen_from = if self.lie == Lie::ExplainsAnother { Scope::from_number(77) } else { self.scope(scope) };
        self.inner.explain(seen_from, query).await
    }

    async fn outdated(
        &self,
        scope: Scope,
        kind: &Kind,
        declaration: &str,
        after: Option<&ResourceId>,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        if self.lie == Lie::KnowsNothingOutdated {
            return Ok(Vec::new());
        }
        self.inner.outdated(self.scope(scope), kind, declaration, after, limit).await
    }

    async fn changes(&self, query: &FeedQuery) -> Result<ChangePage, StoreError> {
        let mut query = query.clone();
        if let FeedScope::One(scope) = query.scope {
            query.scope = FeedScope::One(self.scope(scope));
        }
        if self.lie == Lie::MixesUpTopics {
            query.topic = None;
        }
        let mut page = match self.inner.changes(&query).await {
            Err(StoreError::Pruned { up_to }) if self.lie == Lie::SkipsWhatWasPruned => {
                query.after = Some(up_to);
                self.inner.changes(&query).await?
            }
            other => other?,
        };
        match self.lie {
            Lie::LosesFeedEntries => page.changes.retain(|change| change.position.sequence % 5 != 4),
            Lie::NeverHasMore => page.more = false,
            Lie::NamesNobody => page.changes.iter_mut().for_each(|change| change.actor.clear()),
            Lie::TellsNoEdges => {
                let related = page.changes.iter_mut().filter(|change| change.kind == ChangeKind::Related);
                related.for_each(|change| change.payload = Bytes::from_static(br#"{"relation":"members"}"#));
            }
            Lie::ForgetsWhatWasBefore => page.changes.iter_mut().for_each(|change| change.before = None),
            Lie::EmitsTwice => {
                for change in page.changes.iter_mut().filter(|change| change.kind == ChangeKind::Emitted) {
                    let id = change.event_id.take().unwrap_or_default();
                    change.event_id = id.split('\u{1}').next().map(str::to_owned);
                }
            }
            _ => {}
        }
        Ok(page)
    }
}
