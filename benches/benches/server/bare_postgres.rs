//! The statements of the bare server on PostgreSQL: a connection for each request under way, which are kept; every
//! statement prepared once on each.

use crate::bare::{ACTOR, Found, Group, New, PRIVATE, RECEIPT, Rows, Written, related, with_title};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, Statement};

pub(crate) struct Postgres {
    url: String,
    idle: Mutex<Vec<Connection>>,
    /// What users were indexed under.
    declared: i64,
}

struct Connection {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
}

/// How a member finds its target, as the store keeps it.
const SPEC: &str = r#"[["id","userName","externalId"],["User","Group"]]"#;

/// What stands for the digest of what is indexed of a user.
const INDEXED: &[u8] = &[7; 32];

/// A statement that reads what every answer is made of.
macro_rules! select {
    ($further:literal) => {
        concat!(
            "SELECT id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count, doc \
             FROM resource WHERE scope = 1 AND ",
            $further
        )
    };
}

type Params<'p> = &'p [&'p (dyn ToSql + Sync)];

impl Connection {
    async fn open(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        Self { client, prepared: HashMap::new() }
    }

    async fn statement(&mut self, sql: &'static str) -> Statement {
        if let Some(statement) = self.prepared.get(sql) {
            return statement.clone();
        }
        let statement = self.client.prepare(sql).await.unwrap();
        self.prepared.insert(sql, statement.clone());
        statement
    }

    async fn all(&mut self, sql: &'static str, params: Params<'_>) -> Vec<Row> {
        let statement = self.statement(sql).await;
        self.client.query(&statement, params).await.unwrap()
    }

    async fn run(&mut self, sql: &'static str, params: Params<'_>) {
        let statement = self.statement(sql).await;
        self.client.execute(&statement, params).await.unwrap();
    }

    async fn plain(&mut self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }

    /// With the groups of each, level by level; the groups of all on a level are found by one statement.
    async fn with_groups(&mut self, found: &mut [Found]) {
        const DIRECT: &str = "SELECT e.tid, e.sid, g.display FROM edge e \
            JOIN resource g ON g.scope = 1 AND g.kind = e.skind AND g.id = e.sid \
            WHERE e.scope = 1 AND e.tkind = $1 AND e.tid = ANY($2) AND e.relation = 'members' AND NOT e.pending \
            ORDER BY e.skind, e.sid, e.n";
        let mut level: Vec<(usize, String)> = found.iter().enumerate().map(|(n, one)| (n, one.id.clone())).collect();
        let mut shown: Vec<(Vec<Group>, HashSet<String>)> = found.iter().map(|_| Default::default()).collect();
        let (mut kind, mut direct) = ("User", true);
        while !level.is_empty() {
            let ids: HashSet<&str> = level.iter().map(|(_, id)| id.as_str()).collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            let mut groups: HashMap<String, Vec<(String, Option<String>)>> = HashMap::new();
            for row in self.all(DIRECT, &[&kind, &ids]).await {
                groups.entry(row.get(0)).or_default().push((row.get(1), row.get(2)));
            }
            let mut next = Vec::new();
            for (n, id) in &level {
                let (list, seen) = &mut shown[*n];
                for (id, display) in groups.get(id).into_iter().flatten() {
                    if seen.insert(id.clone()) {
                        list.push(Group { id: id.clone(), display: display.clone(), direct });
                        next.push((*n, id.clone()));
                    }
                }
            }
            (level, kind, direct) = (next, "Group", false);
        }
        for (one, (groups, _)) in found.iter_mut().zip(shown) {
            one.groups = groups;
        }
    }

    /// A change, the entry of the log and the receipt.
    async fn log(&mut self, change: &Change<'_>, request: &Written) {
        let Change { what, kind, id, version, payload, before } = change;
        let Written { at, request_id, event } = request;
        self.run(
            "INSERT INTO change(scope, at, what, kind, id, version, actor, request_id, payload, before) \
             VALUES(1, $1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[at, what, kind, id, version, &ACTOR, request_id, payload, before],
        )
        .await;
        self.run(
            "INSERT INTO change(scope, at, what, kind, id, topic, event_id, event_key, actor, request_id, payload) \
             VALUES(1, $1, 5, $2, $3, 'log', $4, $4, $5, $4, $6)",
            &[at, kind, id, request_id, &ACTOR, &event.as_bytes()],
        )
        .await;
        let receipt = "INSERT INTO idem(scope, idem_key, at, receipt) VALUES(1, $1, $2, $3)";
        self.run(receipt, &[request_id, at, &RECEIPT]).await;
    }
}

/// A row of the feed.
struct Change<'c> {
    what: i64,
    kind: &'c str,
    id: &'c str,
    version: i64,
    payload: &'c [u8],
    before: Option<&'c [u8]>,
}

