//! What checks are written with: a store, a scope, and short words for what is done to them.

use bytes::Bytes;
use scimstack_filter::{Filter, ResolveOptions, Resolved};
use scimstack_schema::{ReferenceKey, Registry, Resource, Timestamp, Value};
use scimstack_store::{
    Actor, Anchor, Change, ChangePage, ChangeSet, Core, Edge, EdgeChange, EdgeDraft, EdgeQuery, EdgeStep, Expect,
    FeedQuery, FeedScope, Key, Op, Page, Paging, Query, Receipt, Record, Reference, ReferenceRule, ResourceId, Scope,
    Store, StoreError, Stored, Target, TenantId, Version, Want, plan,
};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What is wrong with the store.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) String);

pub(crate) type Outcome = Result<(), Broken>;

/// A check's own mistake, or a promise broken: in words.
pub(crate) fn broken(message: impl Into<String>) -> Broken {
    Broken(message.into())
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
        Self(format!("the store answered: {error}{cause}"))
    }
}

/// `found` is what it should be.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(broken(format!("{what}: expected {expected:?}, found {found:?}"))) }
}

/// `holds`.
pub(crate) fn ensure(what: &str, holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(broken(what)) }
}

/// The result is an error that `is_it`.
pub(crate) fn refused<T: Debug>(
    what: &str,
    result: Result<T, StoreError>,
    is_it: impl FnOnce(&StoreError) -> bool,
) -> Outcome {
    match result {
        Err(error) if is_it(&error) => Ok(()),
        Err(error) => Err(broken(format!("{what}: refused, but with {error:?}"))),
        Ok(done) => Err(broken(format!("{what}: should have been refused, was answered with {done:?}"))),
    }
}

/// What there has to be.
pub(crate) fn some<T>(what: &str, found: Option<T>) -> Result<T, Broken> {
    found.ok_or_else(|| broken(format!("{what}: not there")))
}

/// A store and one scope of it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) scope: Scope,
    pub(crate) registry: Registry,
    clock: Arc<AtomicI64>,
}

/// The instant the kit's time begins at.
pub(crate) const EPOCH: i64 = 1_750_000_000;

