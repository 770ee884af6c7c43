//! Reminders: that the lifecycle wants to be asked about a resource at a later time. Each is a small record of the tenant's
//! scope beside the resource, committed with the change that sets it, so that what is due is found without looking at
//! everyone. It says when it is due where others say when they were changed last, which every store keeps in order and takes
//! anew from each replacement: only what is due is read. One that is out of date does no harm: the lifecycle is asked, and has nothing to say.
//! Left out: asking it ([`super::unasked`]).

use bytes::Bytes;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::{Object, ResourceType, Timestamp, Value};
use scimstack_store::{
    Core, CountMode, Expect, Key, Kind, Op, Paging, Query, Record, Scope, Sort, Store, StoreError, Stored, Target, Want,
};
use std::sync::Arc;

/// The kind of these records; each has the id of what it reminds of.
pub(crate) const REMINDER: &str = "Reminder";

/// Where a record has the time at which it is due.
const DUE: &str = "meta.lastModified";

/// A reminder.
pub(crate) struct Reminder {
    pub(crate) of: Key,
    pub(crate) at: Timestamp,
    stored: Stored,
}

/// The operation that sets the reminder of a resource.
pub(crate) async fn set(
    store: &dyn Store,
    scope: Scope,
    of: &Key,
    at: Timestamp,
    now: Timestamp,
) -> Result<Op, StoreError> {
    let mut document = Object::new();
    document.insert("id", of.id.as_str());
    document.insert("resourceType", of.kind.as_str());
    document.insert("at", at.as_micros());
    let core = Core { created: now, modified: at, ..Core::default() };
    let record = Record::new(core, Value::Object(document).to_bytes());
    let key = Key::new(REMINDER, of.id.clone());
    Ok(match store.read(scope, &key, Want::HEAD).await? {
        Some(stored) => Op::Replace { key, expect: Expect::Version(stored.version), record },
        None => Op::Create { key, record },
    })
}

impl Reminder {
    fn of(stored: Stored) -> Option<Self> {
        let document = Value::parse(&stored.doc).ok()?;
        let kind = document.get("resourceType").and_then(Value::as_str)?;
        let Some(Value::Number(at)) = document.get("at") else { return None };
        let at = Timestamp::from_micros(at.as_i64()?);
        Some(Self { of: Key::new(kind, stored.key.id.clone()), at, stored })
    }

    /// Takes it away, unless it was set anew meanwhile.
    pub(crate) fn done(&self) -> Op {
        Op::Delete { key: self.stored.key.clone(), expect: Expect::Version(self.stored.version) }
    }
}

/// A page of a scope's reminders that are due, the oldest first, and where to go on.
pub(crate) async fn due(
    store: &dyn Store,
    scope: Scope,
    any: &Arc<ResourceType>,
    now: Timestamp,
    after: Option<Bytes>,
    count: u32,
) -> Result<(Vec<Reminder>, Option<Bytes>), StoreError> {
    // Of the type nothing is used but that it has `meta`, as all have.
    let filter = Filter::parse(&format!("{DUE} le \"{now}\"")).ok();
    let filter = filter.and_then(|filter| filter.resolve(any, ResolveOptions::default()).ok());
    let target = Target { kind: Kind::from(REMINDER), resource_type: any.clone(), filter: filter.map(Arc::new) };
    let mut query = Query::new(target, count);
    query.sort = any.resolve(DUE).map(|path| Sort { path, descending: false });
    query.page = Paging::Cursor { after, count };
    query.count = CountMode::None;
    query.budget = u64::MAX;
    let page = store.query(scope, &query).await?;
    // Filters compare whole milliseconds.
    let due = page.items.into_iter().filter_map(Reminder::of).filter(|reminder| reminder.at <= now);
    Ok((due.collect(), page.next))
}
