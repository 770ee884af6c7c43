//! A mirrored store keeps every promise of the store below it, and its table says what that store says.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use async_trait::async_trait;
use futures_executor::block_on;
use scimstack_schema::{Object, Registry, Timestamp, Value};
use scimstack_store::mirror::{Mirror, MirrorError, Refusal, Table, TableError};
use scimstack_store::{
    Actor, ChangeSet, Core, Expect, Key, MemoryStore, Op, Record, ResourceId, Scope, Store, StoreError, Version, Want,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

type Rows = BTreeMap<(Scope, String), (Version, String)>;

/// A table that may be out of order, and has a rule: no two rows have the same `title`.
#[derive(Default)]
struct Users {
    rows: Mutex<Rows>,
    broken: AtomicBool,
}

impl Users {
    fn rows(&self) -> Result<std::sync::MutexGuard<'_, Rows>, TableError> {
        match self.broken.load(Ordering::Relaxed) {
            true => Err("the table is locked".into()),
            false => self.rows.lock().map_err(|_| "the table is broken".into()),
        }
    }

    /// By id, what is in the rows of a tenant.
    fn of(&self, scope: Scope) -> BTreeMap<String, (u64, String)> {
        let rows = self.rows.lock().unwrap();
        let own = rows.iter().filter(|((of, _), _)| *of == scope);
        own.map(|((_, id), (version, title))| (id.clone(), (version.0, title.clone()))).collect()
    }
}

fn title(document: &Object) -> String {
    document.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[async_trait]
impl Table for Users {
    async fn check(&self, scope: Scope, key: &Key, document: &Object) -> Result<(), Refusal> {
        let title = title(document);
        let rows = self.rows.lock().map_err(|_| Refusal::Unavailable("the table is broken".into()))?;
        let is_taken = |((of, id), (_, has)): (&(Scope, String), &(Version, String))| {
            *of == scope && *id != key.id.as_str() && *has == title && has.starts_with("only")
        };
        match rows.iter().any(is_taken) {
            true => Err(Refusal::Taken { path: "title".to_owned() }),
            false => Ok(()),
        }
    }

    async fn put(&self, scope: Scope, key: &Key, version: Version, document: &Object) -> Result<(), TableError> {
        let mut rows = self.rows()?;
        let row = rows.entry((scope, key.id.to_string())).or_insert((Version(0), String::new()));
        if row.0 < version {
            *row = (version, title(document));
        }
        Ok(())
    }

    async fn delete(&self, scope: Scope, key: &Key) -> Result<(), TableError> {
        self.rows()?.remove(&(scope, key.id.to_string()));
        Ok(())
    }
}

fn scope() -> Scope {
    Scope::from_number(7)
}

fn key(id: &str) -> Key {
    Key::new("User", ResourceId::new(id).unwrap())
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_767_225_600)
}

fn changes(op: Op) -> ChangeSet {
    ChangeSet::new(now(), Actor("system".to_owned()), "request-1").with(op)
}

