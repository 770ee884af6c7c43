//! Tests over every statement there is. The kit makes the store run all of them; then PostgreSQL itself is asked, by its
//! plan for each, whether a row of another tenant could be looked at.

use crate::PostgresStore;
use crate::cluster::Cluster;
use crate::sql::{self, Transaction, catalogue};
use crate::tenancy::{OVER_ALL_SCOPES, TABLES};
use scimstack_schema::Value;
use scimstack_store::{FeedScope, Scope};
use scimstack_store_testkit::run;
use tokio_postgres::{Client, NoTls};

/// What PostgreSQL would do for any values.
async fn plan(client: &Client, sql: &str) -> Value {
    let parameters = client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).params().len();
    let nothing = match parameters {
        0 => String::new(),
        some => format!("({})", vec!["NULL"; some].join(", ")),
    };
    client.batch_execute(&format!("PREPARE judged AS {sql}")).await.unwrap();
    let explain = format!("EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE judged{nothing}");
    let rows = client.simple_query(&explain).await.unwrap();
    client.batch_execute("DEALLOCATE judged").await.unwrap();
    let text = rows.iter().find_map(|row| match row {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Value::parse(text.unwrap().as_bytes()).unwrap()
}

/// The tables that a plan reads without a condition that their scope is a parameter. Rows that are fetched by what an
/// index found (`Bitmap Heap Scan`) are checked again there.
fn strays(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Array(items) => items.iter().for_each(|item| strays(item, found)),
        Value::Object(node) => {
            let text = |name: &str| node.get(name).and_then(Value::as_str);
            let kind = text("Node Type").unwrap_or_default();
            if let Some(table) = text("Relation Name").filter(|table| TABLES.contains(table) && kind.ends_with("Scan"))
            {
                let alias = text("Alias").unwrap_or(table);
                let conditions = ["Index Cond", "Recheck Cond", "Filter"].iter().filter_map(|name| text(name));
                let is_held = |condition: &str| holds(&condition.replace(&format!("{alias}."), ""));
                if !conditions.into_iter().any(is_held) {
                    found.push(table.to_owned());
                }
            }
            if kind == "ModifyTable" && text("Operation") == Some("Insert") {
                // The row to insert: its first column is the scope.
                let row = node.get("Plans").and_then(Value::as_array).and_then(|plans| plans.first());
                let first = row.and_then(|row| row.get("Output")?.as_array()?.first()?.as_str());
                if !first.is_some_and(|first| first.starts_with('$') || first.contains("column1")) {
                    found.push(format!("the row to insert: {first:?}"));
                }
            }
            node.iter().for_each(|(_, value)| strays(value, found));
        }
        _ => {}
    }
}

/// Whether a condition, as PostgreSQL prints it, is that the scope is a parameter, with or without further ones.
fn holds(condition: &str) -> bool {
    let is_it = |one: &str| one.starts_with("(scope = $");
    let all = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(condition);
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for word in all.split_inclusive(' ') {
        match word.trim() {
            "OR" if depth == 0 => return false,
            "AND" if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push_str(word),
        }
        depth += word.matches('(').count();
        depth -= word.matches(')').count();
    }
    is_it(condition) || parts.iter().any(|part| is_it(part))
}

/// The edges that a plan reads and passes over because of what the right index would have known: whole memberships, for
/// one member.
fn detours(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Array(items) => items.iter().for_each(|item| detours(item, found)),
        Value::Object(node) => {
            let text = |name: &str| node.get(name).and_then(Value::as_str).unwrap_or_default();
            let is_scan = text("Relation Name") == "edge" && text("Node Type").ends_with("Scan");
            let of_place = ["tid = $", "tid = e.", "raw_key) = ", "sid = $", "n > 0"];
            if is_scan && of_place.iter().any(|condition| text("Filter").contains(condition)) {
                found.push(format!("{} by {}", text("Index Name"), text("Filter")));
            }
            node.iter().for_each(|(_, value)| detours(value, found));
        }
        _ => {}
    }
}

