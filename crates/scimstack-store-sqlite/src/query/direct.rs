//! Questions that one statement answers: the look-ups of [`scimstack_store::plan::look_up`]. One statement needs no
//! transaction around it. Left out: everything else, which is [`super::query`]'s.

use crate::dict::{Class, Dict};
use crate::fault::Fault;
use crate::read::{By, find};
use rusqlite::Connection;
use scimstack_store::plan::{Driver, look_up, looked_up};
use scimstack_store::{Page, Query, Scope};

/// The answer, unless it takes more than one statement.
pub(crate) fn direct(connection: &Connection, dict: &Dict, scope: Scope, query: &Query) -> Result<Option<Page>, Fault> {
    let Some((target, driver)) = look_up(query) else { return Ok(None) };
    let Some(number) = dict.number(connection, Class::Kind, target.kind.as_str())? else { return Ok(None) };
    let by = match &driver {
        Driver::Id(id) => By::Id(id),
        Driver::Unique(value) => By::Unique(value),
        Driver::ExternalId(value) => By::ExternalId(value),
        Driver::Index { path, value, kind } => {
            let path = dict.number(connection, Class::Path, path)?;
            let declared = dict.number(connection, Class::Declaration, target.resource_type.index_declaration())?;
            let (Some(path), Some(declared)) = (path, declared) else { return Ok(None) };
            By::Index { path, value, element: kind.as_deref(), declared }
        }
        _ => return Ok(None),
    };
    let found = find(connection, scope, (&target.kind, number), &by, query.want)?;
    Ok(found.and_then(|found| looked_up(query, found)))
}