impl World {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let scope = tenant(1);
        Self { store, scope, registry: Registry::haystack(), clock: Arc::new(AtomicI64::new(EPOCH)) }
    }

    /// The same store, seen from another scope.
    pub(crate) fn at(&self, scope: Scope) -> Self {
        Self { scope, ..self.clone() }
    }

    /// The same store and scope, under another registry.
    pub(crate) fn under(&self, registry: Registry) -> Self {
        Self { registry, ..self.clone() }
    }

    /// A later instant than the last one.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.clock.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn changes(&self, ops: Vec<Op>) -> ChangeSet {
        let at = self.now();
        let mut changes =
            ChangeSet::new(at, Actor("connection:default".to_owned()), format!("request-{}", at.as_micros()));
        changes.ops = ops;
        changes
    }

    pub(crate) async fn commit(&self, ops: Vec<Op>) -> Result<Receipt, StoreError> {
        self.store.commit(self.scope, self.changes(ops)).await
    }

    /// Commits one operation and gives the version after it.
    pub(crate) async fn version_after(&self, op: Op) -> Result<Version, Broken> {
        let receipt = self.commit(vec![op]).await?;
        some("the version in the receipt", receipt.ops.first().and_then(|op| op.version))
    }

    pub(crate) async fn find(&self, key: &Key) -> Result<Option<Stored>, Broken> {
        Ok(self.store.read(self.scope, key, Want::ALL).await?)
    }

    pub(crate) async fn get(&self, key: &Key) -> Result<Stored, Broken> {
        some(&format!("the record {key}"), self.find(key).await?)
    }

    pub(crate) async fn version(&self, key: &Key) -> Result<u64, Broken> {
        Ok(self.get(key).await?.version.0)
    }

    /// A record as the schema layer makes it of a document.
    pub(crate) fn record(&self, kind: &str, document: &str) -> Result<Record, Broken> {
        let now = self.now();
        self.record_at(kind, document, now, now)
    }

    pub(crate) fn record_at(
        &self,
        kind: &str,
        document: &str,
        created: Timestamp,
        modified: Timestamp,
    ) -> Result<Record, Broken> {
        let resource_type = some(kind, self.registry.resource_type(kind))?.clone();
        let mut resource = Resource::from_stored(resource_type, document.as_bytes())
            .map_err(|error| broken(format!("the kit's document {document}: {error}")))?;
        resource.normalize();
        Ok(plan::record(&resource, Bytes::from_static(br#"{"state":"unclaimed"}"#), created, modified))
    }

    /// A user called `name` with the id `id`.
    pub(crate) fn user(&self, id: &str, name: &str) -> Result<Op, Broken> {
        let document = format!(r#"{{"id":"{id}","userName":"{name}","displayName":"{name}","active":true}}"#);
        Ok(Op::Create { key: user(id), record: self.record("User", &document)? })
    }

    /// A user of a whole document.
    pub(crate) fn user_of(&self, id: &str, document: &str) -> Result<Op, Broken> {
        Ok(Op::Create { key: user(id), record: self.record("User", document)? })
    }

    pub(crate) fn rename(&self, id: &str, name: &str) -> Result<Op, Broken> {
        let document = format!(r#"{{"id":"{id}","userName":"{name}","displayName":"{name}","active":true}}"#);
        Ok(replace(user(id), self.record("User", &document)?))
    }

    pub(crate) fn group(&self, id: &str, name: &str) -> Result<Op, Broken> {
        let document = format!(r#"{{"id":"{id}","displayName":"{name}"}}"#);
        Ok(Op::Create { key: group(id), record: self.record("Group", &document)? })
    }

    pub(crate) fn filter(&self, kind: &str, text: &str) -> Result<Arc<Resolved>, Broken> {
        let resource_type = some(kind, self.registry.resource_type(kind))?;
        let parsed = Filter::parse(text).map_err(|error| broken(format!("the kit's filter {text}: {error}")))?;
        let resolved = parsed.resolve(resource_type, ResolveOptions::default());
        resolved.map(Arc::new).map_err(|error| broken(format!("the kit's filter {text}: {error}")))
    }

    pub(crate) fn target(&self, kind: &str, filter: Option<&str>) -> Result<Target, Broken> {
        Ok(Target {
            kind: kind.into(),
            resource_type: some(kind, self.registry.resource_type(kind))?.clone(),
            filter: filter.map(|text| self.filter(kind, text)).transpose()?,
        })
    }

    pub(crate) async fn query(&self, query: &Query) -> Result<Page, Broken> {
        Ok(self.store.query(self.scope, query).await?)
    }

    /// Everything of a kind that matches, by id.
    pub(crate) async fn matching(&self, kind: &str, filter: Option<&str>) -> Result<Page, Broken> {
        self.query(&Query::new(self.target(kind, filter)?, 10_000)).await
    }

    /// All pages of a query by cursor, each of `count`.
    pub(crate) async fn by_cursor(&self, query: &Query, count: u32) -> Result<Vec<Stored>, Broken> {
        let mut query = query.clone();
        let (mut items, mut after) = (Vec::new(), None);
        for _ in 0..10_000 {
            query.page = Paging::Cursor { after: after.take(), count };
            let page = self.query(&query).await?;
            ensure("a page is not larger than was asked for", page.items.len() <= count as usize)?;
            items.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(items),
            }
        }
        Err(broken("paging by cursor does not come to an end"))
    }

    /// All edges of a relation around `anchor`, pending ones too where there can be any.
    pub(crate) async fn edges(&self, relation: &str, anchor: Anchor) -> Result<Vec<Edge>, Broken> {
        let mut query = edge_query(relation, anchor, 1_000);
        query.pending = !matches!(query.anchor, Anchor::Targets(_));
        let mut edges = Vec::new();
        for _ in 0..100 {
            let page = self.store.edges(self.scope, &query).await?;
            edges.extend(page.edges);
            query.after = page.next;
            if query.after.is_none() {
                return Ok(edges);
            }
        }
        Err(broken("paging through edges does not come to an end"))
    }

    /// What the members of a group show as their values, sorted: ids, and raw values of pending ones behind a `?`.
    pub(crate) async fn members(&self, id: &str) -> Result<Vec<String>, Broken> {
        Ok(shown(&self.edges("members", Anchor::Sources(vec![group(id)])).await?))
    }

    /// As [`World::members`], of a single-valued relation of a user.
    pub(crate) async fn reference(&self, relation: &str, id: &str) -> Result<Vec<String>, Broken> {
        Ok(shown(&self.edges(relation, Anchor::Sources(vec![user(id)])).await?))
    }

    pub(crate) async fn feed(&self, query: &FeedQuery) -> Result<ChangePage, Broken> {
        Ok(self.store.changes(query).await?)
    }

    /// The scope's feed, once it has `count` changes. A feed may lag behind the commits while others are running, so it is
    /// asked again some times.
    pub(crate) async fn history(&self, count: usize) -> Result<Vec<Change>, Broken> {
        self.history_of(&FeedQuery::new(FeedScope::One(self.scope), 10_000), count).await
    }

    pub(crate) async fn history_of(&self, query: &FeedQuery, count: usize) -> Result<Vec<Change>, Broken> {
        let mut changes = Vec::new();
        for _ in 0..200 {
            changes = self.feed(query).await?.changes;
            if changes.len() >= count {
                break;
            }
        }
        same("the number of changes in the feed", changes.len(), count)?;
        Ok(changes)
    }
}

pub(crate) fn tenant(number: u32) -> Scope {
    Scope::from_number(number)
}

/// Another tenant than the usual one.
pub(crate) fn other_tenant() -> Scope {
    TenantId::new(2).map_or(Scope::System, Scope::Tenant)
}

pub(crate) fn key(kind: &str, id: &str) -> Key {
    #[expect(clippy::expect_used, reason = "the kit's own ids are neither empty nor long")]
    Key::new(kind, ResourceId::new(id).expect("an id"))
}

pub(crate) fn user(id: &str) -> Key {
    key("User", id)
}

pub(crate) fn group(id: &str) -> Key {
    key("Group", id)
}

pub(crate) fn replace(key: Key, record: Record) -> Op {
    Op::Replace { key, expect: Expect::Any, record }
}

pub(crate) fn delete(key: Key) -> Op {
    Op::Delete { key, expect: Expect::Any }
}

/// A reference as the schema's `members` makes it.
pub(crate) fn member(raw: &str) -> Reference {
    let rule = ReferenceRule {
        relation: "members".to_owned(),
        keys: vec![ReferenceKey::Id, ReferenceKey::UserName, ReferenceKey::ExternalId],
        targets: vec!["User".into(), "Group".into()],
    };
    Reference::new(&Arc::new(rule), raw)
}

pub(crate) fn draft(raw: &str) -> EdgeDraft {
    EdgeDraft { reference: member(raw), data: Bytes::new(), must_exist: false }
}

pub(crate) fn draft_with(raw: &str, data: &'static str) -> EdgeDraft {
    EdgeDraft { data: Bytes::from_static(data.as_bytes()), ..draft(raw) }
}

pub(crate) fn relate(id: &str, change: EdgeChange) -> Op {
    Op::Relate { source: group(id), relation: "members".to_owned(), expect: Expect::Any, change }
}

pub(crate) fn add(id: &str, raws: &[&str]) -> Op {
    let steps = raws.iter().map(|raw| EdgeStep::Add(draft(raw))).collect();
    relate(id, EdgeChange { replace: None, steps })
}

pub(crate) fn remove(id: &str, raws: &[&str]) -> Op {
    let steps = raws.iter().map(|raw| EdgeStep::Remove(member(raw))).collect();
    relate(id, EdgeChange { replace: None, steps })
}

pub(crate) fn put(id: &str, drafts: Vec<EdgeDraft>) -> Op {
    relate(id, EdgeChange { replace: Some(drafts), steps: Vec::new() })
}

pub(crate) fn emit(topic: &str, id: &str) -> Op {
    Op::Emit {
        topic: topic.to_owned(),
        id: id.to_owned(),
        key: None,
        payload: Bytes::from_static(br#"{"kind":"welcome"}"#),
    }
}

pub(crate) fn edge_query(relation: &str, anchor: Anchor, limit: usize) -> EdgeQuery {
    EdgeQuery { relation: relation.to_owned(), anchor, pending: false, peer: false, values: true, after: None, limit }
}

/// What edges show as their values, sorted; pending ones behind a `?`.
pub(crate) fn shown(edges: &[Edge]) -> Vec<String> {
    let mut values: Vec<String> = edges
        .iter()
        .map(|edge| match &edge.target {
            Some(target) => target.id.to_string(),
            None => format!("?{}", edge.raw),
        })
        .collect();
    values.sort();
    values
}

pub(crate) fn ids(items: &[Stored]) -> Vec<&str> {
    items.iter().map(|stored| stored.key.id.as_str()).collect()
}

pub(crate) fn json(bytes: &[u8]) -> Result<Value, Broken> {
    Value::parse(bytes).map_err(|error| broken(format!("no JSON: {error}")))
}

/// A record of no resource type, for system scopes and for columns that no schema makes.
pub(crate) fn plain(document: &str) -> Record {
    Record::new(Core::default(), document.to_owned())
}
