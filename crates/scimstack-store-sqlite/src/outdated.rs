//! Under which declarations the records of a kind were indexed, and those of another than a given one.

use crate::dict::{Class, Dict, Num};
use crate::entries::Entries;
use crate::fault::{Damaged, Fault};
use crate::read::read_row;
use crate::sql;
use rusqlite::{Connection, params};
use scimstack_schema::ResourceType;
use scimstack_store::plan::Coverage;
use scimstack_store::{Kind, ResourceId, Scope, Stored, Want};
use std::sync::Arc;

/// Which indexes of a resource type hold every record of a kind.
pub(crate) fn coverage(
    connection: &Connection,
    dict: &Dict,
    scope: Scope,
    kind: Num,
    resource_type: &ResourceType,
) -> Result<Coverage, Fault> {
    let own = dict.number(connection, Class::Declaration, resource_type.index_declaration())?;
    let mut others = Vec::new();
    for declared in declarations(connection, scope, kind)? {
        if Some(declared) != own {
            // Of records that were there before declarations were kept nothing is known.
            others.push(dict.name(connection, declared)?.unwrap_or_else(|| Arc::from("")));
        }
    }
    Ok(Coverage::of(resource_type, others))
}

fn declarations(connection: &Connection, scope: Scope, kind: Num) -> rusqlite::Result<Vec<Num>> {
    sql::all(
        connection,
        "SELECT declared FROM kind_count WHERE scope = ?1 AND kind = ?2 AND n > 0",
        params![scope.number(), kind],
        |row| row.get(0),
    )
}

pub(crate) fn outdated(
    connection: &Connection,
    dict: &Dict,
    scope: Scope,
    kind: &Kind,
    declaration: &str,
    after: Option<&ResourceId>,
    limit: u32,
) -> Result<Vec<Stored>, Fault> {
    let Some(number) = dict.number(connection, Class::Kind, kind.as_str())? else { return Ok(Vec::new()) };
    let own = dict.number(connection, Class::Declaration, declaration)?;
    if declarations(connection, scope, number)?.into_iter().all(|declared| Some(declared) == own) {
        return Ok(Vec::new());
    }
    let mut statement = sql::prepare(
        connection,
        "SELECT rid, entries FROM resource WHERE scope = ?1 AND kind = ?2 AND id > ?3 ORDER BY id",
    )?;
    let mut rows = statement.query(params![scope.number(), number, after.map_or("", ResourceId::as_str)])?;
    let mut found = Vec::new();
    while found.len() < limit as usize
        && let Some(row) = rows.next()?
    {
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        let declared = Entries::declared(bytes).ok_or(Damaged("a list of index entries that cannot be read"))?;
        if Some(declared) != own {
            found.push(read_row(connection, row.get(0)?, kind, Want::DOCUMENT)?);
        }
    }
    Ok(found)
}
