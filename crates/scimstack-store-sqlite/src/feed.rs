//! The change feed: a range of one table, by the index that fits what is asked.

use crate::dict::{Class, Dict};
use crate::fault::{Damaged, Fault};
use crate::sql::{self, Sql, signed, unsigned};
use bytes::Bytes;
use rusqlite::{Connection, Row};
use scimstack_schema::Timestamp;
use scimstack_store::{
    Change, ChangeKind, ChangePage, FeedQuery, FeedScope, Key, Kind, Position, ResourceId, Scope, StoreError, Version,
};

pub(crate) fn changes(connection: &Connection, dict: &Dict, query: &FeedQuery) -> Result<ChangePage, Fault> {
    let nothing = ChangePage { changes: Vec::new(), more: false };
    if let (Some(after), false) = (query.after.map(sequence), query.newest_first) {
        let pruned: Option<i64> = match query.scope {
            FeedScope::One(scope) => {
                let statement = "SELECT seq FROM feed_pruned WHERE scope = ?1";
                sql::first(connection, statement, [scope.number()], |row| row.get(0))?
            }
            FeedScope::All => {
                sql::first(connection, "SELECT max(seq) FROM feed_pruned", [], |row| row.get(0))?.flatten()
            }
        };
        if let Some(pruned) = pruned.filter(|pruned| after < *pruned) {
            return Err(StoreError::Pruned { up_to: Position { transaction: 0, sequence: unsigned(pruned) } }.into());
        }
    }
    let mut sql = Sql::default();
    sql.push(
        "SELECT seq, scope, at, what, kind, id, version, topic, event_id, actor, request_id, payload, before FROM change",
    );
    // Named, because statistics from when there were a few changes make the whole feed look as short as one scope's part.
    sql.push(match (query.scope, &query.topic, &query.key) {
        (FeedScope::One(_), _, Some(_)) => " INDEXED BY change_record WHERE ",
        (FeedScope::One(_), Some(_), None) => " INDEXED BY change_topic WHERE ",
        (FeedScope::One(_), None, None) => " INDEXED BY change_scope WHERE ",
        (FeedScope::All, Some(_), None) => " INDEXED BY change_topic_all WHERE ",
        (FeedScope::All, _, _) => " WHERE ",
    });
    match (query.after.map(sequence), query.newest_first) {
        (Some(after), false) => sql.push("seq > ").bind(after),
        (Some(after), true) => sql.push("seq < ").bind(after),
        (None, _) => sql.push("seq > 0"),
    };
    if let FeedScope::One(scope) = query.scope {
        sql.push(" AND scope = ").bind(scope.number());
    }
    if let Some(topic) = &query.topic {
        let Some(topic) = dict.number(connection, Class::Topic, topic)? else { return Ok(nothing) };
        sql.push(" AND topic = ").bind(topic);
    }
    if let Some(key) = &query.key {
        let Some(kind) = dict.number(connection, Class::Kind, key.kind.as_str())? else { return Ok(nothing) };
        sql.push(" AND kind = ").bind(kind).push(" AND id = ").bind(key.id.to_string());
    }
    sql.push(if query.newest_first { " ORDER BY seq DESC" } else { " ORDER BY seq" });
    sql.push(" LIMIT ").bind(signed(query.limit as u64).saturating_add(1));
    let rows = sql.all(connection, |row| Ok(change(connection, dict, row)))?;
    let mut changes = rows.into_iter().collect::<Result<Vec<Change>, Fault>>()?;
    let more = changes.len() > query.limit;
    changes.truncate(query.limit);
    Ok(ChangePage { changes, more })
}

/// A position's place in our sequence. We have no transactions in ours; one that has is later than all of them.
pub(crate) fn sequence(position: Position) -> i64 {
    match position.transaction {
        0 => signed(position.sequence),
        _ => i64::MAX,
    }
}

fn change(connection: &Connection, dict: &Dict, row: &Row<'_>) -> Result<Change, Fault> {
    let position = Position { transaction: 0, sequence: unsigned(row.get(0)?) };
    let what = match row.get::<_, i64>(3)? {
        1 => ChangeKind::Created,
        2 => ChangeKind::Replaced,
        3 => ChangeKind::Deleted,
        4 => ChangeKind::Related,
        5 => ChangeKind::Emitted,
        _ => return Err(Damaged("a change of an unknown kind").into()),
    };
    let at = Timestamp::from_micros(row.get(2)?);
    let mut change = Change::new(position, Scope::from_number(row.get(1)?), at, what);
    if let (Some(kind), Some(id)) = (row.get(4)?, row.get::<_, Option<String>>(5)?) {
        let kind = dict.name(connection, kind)?.ok_or(Damaged("a kind without a name"))?;
        let id = ResourceId::new(&id).ok_or(Damaged("an id that is none"))?;
        change.key = Some(Key::new(Kind::new(kind), id));
    }
    change.version = row.get::<_, Option<i64>>(6)?.map(|version| Version(unsigned(version)));
    if let Some(topic) = row.get(7)? {
        let topic = dict.name(connection, topic)?.ok_or(Damaged("a topic without a name"))?;
        change.topic = Some(topic.to_string());
    }
    change.event_id = row.get(8)?;
    change.actor = row.get(9)?;
    change.request_id = row.get(10)?;
    change.payload = row.get::<_, Vec<u8>>(11)?.into();
    change.before = row.get::<_, Option<Vec<u8>>>(12)?.map(Bytes::from);
    Ok(change)
}
