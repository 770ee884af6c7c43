//! People and groups to write, as the engine would make them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may fail loudly"
)]
#![allow(dead_code, reason = "each test file uses its share")]

use futures_executor::block_on;
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_schema::{ReferenceKey, Registry, Resource, Timestamp};
use scimstack_store::{
    Actor, ChangeSet, EdgeChange, EdgeDraft, EdgeStep, Key, Kind, Op, Receipt, Record, Reference, ReferenceRule,
    ResourceId, Scope, Store, StoreError, Target, TenantId, plan,
};
use std::sync::Arc;

pub(crate) fn tenant(number: u32) -> Scope {
    Scope::Tenant(TenantId::new(number).unwrap())
}

pub(crate) fn key(kind: &str, id: &str) -> Key {
    Key::new(kind, ResourceId::new(id).unwrap())
}

pub(crate) fn record(registry: &Registry, kind: &str, document: &str) -> Record {
    let resource_type = registry.resource_type(kind).unwrap().clone();
    let resource = Resource::from_stored(resource_type, document.as_bytes()).unwrap();
    plan::record(&resource, b"{}".as_slice().into(), Timestamp::from_seconds(1), Timestamp::from_seconds(1))
}

pub(crate) fn user(id: &str, name: &str) -> Op {
    let document = format!(r#"{{"id":"{id}","userName":"{name}","displayName":"{name}"}}"#);
    Op::Create { key: key("User", id), record: record(&Registry::core(), "User", &document) }
}

pub(crate) fn group(id: &str) -> Op {
    let document = format!(r#"{{"id":"{id}","displayName":"{id}"}}"#);
    Op::Create { key: key("Group", id), record: record(&Registry::core(), "Group", &document) }
}

pub(crate) fn member(raw: &str) -> Reference {
    let rule = ReferenceRule {
        relation: "members".to_owned(),
        keys: vec![ReferenceKey::Id, ReferenceKey::UserName, ReferenceKey::ExternalId],
        targets: vec![Kind::from("User"), Kind::from("Group")],
    };
    Reference::new(&Arc::new(rule), raw)
}

pub(crate) fn draft(raw: &str) -> EdgeDraft {
    EdgeDraft { reference: member(raw), data: "".into(), must_exist: false }
}

pub(crate) fn add(group: &str, raws: &[&str]) -> Op {
    let steps = raws.iter().map(|raw| EdgeStep::Add(draft(raw))).collect();
    relate(group, EdgeChange { replace: None, steps })
}

pub(crate) fn relate(group: &str, change: EdgeChange) -> Op {
    Op::Relate {
        source: key("Group", group),
        relation: "members".to_owned(),
        expect: scimstack_store::Expect::Any,
        change,
    }
}

pub(crate) fn changes(ops: Vec<Op>) -> ChangeSet {
    let mut changes = ChangeSet::new(Timestamp::from_seconds(2), Actor("system".to_owned()), "request");
    changes.ops = ops;
    changes
}

pub(crate) fn commit(store: &impl Store, ops: Vec<Op>) -> Result<Receipt, StoreError> {
    block_on(store.commit(tenant(1), changes(ops)))
}

pub(crate) fn exists(store: &impl Store, kind: &str, id: &str) -> bool {
    let want = scimstack_store::Want::HEAD;
    block_on(store.read(tenant(1), &key(kind, id), want)).unwrap().is_some()
}

pub(crate) fn target(registry: &Registry, kind: &str, filter: Option<&str>) -> Target {
    let resource_type = registry.resource_type(kind).unwrap().clone();
    let options = ResolveOptions::default().with_unknown_is_absent(true);
    let resolve = |text| Filter::parse(text).unwrap().resolve(&resource_type, options).unwrap();
    let filter = filter.map(|text| Arc::new(resolve(text)));
    Target { kind: Kind::from(kind), resource_type, filter }
}
