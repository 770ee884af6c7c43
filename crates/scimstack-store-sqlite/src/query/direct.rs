//! Questions that one statement answers: equality with a value that an index has and one record at most, which is what
//! every provider asks before it writes (RFC 7644 §3.4.2.2). One statement needs no transaction around it.
//! Left out: everything else, which is [`super::query`]'s.

use crate::dict::{Class, Dict};
use crate::fault::Fault;
use crate::read::{By, find};
use rusqlite::Connection;
use scimstack_store::plan::{Driver, plan};
use scimstack_store::{CountMode, Page, Paging, Query, Scope, Total};

/// The answer, unless it takes more than one statement.
pub(crate) fn direct(connection: &Connection, dict: &Dict, scope: Scope, query: &Query) -> Result<Option<Page>, Fault> {
    let ([target], Some(filter)) = (query.targets.as_slice(), query.targets.first().and_then(|t| t.filter.as_deref()))
    else {
        return Ok(None);
    };
    let is_beginning = match &query.page {
        Paging::Index { start, count } => *start <= 1 && *count > 0,
        Paging::Cursor { after, count } => after.is_none() && *count > 0,
    };
    if !is_beginning || query.count == CountMode::UpTo(0) {
        return Ok(None);
    }
    let plan = plan(&target.resource_type, Some(filter));
    if !plan.exact {
        return Ok(None);
    }
    let by = match &plan.driver {
        Driver::Id(id) => By::Id(id),
        Driver::Unique(value) => By::Unique(value),
        Driver::ExternalId(value) => By::ExternalId(value),
        Driver::Index { path, value, kind } => match dict.number(connection, Class::Path, path)? {
            Some(path) => By::Index { path, value, element: kind.as_deref() },
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let Some(number) = dict.number(connection, Class::Kind, target.kind.as_str())? else { return Ok(None) };
    let mut items = find(connection, scope, (&target.kind, number), &by, query.want)?;
    if let [one, other] = items.as_slice()
        && one.key == other.key
    {
        items.truncate(1);
    }
    if items.len() > 1 {
        return Ok(None);
    }
    let total = match query.count {
        CountMode::None => Total::Unknown,
        _ => Total::Exact(items.len() as u64),
    };
    Ok(Some(Page::new(items, total, None)))
}
