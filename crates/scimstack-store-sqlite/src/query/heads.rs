//! Matches without their documents: row, id and sort key, in order, from covering indexes where there is one. Documents
//! are fetched later, of the page alone.

use super::Reading;
use super::order::{Column, Place, instant_key, instant_of};
use super::source::Source;
use crate::dict::Num;
use crate::fault::Fault;
use crate::read::{columns, stored};
use crate::sql::{self, Sql, signed, unsigned};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Row, params};
use scimstack_store::{Kind, StoreError, Stored, Want};
use std::cmp::Ordering;

/// A match.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) rid: i64,
    pub(super) place: Place,
    /// The record, where it came along.
    pub(super) stored: Option<Box<Stored>>,
}

/// What to read of the records of one kind.
#[derive(Clone, Copy)]
pub(super) struct Range<'r> {
    pub(super) kind: &'r Kind,
    pub(super) number: Num,
    pub(super) column: Column,
    pub(super) descending: bool,
    pub(super) after: Option<&'r Place>,
    pub(super) offset: u64,
    pub(super) limit: u64,
    /// What to bring along of the records, of a source that is read in order.
    pub(super) want: Option<Want>,
}

/// A stretch of an order that one index range has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment {
    Whole,
    Values,
    Nulls,
}

impl Range<'_> {
    /// Whether a record of this kind at the very value and id of `after` comes after it.
    fn includes_equal(&self, after: &Place) -> bool {
        match self.kind.cmp(&after.kind) {
            Ordering::Greater => !self.descending,
            Ordering::Less => self.descending,
            Ordering::Equal => false,
        }
    }

    fn comparison(&self, after: &Place) -> &'static str {
        match (self.descending, self.includes_equal(after)) {
            (false, false) => " > ",
            (false, true) => " >= ",
            (true, false) => " < ",
            (true, true) => " <= ",
        }
    }

    /// The stretches to read, in order. What is before `after` as a whole is left out; the place matters only in the
    /// first of the others.
    fn segments(&self) -> Vec<Segment> {
        let all: &[Segment] = match self.column {
            Column::Id => &[Segment::Whole],
            Column::Created | Column::Modified => &[Segment::Values],
            Column::Unique | Column::SortName if self.descending => &[Segment::Nulls, Segment::Values],
            Column::Unique | Column::SortName => &[Segment::Values, Segment::Nulls],
        };
        let is_left = |segment: &Segment| {
            let Some(after) = self.after else { return true };
            match (segment, after.value.is_some(), self.descending) {
                (Segment::Values, false, descending) => descending,
                (Segment::Nulls | Segment::Whole, true, descending) => !descending,
                _ => true,
            }
        };
        all.iter().copied().filter(is_left).collect()
    }

    fn value_to_bind(&self, value: &str) -> Result<Value, StoreError> {
        match self.column.is_instant() {
            true => instant_of(value).map(Value::from).ok_or(StoreError::BadCursor),
            false => Ok(value.to_owned().into()),
        }
    }

    fn head(&self, row: &Row<'_>) -> rusqlite::Result<Head> {
        let value = match self.column.name().map(|_| row.get_ref(2)).transpose()? {
            Some(ValueRef::Integer(micros)) => Some(instant_key(micros)),
            Some(value) => value.as_str_or_null()?.map(str::to_owned),
            None => None,
        };
        let place = Place { value, id: row.get(1)?, kind: self.kind.clone() };
        Ok(Head { rid: row.get(0)?, place, stored: None })
    }
}

impl Range<'_> {
    /// A head, with its record when that is wanted.
    fn head_or_record(&self, row: &Row<'_>) -> Result<Head, Fault> {
        if self.want.is_none() {
            return Ok(self.head(row)?);
        }
        let stored = stored(row, 1, self.kind)?;
        let place = Place::of(None, Some(self.column), &stored, None);
        Ok(Head { rid: row.get(0)?, place, stored: Some(Box::new(stored)) })
    }

    /// Of all heads there are, those of the range, in order.
    pub(super) fn cut(&self, mut heads: Vec<Head>) -> Vec<Head> {
        if let Some(after) = self.after {
            heads.retain(|head| head.place.cmp(after, self.descending).is_gt());
        }
        heads.sort_by(|one, other| one.place.cmp(&other.place, self.descending));
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX).min(heads.len());
        heads.drain(..skipped);
        heads.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        heads
    }
}

