//! Queries: the shared planner says where the candidates of each kind come from; what an index answers exactly is counted,
//! ordered and paged there, and only the page's documents are read; the rest is evaluated on the candidates, within the
//! budget (RFC 7644 §3.4.2).

mod direct;
mod heads;
mod order;
mod residual;
mod source;

use crate::dict::{Class, Dict, Num};
use crate::fault::Fault;
use crate::read::read_row;
pub(crate) use direct::direct;
use heads::{Head, Range};
use order::{Column, Place};
use rusqlite::Connection;
pub(crate) use scimstack_store::plan::Pace;
use scimstack_store::plan::{Budget, Driver, Plan};
use scimstack_store::{
    CountMode, Explained, Explanation, Page, Paging, Query, Scope, Sort, StoreError, Target, Total, Want,
};
use source::Source;
use std::collections::BTreeSet;

/// How many heads are read at a time while each is evaluated.
const CHUNK: u64 = 256;

/// A query being answered, on one connection in one state of the database.
struct Reading<'r> {
    connection: &'r Connection,
    dict: &'r Dict,
    scope: Scope,
    budget: Budget,
    sort: Option<&'r Sort>,
}

/// What is asked of each target.
#[derive(Clone, Copy)]
struct Demand<'d> {
    /// The page starts after this.
    after: Option<&'d Place>,
    /// Then so many are passed over, and at most so many are read.
    offset: u64,
    limit: u64,
    count: CountMode,
    /// When the budget is spent, what was found until then will do.
    in_part: bool,
    /// What to bring along of each match when that costs nothing.
    want: Option<Want>,
}

/// What one target gave.
struct Part<'t> {
    target: &'t Target,
    /// Matches in order, those of the demand.
    heads: Vec<Head>,
    /// How many matches there are, as far as they were to be counted; `None` when that would have cost too much.
    total: Option<u64>,
    /// The last place looked at, when there is more and the budget was spent.
    looked_up_to: Option<Place>,
}

pub(crate) fn query(
    connection: &Connection,
    dict: &Dict,
    scope: Scope,
    query: &Query,
    pace: Pace,
) -> Result<Page, Fault> {
    let sort = query.sort.as_ref();
    let after = match &query.page {
        Paging::Cursor { after: Some(cursor), .. } => Some(Place::decode(cursor, sort).ok_or(StoreError::BadCursor)?),
        _ => None,
    };
    let (offset, count) = match query.page {
        Paging::Index { start, count } => (start.saturating_sub(1), u64::from(count)),
        // One more tells whether there is a next page.
        Paging::Cursor { count, .. } => (0, u64::from(count) + 1),
    };
    let reading = Reading { connection, dict, scope, budget: Budget::new(query.budget, pace), sort };
    let kinds: BTreeSet<_> = query.targets.iter().map(|target| &target.kind).collect();
    let (mut heads, total, looked_up_to) = if kinds.len() < query.targets.len() {
        reading.united(query, after.as_ref(), offset, count)?
    } else {
        reading.merged(query, after.as_ref(), offset, count)?
    };
    let mut next = None;
    if let Paging::Cursor { count, .. } = query.page {
        let more = heads.len() > count as usize;
        heads.truncate(count as usize);
        let last = heads.last().filter(|_| more).map(|(_, head)| &head.place);
        next = last.or(looked_up_to.as_ref()).map(|place| place.encode(sort));
    }
    let mut items = Vec::with_capacity(heads.len());
    for (target, head) in heads {
        items.push(match head.stored {
            Some(stored) => *stored,
            None => read_row(connection, head.rid, &target.kind, query.want)?,
        });
    }
    Ok(Page::new(items, total, next).with_looked_at(reading.budget.spent()))
}

/// How a query would be answered.
pub(crate) fn explain(connection: &Connection, dict: &Dict, scope: Scope, query: &Query) -> Result<Explanation, Fault> {
    let mut explained = Vec::with_capacity(query.targets.len());
    for target in &query.targets {
        let budget = Budget::new(query.budget, Pace::Long);
        let reading = Reading { connection, dict, scope, budget, sort: query.sort.as_ref() };
        explained.push(match dict.number(connection, Class::Kind, target.kind.as_str())? {
            Some(number) => reading.explain(target, number)?,
            None => Explained::new(target.kind.clone(), Plan::nothing(), 0, 0),
        });
    }
    Ok(Explanation::new(explained))
}

type Heads<'t> = Vec<(&'t Target, Head)>;

impl<'r> Reading<'r> {
    fn descending(&self) -> bool {
        self.sort.is_some_and(|sort| sort.descending)
    }

