//! Statements that are held to a tenant, and those that are not.

use super::*;

fn bound(sql: &str) -> Vec<usize> {
    let reach = reach(sql).unwrap_or_else(|violation| panic!("{sql}: {violation}"));
    assert!(reach.unbound.is_empty(), "{sql}: {reach:?}");
    reach.bound.into_iter().collect()
}

#[test]
fn a_statement_is_held_to_the_scope_it_binds() {
    for (sql, expected) in [
        ("SELECT 1 FROM resource WHERE scope = $1", &[0][..]),
        ("SELECT 1 FROM resource r WHERE r.kind = $1 AND r.scope = $2 ORDER BY id LIMIT $3", &[1]),
        ("SELECT 'a or b; c' FROM resource WHERE scope = $1 AND (id = 'x' OR id = 'y')", &[0]),
        ("UPDATE resource SET version = version + 1 WHERE scope = $1 AND id = $2 RETURNING version", &[0]),
        ("DELETE FROM edge WHERE scope = $1", &[0]),
        ("DELETE FROM edge e USING resource r WHERE e.scope = $1 AND r.scope = e.scope AND r.id = e.sid", &[0]),
        ("INSERT INTO idem(scope, idem_key) VALUES($1, $2), ($3, $4) ON CONFLICT DO NOTHING", &[0, 2]),
        ("INSERT INTO av(scope, id) SELECT $2, e.id FROM unnest($1::text[]) AS e(id)", &[1]),
        ("INSERT INTO kind_count AS k(scope, n) VALUES($1, 1) ON CONFLICT(scope) DO UPDATE SET n = k.n + 1", &[0]),
        ("SELECT 1 FROM edge e JOIN resource r ON r.scope = e.scope AND r.id = e.tid WHERE e.scope = $1", &[0]),
        ("SELECT 1 FROM unnest($2::text[]) WITH ORDINALITY AS k(id, at) JOIN resource r ON r.scope = $1", &[0]),
        ("SELECT 1 FROM resource r LEFT JOIN edge e ON e.scope = r.scope WHERE r.scope = $1", &[0]),
        ("SELECT k FROM unnest($1::text[]) AS k(k) WHERE EXISTS (SELECT 1 FROM edge e WHERE e.scope = $2)", &[1]),
        ("SELECT 1 FROM edge e WHERE e.scope = $1 AND e.n IN (SELECT n FROM av WHERE av.scope = e.scope)", &[0]),
        ("WITH k AS MATERIALIZED (SELECT id FROM av WHERE scope = $1) SELECT 1 FROM k", &[0]),
        ("SELECT 1 FROM av WHERE scope = $1 UNION ALL SELECT 1 FROM name WHERE scope = $2", &[0, 1]),
        ("SELECT id FROM resource WHERE scope = $1 FOR UPDATE", &[0]),
        ("SELECT pg_advisory_xact_lock($1, $2)", &[]),
    ] {
        assert_eq!(bound(sql), expected, "{sql}");
    }
}

