//! Single records: the columns that make a [`Stored`], with only the large ones that are wanted.

use crate::dict::{Class, Dict, Num};
use crate::fault::{Damaged, Fault};
use crate::sql::{self, unsigned};
use bytes::Bytes;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use scimstack_schema::Timestamp;
use scimstack_store::edge::Peer;
use scimstack_store::{Core, Key, Kind, ResourceId, Scope, Stored, Version, Want};

/// Before and after them, the columns every [`Stored`] has. The large ones follow.
macro_rules! select {
    ($before:literal, $large:literal, $after:expr) => {
        concat!(
            $before,
            "id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count",
            $large,
            $after
        )
    };
}

/// One text for each [`Want`]: what is not wanted is not read.
macro_rules! by_want {
    ($want:expr, $before:literal, $after:expr) => {
        match ($want.document, $want.private) {
            (true, true) => select!($before, ", doc, private", $after),
            (true, false) => select!($before, ", doc, NULL", $after),
            (false, true) => select!($before, ", NULL, private", $after),
            (false, false) => select!($before, ", NULL, NULL", $after),
        }
    };
}

/// The columns of a [`Stored`], for a statement that has further ones before them; [`stored`] reads them.
pub(crate) fn columns(want: Want) -> &'static str {
    by_want!(want, ", ", "")
}

/// One record.
pub(crate) fn read(
    connection: &Connection,
    dict: &Dict,
    scope: Scope,
    key: &Key,
    want: Want,
) -> Result<Option<Stored>, Fault> {
    let Some(kind) = dict.number(connection, Class::Kind, key.kind.as_str())? else { return Ok(None) };
    let statement = by_want!(want, "SELECT ", " FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3");
    let mut statement = sql::prepare(connection, statement)?;
    let mut rows = statement.query(params![scope.number(), kind, key.id.as_str()])?;
    rows.next()?.map(|row| stored(row, 0, &key.kind)).transpose()
}

/// One record by its row.
pub(crate) fn read_row(connection: &Connection, rid: i64, kind: &Kind, want: Want) -> Result<Stored, Fault> {
    let mut statement = sql::prepare(connection, by_want!(want, "SELECT ", " FROM resource WHERE rid = ?1"))?;
    let mut rows = statement.query([rid])?;
    let row = rows.next()?.ok_or(Damaged("an index entry without its record"))?;
    stored(row, 0, kind)
}

/// A value of which an index knows who has it.
pub(crate) enum By<'a> {
    Id(&'a str),
    Unique(&'a str),
    ExternalId(&'a str),
    /// Of an index that holds every record when all were indexed under the declaration with this number.
    Index {
        path: Num,
        value: &'a str,
        element: Option<&'a str>,
        declared: Num,
    },
}

/// One row if every record of the kind was indexed under the declaration, with or without one that has the value.
macro_rules! if_whole {
    ($want:expr, $further:literal) => {
        by_want!(
            $want,
            "SELECT ",
            concat!(
                " FROM (SELECT 1 WHERE NOT EXISTS \
                 (SELECT 1 FROM kind_count WHERE scope = ?1 AND kind = ?2 AND declared <> ?5 AND n > 0)) \
                 LEFT JOIN av a ON a.scope = ?1 AND a.kind = ?2 AND a.val = ?3 AND a.attr = ?4",
                $further,
                " LEFT JOIN resource r ON r.rid = a.rid LIMIT 3"
            )
        )
    };
}

/// The first rows of who has a value, in no order, and at most three: a record comes once for each element that has it.
/// `None` when an index may not hold every record.
pub(crate) fn find(
    connection: &Connection,
    scope: Scope,
    (kind, number): (&Kind, Num),
    by: &By<'_>,
    want: Want,
) -> Result<Option<Vec<Stored>>, Fault> {
    let text = match by {
        By::Id(_) => by_want!(want, "SELECT ", " FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3"),
        By::Unique(_) => by_want!(want, "SELECT ", " FROM resource WHERE scope = ?1 AND kind = ?2 AND uniq = ?3"),
        By::ExternalId(_) => {
            by_want!(want, "SELECT ", " FROM resource WHERE scope = ?1 AND kind = ?2 AND external_id = ?3 LIMIT 3")
        }
        By::Index { element: None, .. } => if_whole!(want, ""),
        By::Index { element: Some(_), .. } => if_whole!(want, " AND a.type = ?6"),
    };
    let mut statement = sql::prepare(connection, text)?;
    let scope = scope.number();
    let mut rows = match by {
        By::Id(value) | By::Unique(value) | By::ExternalId(value) => statement.query(params![scope, number, value])?,
        By::Index { path, value, element: None, declared } => {
            statement.query(params![scope, number, value, path, declared])?
        }
        By::Index { path, value, element, declared } => {
            statement.query(params![scope, number, value, path, declared, element])?
        }
    };
    let mut is_whole = !matches!(by, By::Index { .. });
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        is_whole = true;
        if row.get_ref(0)? != ValueRef::Null {
            found.push(stored(row, 0, kind)?);
        }
    }
    Ok(is_whole.then_some(found))
}

/// The record whose columns begin at this one.
pub(crate) fn stored(row: &Row<'_>, at: usize, kind: &Kind) -> Result<Stored, Fault> {
    let id = ResourceId::new(row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?);
    let key = Key::new(kind.clone(), id.ok_or(Damaged("an id that is none"))?);
    let core = Core {
        unique: row.get(at + 2)?,
        external_id: row.get(at + 3)?,
        sort_name: row.get(at + 4)?,
        display: row.get(at + 5)?,
        active: row.get(at + 6)?,
        created: Timestamp::from_micros(row.get(at + 7)?),
        modified: Timestamp::from_micros(row.get(at + 8)?),
    };
    let large = |column| {
        let bytes = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        Ok::<_, rusqlite::Error>(bytes.map_or_else(Bytes::new, Bytes::copy_from_slice))
    };
    let version = Version(unsigned(row.get(at + 1)?));
    Ok(Stored::new(key, version, core, large(at + 10)?, large(at + 11)?, unsigned(row.get(at + 9)?)))
}

/// How a record is shown at the other end of an edge.
pub(crate) fn peer(connection: &Connection, dict: &Dict, scope: Scope, key: &Key) -> Result<Option<Peer>, Fault> {
    let Some(kind) = dict.number(connection, Class::Kind, key.kind.as_str())? else { return Ok(None) };
    Ok(sql::first(
        connection,
        "SELECT display, active FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3",
        params![scope.number(), kind, key.id.as_str()],
        |row| Ok(Peer { display: row.get(0)?, active: row.get(1)?, is_target: false }),
    )?)
}

/// [`peer`], and whether edges of a relation end at it.
pub(crate) fn peer_above(
    connection: &Connection,
    dict: &Dict,
    scope: Scope,
    relation: Num,
    key: &Key,
) -> Result<Option<Peer>, Fault> {
    let Some(kind) = dict.number(connection, Class::Kind, key.kind.as_str())? else { return Ok(None) };
    Ok(sql::first(
        connection,
        "SELECT display, active, EXISTS (SELECT 1 FROM edge WHERE scope = ?1 AND relation = ?4 AND tkind = ?5 AND tid = ?3 \
         AND pending = 0) FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3",
        params![scope.number(), kind, key.id.as_str(), relation, key.kind.as_str()],
        |row| Ok(Peer { display: row.get(0)?, active: row.get(1)?, is_target: row.get(2)? }),
    )?)
}
