//! Single records: the columns that make a [`Stored`], with only the large ones that are wanted.

use crate::dict::{Class, Dict};
use crate::fault::{Damaged, Fault};
use crate::sql::{self, unsigned};
use bytes::Bytes;
use rusqlite::{Connection, Row, params};
use scimstack_schema::Timestamp;
use scimstack_store::edge::Peer;
use scimstack_store::{Core, Key, Kind, ResourceId, Scope, Stored, Version, Want};

/// The columns every [`Stored`] has. The large ones follow.
macro_rules! select {
    ($large:literal, $rest:literal) => {
        concat!(
            "SELECT id, version, uniq, external_id, sort_name, display, active, created, modified, edge_count",
            $large,
            " FROM resource WHERE ",
            $rest
        )
    };
}

/// One statement for each [`Want`]: what is not wanted is not read.
macro_rules! by_want {
    ($want:expr, $rest:literal) => {
        match ($want.document, $want.private) {
            (true, true) => select!(", doc, private", $rest),
            (true, false) => select!(", doc, NULL", $rest),
            (false, true) => select!(", NULL, private", $rest),
            (false, false) => select!(", NULL, NULL", $rest),
        }
    };
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
    let statement = by_want!(want, "scope = ?1 AND kind = ?2 AND id = ?3");
    let mut statement = sql::prepare(connection, statement)?;
    let mut rows = statement.query(params![scope.number(), kind, key.id.as_str()])?;
    rows.next()?.map(|row| stored(row, &key.kind)).transpose()
}

/// One record by its row.
pub(crate) fn read_row(connection: &Connection, rid: i64, kind: &Kind, want: Want) -> Result<Stored, Fault> {
    let mut statement = sql::prepare(connection, by_want!(want, "rid = ?1"))?;
    let mut rows = statement.query([rid])?;
    let row = rows.next()?.ok_or(Damaged("an index entry without its record"))?;
    stored(row, kind)
}

fn stored(row: &Row<'_>, kind: &Kind) -> Result<Stored, Fault> {
    let id = ResourceId::new(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
    let key = Key::new(kind.clone(), id.ok_or(Damaged("an id that is none"))?);
    let core = Core {
        unique: row.get(2)?,
        external_id: row.get(3)?,
        sort_name: row.get(4)?,
        display: row.get(5)?,
        active: row.get(6)?,
        created: Timestamp::from_micros(row.get(7)?),
        modified: Timestamp::from_micros(row.get(8)?),
    };
    let large = |at| {
        let bytes = row.get_ref(at)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        Ok::<_, rusqlite::Error>(bytes.map_or_else(Bytes::new, Bytes::copy_from_slice))
    };
    let version = Version(unsigned(row.get(1)?));
    Ok(Stored::new(key, version, core, large(10)?, large(11)?, unsigned(row.get(9)?)))
}

/// How a record is shown at the other end of an edge.
pub(crate) fn peer(connection: &Connection, dict: &Dict, scope: Scope, key: &Key) -> Result<Option<Peer>, Fault> {
    let Some(kind) = dict.number(connection, Class::Kind, key.kind.as_str())? else { return Ok(None) };
    Ok(sql::first(
        connection,
        "SELECT display, active FROM resource WHERE scope = ?1 AND kind = ?2 AND id = ?3",
        params![scope.number(), kind, key.id.as_str()],
        |row| Ok(Peer { display: row.get(0)?, active: row.get(1)? }),
    )?)
}
