//! The SQLite store beside rusqlite on the same file.

use crate::clock::{Pair, line, median, pair, percentile, shown, time};
use crate::people::{
    changed, changes, group, key, member, record, registry, relate, scope, some, user, user_id, user_name,
};
use futures_executor::block_on;
use rusqlite::{Connection, params};
use scimstack_filter::{Filter, ResolveOptions};
use scimstack_store::{
    CountMode, EdgeChange, EdgeStep, Key, Op, Paging, Query, Record, Sort, Store, Target, Total, Want,
};
use scimstack_store_sqlite::{SqliteOptions, SqliteStore};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Operations in one changeset of a load.
const LOAD: usize = 1_000;

pub(crate) fn run(sizes: &[usize]) {
    let mut reads: Vec<(usize, [Pair; 2])> = Vec::new();
    for users in sizes {
        reads.push((*users, of(*users)));
    }
    if let [(small, before), .., (large, after)] = &reads[..] {
        println!("\nFrom {small} to {large} users, ours grows so many times as much as the floor (at most 1.15):");
        for (name, before, after) in [("get", before[0], after[0]), ("emails.value eq", before[1], after[1])] {
            println!("- {name}: {:.2}", after.ratio() / before.ratio());
        }
    }
}

struct Bench {
    users: usize,
    path: PathBuf,
    store: SqliteStore,
    floor: Floor,
    /// The next user that is not there yet.
    next: AtomicUsize,
}

/// Returns get and indexed look-up.
fn of(users: usize) -> [Pair; 2] {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scim.db");
    println!("\n## SQLite, {users} users\n");
    let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    let took = time(|| {
        for from in (0..users).step_by(LOAD) {
            block_on(store.commit(scope(), changes((from..users.min(from + LOAD)).map(user)))).unwrap();
        }
    });
    let bytes = record(7, "Engineer").doc.len();
    println!(
        "Loaded in {}: {:.0} users a second, {bytes} bytes each.\n",
        shown(took),
        users as f64 / took.as_secs_f64()
    );
    let floor = Floor::open(&path);
    let bench = Bench { users, path, store, floor, next: AtomicUsize::new(users) };
    println!("| | floor | ours | ratio | at most |\n|---|---:|---:|---:|---:|");
    let reads = bench.reads();
    bench.writes();
    bench.groups();
    bench.many_writers();
    bench.opening();
    reads
}

impl Bench {
    fn query(&self, filter: Option<&str>, sort: Option<&str>, page: Paging) -> Query {
        let resource_type = registry().resource_type("User").unwrap().clone();
        let filter = filter.map(|text| {
            Arc::new(Filter::parse(text).unwrap().resolve(&resource_type, ResolveOptions::default()).unwrap())
        });
        let sort = sort.map(|path| Sort { path: resource_type.resolve(path).unwrap(), descending: false });
        let mut query = Query::new(Target { kind: "User".into(), resource_type, filter }, 100);
        query.want = Want::DOCUMENT;
        query.page = page;
        query.sort = sort;
        query
    }

    fn reads(&self) -> [Pair; 2] {
        let (users, floor) = (self.users, &self.floor);
        let keys: Vec<Key> = (0..5_000).map(|n| key("User", &user_id(some(n, users)))).collect();
        let get = pair(
            "get by id",
            1.3,
            20_000,
            |n| {
                let found = block_on(self.store.read(scope(), &keys[n % 5_000], Want::DOCUMENT)).unwrap();
                assert!(found.is_some());
            },
            |n| floor.get(keys[(n + 1) % 5_000].id.as_str()),
        );
        let found = |query: &Query, matches: u64, items: usize| {
            let page = block_on(self.store.query(scope(), query)).unwrap();
            assert!(page.items.len() == items && (page.total == Total::Exact(matches) || matches == 0));
        };
        let one = Paging::Index { start: 1, count: 100 };
        let by_name: Vec<Query> = (0..2_000)
            .map(|n| self.query(Some(&format!("userName eq \"{}\"", user_name(some(n, users)))), None, one.clone()))
            .collect();
        pair(
            "userName eq",
            1.3,
            10_000,
            |n| found(&by_name[n % 2_000], 1, 1),
            |n| floor.by_name(&user_name(some((n + 1) % 2_000, users))),
        );
        let by_mail: Vec<Query> = (0..2_000)
            .map(|n| self.query(Some(&format!("emails.value eq \"u{}@home.test\"", some(n, users))), None, one.clone()))
            .collect();
        let indexed = pair(
            "emails.value eq",
            1.3,
            10_000,
            |n| found(&by_mail[n % 2_000], 1, 1),
            |n| floor.by_index("emails.value", &format!("u{}@home.test", some((n + 1) % 2_000, users))),
        );
        let page = users.min(100);
        let first = Paging::Cursor { after: None, count: 100 };
        let by_id = self.query(None, None, one);
        pair("page of 100 by id, counted", 1.3, 500, |_| found(&by_id, users as u64, page), |_| floor.page("id", ""));
        let mut sorted = self.query(None, Some("userName"), first);
        sorted.count = CountMode::None;
        pair("page of 100 by userName", 1.3, 500, |_| found(&sorted, 0, page), |_| floor.page("uniq", ""));
        let mut deep = sorted.clone();
        let (mut after, mut passed) = (None, 0);
        // To nine tenths of the way, in large steps.
        while passed < users * 9 / 10 {
            let count = (users * 9 / 10 - passed).min(50_000) as u32;
            let mut step = sorted.clone();
            (step.page, step.want) = (Paging::Cursor { after, count }, Want::HEAD);
            after = block_on(self.store.query(scope(), &step)).unwrap().next;
            passed += count as usize;
        }
        deep.page = Paging::Cursor { after, count: 100 };
        let at_least = users.div_ceil(10).min(100);
        pair(
            "that page at nine tenths of the depth, beside the first",
            1.1,
            500,
            |_| found(&deep, 0, at_least),
            |_| {
                found(&sorted, 0, page);
            },
        );
        [get, indexed]
    }

    fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn commit(&self, op: Op) {
        block_on(self.store.commit(scope(), changes([op]))).unwrap();
    }

    fn writes(&self) {
        let rounds = 300;
        let mut ours: Vec<Op> = (0..rounds).map(|_| user(self.next())).rev().collect();
        let mut theirs: Vec<(String, Record)> =
            (0..rounds).map(|_| self.next()).map(|n| (user_id(n), record(n, "Engineer"))).collect();
        pair(
            "create",
            1.5,
            rounds,
            |_| self.commit(ours.pop().unwrap()),
            |_| {
                let (id, record) = theirs.pop().unwrap();
                self.floor.create(&id, &record);
            },
        );
        let mut ours: Vec<Op> = (0..rounds).map(|n| changed(some(n, self.users))).collect();
        let theirs: Vec<(String, Record)> =
            (0..rounds).map(|n| some(n, self.users)).map(|n| (user_id(n), record(n, "Chief Engineer"))).collect();
        pair(
            "replace",
            1.5,
            rounds,
            |_| self.commit(ours.pop().unwrap()),
            |n| {
                self.floor.replace(&theirs[n].0, &theirs[n].1);
            },
        );
        let mut ours: Vec<(Key, Op)> =
            (0..rounds).map(|n| some(n + rounds, self.users)).map(|n| (key("User", &user_id(n)), changed(n))).collect();
        pair(
            "PATCH: read and replace",
            1.5,
            rounds,
            |_| {
                let (key, op) = ours.pop().unwrap();
                block_on(self.store.read(scope(), &key, Want::ALL)).unwrap();
                self.commit(op);
            },
            |n| {
                self.floor.get(&theirs[n].0);
                self.floor.replace(&theirs[n].0, &theirs[n].1);
            },
        );
    }

    fn groups(&self) {
        let mut sizes = vec![10, 100_000, 1_000_000];
        sizes.retain(|size| *size <= self.users);
        let mut logs = Vec::new();
        for size in sizes {
            let (group, create) = group(size);
            self.commit(create);
            for from in (0..size).step_by(100_000) {
                let steps = (from..size.min(from + 100_000)).map(|n| EdgeStep::Add(member(n))).collect();
                self.commit(relate(&group, EdgeChange { replace: None, steps }));
            }
            let members: Vec<usize> = (0..300).map(|_| self.next()).collect();
            for n in &members {
                self.commit(user(*n));
            }
            let (mut ours, mut theirs) = (members[..150].iter(), members[150..].iter());
            pair(
                &format!("one member more at {size}"),
                1.6,
                150,
                |_| {
                    let steps = vec![EdgeStep::Add(member(*ours.next().unwrap()))];
                    self.commit(relate(&group, EdgeChange { replace: None, steps }));
                },
                |_| self.floor.add_member(group.id.as_str(), &user_id(*theirs.next().unwrap())),
            );
            let before = self.logged();
            for n in &members[..100] {
                let reference = member(*n).reference;
                self.commit(relate(&group, EdgeChange { replace: None, steps: vec![EdgeStep::Remove(reference)] }));
            }
            logs.push((size, (self.logged() - before) / 100.0));
            if size == 100_000 {
                let members: Vec<_> = (0..size).map(member).collect();
                let all = |extra: Option<usize>| {
                    let mut members = members.clone();
                    members.extend((150..300).filter(|n| Some(*n) != extra).map(|n| member(self.users + 600 + n)));
                    members.truncate(size);
                    if let Some(n) = extra {
                        members[n] = member(self.users + n);
                    }
                    relate(&group, EdgeChange { replace: Some(members), steps: Vec::new() })
                };
                self.commit(all(None));
                let mut puts: Vec<Op> = (0..10).map(|n| all(Some(n))).collect();
                pair(
                    "PUT of 100000 members that changes one",
                    1.5,
                    10,
                    |_| self.commit(puts.pop().unwrap()),
                    |_| assert!(self.floor.members(group.id.as_str()) >= size),
                );
            }
        }
        if let [(small, few), .., (large, many)] = logs[..] {
            line(&format!("bytes logged for one member less, {large} beside {small}"), 1.2, many, few);
        }
    }

