//! What the database itself does to keep tenants apart: policies for other roles, and keys that begin with the tenant.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod cluster;

use cluster::Cluster;
use scimstack_schema::Timestamp;
use scimstack_store::{Actor, ChangeSet, Core, Key, Op, Record, ResourceId, Scope, Store, Want};
use scimstack_store_postgres::{OpenError, PostgresStore};
use tokio_postgres::{Client, NoTls};

/// Keys that do not begin with the scope, and why.
const WITHOUT_SCOPE: &[(&str, &str)] =
    &[("schema_migration_pkey", "the versions of the schema; one small table of the whole database")];

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A database with a record in the system's scope and in those of two tenants; how to connect to it.
async fn three_scopes(cluster: &Cluster) -> String {
    let url = cluster.empty().await;
    let store = PostgresStore::connect(&url).await.unwrap();
    for scope in [0, 7, 8] {
        let changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".to_owned()), "request-1");
        let key = Key::new("User", ResourceId::new(&format!("u{scope}")).unwrap());
        let op = Op::Create { key, record: Record::new(Core::default(), "{}") };
        store.commit(Scope::from_number(scope), changes.with(op)).await.unwrap();
    }
    url
}

/// Makes a role that may read and write all tables of the schema; its own connection.
async fn role(cluster: &Cluster, url: &str, name: &str) -> (Client, Client) {
    let owner = connect(url).await;
    owner
        .batch_execute(&format!(
            "CREATE ROLE {name} LOGIN; \
             DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO {name}', current_schema()); \
             EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO {name}', \
             current_schema()); END $$"
        ))
        .await
        .unwrap();
    let path = url.strip_prefix(&cluster.url()).unwrap();
    let other = connect(&format!("{}{path}", cluster.url().replace("user=postgres", &format!("user={name}")))).await;
    (owner, other)
}