/// Takes every column of a row.
fn found(row: &Row) -> Found {
    let names: [Option<String>; 4] = [row.get(2), row.get(3), row.get(4), row.get(5)];
    let (active, edges): (Option<bool>, i64) = (row.get(6), row.get(9));
    std::hint::black_box((names, active, edges));
    Found {
        id: row.get(0),
        version: row.get(1),
        created: row.get(7),
        modified: row.get(8),
        doc: row.get(10),
        groups: Vec::new(),
    }
}

impl Postgres {
    pub(crate) async fn connect(url: &str) -> Self {
        let mut connection = Connection::open(url).await;
        let declared = "SELECT declared FROM kind_count WHERE scope = 1 AND kind = 'User'";
        let declared = connection.all(declared, &[]).await[0].get(0);
        Self { url: url.to_owned(), idle: Mutex::new(vec![connection]), declared }
    }

    async fn take(&self) -> Connection {
        let idle = self.idle.lock().unwrap().pop();
        match idle {
            Some(connection) => connection,
            None => Connection::open(&self.url).await,
        }
    }

    fn give(&self, connection: Connection) {
        self.idle.lock().unwrap().push(connection);
    }

    async fn found(&self, sql: &'static str, value: &str, with_groups: bool) -> Option<Found> {
        let mut connection = self.take().await;
        let mut rows: Vec<Found> = connection.all(sql, &[&value]).await.iter().map(found).collect();
        if with_groups {
            connection.with_groups(&mut rows).await;
        }
        self.give(connection);
        rows.pop()
    }
}

impl Rows for Postgres {
    async fn user(&self, id: &str) -> Option<Found> {
        self.found(select!("kind = 'User' AND id = $1"), id, true).await
    }

    async fn group(&self, id: &str) -> Option<Found> {
        self.found(select!("kind = 'Group' AND id = $1"), id, false).await
    }

    async fn by_name(&self, name: &str) -> Option<Found> {
        self.found(select!("kind = 'User' AND uniq_key = $1"), name, true).await
    }

    async fn page(&self, skipped: i64, count: i64) -> (Vec<Found>, i64) {
        let mut connection = self.take().await;
        let total = "SELECT sum(n)::bigint FROM kind_count WHERE scope = 1 AND kind = 'User'";
        let total = connection.all(total, &[]).await[0].get(0);
        let page = select!("kind = 'User' ORDER BY id LIMIT $1 OFFSET $2");
        let mut page: Vec<Found> = connection.all(page, &[&count, &skipped]).await.iter().map(found).collect();
        connection.with_groups(&mut page).await;
        self.give(connection);
        (page, total)
    }

