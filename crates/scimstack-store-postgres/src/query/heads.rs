//! Matches without their documents: row, id and sort key, in order, from covering indexes where there is one. Documents
//! are fetched later, of the page alone.

use super::Reading;
use super::order::{Column, Place, instant_key, instant_of};
use super::source::Source;
use crate::fault::Fault;
use crate::sql::{self, Sql, Value, signed, unsigned};
use crate::text::Packed;
use scimstack_store::StoreError;
use std::cmp::Ordering;
use tokio_postgres::Row;

/// What to read of the records of one kind.
#[derive(Clone, Copy)]
pub(super) struct Range<'r> {
    pub(super) kind: &'r Packed,
    pub(super) column: Column,
    pub(super) descending: bool,
    pub(super) after: Option<&'r Place>,
    pub(super) offset: u64,
    pub(super) limit: u64,
}

/// A stretch of an order that one index range has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment {
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
    pub(super) fn segments(&self) -> Vec<Segment> {
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

    /// `ORDER BY` of one stretch.
    pub(super) fn push_order(&self, sql: &mut Sql, segment: Segment) {
        sql.push(" ORDER BY ");
        match (self.column.name(), segment) {
            (Some(name), Segment::Values) => {
                sql.push(name).push(if self.descending { " DESC" } else { "" });
                // Unique values need no more, and their index has none.
                if self.column != Column::Unique {
                    sql.push(", id");
                }
            }
            _ => {
                sql.push("id");
            }
        }
        if self.descending && (self.column != Column::Unique || segment == Segment::Nulls) {
            sql.push(" DESC");
        }
    }

    fn value_to_bind(&self, value: &Packed) -> Result<Value, StoreError> {
        match self.column.is_instant() {
            true => instant_of(value).map(Value::from).ok_or(StoreError::BadCursor),
            false => Ok(value.into()),
        }
    }

    fn place(&self, row: &Row) -> Result<Place, Fault> {
        let value = match self.column.name() {
            Some(_) if self.column.is_instant() => Some(instant_key(row.try_get(1)?)),
            Some(_) => row.try_get(1)?,
            None => None,
        };
        Ok(Place { value, id: row.try_get(0)?, kind: self.kind.clone() })
    }

    /// Of all places there are, those of the range, in order.
    pub(super) fn cut(&self, mut heads: Vec<Place>) -> Vec<Place> {
        if let Some(after) = self.after {
            heads.retain(|head| head.cmp(after, self.descending).is_gt());
        }
        heads.sort_by(|one, other| one.cmp(other, self.descending));
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX).min(heads.len());
        heads.drain(..skipped);
        heads.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        heads
    }
}