    /// The answers of targets of different kinds, merged.
    fn merged<'q>(
        &self,
        query: &'q Query,
        after: Option<&Place>,
        offset: u64,
        limit: u64,
    ) -> Result<(Heads<'q>, Total, Option<Place>), Fault> {
        // Of one target the database can pass over what is before the page; of several it is passed over here.
        let alone = query.targets.len() == 1;
        let demand = Demand {
            after,
            offset: if alone { offset } else { 0 },
            limit: if alone { limit } else { offset.saturating_add(limit) },
            count: query.count,
            in_part: alone
                && matches!(query.count, CountMode::None | CountMode::Cheap)
                && matches!(query.page, Paging::Cursor { .. }),
            // Of several targets most of what is found is not on the page.
            want: alone.then_some(query.want),
        };
        let mut heads = Heads::new();
        let (mut total, mut looked_up_to) = (Some(0), None);
        for target in &query.targets {
            let part = self.part(target, demand)?;
            total = total.zip(part.total).map(|(all, part)| all + part);
            looked_up_to = part.looked_up_to;
            heads.extend(part.heads.into_iter().map(|head| (part.target, head)));
        }
        if !alone {
            self.arrange(&mut heads, offset, limit);
        }
        let total = match (query.count, total) {
            (CountMode::None, _) | (_, None) => Total::Unknown,
            (CountMode::UpTo(most), Some(total)) if total > most => Total::AtLeast(most),
            (_, Some(total)) => Total::Exact(total),
        };
        Ok((heads, total, looked_up_to))
    }

    /// The answers of targets some of which are of the same kind: what matches twice counts once.
    fn united<'q>(
        &self,
        query: &'q Query,
        after: Option<&Place>,
        offset: u64,
        limit: u64,
    ) -> Result<(Heads<'q>, Total, Option<Place>), Fault> {
        let everything =
            Demand { after: None, offset: 0, limit: u64::MAX, count: CountMode::None, in_part: false, want: None };
        let mut heads = Heads::new();
        let mut seen = BTreeSet::new();
        for target in &query.targets {
            let part = self.part(target, everything)?;
            let new = part.heads.into_iter().filter(|head| seen.insert(head.rid));
            heads.extend(new.map(|head| (target, head)));
        }
        let matches = heads.len() as u64;
        let total = match query.count {
            CountMode::UpTo(most) if matches > most => Total::AtLeast(most),
            CountMode::Exact | CountMode::UpTo(_) | CountMode::Cheap => Total::Exact(matches),
            CountMode::None => Total::Unknown,
        };
        if let Some(after) = after {
            heads.retain(|(_, head)| head.place.cmp(after, self.descending()).is_gt());
        }
        self.arrange(&mut heads, offset, limit);
        Ok((heads, total, None))
    }

    /// Puts heads in order and leaves those of the page.
    fn arrange(&self, heads: &mut Heads<'_>, offset: u64, limit: u64) {
        heads.sort_by(|(_, one), (_, other)| one.place.cmp(&other.place, self.descending()));
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX).min(heads.len());
        heads.drain(..skipped);
        heads.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }

    fn explain(&self, target: &Target, number: Num) -> Result<Explained, Fault> {
        let mut plan = self.plan(target, number)?;
        let records = self.count(&Source::All, &target.kind, number, None)?;
        let most = self.budget.left().saturating_add(1);
        let candidates = match self.source(target, number) {
            Ok((source, exact)) => {
                plan.exact = exact;
                if source == Source::All {
                    plan.driver = Driver::All;
                }
                self.count(&source, &target.kind, number, Some(most))?.min(most)
            }
            Err(Fault::Refused(StoreError::TooExpensive { .. })) => most,
            Err(fault) => return Err(fault),
        };
        Ok(Explained::new(target.kind.clone(), plan, candidates, records))
    }

    fn part<'t>(&self, target: &'t Target, demand: Demand<'_>) -> Result<Part<'t>, Fault> {
        let nothing = Part { target, heads: Vec::new(), total: Some(0), looked_up_to: None };
        let Some(number) = self.dict.number(self.connection, Class::Kind, target.kind.as_str())? else {
            return Ok(nothing);
        };
        let (source, exact) = self.source(target, number)?;
        let column = Column::of(self.sort, &target.resource_type);
        match column {
            _ if source == Source::Nothing => Ok(nothing),
            Some(column) if exact => self.exact(target, number, &source, column, demand),
            Some(column) if source == Source::All => self.scan(target, number, column, demand),
            column => self.evaluate(target, number, &source, exact, column, demand),
        }
    }

    /// Everything the source has matches, and an index or column has the order.
    fn exact<'t>(
        &self,
        target: &'t Target,
        number: Num,
        source: &Source,
        column: Column,
        demand: Demand<'_>,
    ) -> Result<Part<'t>, Fault> {
        if let Some(part) = self.found(target, number, source, column, demand)? {
            return Ok(part);
        }
        // Documents are not read for nothing.
        let want = demand.want.filter(|_| demand.limit < self.budget.readable());
        let demand = Demand { limit: demand.limit.min(self.budget.readable()), want, ..demand };
        if let Some(part) = self.walked(target, number, source, column, demand)? {
            return Ok(part);
        }
        let heads = match demand.limit {
            0 => Vec::new(),
            _ => self.heads(source, &self.range(target, number, column, demand))?,
        };
        let found = heads.len() as u64;
        self.budget.page(found, 0)?;
        let total = match demand.count {
            // The first page is the only one.
            _ if demand.after.is_none() && demand.offset == 0 && found < demand.limit => Some(found),
            count => self.counted(source, target, number, count)?,
        };
        Ok(Part { target, heads, total, looked_up_to: None })
    }

    /// Of a page for which more is asked than a brief query may read or pass over: whether it would have to, which goes by
    /// what there is. Few matches are all read at once, and put in order here. `None` when only their order tells.
    fn found<'t>(
        &self,
        target: &'t Target,
        number: Num,
        source: &Source,
        column: Column,
        demand: Demand<'_>,
    ) -> Result<Option<Part<'t>>, Fault> {
        if self.budget.page(demand.limit, demand.offset).is_ok() {
            return Ok(None);
        }
        let range = self.range(target, number, column, demand);
        let is_first = demand.after.is_none() && demand.offset == 0;
        let all = match source {
            Source::All | Source::Rows(_) if demand.after.is_some() => return Ok(None),
            Source::All | Source::Rows(_) => self.count(source, &target.kind, number, None)?,
            _ => {
                let most = self.budget.readable();
                let few = self.heads_in_no_order(source, &range, most)?;
                let found = few.len() as u64;
                if found < most {
                    let heads = range.cut(few);
                    return Ok(Some(Part { target, heads, total: Some(found), looked_up_to: None }));
                }
                if is_first {
                    self.budget.page(found, 0)?;
                }
                if demand.after.is_some() {
                    return Ok(None);
                }
                self.budget.counted(self.count(source, &target.kind, number, self.budget.countable())?)?
            }
        };
        let heads = match all.saturating_sub(demand.offset).min(demand.limit) {
            0 => Vec::new(),
            found => {
                self.budget.page(found, demand.offset)?;
                self.heads(source, &range)?
            }
        };
        Ok(Some(Part { target, heads, total: Some(all), looked_up_to: None }))
    }

    fn counted(&self, source: &Source, target: &Target, number: Num, count: CountMode) -> Result<Option<u64>, Fault> {
        let most = match count {
            CountMode::None => return Ok(None),
            CountMode::Exact if *source == Source::All => {
                return Ok(Some(self.count(source, &target.kind, number, None)?));
            }
            CountMode::Exact => {
                let found = self.count(source, &target.kind, number, self.budget.countable())?;
                return Ok(Some(self.budget.counted(found)?));
            }
            CountMode::UpTo(most) => most,
            CountMode::Cheap => self.budget.cheap(),
        };
        let most_counted = most.saturating_add(1).min(self.budget.countable().unwrap_or(u64::MAX));
        let found = self.budget.counted(self.count(source, &target.kind, number, Some(most_counted))?)?;
        Ok(Some(found).filter(|found| count != CountMode::Cheap || *found <= most))
    }

    /// When so many match that going through all in order meets a page of them sooner than the matches can be put in
    /// order: that page.
    fn walked<'t>(
        &self,
        target: &'t Target,
        number: Num,
        source: &Source,
        column: Column,
        demand: Demand<'_>,
    ) -> Result<Option<Part<'t>>, Fault> {
        let is_wide = matches!(source, Source::Column { .. } | Source::Values { .. } | Source::Inactive);
        let wanted = demand.offset.saturating_add(demand.limit);
        if !is_wide || demand.limit == 0 || wanted >= self.budget.left() {
            return Ok(None);
        }
        let all = self.count(&Source::All, &target.kind, number, None)?;
        // Of `m` matches among `all`, every `all / m`th is one; to put them in order takes `m` steps.
        let worth = all.saturating_mul(wanted).isqrt();
        if self.count(source, &target.kind, number, Some(worth.saturating_add(1)))? <= worth {
            return Ok(None);
        }
        let page = Demand { count: CountMode::None, in_part: false, ..demand };
        let part = match self.scan(target, number, column, page) {
            Ok(part) => part,
            // They are not spread evenly.
            Err(Fault::Refused(StoreError::TooExpensive { .. })) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let total = self.counted(source, target, number, demand.count)?;
        Ok(Some(Part { total, ..part }))
    }

    fn range<'d>(&self, target: &'d Target, number: Num, column: Column, demand: Demand<'d>) -> Range<'d> {
        Range {
            kind: &target.kind,
            number,
            column,
            descending: self.descending(),
            after: demand.after,
            offset: demand.offset,
            limit: demand.limit,
            want: demand.want,
        }
    }

    /// Every record is a candidate and comes in order: evaluated until the page is full and the count is known.
    fn scan<'t>(&self, target: &'t Target, number: Num, column: Column, demand: Demand<'_>) -> Result<Part<'t>, Fault> {
        if demand.count == CountMode::Exact || demand.limit == u64::MAX {
            let candidates = self.count(&Source::All, &target.kind, number, None)?;
            self.budget.covers(candidates, target)?;
        }
        let uncounted = matches!(demand.count, CountMode::None | CountMode::Cheap);
        let wanted = demand.offset.saturating_add(demand.limit);
        let residual = self.residual(target)?;
        let mut heads = Vec::new();
        let (mut total, mut looked_up_to) = (0u64, None);
        // What is before the page need not be looked at unless it is counted.
        let mut last: Option<Place> = demand.after.filter(|_| uncounted).cloned();
        'all: loop {
            let want = Some(Want::DOCUMENT);
            let chunk =
                Demand { after: last.as_ref(), offset: 0, limit: CHUNK, count: CountMode::None, in_part: false, want };
            let chunk = self.heads(&Source::All, &self.range(target, number, column, chunk))?;
            let is_last = (chunk.len() as u64) < CHUNK;
            last = chunk.last().map(|head| head.place.clone());
            for mut head in chunk {
                let counted = match demand.count {
                    CountMode::None | CountMode::Cheap => true,
                    CountMode::UpTo(most) => total > most,
                    CountMode::Exact => false,
                };
                if counted && heads.len() as u64 >= wanted {
                    break 'all;
                }
                if demand.in_part && self.budget.left() == 0 {
                    break 'all;
                }
                self.budget.spend(1, target)?;
                if demand.in_part && self.budget.left() == 0 {
                    looked_up_to = Some(head.place.clone());
                }
                let stored = match head.stored.take() {
                    Some(stored) => *stored,
                    None => read_row(self.connection, head.rid, &target.kind, Want::DOCUMENT)?,
                };
                let document = self.document(target, &residual, &stored)?;
                if target.filter.as_ref().is_some_and(|filter| !filter.matches(&document)) {
                    continue;
                }
                total += 1;
                let is_after = demand.after.is_none_or(|after| head.place.cmp(after, self.descending()).is_gt());
                if is_after && (heads.len() as u64) < wanted {
                    heads.push(head);
                }
            }
            if is_last {
                // Everything was looked at.
                looked_up_to = None;
                break;
            }
        }
        let total = Some(total).filter(|_| !uncounted);
        let skipped = usize::try_from(demand.offset).unwrap_or(usize::MAX).min(heads.len());
        heads.drain(..skipped);
        Ok(Part { target, heads, total, looked_up_to })
    }

    /// Candidates come in no order: all are evaluated, and put in order here.
    fn evaluate<'t>(
        &self,
        target: &'t Target,
        number: Num,
        source: &Source,
        exact: bool,
        column: Option<Column>,
        demand: Demand<'_>,
    ) -> Result<Part<'t>, Fault> {
        let limit = self.budget.reach();
        let candidates = self.count(source, &target.kind, number, Some(limit))?;
        self.budget.spend(candidates, target)?;
        let all = Range {
            kind: &target.kind,
            number,
            column: Column::Id,
            descending: false,
            after: None,
            offset: 0,
            limit,
            want: None,
        };
        let residual = self.residual(target)?;
        let mut heads = Vec::new();
        for head in self.heads(source, &all)? {
            let stored = read_row(self.connection, head.rid, &target.kind, Want::DOCUMENT)?;
            let document = self.document(target, &residual, &stored)?;
            let is_match = exact || target.filter.as_ref().is_none_or(|filter| filter.matches(&document));
            if is_match {
                let place = Place::of(self.sort, column, &stored, Some(&document));
                heads.push(Head { rid: head.rid, place, stored: None });
            }
        }
        let total = Some(heads.len() as u64);
        if let Some(after) = demand.after {
            heads.retain(|head| head.place.cmp(after, self.descending()).is_gt());
        }
        heads.sort_by(|one, other| one.place.cmp(&other.place, self.descending()));
        let skipped = usize::try_from(demand.offset).unwrap_or(usize::MAX).min(heads.len());
        heads.drain(..skipped);
        heads.truncate(usize::try_from(demand.limit).unwrap_or(usize::MAX));
        Ok(Part { target, heads, total, looked_up_to: None })
    }
}