    async fn create(&self, new: New) {
        let mut connection = self.take().await;
        connection.plain("BEGIN").await;
        connection
            .run(
                "INSERT INTO resource(scope, kind, id, version, uniq, uniq_key, external_id, external_key, sort_name, \
                 display, active, created, modified, edge_count, private, doc, declared, indexed) \
                 VALUES(1, 'User', $1, 1, $2, $2, $3, $3, $4, $5, $6, $7, $7, 0, $8, $9, $10, $11)",
                &[
                    &new.id,
                    &new.unique,
                    &new.external_id,
                    &new.sort_name,
                    &new.display,
                    &new.active,
                    &new.request.at,
                    &PRIVATE,
                    &new.doc,
                    &self.declared,
                    &INDEXED,
                ],
            )
            .await;
        let paths: Vec<&str> = new.entries.iter().map(|entry| entry.0).collect();
        let values: Vec<&str> = new.entries.iter().map(|entry| entry.1.as_str()).collect();
        let elements: Vec<i64> = new.entries.iter().map(|entry| entry.2).collect();
        let types: Vec<Option<&str>> = new.entries.iter().map(|entry| entry.3.as_deref()).collect();
        connection
            .run(
                "INSERT INTO av(scope, kind, id, path, val, elem, type) SELECT 1, 'User', $1, e.* \
                 FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) AS e(path, val, elem, type)",
                &[&new.id, &paths, &values, &elements, &types],
            )
            .await;
        connection
            .run(
                "INSERT INTO name(scope, kind, id, by, name_key) SELECT 1, 'User', $1, 3, e FROM unnest($2::text[]) AS e",
                &[&new.id, &new.names],
            )
            .await;
        let part = "INSERT INTO part(scope, kind, id, text) VALUES(1, 'User', $1, $2)";
        connection.run(part, &[&new.id, &new.texts]).await;
        let count = "UPDATE kind_count SET n = n + 1 WHERE scope = 1 AND kind = 'User' AND declared = $1";
        connection.run(count, &[&self.declared]).await;
        let change = Change { what: 1, kind: "User", id: &new.id, version: 1, payload: b"", before: None };
        connection.log(&change, &new.request).await;
        connection.plain("COMMIT").await;
        self.give(connection);
    }

    async fn patch(&self, id: &str, title: &str, request: Written) -> Option<Found> {
        let mut connection = self.take().await;
        connection.plain("BEGIN").await;
        let read =
            "SELECT version, created, doc FROM resource WHERE scope = 1 AND kind = 'User' AND id = $1 FOR UPDATE";
        let rows = connection.all(read, &[&id]).await;
        let mut written = None;
        if let Some(row) = rows.first() {
            let before: &[u8] = row.get(2);
            let (version, doc) = (row.get::<_, i64>(0) + 1, with_title(before, title));
            let update = "UPDATE resource SET version = version + 1, modified = $2, doc = $3 \
                          WHERE scope = 1 AND kind = 'User' AND id = $1";
            connection.run(update, &[&id, &request.at, &doc]).await;
            let change = Change { what: 2, kind: "User", id, version, payload: b"", before: Some(before) };
            connection.log(&change, &request).await;
            let (id, created, modified) = (id.to_owned(), row.get(1), request.at);
            written = Some(Found { id, version, created, modified, doc, groups: Vec::new() });
        }
        connection.plain("COMMIT").await;
        connection.with_groups(written.as_mut_slice()).await;
        self.give(connection);
        written
    }

    async fn add_member(&self, group: &str, user: &str, request: Written) -> Option<i64> {
        let mut connection = self.take().await;
        let target = "SELECT 1 FROM resource WHERE scope = 1 AND kind = 'User' AND id = $1";
        if connection.all(target, &[&user]).await.is_empty() {
            self.give(connection);
            return None;
        }
        connection.plain("BEGIN").await;
        // The group is locked first, so that two who add to it wait for each other here.
        let update = "UPDATE resource SET version = version + 1, modified = $2, edge_count = edge_count + 1 \
                      WHERE scope = 1 AND kind = 'Group' AND id = $1 RETURNING version";
        let rows = connection.all(update, &[&group, &request.at]).await;
        let version = rows.first().map(|row| row.get::<_, i64>(0));
        if let Some(version) = version {
            connection
                .run(
                    "INSERT INTO edge(scope, relation, skind, sid, pending, tkind, tid, n, raw, raw_key, spec, data) \
                     VALUES(1, 'members', 'Group', $1, false, 'User', $2, 0, $2, $2, $3, ''::bytea)",
                    &[&group, &user, &SPEC],
                )
                .await;
            let payload = related(user);
            let payload = payload.as_bytes();
            let change = Change { what: 4, kind: "Group", id: group, version, payload, before: None };
            connection.log(&change, &request).await;
        }
        connection.plain("COMMIT").await;
        self.give(connection);
        version
    }
}
