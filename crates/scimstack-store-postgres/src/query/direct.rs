//! Questions that one statement answers: the look-ups of [`scimstack_store::plan::look_up`], and pages of all records of a
//! kind. One statement needs no transaction around it, which on a network is most of the time a look-up takes.
//! Left out: everything else, which is [`super::query`]'s.

use super::order::{Column, Place};
use super::source::Source;
use super::{Demand, Pace, Reading, is_all};
use crate::fault::Fault;
use crate::outdated::coverage;
use crate::read::{COLUMNS, columns, stored};
use crate::sql::{Sql, Transaction, signed, unsigned};
use crate::text::Packed;
use scimstack_store::plan::{Budget, Driver, look_up, looked_up};
use scimstack_store::{CountMode, Page, Paging, Query, Scope, StoreError, Total};

/// Two are enough to know that there are several; a record may come once for each element.
const ENOUGH: i64 = 3;

/// The answer, unless it takes more than one statement.
pub(crate) async fn direct(tx: &Transaction<'_>, scope: Scope, query: &Query) -> Result<Option<Page>, Fault> {
    match look_up(query) {
        Some((target, driver)) => {
            let kind = Packed::of(target.kind.as_str());
            let by_index = matches!(driver, Driver::Index { .. });
            let source = match driver {
                Driver::Id(id) => Source::Id(Packed::key(&id)),
                Driver::Unique(value) => Source::Unique(Packed::key(&value)),
                Driver::ExternalId(value) => Source::ExternalId(Packed::key(&value)),
                Driver::Index { path, value, kind } => Source::Index {
                    path: Packed::of(&path),
                    value: Packed::key(&value),
                    kind: kind.as_deref().map(Packed::of),
                },
                _ => return Ok(None),
            };
            let mut sql = Sql::default();
            sql.push("SELECT ").push(columns(query.want, true));
            source.push_from(&mut sql, scope, &kind);
            sql.push(" LIMIT ").bind(ENOUGH);
            // Sent together, and answered in this order: an index that holds every record before the look-up finds all that
            // were there before it.
            let (is_whole, rows) = tokio::join!(
                async {
                    match by_index {
                        true => coverage(tx, scope, &kind, &target.resource_type).await.map(|found| found.is_whole()),
                        false => Ok(true),
                    }
                },
                sql.all(tx)
            );
            let rows = rows?;
            if !is_whole? {
                return Ok(None);
            }
            let found = rows.iter().map(|row| stored(row, &target.kind)).collect::<Result<Vec<_>, _>>()?;
            Ok(looked_up(query, found))
        }
        None => page(tx, scope, query).await,
    }
}

/// The largest page, and one more to know that there are more, that is planned once; and how far from the beginning a page
/// may be whose documents are read beside those before it.
const MOST_OF_A_PAGE: u64 = 1_001;

/// A full page of all records of a kind, in an order that an index has, from the beginning or a cursor, or so far behind the
/// beginning as a brief query may pass over.
async fn page(tx: &Transaction<'_>, scope: Scope, query: &Query) -> Result<Option<Page>, Fault> {
    let ([target], sort) = (query.targets.as_slice(), query.sort.as_ref()) else { return Ok(None) };
    let Some(column) = Column::of(sort, &target.resource_type).filter(|_| is_all(target)) else { return Ok(None) };
    let (after, offset, limit) = match &query.page {
        Paging::Index { start, count } => (None, start.saturating_sub(1), u64::from(*count)),
        Paging::Cursor { after: None, count } => (None, 0, u64::from(*count) + 1),
        Paging::Cursor { after: Some(cursor), count } => {
            (Some(Place::decode(cursor, sort).ok_or(StoreError::BadCursor)?), 0, u64::from(*count) + 1)
        }
    };
    let reading = Reading { tx, scope, budget: Budget::new(query.budget, Pace::Brief), sort, parts: false };
    let kind = Packed::of(target.kind.as_str());
    let demand =
        Demand { after: after.as_ref(), offset, limit, count: query.count, in_part: false, want: Some(query.want) };
    let range = reading.range(&kind, column, demand);
    let [first, rest @ ..] = &range.segments()[..] else { return Ok(None) };
    // A limit that is bound would be taken for a tenth of all, and planned anew each time for being less. Within one that
    // is written it is little enough.
    let is_written = offset.saturating_add(limit) <= MOST_OF_A_PAGE;
    // Further from the beginning what is passed over is passed over in the index.
    let is_within = offset > 0 && !is_written;
    if limit == 0 || is_within && reading.budget.page(limit, offset).is_err() {
        return Ok(None);
    }
    let mut sql = Sql::default();
    if is_written {
        sql.push("SELECT * FROM (");
    }
    sql.push("SELECT ")
        .push(columns(query.want, is_within))
        .push(", (SELECT sum(n)::bigint FROM kind_count WHERE scope = ");
    sql.bind(i64::from(scope.number())).push(" AND kind = ").bind(&kind).push(")");
    if is_within {
        sql.push(" FROM (");
        range.push_place(&mut sql, "");
    }
    reading.segment(&mut sql, *first, &range)?;
    range.push_order(&mut sql, *first);
    if is_written {
        sql.push(" LIMIT 1001) AS page");
    }
    sql.push(" LIMIT ").bind(signed(limit));
    if offset > 0 {
        sql.push(" OFFSET ").bind(signed(offset));
    }
    if is_within {
        reading.push_records_of_heads(&mut sql, &range);
    }
    let rows = sql.all(tx).await?;
    let is_full = rows.len() as u64 == limit;
    if rows.is_empty() || (!is_full && !rest.is_empty()) {
        return Ok(None);
    }
    let total =
        match rows.first().map(|row| row.try_get::<_, Option<i64>>(COLUMNS)).transpose()?.flatten().map(unsigned) {
            _ if query.count == CountMode::None => Total::Unknown,
            Some(all) => match query.count {
                CountMode::UpTo(most) if all > most => Total::AtLeast(most),
                _ => Total::Exact(all),
            },
            None => return Ok(None),
        };
    let mut items = rows.iter().map(|row| stored(row, &target.kind)).collect::<Result<Vec<_>, _>>()?;
    let mut next = None;
    if let Paging::Cursor { count, .. } = query.page
        && is_full
    {
        items.truncate(count as usize);
        next = items.last().map(|last| Place::of(sort, Some(column), last, None).encode(sort));
    }
    Ok(Some(Page::new(items, total, next)))
}
