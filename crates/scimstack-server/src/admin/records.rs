//! Reading and writing system records, whatever their kind: by id, by their unique value, all of a tenant; and the one
//! place that commits.

use super::model::AdminError;
use super::{Admin, system};
use bytes::Bytes;
use scimstack_filter::{Operand, Operator, Resolved, Test};
use scimstack_schema::fold::fold;
use scimstack_schema::{Object, Resource, ResourceType, Timestamp, Value};
use scimstack_store::{
    ChangeSet, CountMode, Expect, Key, Kind, Op, Paging, Query, ResourceId, Scope, StoreError, Stored, Target,
    TenantId, Version, Want, plan,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Records a page of a listing asks for.
const PAGE: u32 = 500;
/// How often a change is tried when others change the same record.
const ATTEMPTS: usize = 8;

/// A system record.
pub(super) struct Row {
    pub(super) kind: &'static str,
    pub(super) id: String,
    version: Version,
    pub(super) created: Timestamp,
    pub(super) object: Object,
    pub(super) private: Bytes,
}

impl Row {
    fn from_stored(kind: &'static str, stored: Stored) -> Result<Self, AdminError> {
        let id = stored.key.id.to_string();
        let Ok(Value::Object(object)) = Value::parse(&stored.doc) else {
            return Err(malformed(kind, &id, "document"));
        };
        Ok(Self { kind, id, version: stored.version, created: stored.core.created, object, private: stored.private })
    }

    /// A text that has to be there.
    pub(super) fn text(&self, name: &'static str) -> Result<String, AdminError> {
        let text = self.object.get(name).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| malformed(self.kind, &self.id, name))
    }

    /// An instant, when there is one.
    pub(super) fn instant(&self, name: &'static str) -> Result<Option<Timestamp>, AdminError> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        let at = value.as_str().and_then(Timestamp::parse_date_time);
        at.map(Some).ok_or_else(|| malformed(self.kind, &self.id, name))
    }

    /// Whose it is.
    pub(super) fn tenant(&self) -> Result<TenantId, AdminError> {
        let number = match self.object.get("tenant") {
            Some(Value::Number(number)) => number.as_i64(),
            _ => None,
        };
        let number = number.and_then(|n| u32::try_from(n).ok());
        number.and_then(TenantId::new).ok_or_else(|| malformed(self.kind, &self.id, "tenant"))
    }

    /// What was written by [`policy_value`].
    pub(super) fn policy<T: DeserializeOwned>(&self) -> Result<T, AdminError> {
        let bytes = self.object.get("policy").map(Value::to_bytes).unwrap_or_else(|| b"{}".to_vec());
        serde_json::from_slice(&bytes).map_err(|e| AdminError::Store(StoreError::Internal(Box::new(e))))
    }
}

/// A record that does not hold what its kind has.
fn malformed(kind: &str, id: &str, what: &str) -> AdminError {
    AdminError::Store(StoreError::Internal(format!("the record {kind}/{id} has no readable {what}").into()))
}

/// Settings as a value of a document.
pub(super) fn policy_value(policy: &impl Serialize) -> Result<Value, AdminError> {
    let value = serde_json::to_value(policy).map_err(|e| AdminError::Store(StoreError::Internal(Box::new(e))))?;
    Ok(Value::from(value))
}

/// A tenant's number as a value of a document.
pub(super) fn number(tenant: TenantId) -> Value {
    Value::from(i64::from(tenant.get()))
}

pub(super) fn key(kind: &str, id: &str) -> Option<Key> {
    ResourceId::new(id).map(|id| Key::new(kind, id))
}

fn resource_type(kind: &str) -> Result<&'static Arc<ResourceType>, AdminError> {
    let found = system::registry().resource_type(kind);
    found.ok_or_else(|| AdminError::Store(StoreError::Internal(format!("no system kind {kind}").into())))
}

/// `attribute eq operand`.
pub(super) fn equals(resource_type: &ResourceType, path: &str, operand: Operand) -> Option<Arc<Resolved>> {
    let path = resource_type.resolve(path)?;
    Some(Arc::new(Resolved::Test(Test { path, operator: Some(Operator::Eq), operand })))
}

impl Admin {
    /// The record with this id.
    pub(super) async fn row(&self, kind: &'static str, id: &str) -> Result<Option<Row>, AdminError> {
        let Some(key) = key(kind, id) else { return Ok(None) };
        let stored = self.store.read(Scope::System, &key, Want::ALL).await?;
        stored.map(|stored| Row::from_stored(kind, stored)).transpose()
    }