fn record(id: &str, title: &str) -> Record {
    Record::new(Core::default(), format!(r#"{{"id":"{id}","userName":"{id}","title":"{title}"}}"#))
}

fn create(id: &str, title: &str) -> ChangeSet {
    changes(Op::Create { key: key(id), record: record(id, title) })
}

fn replace(id: &str, title: &str) -> ChangeSet {
    changes(Op::Replace { key: key(id), expect: Expect::Any, record: record(id, title) })
}

fn mirrored() -> (Arc<Users>, Mirror, Arc<MemoryStore>) {
    let (users, below) = (Arc::new(Users::default()), Arc::new(MemoryStore::new()));
    (users.clone(), Mirror::new(below.clone(), "User", users), below)
}

fn rows<const N: usize>(rows: [(&str, u64, &str); N]) -> BTreeMap<String, (u64, String)> {
    rows.map(|(id, version, title)| (id.to_owned(), (version, title.to_owned()))).into()
}

#[test]
fn a_mirrored_store_passes_every_check() {
    let report = block_on(scimstack_store_testkit::run(|| async { mirrored().1 }));
    report.assert_ok();
    assert_eq!(report.skipped, [], "nothing is given up");
    assert_eq!(report.passed.len(), scimstack_store_testkit::checks().len());
}

#[test]
fn the_table_has_what_was_committed_when_the_commit_returns() {
    let (users, store, _) = mirrored();
    block_on(async {
        store.commit(scope(), create("ann", "Engineer")).await.unwrap();
        store.commit(scope(), create("bob", "Clerk")).await.unwrap();
        store.commit(scope(), replace("ann", "Chief")).await.unwrap();
        let group = Op::Create { key: Key::new("Group", ResourceId::new("g").unwrap()), record: record("g", "Group") };
        store.commit(scope(), changes(group)).await.unwrap();
        assert_eq!(users.of(scope()), rows([("ann", 2, "Chief"), ("bob", 1, "Clerk")]));
        store.commit(scope(), changes(Op::Delete { key: key("bob"), expect: Expect::Any })).await.unwrap();
        assert_eq!(users.of(scope()), rows([("ann", 2, "Chief")]));
        assert_eq!(users.of(Scope::from_number(8)), rows([]), "another tenant's");
    });
}

#[test]
fn what_a_table_that_was_out_of_order_missed_is_caught_up() {
    let (users, store, _) = mirrored();
    block_on(async {
        store.commit(scope(), create("ann", "Engineer")).await.unwrap();
        store.commit(scope(), create("bob", "Clerk")).await.unwrap();
        users.broken.store(true, Ordering::Relaxed);
        let receipt = store.commit(scope(), replace("ann", "Chief")).await.unwrap();
        assert_eq!(receipt.ops[0].version, Some(Version(2)), "what is committed stands");
        store.commit(scope(), changes(Op::Delete { key: key("bob"), expect: Expect::Any })).await.unwrap();
        assert_eq!(users.of(scope()), rows([("ann", 1, "Engineer"), ("bob", 1, "Clerk")]));
        let answer = store.catch_up(scope(), now()).await;
        assert!(matches!(answer, Err(MirrorError::Table(_))), "{answer:?}");
        users.broken.store(false, Ordering::Relaxed);
        // The lease of the attempt that failed has a minute to run out.
        let later = Timestamp::from_micros(now().as_micros() + 61_000_000);
        assert_eq!(store.catch_up(scope(), later).await.unwrap(), 2);
        assert_eq!(users.of(scope()), rows([("ann", 2, "Chief")]));
        assert_eq!(store.catch_up(scope(), later).await.unwrap(), 0, "nothing is left");
    });
}

#[test]
fn what_the_table_cannot_take_is_a_conflict_and_nothing_is_written() {
    let (users, store, below) = mirrored();
    block_on(async {
        store.commit(scope(), create("ann", "only one")).await.unwrap();
        let answer = store.commit(scope(), create("bob", "only one")).await;
        assert!(matches!(&answer, Err(StoreError::Conflict { op: 0, path, .. }) if path == "title"), "{answer:?}");
        assert_eq!(below.read(scope(), &key("bob"), Want::HEAD).await.unwrap(), None);
        assert_eq!(users.of(scope()), rows([("ann", 1, "only one")]));
    });
}

#[test]
fn a_table_that_is_newer_than_the_directory_is_filled() {
    let below = Arc::new(MemoryStore::new());
    block_on(async {
        for n in 0..1_200 {
            below.commit(scope(), create(&format!("u{n}"), "Engineer")).await.unwrap();
        }
        let users = Arc::new(Users::default());
        let store = Mirror::new(below, "User", users.clone());
        let user = Registry::core().resource_type("User").unwrap().clone();
        assert_eq!(store.fill(scope(), &user).await.unwrap(), 1_200);
        assert_eq!(users.of(scope()).len(), 1_200);
    });
}
