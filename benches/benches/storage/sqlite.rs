//! The SQLite store beside rusqlite on the same file.

use crate::bench::{Bench, Floor, Order, Wait, growth, load};
use crate::clock::{Pair, median, percentile, shown, time};
use crate::people::{key, scope, some, user_id};
use futures_executor::block_on;
use rusqlite::{Connection, params};
use scimstack_store::{Record, Store, Want};
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

pub(crate) fn run(sizes: &[usize], parts: &[&str]) {
    growth(&sizes.iter().filter_map(|users| Some((*users, of(*users, parts)?))).collect::<Vec<_>>());
}

/// Returns get and indexed look-up, if these are measured.
fn of(users: usize, parts: &[&str]) -> Option<[Pair; 2]> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scim.db");
    println!("\n## SQLite, {users} users\n");
    let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    load(&store, &Wait::Plain, users);
    let floor = Raw::open(&path);
    let bench = Bench { users, store, floor, wait: Wait::Plain, next: AtomicUsize::new(users) };
    println!("| | floor | ours | ratio | at most |\n|---|---:|---:|---:|---:|");
    let reads = bench.parts(parts);
    let mut syncs = syncs(directory.path());
    println!(
        "A write of 8 KiB and its fsync took {} (99th percentile), {} (median).",
        shown(percentile(&mut syncs, 99)),
        shown(median(&mut syncs)),
    );
    drop(bench);
    opening(&path, users);
    reads
}

fn opening(path: &Path, users: usize) {
    let open = || SqliteStore::open(path, SqliteOptions::default()).unwrap();
    let mut opened: Vec<Duration> = (0..20).map(|_| time(|| drop(open()))).collect();
    // In a process of its own, which has nothing else in its memory.
    let program = std::env::current_exe().unwrap();
    let served = std::process::Command::new(program).arg("serve").arg(path).arg(users.to_string()).output().unwrap();
    println!(
        "Opening took {} (median). A process that opened it and read {} users had {} MiB of anonymous memory; the \
         configured cache is {} MiB.",
        shown(median(&mut opened)),
        READS.min(users),
        String::from_utf8_lossy(&served.stdout).trim(),
        SqliteOptions::default().cache_bytes >> 20,
    );
}

/// How many users are read to see what that leaves in memory.
const READS: usize = 200_000;

/// Opens a database, reads, and says how many mebibytes of anonymous memory that took.
pub(crate) fn serve(path: &str, users: usize) {
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    for n in 0..users.min(READS) {
        block_on(store.read(scope(), &key("User", &user_id(some(n, users))), Want::DOCUMENT)).unwrap();
    }
    println!("{:.0}", anonymous() / 1024.0);
}

/// Kibibytes of anonymous memory of this process.
fn anonymous() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How long it takes to make a page durable.
fn syncs(directory: &Path) -> Vec<Duration> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(directory.join("sync")).unwrap();
    let page = vec![1_u8; 8192];
    (0..300)
        .map(|_| {
            time(|| {
                file.write_all(&page).unwrap();
                file.sync_data().unwrap();
            })
        })
        .collect()
}

/// The raw driver, with the settings of the store's own connections.
struct Raw {
    path: PathBuf,
    connection: Connection,
    user: i64,
    /// Numbers of names, by name; those of paths and relations.
    dict: HashMap<String, i64>,
    entries: Vec<u8>,
}

const COLUMNS: &str = "id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count, doc";