async fn ids(client: &Client) -> Vec<String> {
    let rows = client.query("SELECT id FROM resource ORDER BY id", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_role_sees_the_tenant_it_names_and_no_other() {
    let cluster = Cluster::start();
    let url = three_scopes(&cluster).await;
    let (owner, reports) = role(&cluster, &url, "reports").await;
    assert_eq!(ids(&owner).await, ["u0", "u7", "u8"]);
    let tables = owner
        .query(
            "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
            &[],
        )
        .await
        .unwrap();
    let tables: Vec<String> = tables.iter().map(|row| row.get(0)).filter(|name| name != "schema_migration").collect();
    assert!(tables.len() >= 9, "{tables:?}");
    for (set, expected) in [("", &[][..]), ("7", &["u7"][..]), ("8", &["u8"]), ("9", &[]), ("0", &[]), ("", &[])] {
        reports.batch_execute(&format!("SET scimstack.scope = '{set}'")).await.unwrap();
        assert_eq!(ids(&reports).await, expected, "{set:?}");
        for table in &tables {
            let others = format!("SELECT count(*) FROM {table} WHERE scope::text <> '{set}' OR scope = 0");
            assert_eq!(reports.query_one(&others, &[]).await.unwrap().get::<_, i64>(0), 0, "{table} as {set:?}");
        }
    }
    // A connection that has set nothing, not even once.
    reports.batch_execute("RESET ALL").await.unwrap();
    let unset = role(&cluster, &url, "unset").await.1;
    assert_eq!(ids(&unset).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_role_writes_in_the_tenant_it_names_and_no_other() {
    let cluster = Cluster::start();
    let url = three_scopes(&cluster).await;
    let (_owner, other) = role(&cluster, &url, "writer").await;
    other.batch_execute("SET scimstack.scope = '7'").await.unwrap();
    assert_eq!(other.execute("UPDATE resource SET version = 9", &[]).await.unwrap(), 1);
    assert_eq!(other.execute("DELETE FROM resource WHERE scope = 8", &[]).await.unwrap(), 0);
    let error = other.execute("INSERT INTO kind_count(scope, kind, n) VALUES(8, 'x', 1)", &[]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "42501");
    let error = other.execute("UPDATE resource SET scope = 8", &[]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "42501");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restrictive_policy_binds_a_role_whatever_it_sets() {
    let cluster = Cluster::start();
    let url = three_scopes(&cluster).await;
    let (owner, bound) = role(&cluster, &url, "bound").await;
    owner.batch_execute("CREATE POLICY bound ON resource AS RESTRICTIVE TO bound USING (scope = 7)").await.unwrap();
    bound.batch_execute("SET scimstack.scope = '8'").await.unwrap();
    assert_eq!(ids(&bound).await, Vec::<String>::new());
    bound.batch_execute("SET scimstack.scope = '7'").await.unwrap();
    assert_eq!(ids(&bound).await, ["u7"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_connects_as_another_role_is_told_so() {
    let cluster = Cluster::start();
    let url = three_scopes(&cluster).await;
    role(&cluster, &url, "server").await;
    let answer = PostgresStore::connect(&url.replace("user=postgres", "user=server")).await;
    assert!(matches!(&answer, Err(OpenError::NotOwner { role }) if role == "server"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_begins_with_the_scope_and_every_table_of_a_tenant_has_a_policy() {
    let cluster = Cluster::start();
    let url = cluster.empty().await;
    PostgresStore::connect(&url).await.unwrap();
    let client = connect(&url).await;
    let keys_without_scope = "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
         WHERE c.relnamespace = current_schema()::regnamespace AND (i.indisunique OR i.indisprimary) \
         AND a.attname IS DISTINCT FROM 'scope' \
         UNION SELECT f.conname::text FROM pg_constraint f \
         LEFT JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1] \
         WHERE f.connamespace = current_schema()::regnamespace AND f.contype IN ('p', 'u', 'f', 'x') \
         AND a.attname IS DISTINCT FROM 'scope'";
    let tables_without_policy = "SELECT c.relname::text FROM pg_class c \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
         AND c.relname <> 'schema_migration' AND (NOT c.relrowsecurity OR c.relforcerowsecurity \
         OR NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'scimstack_tenant'))";
    let names = async |sql: &str| -> Vec<String> {
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let allowed: Vec<&str> = WITHOUT_SCOPE.iter().map(|(key, _)| *key).collect();
    assert_eq!(names(keys_without_scope).await, allowed);
    assert_eq!(names(tables_without_policy).await, Vec::<String>::new());
    // What the questions find when there is something to find.
    client
        .batch_execute(
            "CREATE TABLE bad(scope bigint, id bigint UNIQUE, PRIMARY KEY(id, scope)); \
             CREATE TABLE worse(id bigint REFERENCES bad(id), scope bigint); CREATE UNIQUE INDEX bad_at ON bad((id + 1))",
        )
        .await
        .unwrap();
    let found = names(keys_without_scope).await;
    for key in ["bad_at", "bad_id_key", "bad_pkey", "worse_id_fkey"] {
        assert!(found.iter().any(|name| name == key), "{key} is not found: {found:?}");
    }
    assert_eq!(names(tables_without_policy).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_first_version_keeps_its_records_and_gets_the_policies() {
    let cluster = Cluster::start();
    let url = cluster.empty().await;
    let client = connect(&url).await;
    client.batch_execute(include_str!("../migrations/0001_initial.sql")).await.unwrap();
    client
        .batch_execute(
            "CREATE TABLE schema_migration(version bigint PRIMARY KEY, name text NOT NULL); \
             INSERT INTO schema_migration VALUES(1, 'initial'); \
             INSERT INTO resource(scope, kind, id, version, created, modified, edge_count, private, doc) \
             VALUES(7, 'User', 'u7', 3, 0, 0, 0, '', '{}')",
        )
        .await
        .unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let key = Key::new("User", ResourceId::new("u7").unwrap());
    let stored = store.read(Scope::from_number(7), &key, Want::ALL).await.unwrap().unwrap();
    assert_eq!((stored.version.0, &stored.doc[..]), (3, &b"{}"[..]));
    let (_owner, reports) = role(&cluster, &url, "reports").await;
    assert_eq!(ids(&reports).await, Vec::<String>::new());
    reports.batch_execute("SET scimstack.scope = '7'").await.unwrap();
    assert_eq!(ids(&reports).await, ["u7"]);
}
