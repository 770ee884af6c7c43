//! The statements of the bare server on SQLite: reading connections, and one that writes, with the settings of the store's
//! own. A transaction is begun, done and made durable by the thread that has the request.

use crate::bare::{ACTOR, Found, Group, New, PRIVATE, RECEIPT, Rows, Written, related, with_title};
use crate::people::user_id;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};
use scimstack_store_sqlite::SqliteOptions;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

pub(crate) struct Sqlite {
    path: PathBuf,
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
    /// Numbers of names.
    user: i64,
    group: i64,
    members: i64,
    log: i64,
    /// How a member finds its target; what a user was indexed under.
    spec: i64,
    declared: i64,
    /// Numbers of the paths of indexes.
    paths: HashMap<String, i64>,
    /// The packed list of a user's index rows.
    entries: Vec<u8>,
}

/// A statement that reads what every answer is made of.
macro_rules! select {
    ($further:literal) => {
        concat!(
            "SELECT id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count, doc \
             FROM resource WHERE scope = 1 AND kind = ?1 ",
            $further
        )
    };
}

fn open(path: &Path) -> Connection {
    let options = SqliteOptions::default();
    let connection = Connection::open(path).unwrap();
    let cache = options.cache_bytes / 1024 / (options.readers as u64 + 1);
    connection.pragma_update(None, "cache_size", -(cache as i64)).unwrap();
    connection.pragma_update(None, "mmap_size", 128 << 20).unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.pragma_update(None, "wal_autocheckpoint", 4000).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.pragma_update(None, "temp_store", "MEMORY").unwrap();
    // One plan for each statement: else SQLite prepares those of memberships anew for each value, three times the work.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    connection.set_prepared_statement_cache_capacity(64);
    connection
}

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Self {
        let writer = open(path);
        // The topic of the log is one of the dictionary's names; the first entry would put it there.
        let number = |name: &str| -> Option<i64> {
            let found = writer.query_row("SELECT num FROM dict WHERE name = ?1", [name], |row| row.get(0));
            found.optional().unwrap()
        };
        let log = number("log").unwrap_or_else(|| {
            writer.execute("INSERT INTO dict(class, name) VALUES(4, 'log')", []).unwrap();
            writer.last_insert_rowid()
        });
        let one = |sql: &str| writer.query_row(sql, [], |row| row.get(0)).unwrap();
        let mut paths = HashMap::new();
        for path in [
            "emails.value",
            "name.familyName",
            "name.givenName",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
        ] {
            paths.insert(path.to_owned(), number(path).unwrap());
        }
        let (user, group, members) = (number("User").unwrap(), number("Group").unwrap(), number("members").unwrap());
        let sample = "SELECT entries FROM resource WHERE id = ?1";
        Self {
            path: path.to_owned(),
            readers: Mutex::default(),
            user,
            group,
            members,
            log,
            spec: one("SELECT spec FROM edge LIMIT 1"),
            declared: one(&format!("SELECT declared FROM kind_count WHERE scope = 1 AND kind = {user}")),
            paths,
            entries: writer.query_row(sample, [user_id(0)], |row| row.get(0)).unwrap(),
            writer: Mutex::new(writer),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        let idle = self.readers.lock().unwrap().pop();
        let connection = idle.unwrap_or_else(|| open(&self.path));
        let result = read(&connection);
        self.readers.lock().unwrap().push(connection);
        result
    }

    /// With the groups of each, level by level.
    fn with_groups(&self, connection: &Connection, found: &mut [Found]) {
        let mut level: Vec<(usize, &str, String)> =
            found.iter().enumerate().map(|(n, one)| (n, "User", one.id.clone())).collect();
        let mut known: HashMap<String, Vec<(String, Option<String>)>> = HashMap::new();
        let mut shown: Vec<(Vec<Group>, HashSet<String>)> = found.iter().map(|_| Default::default()).collect();
        let mut direct = true;
        while !level.is_empty() {
            let mut next = Vec::new();
            for (n, kind, id) in level {
                let groups = known.entry(id).or_insert_with_key(|id| self.groups_of(connection, kind, id));
                let (list, seen) = &mut shown[n];
                for (id, display) in groups {
                    if seen.insert(id.clone()) {
                        list.push(Group { id: id.clone(), display: display.clone(), direct });
                        next.push((n, "Group", id.clone()));
                    }
                }
            }
            (level, direct) = (next, false);
        }
        for (one, (groups, _)) in found.iter_mut().zip(shown) {
            one.groups = groups;
        }
    }

    fn groups_of(&self, connection: &Connection, kind: &str, id: &str) -> Vec<(String, Option<String>)> {
        let mut statement = connection
            .prepare_cached(
                "SELECT e.sid, (SELECT g.display FROM resource g WHERE g.scope = 1 AND g.kind = ?2 AND g.id = e.sid) FROM edge e \
                 WHERE e.scope = 1 AND e.relation = ?1 AND e.tkind = ?3 AND e.tid = ?4 AND e.pending = 0 \
                 ORDER BY e.skind, e.sid, e.n",
            )
            .unwrap();
        let params = params![self.members, self.group, kind, id];
        let rows = statement.query_map(params, |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn found(&self, sql: &str, params: impl Params) -> Option<Found> {
        self.read(|connection| {
            let mut found = first(connection, sql, params)?;
            self.with_groups(connection, std::slice::from_mut(&mut found));
            Some(found)
        })
    }

    fn write<T>(&self, write: impl FnOnce(&Connection) -> Option<T>) -> Option<T> {
        let connection = self.writer.lock().unwrap();
        run(&connection, "BEGIN IMMEDIATE", []);
        let written = write(&connection);
        run(&connection, if written.is_some() { "COMMIT" } else { "ROLLBACK" }, []);
        written
    }

    /// A change, the entry of the log and the receipt.
    fn log(&self, connection: &Connection, change: &Change<'_>, request: &Written) {
        let Change { what, kind, id, version, payload, before } = change;
        let Written { at, request_id, event } = request;
        let insert = "INSERT INTO change(scope, at, what, kind, id, version, topic, event_id, actor, request_id, payload, \
                      before) VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let none: Option<i64> = None;
        run(connection, insert, params![at, what, kind, id, version, none, none, ACTOR, request_id, payload, before]);
        let event = event.as_bytes();
        run(connection, insert, params![at, 5, kind, id, none, self.log, request_id, ACTOR, request_id, event, none]);
        run(
            connection,
            "INSERT INTO idem(scope, key, at, receipt) VALUES(1, ?1, ?2, ?3)",
            params![request_id, at, RECEIPT],
        );
    }
}

/// A row of the feed.
struct Change<'c> {
    what: i64,
    kind: i64,
    id: &'c str,
    version: i64,
    payload: &'c [u8],
    before: Option<&'c [u8]>,
}

fn run(connection: &Connection, sql: &str, params: impl Params) {
    connection.prepare_cached(sql).unwrap().execute(params).unwrap();
}

fn first(connection: &Connection, sql: &str, params: impl Params) -> Option<Found> {
    connection.prepare_cached(sql).unwrap().query_row(params, found).optional().unwrap()
}

/// Takes every column of a row.
fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    let names: [Option<String>; 4] = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
    let (active, edges): (Option<bool>, i64) = (row.get(6)?, row.get(9)?);
    std::hint::black_box((names, active, edges));
    Ok(Found {
        id: row.get(0)?,
        version: row.get(1)?,
        created: row.get(7)?,
        modified: row.get(8)?,
        doc: row.get(10)?,
        groups: Vec::new(),
    })
}