async fn judge(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off").await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_that_the_store_runs_can_look_at_another_tenant() {
    let cluster = Cluster::start();
    run(|| async { PostgresStore::connect(&cluster.empty().await).await.unwrap() }).await.assert_ok();
    let url = cluster.empty().await;
    PostgresStore::connect(&url).await.unwrap();
    let client = judge(&url).await;
    let catalogue = catalogue();
    let mut judged = 0;
    for (sql, reach) in &catalogue {
        let mut found = Vec::new();
        strays(&plan(&client, sql).await, &mut found);
        let is_allowed = |table: &String| {
            reach.unbound.contains(table.as_str()) && OVER_ALL_SCOPES.iter().any(|(free, _)| free == table)
        };
        found.retain(|table| !is_allowed(table));
        assert!(found.is_empty(), "{found:?} without a scope: {sql}");
        // On tables that are empty, as a plan may be that is used until they are large.
        let mut detoured = Vec::new();
        detours(&plan(&client, sql).await, &mut detoured);
        assert!(detoured.is_empty(), "{detoured:?}: {sql}");
        judged += 1;
    }
    for table in TABLES {
        let touches = |verb: &str| catalogue.iter().any(|(sql, _)| sql.starts_with(verb) && sql.contains(table));
        assert!(touches("INSERT") && touches("SELECT"), "no statement of {table} was judged");
    }
    assert!(judged >= 60, "only {judged} statements were judged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_judge_finds_a_statement_without_a_scope() {
    let cluster = Cluster::start();
    let url = cluster.empty().await;
    PostgresStore::connect(&url).await.unwrap();
    let client = judge(&url).await;
    for (sql, table) in [
        ("SELECT doc FROM resource WHERE kind = $1 AND id = $2", "resource"),
        ("SELECT doc FROM resource WHERE kind = $1 AND scope = 7", "resource"),
        ("SELECT doc FROM resource WHERE scope = $1 OR kind = $2", "resource"),
        ("SELECT 1 FROM av a JOIN resource r ON r.id = a.id WHERE a.scope = $1", "resource"),
        ("DELETE FROM edge WHERE skind = $1", "edge"),
        (
            "INSERT INTO idem(scope, idem_key, at, receipt) SELECT scope, $2, at, receipt FROM idem WHERE scope = $1",
            "row",
        ),
    ] {
        let mut found = Vec::new();
        strays(&plan(&client, sql).await, &mut found);
        assert!(found.iter().any(|stray| stray.contains(table)), "{sql}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_would_leave_its_tenant_is_not_run() {
    let cluster = Cluster::start();
    let store = PostgresStore::connect(&cluster.empty().await).await.unwrap();
    let mut client = store.client().await.unwrap();
    let one = Transaction::new(client.transaction().await.unwrap(), FeedScope::One(Scope::from_number(1)));
    let held = "SELECT id FROM resource WHERE scope = $1";
    assert!(sql::all(&one, held, &[&1_i64]).await.is_ok());
    let words = |fault| scimstack_store::StoreError::from(fault).to_string();
    let answer = sql::all(&one, held, &[&2_i64]).await.map(|rows| rows.len()).map_err(words);
    assert!(answer.as_ref().is_err_and(|error| !error.is_empty()), "another's scope: {answer:?}");
    assert!(sql::all(&one, "SELECT id FROM resource", &[]).await.is_err());
    assert!(sql::all(&one, "SELECT at FROM change", &[]).await.is_err());
    assert!(sql::run(&one, "DELETE FROM resource", &[]).await.is_err());
    drop(one);
    let all = Transaction::new(client.transaction().await.unwrap(), FeedScope::All);
    assert!(sql::all(&all, "SELECT at FROM change", &[]).await.is_ok());
    assert!(sql::all(&all, "SELECT id FROM resource", &[]).await.is_err());
}
