//! The change feed: a range of one table, by the index that fits what is asked. What is read of all scopes together stops
//! before the first transaction that may still be under way.

use crate::fault::{Damaged, Fault};
use crate::refs::key;
use crate::sql::{self, Sql, Transaction, Value, signed, unsigned};
use crate::text::Packed;
use bytes::Bytes;
use scimstack_schema::Timestamp;
use scimstack_store::{Change, ChangeKind, ChangePage, FeedQuery, FeedScope, Position, Scope, StoreError, Version};
use tokio_postgres::Row;

pub(crate) async fn changes(tx: &Transaction<'_>, query: &FeedQuery) -> Result<ChangePage, Fault> {
    if let (Some(after), false) = (query.after, query.newest_first) {
        let row = match query.scope {
            FeedScope::One(scope) => {
                let statement = "SELECT xid::text AS digits, seq FROM feed_pruned WHERE scope = $1";
                sql::first(tx, statement, &[&i64::from(scope.number())]).await?
            }
            FeedScope::All => {
                let statement =
                    "SELECT xid::text AS digits, seq FROM feed_pruned ORDER BY feed_pruned.xid DESC, seq DESC LIMIT 1";
                sql::first(tx, statement, &[]).await?
            }
        };
        if let Some(row) = row {
            let transaction =
                row.try_get::<_, &str>(0)?.parse().map_err(|_| Damaged("a transaction without a number"))?;
            let up_to = Position { transaction, sequence: unsigned(row.try_get(1)?) };
            if after < up_to {
                return Err(StoreError::Pruned { up_to }.into());
            }
        }
    }
    let mut sql = Sql::default();
    // Not as `xid`, which would be what is ordered by: 1000 before 999.
    sql.push(
        "SELECT xid::text AS digits, seq, scope, at, what, kind, id, version, topic, event_id, actor, request_id, payload, before \
         FROM change WHERE ",
    );
    match query.scope {
        FeedScope::One(scope) => sql.push("scope = ").bind(i64::from(scope.number())),
        FeedScope::All => sql.push("xid < pg_snapshot_xmin(pg_current_snapshot())"),
    };
    if let Some(after) = query.after {
        sql.push(if query.newest_first { " AND (xid, seq) < (" } else { " AND (xid, seq) > (" });
        sql.bind(Value::Digits(after.transaction.to_string())).push("::text::xid8, ");
        sql.bind(signed(after.sequence)).push(")");
    }
    if let Some(topic) = &query.topic {
        sql.push(" AND topic = ").bind(Packed::of(topic));
    }
    if let Some(key) = &query.key {
        sql.push(" AND kind = ").bind(Packed::of(key.kind.as_str()));
        sql.push(" AND id = ").bind(Packed::of(key.id.as_str()));
    }
    sql.push(if query.newest_first { " ORDER BY xid DESC, seq DESC" } else { " ORDER BY xid, seq" });
    sql.push(" LIMIT ").bind(signed(query.limit as u64).saturating_add(1));
    let rows = sql.all(tx).await?;
    let mut changes = rows.iter().map(change).collect::<Result<Vec<Change>, Fault>>()?;
    let more = changes.len() > query.limit;
    changes.truncate(query.limit);
    Ok(ChangePage { changes, more })
}

fn change(row: &Row) -> Result<Change, Fault> {
    let transaction = row.try_get::<_, &str>(0)?.parse().map_err(|_| Damaged("a transaction without a number"))?;
    let position = Position { transaction, sequence: unsigned(row.try_get(1)?) };
    let what = match row.try_get::<_, i64>(4)? {
        1 => ChangeKind::Created,
        2 => ChangeKind::Replaced,
        3 => ChangeKind::Deleted,
        4 => ChangeKind::Related,
        5 => ChangeKind::Emitted,
        _ => return Err(Damaged("a change of an unknown kind").into()),
    };
    let scope = u32::try_from(row.try_get::<_, i64>(2)?).map_err(|_| Damaged("a scope that is none"))?;
    let at = Timestamp::from_micros(row.try_get(3)?);
    let mut change = Change::new(position, Scope::from_number(scope), at, what);
    if let (Some(kind), Some(id)) = (row.try_get::<_, Option<Packed>>(5)?, row.try_get::<_, Option<Packed>>(6)?) {
        change.key = Some(key(&kind.open(), &id)?);
    }
    let text = |at| Ok::<_, tokio_postgres::Error>(row.try_get::<_, Option<Packed>>(at)?.map(|text| text.open()));
    change.version = row.try_get::<_, Option<i64>>(7)?.map(|version| Version(unsigned(version)));
    change.topic = text(8)?;
    change.event_id = text(9)?;
    change.actor = row.try_get::<_, Packed>(10)?.open();
    change.request_id = row.try_get::<_, Packed>(11)?.open();
    change.payload = row.try_get::<_, Vec<u8>>(12)?.into();
    change.before = row.try_get::<_, Option<Vec<u8>>>(13)?.map(Bytes::from);
    Ok(change)
}
