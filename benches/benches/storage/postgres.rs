//! The PostgreSQL store beside tokio-postgres on the same database, in a server of the benchmark's own that syncs to disk.

#[path = "../../../crates/scimstack-store-postgres/tests/cluster/mod.rs"]
mod cluster;

use crate::bench::{Bench, Floor, Order, Wait, growth, load};
use crate::clock::Pair;
use cluster::Cluster;
use scimstack_store::Record;
use scimstack_store_postgres::PostgresStore;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, Statement};

/// Durable, and with room for a million users.
const SERVER: &str =
    "-c fsync=on -c synchronous_commit=on -c shared_buffers=1GB -c max_wal_size=8GB -c checkpoint_timeout=30min";

pub(crate) fn run(sizes: &[usize], parts: &[&str]) {
    growth(&sizes.iter().filter_map(|users| Some((*users, of(*users, parts)?))).collect::<Vec<_>>());
}

/// Returns get and indexed look-up, if these are measured.
fn of(users: usize, parts: &[&str]) -> Option<[Pair; 2]> {
    println!("\n## PostgreSQL, {users} users\n");
    let cluster = Cluster::start();
    cluster.down();
    cluster.up(SERVER);
    let runtime = Runtime::new().unwrap();
    let wait = Wait::Tokio(runtime.handle().clone());
    let store = wait.on(PostgresStore::connect(&cluster.url())).unwrap();
    load(&store, &wait, users);
    let client = wait.on(async {
        let (client, connection) = tokio_postgres::connect(&cluster.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("ANALYZE").await.unwrap();
        client
    });
    let floor = Raw { client, wait: wait.clone(), prepared: RefCell::default() };
    let bench = Bench { users, store, floor, wait, next: AtomicUsize::new(users) };
    println!("| | floor | ours | ratio | at most |\n|---|---:|---:|---:|---:|");
    bench.parts(parts)
}

/// The raw driver: one connection, every statement prepared.
struct Raw {
    client: Client,
    wait: Wait,
    prepared: RefCell<HashMap<String, Statement>>,
}

/// How a member finds its target, as the store keeps it.
const SPEC: &str = r#"[["id","userName","externalId"],["User","Group"]]"#;

const COLUMNS: &str = "id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count, doc";

impl Raw {
    fn statement(&self, sql: &str) -> Statement {
        if let Some(statement) = self.prepared.borrow().get(sql) {
            return statement.clone();
        }
        let statement = self.wait.on(self.client.prepare(sql)).unwrap();
        self.prepared.borrow_mut().insert(sql.to_owned(), statement.clone());
        statement
    }

    fn all(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        let statement = self.statement(sql);
        self.wait.on(self.client.query(&statement, params)).unwrap()
    }

    fn run(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) {
        let statement = self.statement(sql);
        self.wait.on(self.client.execute(&statement, params)).unwrap();
    }

    fn begin(&self) {
        self.wait.on(self.client.batch_execute("BEGIN")).unwrap();
    }

    fn commit(&self) {
        self.wait.on(self.client.batch_execute("COMMIT")).unwrap();
    }

    fn log(&self, what: i64, kind: &str, id: &str, payload: &[u8], before: Option<&[u8]>) {
        self.run(
            "INSERT INTO change(scope, at, what, kind, id, version, actor, request_id, payload, before) \
             VALUES(1, 1, $1, $2, $3, 1, 'connection:default', 'request-1', $4, $5)",
            &[&what, &kind, &id, &payload, &before],
        );
    }
}

impl Floor for Raw {
    fn get(&self, id: &str) {
        read(
            &self.all(&format!("SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = 'User' AND id = $1"), &[&id]),
        );
    }

    fn by_name(&self, name: &str) {
        let sql = format!("SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = 'User' AND uniq_key = $1");
        read(&self.all(&sql, &[&name]));
    }

    fn by_index(&self, path: &str, value: &str) {
        let sql = format!(
            "SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = 'User' AND id IN \
             (SELECT id FROM av WHERE scope = 1 AND kind = 'User' AND path = $1 AND val = $2)"
        );
        read(&self.all(&sql, &[&path, &value]));
    }

    fn page(&self, by: Order, after: &str) {
        let by = match by {
            Order::Id => "id",
            Order::UserName => "uniq_key",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = 'User' AND {by} > $1 ORDER BY {by} LIMIT 100"
        );
        read(&self.all(&sql, &[&after]));
    }

    fn create(&self, id: &str, record: &Record) {
        let core = &record.core;
        self.begin();
        self.run(
            "INSERT INTO resource(scope, kind, id, version, uniq, uniq_key, external_id, external_key, sort_name, display, \
             active, created, modified, edge_count, private, doc) \
             VALUES(1, 'User', $1, 1, $2, $2, $3, $3, $4, $5, $6, 1, 1, 0, ''::bytea, $7)",
            &[&id, &core.unique, &core.external_id, &core.sort_name, &core.display, &core.active, &&record.doc[..]],
        );
        let paths: Vec<&str> = record.index.entries.iter().map(|entry| entry.path.as_str()).collect();
        let values: Vec<&str> = record.index.entries.iter().map(|entry| entry.value.as_str()).collect();
        let elements: Vec<i64> = record.index.entries.iter().map(|entry| entry.element.into()).collect();
        let types: Vec<Option<&str>> = record.index.entries.iter().map(|entry| entry.kind.as_deref()).collect();
        self.run(
            "INSERT INTO av(scope, kind, id, path, val, elem, type) SELECT 1, 'User', $1, e.* \
             FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) AS e(path, val, elem, type)",
            &[&id, &paths, &values, &elements, &types],
        );
        let names: Vec<&str> = record.names.iter().map(|name| name.value.as_str()).collect();
        self.run(
            "INSERT INTO name(scope, kind, id, by, name_key) SELECT 1, 'User', $1, 3, e FROM unnest($2::text[]) AS e",
            &[&id, &names],
        );
        self.run(
            "INSERT INTO part(scope, kind, id, text) VALUES(1, 'User', $1, $2)",
            &[&id, &record.index.texts.join("\n")],
        );
        self.run("UPDATE kind_count SET n = n + 1 WHERE scope = 1 AND kind = 'User'", &[]);
        self.log(1, "User", id, b"", None);
        self.commit();
    }

    fn replace(&self, id: &str, record: &Record) {
        self.begin();
        let rows = self.all("SELECT version, doc FROM resource WHERE scope = 1 AND kind = 'User' AND id = $1", &[&id]);
        let before: &[u8] = rows[0].get(1);
        self.run(
            "UPDATE resource SET version = version + 1, modified = modified + 1, doc = $2 \
             WHERE scope = 1 AND kind = 'User' AND id = $1",
            &[&id, &&record.doc[..]],
        );
        self.log(2, "User", id, b"", Some(before));
        self.commit();
    }

    fn add_member(&self, group: &str, id: &str) {
        self.begin();
        self.run(
            "INSERT INTO edge(scope, relation, skind, sid, pending, tkind, tid, n, raw, raw_key, spec, data) \
             VALUES(1, 'members', 'Group', $1, false, 'User', $2, 0, $2, $2, $3, ''::bytea)",
            &[&group, &id, &SPEC],
        );
        self.run(
            "UPDATE resource SET version = version + 1, modified = modified + 1, edge_count = edge_count + 1 \
             WHERE scope = 1 AND kind = 'Group' AND id = $1",
            &[&group],
        );
        let payload = format!(r#"{{"relation":"members","added":["{id}"],"removed":[]}}"#);
        self.log(4, "Group", group, payload.as_bytes(), None);
        self.commit();
    }

    fn members(&self, group: &str) -> usize {
        let rows = self.all(
            "SELECT pending, tkind, tid, n, raw, spec, data FROM edge \
             WHERE scope = 1 AND skind = 'Group' AND sid = $1 AND relation = 'members'",
            &[&group],
        );
        let members: Vec<(String, String)> = rows.iter().map(|row| (row.get(1), row.get(2))).collect();
        members.len()
    }

    fn logged(&self) -> f64 {
        let rows = self.all("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8", &[]);
        rows[0].get(0)
    }
}

/// Takes every column of every row.
fn read(rows: &[Row]) {
    for row in rows {
        let id: String = row.get(0);
        let numbers: [i64; 4] = [row.get(1), row.get(7), row.get(8), row.get(9)];
        let names: [Option<String>; 4] = [row.get(2), row.get(3), row.get(4), row.get(5)];
        let active: Option<bool> = row.get(6);
        let doc: Vec<u8> = row.get(10);
        std::hint::black_box((id, numbers, names, active, doc));
    }
}