impl Rows for Sqlite {
    async fn user(&self, id: &str) -> Option<Found> {
        let sql = select!("AND id = ?2");
        self.found(sql, params![self.user, id])
    }

    async fn group(&self, id: &str) -> Option<Found> {
        let sql = select!("AND id = ?2");
        self.read(|connection| first(connection, sql, params![self.group, id]))
    }

    async fn by_name(&self, name: &str) -> Option<Found> {
        let sql = select!("AND uniq = ?2");
        self.found(sql, params![self.user, name])
    }

    async fn page(&self, skipped: i64, count: i64) -> (Vec<Found>, i64) {
        self.read(|connection| {
            let total = connection
                .prepare_cached("SELECT sum(n) FROM kind_count WHERE scope = 1 AND kind = ?1")
                .unwrap()
                .query_row([self.user], |row| row.get(0))
                .unwrap();
            let sql = select!("ORDER BY id LIMIT ?2 OFFSET ?3");
            let mut statement = connection.prepare_cached(sql).unwrap();
            let rows = statement.query_map(params![self.user, count, skipped], found).unwrap();
            let mut page: Vec<Found> = rows.map(Result::unwrap).collect();
            self.with_groups(connection, &mut page);
            (page, total)
        })
    }

    async fn create(&self, new: New) {
        let user = self.user;
        self.write(|connection| {
            run(
                connection,
                "INSERT INTO resource(scope, kind, id, version, uniq, external_id, sort_name, display, active, created, \
                 modified, edge_count, entries, private, doc) \
                 VALUES(1, ?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 0, ?9, ?10, ?11)",
                params![
                    user,
                    new.id,
                    new.unique,
                    new.external_id,
                    new.sort_name,
                    new.display,
                    new.active,
                    new.request.at,
                    self.entries,
                    PRIVATE,
                    new.doc
                ],
            );
            let rid = connection.last_insert_rowid();
            for (path, value, element, kind) in &new.entries {
                run(
                    connection,
                    "INSERT INTO av(scope, kind, attr, val, rid, elem, type) VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6)",
                    params![user, self.paths[*path], value, rid, element, kind],
                );
            }
            for name in &new.names {
                run(
                    connection,
                    "INSERT INTO name(scope, key, value, kind, rid) VALUES(1, 3, ?1, ?2, ?3)",
                    params![name, user, rid],
                );
            }
            run(
                connection,
                "INSERT INTO part_due(rid, scope, kind, text) VALUES(?1, 1, ?2, ?3)",
                params![rid, user, new.texts],
            );
            run(
                connection,
                "UPDATE kind_count SET n = n + 1 WHERE scope = 1 AND kind = ?1 AND declared = ?2",
                params![user, self.declared],
            );
            let change = Change { what: 1, kind: user, id: &new.id, version: 1, payload: b"", before: None };
            self.log(connection, &change, &new.request);
            Some(())
        });
    }