impl Reading<'_> {
    /// The places of a range, in order.
    pub(super) async fn heads(&self, source: &Source, range: &Range<'_>) -> Result<Vec<Place>, Fault> {
        match source {
            Source::Nothing => Ok(Vec::new()),
            Source::All => self.heads_of_all(range).await,
            _ => self.heads_driven(source, range).await,
        }
    }

    async fn heads_of_all(&self, range: &Range<'_>) -> Result<Vec<Place>, Fault> {
        let mut heads = Vec::new();
        let mut offset = range.offset;
        let segments = range.segments();
        for (at, segment) in segments.iter().enumerate() {
            let left = range.limit - heads.len() as u64;
            let mut sql = Sql::default();
            sql.push("SELECT id");
            if let Some(name) = range.column.name() {
                sql.push(", ").push(name);
            }
            self.segment(&mut sql, *segment, range)?;
            range.push_order(&mut sql, *segment);
            sql.push(" LIMIT ").bind(signed(left)).push(" OFFSET ").bind(signed(offset));
            let rows = sql.all(self.tx).await?;
            if !rows.is_empty() {
                offset = 0;
            } else if offset > 0 && at + 1 < segments.len() {
                let mut sql = Sql::default();
                sql.push("SELECT count(*)");
                self.segment(&mut sql, *segment, range)?;
                offset = offset.saturating_sub(unsigned(sql.number(self.tx).await?));
            }
            for row in &rows {
                heads.push(range.place(row)?);
            }
            if heads.len() as u64 >= range.limit {
                break;
            }
        }
        Ok(heads)
    }

    /// `FROM … WHERE` of one stretch.
    pub(super) fn segment(&self, sql: &mut Sql, segment: Segment, range: &Range<'_>) -> Result<(), Fault> {
        sql.push(" FROM resource WHERE scope = ").bind(i64::from(self.scope.number()));
        sql.push(" AND kind = ").bind(range.kind);
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
                    sql.push("(").bind(range.value_to_bind(value)?).push(", ").bind(&after.id).push(")");
                }
                (Segment::Nulls | Segment::Whole, _, None) => {
                    sql.push(" AND id").push(range.comparison(after)).bind(&after.id);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What an index finds, from anywhere in the range's order and up to so many.
    pub(super) async fn heads_in_no_order(
        &self,
        source: &Source,
        range: &Range<'_>,
        most: u64,
    ) -> Result<Vec<Place>, Fault> {
        let mut sql = self.driven_by(source, range);
        sql.push(" LIMIT ").bind(signed(most));
        sql.all(self.tx).await?.iter().map(|row| range.place(row)).collect()
    }

    /// `SELECT … FROM … WHERE` of what an index finds.
    fn driven_by(&self, source: &Source, range: &Range<'_>) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT r.id");
        if let Some(name) = range.column.name() {
            sql.push(", r.").push(name);
        }
        source.push_from(&mut sql, self.scope, range.kind);
        sql
    }

    /// Of what an index finds, which is put in order here.
    async fn heads_driven(&self, source: &Source, range: &Range<'_>) -> Result<Vec<Place>, Fault> {
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
        sql.push("r.id").push(direction);
        sql.push(" LIMIT ").bind(signed(range.limit)).push(" OFFSET ").bind(signed(range.offset));
        sql.all(self.tx).await?.iter().map(|row| range.place(row)).collect()
    }

    /// How many there are, or `cap` when there are more.
    pub(super) async fn count(&self, source: &Source, kind: &Packed, cap: Option<u64>) -> Result<u64, Fault> {
        match source {
            Source::Nothing => return Ok(0),
            Source::All => {
                let statement = "SELECT sum(n)::bigint FROM kind_count WHERE scope = $1 AND kind = $2";
                let row = sql::first(self.tx, statement, &[&i64::from(self.scope.number()), kind]).await?;
                let n = row.map(|row| row.try_get::<_, Option<i64>>(0)).transpose()?.flatten();
                return Ok(unsigned(n.unwrap_or(0)));
            }
            _ => {}
        }
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM (");
        source.push_counted(&mut sql, self.scope, kind);
        sql.push(" LIMIT ").bind(cap.map_or(i64::MAX, signed)).push(") AS counted");
        Ok(unsigned(sql.number(self.tx).await?))
    }
}

/// The condition that a row comes after a place, in an order with nothing last.
fn push_after(sql: &mut Sql, range: &Range<'_>, after: &Place) -> Result<(), Fault> {
    let comparison = range.comparison(after);
    let Some(name) = range.column.name() else {
        // Nobody has a value: all are before those who have, or after.
        match (&after.value, range.descending) {
            (None, _) => drop(sql.push(" AND r.id").push(comparison).bind(&after.id)),
            (Some(_), false) => {}
            (Some(_), true) => drop(sql.push(" AND false")),
        }
        return Ok(());
    };
    match &after.value {
        Some(value) => {
            sql.push(" AND ((r.").push(name).push(", r.id)").push(comparison);
            sql.push("(").bind(range.value_to_bind(value)?).push(", ").bind(&after.id).push(")");
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
            sql.push("r.").push(name).push(" IS NULL AND r.id").push(comparison).bind(&after.id).push("))");
        }
    }
    Ok(())
}
