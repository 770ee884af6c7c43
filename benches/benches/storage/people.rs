//! The people of the benchmark: users of about 1.5 KB, groups, and how they are written.

use scimstack_schema::{ReferenceKey, Registry, Resource, Timestamp};
use scimstack_store::{
    Actor, ChangeSet, EdgeChange, EdgeDraft, Expect, Key, Kind, Op, Record, Reference, ReferenceRule, ResourceId,
    Scope, TenantId, plan,
};
use std::sync::{Arc, LazyLock};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::haystack);
static MEMBERS: LazyLock<Arc<ReferenceRule>> = LazyLock::new(|| {
    Arc::new(ReferenceRule {
        relation: "members".to_owned(),
        keys: vec![ReferenceKey::Id, ReferenceKey::UserName, ReferenceKey::ExternalId],
        targets: vec![Kind::from("User"), Kind::from("Group")],
    })
});

pub(crate) fn registry() -> &'static Registry {
    &REGISTRY
}

pub(crate) fn scope() -> Scope {
    Scope::Tenant(TenantId::new(1).unwrap())
}

pub(crate) fn key(kind: &str, id: &str) -> Key {
    Key::new(kind, ResourceId::new(id).unwrap())
}

pub(crate) fn user_id(n: usize) -> String {
    format!("018f0000-0000-7000-8000-{n:012x}")
}

pub(crate) fn user_name(n: usize) -> String {
    format!("user{n}@example.test")
}

/// A user with the title `title`.
pub(crate) fn record(n: usize, title: &str) -> Record {
    let document = format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "id":"{id}","externalId":"00u{n:017}","userName":"{name}",
        "name":{{"formatted":"Given{n} Middle Family{family}","givenName":"Given{n}","middleName":"Middle","familyName":"Family{family}"}},
        "displayName":"Given{n} Family{family}","nickName":"Nick{n}","active":true,"title":"{title}","userType":"Employee",
        "preferredLanguage":"en-GB","locale":"en-GB","timezone":"Europe/London","profileUrl":"https://intranet.example.test/people/{n}",
        "emails":[{{"value":"{name}","type":"work","primary":true}},{{"value":"u{n}@home.test","type":"home"}}],
        "phoneNumbers":[{{"value":"+1 555 {n:08}","type":"work"}},{{"value":"+44 7700 {n:08}","type":"mobile"}}],
        "photos":[{{"value":"https://photos.example.test/large/{n}.jpg","type":"photo"}}],
        "addresses":[{{"type":"work","streetAddress":"{n} Long Street, with a name that goes on","locality":"Town{town}",
        "region":"Region","postalCode":"{n:06}","country":"US","formatted":"{n} Long Street, with a name that goes on, Town{town}"}}],
        "roles":[{{"value":"reader","display":"Reader of everything","type":"default"}}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"{n}","costCenter":"CC-{dep}",
        "organization":"Example","division":"Division {dep}","department":"Department {dep}"}}}}"#,
        id = user_id(n),
        name = user_name(n),
        family = n % 997,
        town = n % 311,
        dep = n % 50,
    );
    let resource_type = registry().resource_type("User").unwrap().clone();
    let resource = Resource::from_stored(resource_type, document.as_bytes()).unwrap();
    plan::record(&resource, Default::default(), Timestamp::from_seconds(1), Timestamp::from_seconds(1))
}

pub(crate) fn user(n: usize) -> Op {
    Op::Create { key: key("User", &user_id(n)), record: record(n, "Engineer") }
}

/// The same user with another title.
pub(crate) fn changed(n: usize) -> Op {
    Op::Replace { key: key("User", &user_id(n)), expect: Expect::Any, record: record(n, "Senior Engineer") }
}

pub(crate) fn group(size: usize) -> (Key, Op) {
    let document = format!(r#"{{"id":"group-{size}","displayName":"Group {size}"}}"#);
    let resource_type = registry().resource_type("Group").unwrap().clone();
    let resource = Resource::from_stored(resource_type, document.as_bytes()).unwrap();
    let now = Timestamp::from_seconds(1);
    let key = key("Group", &format!("group-{size}"));
    (key.clone(), Op::Create { key, record: plan::record(&resource, Default::default(), now, now) })
}

pub(crate) fn member(n: usize) -> EdgeDraft {
    EdgeDraft { reference: Reference::new(&MEMBERS, user_id(n)), data: Default::default(), must_exist: false }
}

pub(crate) fn relate(group: &Key, change: EdgeChange) -> Op {
    Op::Relate { source: group.clone(), relation: "members".to_owned(), expect: Expect::Any, change }
}

pub(crate) fn changes(ops: impl IntoIterator<Item = Op>) -> ChangeSet {
    let changes = ChangeSet::new(Timestamp::from_seconds(2), Actor("connection:default".to_owned()), "request-1");
    ops.into_iter().fold(changes, ChangeSet::with)
}

/// Numbers below `below` in no order.
pub(crate) fn some(n: usize, below: usize) -> usize {
    n.wrapping_mul(7_919).wrapping_add(13) % below
}