    /// Bytes in the log of the database, which is emptied first when it is long.
    fn logged(&self) -> f64 {
        let log = self.path.with_extension("db-wal");
        let connection = &self.floor.connection;
        if std::fs::metadata(&log).unwrap().len() > 8 << 20 {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
        std::fs::metadata(log).unwrap().len() as f64
    }

    fn many_writers(&self) {
        let each = 150;
        let alone = time(|| {
            for _ in 0..each * 4 {
                let n = self.next();
                self.floor.create(&user_id(n), &record(n, "Engineer"));
            }
        });
        let mut stalls = Vec::new();
        let together = time(|| {
            let (store, next) = (&self.store, &self.next);
            let took: Vec<Duration> = std::thread::scope(|threads| {
                let writers: Vec<_> = (0..16)
                    .map(|_| {
                        threads.spawn(move || {
                            let ops: Vec<Op> = (0..each).map(|_| user(next.fetch_add(1, Ordering::Relaxed))).collect();
                            let commit = |op| drop(block_on(store.commit(scope(), changes([op]))).unwrap());
                            ops.into_iter().map(|op| time(|| commit(op))).collect::<Vec<_>>()
                        })
                    })
                    .collect();
                writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
            });
            stalls = took;
        });
        let a_second = |n: usize, took: Duration| n as f64 / took.as_secs_f64();
        let (ours, floor) = (a_second(each * 16, together), a_second(each * 4, alone));
        line("creates a second, 16 writers beside one transaction each (at least)", 1.8, ours, floor);
        let ops: Vec<Op> = (0..5 * LOAD).map(|_| user(self.next())).collect();
        let mut ops = ops.into_iter();
        let bulk = time(|| {
            for _ in 0..5 {
                block_on(self.store.commit(scope(), changes(ops.by_ref().take(LOAD)))).unwrap();
            }
        });
        let singles: Vec<Op> = (0..500).map(|_| user(self.next())).collect();
        let single = time(|| singles.into_iter().for_each(|op| self.commit(op)));
        line(
            "users a second in bulk beside one at a time (at least)",
            5.0,
            a_second(5 * LOAD, bulk),
            a_second(500, single),
        );
        let mut syncs = syncs(self.path.parent().unwrap());
        let longest = percentile(&mut stalls, 100);
        println!(
            "\nThe longest of those commits by 16 writers took {}, the median {}; a write of 8 KiB and its fsync took {} \
             (99th percentile), {} (median).",
            shown(longest),
            shown(median(&mut stalls)),
            shown(percentile(&mut syncs, 99)),
            shown(median(&mut syncs)),
        );
    }

    fn opening(&self) {
        let mut opened: Vec<Duration> =
            (0..20).map(|_| time(|| drop(SqliteStore::open(&self.path, SqliteOptions::default()).unwrap()))).collect();
        let before = anonymous();
        let store = SqliteStore::open(&self.path, SqliteOptions::default()).unwrap();
        for n in 0..self.users.min(100_000) {
            let key = key("User", &user_id(some(n, self.users)));
            block_on(store.read(scope(), &key, Want::DOCUMENT)).unwrap();
        }
        println!(
            "Opening took {} (median); after {} reads the process had {:.0} MiB more of anonymous memory, of which \
             {} MiB at most are the configured cache.",
            shown(median(&mut opened)),
            self.users.min(100_000),
            (anonymous() - before) / 1024.0,
            SqliteOptions::default().cache_bytes >> 20,
        );
    }
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
struct Floor {
    connection: Connection,
    user: i64,
    /// Numbers of names, by name; those of paths and relations.
    dict: HashMap<String, i64>,
    entries: Vec<u8>,
}

const COLUMNS: &str = "id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count, doc";

impl Floor {
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
        let mut floor = Self { connection, user, dict: HashMap::new(), entries };
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
        read(rows.next().unwrap().unwrap());
    }

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

    fn page(&self, by: &str, after: &str) {
        let sql = format!(
            "SELECT {COLUMNS} FROM resource WHERE scope = 1 AND kind = ?1 AND {by} > ?2 ORDER BY {by} LIMIT 100"
        );
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        let mut rows = statement.query(params![self.user, after]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            read(row);
        }
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
        for entry in &record.index {
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

    /// Reads all members of a group.
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
}

/// Takes every column of a row.
fn read(row: &rusqlite::Row<'_>) {
    let id: String = row.get(0).unwrap();
    let numbers: [i64; 4] = [row.get(1).unwrap(), row.get(7).unwrap(), row.get(8).unwrap(), row.get(9).unwrap()];
    let names: [Option<String>; 4] =
        [row.get(2).unwrap(), row.get(3).unwrap(), row.get(4).unwrap(), row.get(5).unwrap()];
    let active: Option<bool> = row.get(6).unwrap();
    let doc: Vec<u8> = row.get(10).unwrap();
    std::hint::black_box((id, numbers, names, active, doc));
}
