//! Questions that one look-up answers: equality with a value that an index has, and one record at most that has it, which
//! is what every provider asks before it writes (RFC 7644 §3.4.2.2). A back end can answer them with one statement.

use super::{Driver, plan};
use crate::query::{CountMode, Page, Paging, Query, Target, Total};
use crate::record::Stored;

/// Where to look, when what is found there is all that matches and the page begins with it: [`Driver::Id`],
/// [`Driver::Unique`], [`Driver::ExternalId`] or [`Driver::Index`]. Of the last, the back end has to see first whether the
/// index holds every record ([`super::Coverage`]).
#[must_use]
pub fn look_up(query: &Query) -> Option<(&Target, Driver)> {
    let [target] = query.targets.as_slice() else { return None };
    let is_beginning = match &query.page {
        Paging::Index { start, count } => *start <= 1 && *count > 0,
        Paging::Cursor { after, count } => after.is_none() && *count > 0,
    };
    if !is_beginning || query.count == CountMode::UpTo(0) {
        return None;
    }
    let plan = plan(&target.resource_type, Some(target.filter.as_deref()?));
    let looks_up =
        matches!(plan.driver, Driver::Id(_) | Driver::Unique(_) | Driver::ExternalId(_) | Driver::Index { .. });
    (plan.exact && looks_up).then_some((target, plan.driver))
}

/// The answer to a query that [`look_up`] knows where to look for, from what was found there, of which two are enough.
/// `None` when that is several records, which are to be put in order.
#[must_use]
pub fn looked_up(query: &Query, mut found: Vec<Stored>) -> Option<Page> {
    // A record is found once for each of its elements that has the value.
    found.dedup_by(|one, other| one.key == other.key);
    if found.len() > 1 {
        return None;
    }
    let total = match query.count {
        CountMode::None => Total::Unknown,
        _ => Total::Exact(found.len() as u64),
    };
    Some(Page::new(found, total, None))
}