impl Raw {
    fn open(path: &Path) -> Self {
        let options = SqliteOptions::default();
        let connection = Connection::open(path).unwrap();
        let cache = options.cache_bytes / 1024 / (options.readers as u64 + 1);
        connection.pragma_update(None, "cache_size", -(cache as i64)).unwrap();
        connection.pragma_update(None, "mmap_size", 128 << 20).unwrap();
        connection.pragma_update(None, "synchronous", "FULL").unwrap();
        connection.pragma_update(None, "wal_autocheckpoint", 4000).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        let (user, entries) = connection
            .query_row("SELECT kind, entries FROM resource WHERE id = ?1", [user_id(0)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        let mut floor = Self { path: path.to_owned(), connection, user, dict: HashMap::new(), entries };
        floor.learn();
        floor
    }

    fn learn(&mut self) {
        let mut statement = self.connection.prepare("SELECT name, num FROM dict ORDER BY num DESC").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        self.dict = rows.map(Result::unwrap).collect();
    }

    fn row(&self, sql: &str, params: impl rusqlite::Params) {
        let mut statement = self.connection.prepare_cached(sql).unwrap();
        let mut rows = statement.query(params).unwrap();
        std::hint::black_box(read(rows.next().unwrap().unwrap()));
    }

    fn run(&self, sql: &str, params: impl rusqlite::Params) {
        self.connection.prepare_cached(sql).unwrap().execute(params).unwrap();
    }

    fn log(&self, what: i64, kind: i64, id: &str, payload: &[u8], before: Option<&[u8]>) {
        self.run(
            "INSERT INTO change(scope, at, what, kind, id, version, actor, request_id, payload, before) \
             VALUES(1, 1, ?1, ?2, ?3, 1, 'connection:default', 'request-1', ?4, ?5)",
            params![what, kind, id, payload, before],
        );
    }
}

impl Floor for Raw {
    fn get(&self, id: &str) {
        self.row(
            &format!("SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = ?1 AND id = ?2"),
            params![self.user, id],
        );
    }

    fn by_name(&self, name: &str) {
        self.row(
            &format!("SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = ?1 AND uniq = ?2"),
            params![self.user, name],
        );
    }

    fn by_index(&self, path: &str, value: &str) {
        self.row(
            &format!(
                "SELECT {COLUMNS} FROM resource WHERE rid = \
                 (SELECT rid FROM av WHERE scope = 1 AND kind = ?1 AND attr = ?2 AND val = ?3)"
            ),
            params![self.user, self.dict[path], value],
        );
    }

    fn page(&self, by: Order, after: &str) {
        let by = match by {
            Order::Id => "id",
            Order::UserName => "uniq",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = ?1 AND {by} > ?2 ORDER BY {by} LIMIT 100"
        );
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        let rows = statement.query_map(params![self.user, after], |row| Ok(read(row))).unwrap();
        // A page is what is in hand at its end.
        std::hint::black_box(rows.collect::<Result<Vec<_>, _>>().unwrap());
    }

    fn create(&self, id: &str, record: &Record) {
        let (kind, core) = (self.user, &record.core);
        self.run("BEGIN IMMEDIATE", []);
        self.run(
            "INSERT INTO resource(scope, kind, id, version, uniq, external_id, sort_name, display, active, created, \
             modified, edge_count, entries, private, doc) VALUES(1, ?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, 1, 1, 0, ?8, x'', ?9)",
            params![
                kind,
                id,
                core.unique,
                core.external_id,
                core.sort_name,
                core.display,
                core.active,
                self.entries,
                &record.doc[..]
            ],
        );
        let rid = self.connection.last_insert_rowid();
        for entry in &record.index.entries {
            self.run(
                "INSERT INTO av(scope, kind, attr, val, rid, elem, type) VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6)",
                params![kind, self.dict[&entry.path], entry.value, rid, entry.element, entry.kind],
            );
        }
        for name in &record.names {
            self.run(
                "INSERT INTO name(scope, key, value, kind, rid) VALUES(1, 3, ?1, ?2, ?3)",
                params![name.value, kind, rid],
            );
        }
        self.run(
            "INSERT INTO part_due(rid, scope, kind, text) VALUES(?1, 1, ?2, ?3)",
            params![rid, kind, record.index.texts.join("\n")],
        );
        self.run("UPDATE kind_count SET n = n + 1 WHERE scope = 1 AND kind = ?1", [kind]);
        self.log(1, kind, id, b"", None);
        self.run("COMMIT", []);
    }

    fn replace(&self, id: &str, record: &Record) {
        self.run("BEGIN IMMEDIATE", []);
        let (rid, before): (i64, Vec<u8>) = self
            .connection
            .prepare_cached("SELECT rid, doc FROM resource WHERE scope = 1 AND kind = ?1 AND id = ?2")
            .unwrap()
            .query_row(params![self.user, id], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        self.run(
            "UPDATE resource SET version = version + 1, modified = modified + 1, doc = ?2 WHERE rid = ?1",
            params![rid, &record.doc[..]],
        );
        self.log(2, self.user, id, b"", Some(&before));
        self.run("COMMIT", []);
    }

    fn add_member(&self, group: &str, id: &str) {
        self.run("BEGIN IMMEDIATE", []);
        self.run(
            "INSERT INTO edge(scope, relation, skind, sid, pending, tkind, tid, n, raw, spec, data) \
             VALUES(1, (SELECT relation FROM edge WHERE scope = 1 AND skind = 'Group' LIMIT 1), 'Group', ?1, 0, 'User', ?2, 0, \
             NULL, 1, NULL)",
            params![group, id],
        );
        self.run(
            "UPDATE resource SET version = version + 1, modified = modified + 1, edge_count = edge_count + 1 \
             WHERE scope = 1 AND kind = (SELECT num FROM dict WHERE class = 1 AND name = 'Group') AND id = ?1",
            [group],
        );
        self.log(
            4,
            self.user,
            group,
            format!(r#"{{"relation":"members","added":["{id}"],"removed":[]}}"#).as_bytes(),
            None,
        );
        self.run("COMMIT", []);
    }

    fn members(&self, group: &str) -> usize {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT pending, tkind, tid, n, raw, spec, data FROM edge WHERE scope = 1 AND relation = \
                 (SELECT relation FROM edge WHERE scope = 1 AND skind = 'Group' LIMIT 1) AND skind = 'Group' AND sid = ?1",
            )
            .unwrap();
        let mut rows = statement.query([group]).unwrap();
        let mut members: Vec<(String, String)> = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            members.push((row.get(1).unwrap(), row.get(2).unwrap()));
        }
        members.len()
    }

    fn logged(&self) -> f64 {
        let log = self.path.with_extension("db-wal");
        // Emptied when it is long, so that it grows by what is written.
        if std::fs::metadata(&log).unwrap().len() > 8 << 20 {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
        std::fs::metadata(log).unwrap().len() as f64
    }
}

/// Id, numbers, names, `active`, document.
type Columns = (String, [i64; 4], [Option<String>; 4], Option<bool>, Vec<u8>);

/// Takes every column of a row.
fn read(row: &rusqlite::Row<'_>) -> Columns {
    let id: String = row.get(0).unwrap();
    let numbers: [i64; 4] = [row.get(1).unwrap(), row.get(7).unwrap(), row.get(8).unwrap(), row.get(9).unwrap()];
    let names: [Option<String>; 4] =
        [row.get(2).unwrap(), row.get(3).unwrap(), row.get(4).unwrap(), row.get(5).unwrap()];
    let active: Option<bool> = row.get(6).unwrap();
    let doc: Vec<u8> = row.get(10).unwrap();
    (id, numbers, names, active, doc)
}