    /// The record whose unique value this is, whatever its case.
    pub(super) async fn row_by_unique(&self, kind: &'static str, value: &str) -> Result<Option<Row>, AdminError> {
        let resource_type = resource_type(kind)?;
        let filter = plan::unique_attribute(resource_type)
            .and_then(|unique| equals(resource_type, &unique.name, Operand::Text(fold(value).into_owned())));
        let target = Target { kind: Kind::from(kind), resource_type: resource_type.clone(), filter };
        let mut query = Query::new(target, 1);
        query.count = CountMode::None;
        let page = self.store.query(Scope::System, &query).await?;
        page.items.into_iter().next().map(|stored| Row::from_stored(kind, stored)).transpose()
    }

    /// All records of a kind, or those of one tenant, in the order they were made.
    pub(super) async fn rows(&self, kind: &'static str, tenant: Option<TenantId>) -> Result<Vec<Row>, AdminError> {
        let resource_type = resource_type(kind)?;
        let operand = |tenant: TenantId| Operand::Number(f64::from(tenant.get()));
        let filter = tenant.and_then(|tenant| equals(resource_type, "tenant", operand(tenant)));
        let mut query =
            Query::new(Target { kind: Kind::from(kind), resource_type: resource_type.clone(), filter }, PAGE);
        query.count = CountMode::None;
        query.budget = u64::MAX;
        let (mut rows, mut after) = (Vec::new(), None);
        loop {
            query.page = Paging::Cursor { after, count: PAGE };
            let page = self.store.query(Scope::System, &query).await?;
            for stored in page.items {
                rows.push(Row::from_stored(kind, stored)?);
            }
            after = page.next;
            if after.is_none() {
                rows.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
                return Ok(rows);
            }
        }
    }

    /// Makes a record.
    pub(super) fn create_op(
        &self,
        kind: &'static str,
        id: &str,
        object: Object,
        private: Bytes,
        now: Timestamp,
    ) -> Result<Op, AdminError> {
        let Some(key) = key(kind, id) else { return Err(malformed(kind, id, "id")) };
        let mut resource = Resource::from_canonical(resource_type(kind)?.clone(), object);
        resource.set_id(id);
        Ok(Op::Create { key, record: plan::record(&resource, private, now, now) })
    }

    /// Replaces a record, unless someone else has done so since it was read.
    pub(super) fn replace_op(&self, row: Row, now: Timestamp) -> Result<Op, AdminError> {
        let Some(key) = key(row.kind, &row.id) else { return Err(malformed(row.kind, &row.id, "id")) };
        let mut resource = Resource::from_canonical(resource_type(row.kind)?.clone(), row.object);
        resource.set_id(&row.id);
        let record = plan::record(&resource, row.private, row.created, now);
        Ok(Op::Replace { key, expect: Expect::Version(row.version), record })
    }

    /// Reads a record, changes it and writes it, again when someone was faster. `change` says whether there is anything
    /// to write. `what` names the record for people.
    pub(super) async fn change(
        &self,
        kind: &'static str,
        id: &str,
        what: impl Fn() -> String,
        change: impl Fn(&mut Row) -> Result<bool, AdminError>,
    ) -> Result<(), AdminError> {
        for _ in 0..ATTEMPTS {
            let Some(mut row) = self.row(kind, id).await? else {
                return Err(AdminError::NotFound(what()));
            };
            if !change(&mut row)? {
                return Ok(());
            }
            let op = self.replace_op(row, self.environment.now())?;
            match self.commit(vec![op]).await {
                Ok(()) => return Ok(()),
                Err(StoreError::VersionMismatch { .. }) => {}
                Err(StoreError::NotFound { .. }) => return Err(AdminError::NotFound(what())),
                Err(error) => return Err(error.into()),
            }
        }
        Err(AdminError::Store(StoreError::Unavailable("the record changes all the time".into())))
    }

    /// Commits, once even when the answer was lost on the way, and forgets what was cached.
    pub(super) async fn commit(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        let id = self.environment.new_id();
        let mut changes = ChangeSet::new(self.environment.now(), self.actor.clone(), id.as_str());
        changes.idempotency_key = Some(id);
        changes.ops = ops;
        let mut done = self.store.commit(Scope::System, changes.clone()).await;
        if let Err(StoreError::InDoubt(_)) = done {
            done = self.store.commit(Scope::System, changes).await;
        }
        self.cache.forget();
        done.map(|_| ())
    }
}