impl Reading<'_> {
    /// The heads of a range, in order.
    pub(super) fn heads(&self, source: &Source, range: &Range<'_>) -> Result<Vec<Head>, Fault> {
        match source {
            Source::Nothing => Ok(Vec::new()),
            Source::All => self.heads_of_all(range),
            Source::Rows(rids) => self.heads_of_rows(rids, range),
            _ => self.heads_driven(source, range),
        }
    }

    fn heads_of_all(&self, range: &Range<'_>) -> Result<Vec<Head>, Fault> {
        let mut heads = Vec::new();
        let mut offset = range.offset;
        let segments = range.segments();
        for (at, segment) in segments.iter().enumerate() {
            let left = range.limit - heads.len() as u64;
            let mut sql = Sql::default();
            sql.push("SELECT rid");
            match (range.want, range.column.name()) {
                (Some(want), _) => drop(sql.push(columns(want))),
                (None, Some(name)) => drop(sql.push(", id, ").push(name)),
                (None, None) => drop(sql.push(", id")),
            }
            self.segment(&mut sql, *segment, range)?;
            sql.push(" ORDER BY ");
            match (range.column.name(), segment) {
                (Some(name), Segment::Values) => {
                    sql.push(name).push(if range.descending { " DESC" } else { "" });
                    // Unique values need no more, and their index has none.
                    if range.column != Column::Unique {
                        sql.push(", id");
                    }
                }
                _ => drop(sql.push("id")),
            }
            if range.descending && (range.column != Column::Unique || *segment == Segment::Nulls) {
                sql.push(" DESC");
            }
            sql.push(" LIMIT ").bind(signed(left)).push(" OFFSET ").bind(signed(offset));
            let before = heads.len();
            sql.each(self.connection, |row| range.head_or_record(row).map(|head| heads.push(head)))?;
            if heads.len() > before {
                offset = 0;
            } else if offset > 0 && at + 1 < segments.len() {
                let mut sql = Sql::default();
                sql.push("SELECT count(*)");
                self.segment(&mut sql, *segment, range)?;
                offset = offset.saturating_sub(unsigned(sql.number(self.connection)?));
            }
            if heads.len() as u64 >= range.limit {
                break;
            }
        }
        Ok(heads)
    }

    /// `FROM … WHERE` of one stretch.
    fn segment(&self, sql: &mut Sql, segment: Segment, range: &Range<'_>) -> Result<(), Fault> {
        sql.push(" FROM resource WHERE scope = ").bind(self.scope.number()).push(" AND kind = ").bind(range.number);
        let name = range.column.name();
        match (segment, name) {
            (Segment::Values, Some(name)) if !range.column.is_instant() => {
                sql.push(" AND ").push(name).push(" IS NOT NULL");
            }
            (Segment::Nulls, Some(name)) => drop(sql.push(" AND ").push(name).push(" IS NULL")),
            _ => {}
        }
        if let Some(after) = range.after {
            match (segment, name, &after.value) {
                (Segment::Values, Some(name), Some(value)) => {
                    sql.push(" AND (").push(name).push(", id)").push(range.comparison(after));
                    sql.push("(").bind(range.value_to_bind(value)?).push(", ").bind(after.id.clone()).push(")");
                }
                (Segment::Nulls | Segment::Whole, _, None) => {
                    sql.push(" AND id").push(range.comparison(after)).bind(after.id.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What an index finds, from anywhere in the range's order and up to so many.
    pub(super) fn heads_in_no_order(&self, source: &Source, range: &Range<'_>, most: u64) -> Result<Vec<Head>, Fault> {
        let mut sql = self.driven_by(source, range);
        sql.push(" LIMIT ").bind(signed(most));
        Ok(sql.all(self.connection, |row| range.head(row))?)
    }

    /// `SELECT … FROM … WHERE` of what an index finds.
    fn driven_by(&self, source: &Source, range: &Range<'_>) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT r.rid, r.id");
        if let Some(name) = range.column.name() {
            sql.push(", r.").push(name);
        }
        source.push_from(&mut sql, self.scope, range.number, range.kind);
        sql
    }

    /// Of what an index finds, which is put in order here.
    fn heads_driven(&self, source: &Source, range: &Range<'_>) -> Result<Vec<Head>, Fault> {
        let mut sql = self.driven_by(source, range);
        let name = range.column.name();
        if let Some(after) = range.after {
            push_after(&mut sql, range, after)?;
        }
        let direction = if range.descending { " DESC" } else { "" };
        sql.push(" ORDER BY ");
        if let Some(name) = name {
            if !range.column.is_instant() {
                sql.push("r.").push(name).push(" IS NULL").push(direction).push(", ");
            }
            sql.push("r.").push(name).push(direction).push(", ");
        }
        sql.push(source.id_column()).push(direction);
        sql.push(" LIMIT ").bind(signed(range.limit)).push(" OFFSET ").bind(signed(range.offset));
        Ok(sql.all(self.connection, |row| range.head(row))?)
    }

    /// Of rows that are known.
    fn heads_of_rows(&self, rids: &[i64], range: &Range<'_>) -> Result<Vec<Head>, Fault> {
        let mut sql = Sql::default();
        sql.push("SELECT rid, id");
        if let Some(name) = range.column.name() {
            sql.push(", ").push(name);
        }
        sql.push(" FROM resource WHERE rid = ?1");
        let mut heads = Vec::new();
        for rid in rids {
            heads.extend(sql::first(self.connection, sql.text(), [rid], |row| range.head(row))?);
        }
        Ok(range.cut(heads))
    }

    /// How many there are, or `cap` when there are more.
    pub(super) fn count(&self, source: &Source, kind: &Kind, number: Num, cap: Option<u64>) -> Result<u64, Fault> {
        match source {
            Source::Nothing => return Ok(0),
            Source::Rows(rids) => return Ok(rids.len() as u64),
            Source::All => {
                let n: Option<i64> = sql::first(
                    self.connection,
                    "SELECT sum(n) FROM kind_count WHERE scope = ?1 AND kind = ?2",
                    params![self.scope.number(), number],
                    |row| row.get::<_, Option<i64>>(0),
                )?
                .flatten();
                return Ok(unsigned(n.unwrap_or(0)));
            }
            _ => {}
        }
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM (");
        source.push_counted(&mut sql, self.scope, number, kind);
        sql.push(" LIMIT ").bind(cap.map_or(-1, signed)).push(")");
        Ok(unsigned(sql.number(self.connection)?))
    }
}

/// The condition that a row comes after a place, in an order with nothing last.
fn push_after(sql: &mut Sql, range: &Range<'_>, after: &Place) -> Result<(), Fault> {
    let comparison = range.comparison(after);
    let Some(name) = range.column.name() else {
        // Nobody has a value: all are before those who have, or after.
        match (&after.value, range.descending) {
            (None, _) => drop(sql.push(" AND r.id").push(comparison).bind(after.id.clone())),
            (Some(_), false) => {}
            (Some(_), true) => drop(sql.push(" AND 0")),
        }
        return Ok(());
    };
    match &after.value {
        Some(value) => {
            sql.push(" AND ((r.").push(name).push(", r.id)").push(comparison);
            sql.push("(").bind(range.value_to_bind(value)?).push(", ").bind(after.id.clone()).push(")");
            if !range.descending {
                sql.push(" OR r.").push(name).push(" IS NULL");
            }
            sql.push(")");
        }
        None => {
            sql.push(" AND (");
            if range.descending {
                sql.push("r.").push(name).push(" IS NOT NULL OR (");
            } else {
                sql.push("(");
            }
            sql.push("r.").push(name).push(" IS NULL AND r.id").push(comparison).bind(after.id.clone()).push("))");
        }
    }
    Ok(())
}