#[test]
fn a_statement_that_leaves_its_tenant_is_found() {
    for (sql, table) in [
        ("SELECT 1 FROM resource", "resource"),
        ("SELECT scope FROM resource WHERE id = $1", "resource"),
        ("SELECT 1 FROM resource WHERE scope = $1 OR id = $2", "resource"),
        ("SELECT 1 FROM resource WHERE id = $2 OR scope = $1", "resource"),
        ("SELECT 1 FROM resource WHERE NOT scope = $1", "resource"),
        ("SELECT 1 FROM resource WHERE scope = $1 + 1", "resource"),
        ("SELECT 1 FROM resource WHERE scope <> $1", "resource"),
        ("SELECT 1 FROM resource WHERE scope >= $1", "resource"),
        ("SELECT 1 FROM resource WHERE (scope = $1)", "resource"),
        ("SELECT 1 FROM resource WHERE scope = 7", "resource"),
        ("SELECT 1 FROM resource WHERE scope = scope", "resource"),
        ("SELECT 1 FROM resource WHERE id = 'scope = $1'", "resource"),
        ("SELECT scope = $1 FROM resource", "resource"),
        ("SELECT 1 FROM resource ORDER BY scope = $1", "resource"),
        ("DELETE FROM edge WHERE sid = $1", "edge"),
        ("UPDATE resource SET version = 1 WHERE id = $1", "resource"),
        ("SELECT 1 FROM resource r, edge e WHERE r.scope = $1", "edge"),
        ("SELECT 1 FROM resource r, edge e WHERE r.scope = e.scope", "edge"),
        ("SELECT 1 FROM resource r JOIN edge e ON e.sid = r.id WHERE r.scope = $1", "edge"),
        ("SELECT 1 FROM resource r LEFT JOIN edge e ON r.scope = $1 WHERE e.scope = $1", "resource"),
        ("SELECT 1 FROM resource WHERE scope = $1 AND id IN (SELECT id FROM av)", "av"),
        ("SELECT (SELECT count(*) FROM av) FROM resource WHERE scope = $1", "av"),
        ("SELECT 1 FROM resource WHERE scope = $1 UNION SELECT 1 FROM av", "av"),
        ("WITH k AS (SELECT id FROM av) SELECT 1 FROM k", "av"),
        ("INSERT INTO av(scope, id) SELECT $1, id FROM name", "name"),
        (
            "INSERT INTO av(scope, id) SELECT $1, id FROM name ON CONFLICT(id) DO UPDATE SET n = 1 WHERE scope = $1",
            "name",
        ),
    ] {
        let found = reach(sql).unwrap_or_else(|violation| panic!("{sql}: {violation}"));
        assert!(found.unbound.contains(table), "{sql}: {found:?}");
    }
}

#[test]
fn what_is_not_understood_or_moves_rows_between_tenants_is_refused() {
    for sql in [
        "SELECT 1 FROM pg_authid",
        "SELECT 1 FROM resource_shadow WHERE scope = $1",
        "SELECT 1 FROM \"resource\" WHERE scope = $1",
        "SELECT 1 FROM resource WHERE scope = $1; DELETE FROM resource",
        "SELECT 1 FROM resource -- WHERE scope = $1",
        "SELECT 1 FROM resource WHERE scope = $1 AND id = 'x",
        "SELECT 1 FROM resource WHERE id BETWEEN 'a' AND scope = $1",
        "SELECT 1 FROM resource r RIGHT JOIN edge e ON e.scope = $1 WHERE r.scope = $1",
        "SELECT 1 FROM (resource r JOIN edge e ON true)",
        "UPDATE resource SET scope = $2 WHERE scope = $1",
        "UPDATE resource SET version = 1, scope = $2 WHERE scope = $1",
        "INSERT INTO idem VALUES($1, $2)",
        "INSERT INTO idem(idem_key, scope) VALUES($1, $2)",
        "INSERT INTO idem(scope, idem_key) VALUES(7, $1)",
        "INSERT INTO idem(scope, idem_key) VALUES($1, 'a'), (7, 'b')",
        "INSERT INTO idem(scope, idem_key) SELECT scope, id FROM name WHERE scope = $1",
        "INSERT INTO idem(scope, idem_key) SELECT $1 + 1, id FROM name WHERE scope = $1",
    ] {
        assert!(reach(sql).is_err(), "{sql}: {:?}", reach(sql));
    }
}

#[test]
fn the_tables_are_those_of_the_migrations() {
    let made = crate::migrate::texts().flat_map(|sql| sql.split("CREATE TABLE ").skip(1));
    let made: BTreeSet<&str> = made.filter_map(|after| after.split('(').next()).map(str::trim).collect();
    let without_scope = made.iter().filter(|name| !TABLES.contains(name)).collect::<Vec<_>>();
    assert!(without_scope.is_empty(), "add them to TABLES: {without_scope:?}");
    assert_eq!(made.len(), TABLES.len());
}
