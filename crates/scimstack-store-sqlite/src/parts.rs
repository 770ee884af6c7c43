//! Texts that are found by a part of them: the full-text index `part`, which knows the trigrams of each record's texts, and
//! `part_due`, what is not in it yet. To write a few rows into such an index at a time is dear, many at once is cheap: so
//! what changes is put down, and taken into the index some hundreds at a time, when nobody waits for it. What is found may
//! be more than what has the part: the filter is evaluated on it.

use crate::dict::Num;
use crate::sql;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// So many records are taken into the index at once.
pub(crate) const AT_ONCE: u64 = 256;

/// So many of a part's trigrams are asked for: more hardly narrow what is found.
const ASKED: usize = 12;

/// Puts down what texts a record has now; none for one that is gone.
pub(crate) fn put(connection: &Connection, scope: i64, kind: Num, rid: i64, texts: &[String]) -> rusqlite::Result<()> {
    sql::run(
        connection,
        "INSERT OR REPLACE INTO part_due(rid, scope, kind, text) VALUES(?1, ?2, ?3, ?4)",
        params![rid, scope, kind, texts.join("\n")],
    )?;
    Ok(())
}

/// How many records are not in the index yet.
pub(crate) fn due(connection: &Connection) -> rusqlite::Result<u64> {
    let due: Option<i64> = sql::first(connection, "SELECT count(*) FROM part_due", [], |row| row.get(0))?;
    Ok(due.map_or(0, sql::unsigned))
}

/// Takes what is due into the index. To be called in a transaction.
pub(crate) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    sql::run(connection, "DELETE FROM part WHERE rowid IN (SELECT rid FROM part_due)", [])?;
    let text = "INSERT INTO part(rowid, text) SELECT rid, text FROM part_due WHERE text <> '' ORDER BY rid";
    sql::run(connection, text, [])?;
    sql::run(connection, "DELETE FROM part_due", [])?;
    Ok(())
}

/// At most `limit` records of a kind that may have `part`, of three characters or more, in one of their texts. `None` when
/// the index of all tenants has so many with it that to look at `records` one by one is less work, or too many at all.
pub(crate) fn find(
    connection: &Connection,
    scope: i64,
    kind: Num,
    part: &str,
    records: u64,
    limit: u64,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let asked = question(part);
    let most = sql::signed(records.saturating_mul(4).min(limit.saturating_mul(20)));
    let count = "SELECT count(*) FROM (SELECT 1 FROM part WHERE part MATCH ?1 LIMIT ?2)";
    let found: Option<i64> = sql::first(connection, count, params![asked, most], |row| row.get(0))?;
    if found.is_none_or(|found| found >= most) {
        return Ok(None);
    }
    let rows = sql::all(
        connection,
        "SELECT r.rid FROM (SELECT rowid AS rid FROM part WHERE part MATCH ?1 UNION \
         SELECT rid FROM part_due WHERE scope = ?2 AND kind = ?3 AND instr(text, ?4) > 0) a \
         CROSS JOIN resource r ON r.rid = a.rid WHERE r.scope = ?2 AND r.kind = ?3 LIMIT ?5",
        params![asked, scope, kind, part, sql::signed(limit)],
        |row| row.get(0),
    )?;
    Ok(Some(rows))
}

/// The trigrams of a part, each of which has to be there, as the index is asked.
fn question(part: &str) -> String {
    let characters: Vec<char> = part.chars().collect();
    let trigrams: BTreeSet<String> = characters.windows(3).map(|three| three.iter().collect()).collect();
    let every = trigrams.len().div_ceil(ASKED).max(1);
    let quoted = trigrams.iter().step_by(every).map(|three| format!("\"{}\"", three.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::question;
    use std::collections::BTreeSet;

    #[test]
    fn every_trigram_is_asked_for_and_of_many_some() {
        assert_eq!(question("ann"), r#""ann""#);
        assert_eq!(question("anna"), r#""ann" AND "nna""#);
        let of_three = BTreeSet::from(["a\"b", "\"b ", "b c"]);
        assert_eq!(of_three.len(), question(r#"a"b c"#).split(" AND ").count());
        assert!(question(r#"a"b c"#).contains(r#""a""b""#));
        assert_eq!(question(&('a'..='z').collect::<String>()).matches(" AND ").count(), 11);
    }
}