    async fn patch(&self, id: &str, title: &str, request: Written) -> Option<Found> {
        let mut found = self.write(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT rid, version, created, doc FROM resource WHERE scope = 1 AND kind = ?1 AND id = ?2",
                )
                .unwrap();
            let row = statement.query_row(params![self.user, id], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get::<_, Vec<u8>>(3)?))
            });
            let (rid, version, created, before) = row.optional().unwrap()?;
            let doc = with_title(&before, title);
            run(
                connection,
                "UPDATE resource SET version = version + 1, modified = ?2, doc = ?3 WHERE rid = ?1",
                params![rid, request.at, doc],
            );
            let version = version + 1;
            let change = Change { what: 2, kind: self.user, id, version, payload: b"", before: Some(&before) };
            self.log(connection, &change, &request);
            Some(Found { id: id.to_owned(), version, created, modified: request.at, doc, groups: Vec::new() })
        })?;
        self.read(|connection| self.with_groups(connection, std::slice::from_mut(&mut found)));
        Some(found)
    }

    async fn add_member(&self, group: &str, user: &str, request: Written) -> Option<i64> {
        self.write(|connection| {
            let target = "SELECT 1 FROM resource WHERE scope = 1 AND kind = ?1 AND id = ?2";
            if !connection.prepare_cached(target).unwrap().exists(params![self.user, user]).unwrap() {
                return None;
            }
            run(
                connection,
                "INSERT INTO edge(scope, relation, skind, sid, pending, tkind, tid, n, raw, spec, data) \
                 VALUES(1, ?1, 'Group', ?2, 0, 'User', ?3, 0, NULL, ?4, NULL)",
                params![self.members, group, user, self.spec],
            );
            let version: Option<i64> = connection
                .prepare_cached(
                    "UPDATE resource SET version = version + 1, modified = ?3, edge_count = edge_count + 1 \
                     WHERE scope = 1 AND kind = ?1 AND id = ?2 RETURNING version",
                )
                .unwrap()
                .query_row(params![self.group, group, request.at], |row| row.get(0))
                .optional()
                .unwrap();
            let (version, payload) = (version?, related(user));
            let change =
                Change { what: 4, kind: self.group, id: group, version, payload: payload.as_bytes(), before: None };
            self.log(connection, &change, &request);
            Some(version)
        })
    }
}
