//! Matches without their documents: row, id and sort key, in order, from covering indexes where there is one. Documents
//! are fetched by the same statement where it is certain that they are of the page, else later.

use super::Reading;
use super::order::{Column, Place, instant_key, instant_of};
use super::source::Source;
use crate::fault::Fault;
use crate::read::{COLUMNS, columns, stored};
use crate::sql::{self, Sql, Value, signed, unsigned};
use crate::text::Packed;
use scimstack_store::{Kind, StoreError, Stored, Want};
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
    /// What to bring along of each record.
    pub(super) want: Option<Want>,
}

/// A match: its place, and its record when that was brought along.
pub(super) struct Head {
    pub(super) place: Place,
    pub(super) stored: Option<Box<Stored>>,
}

impl From<Place> for Head {
    fn from(place: Place) -> Self {
        Self { place, stored: None }
    }
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

    /// `ORDER BY` of all stretches, by the columns of a table.
    fn push_order_of(&self, sql: &mut Sql, table: &'static str) {
        let direction = if self.descending { " DESC" } else { "" };
        sql.push(" ORDER BY ");
        if let Some(name) = self.column.name() {
            if !self.column.is_instant() {
                sql.push(table).push(name).push(" IS NULL").push(direction).push(", ");
            }
            sql.push(table).push(name).push(direction).push(", ");
        }
        sql.push(table).push("id").push(direction);
    }

    fn value_to_bind(&self, value: &Packed) -> Result<Value, StoreError> {
        match self.column.is_instant() {
            true => instant_of(value).map(Value::from).ok_or(StoreError::BadCursor),
            false => Ok(value.into()),
        }
    }

    /// The place of a row with the id first, and the sort key, if there is one, at `at`.
    fn place(&self, row: &Row, at: usize) -> Result<Place, Fault> {
        let value = match self.column.name() {
            Some(_) if self.column.is_instant() => Some(instant_key(row.try_get(at)?)),
            Some(_) => row.try_get(at)?,
            None => None,
        };
        Ok(Place { value, id: row.try_get(0)?, kind: self.kind.clone() })
    }

    /// The head of a row of places.
    fn head(&self, row: &Row) -> Result<Head, Fault> {
        Ok(self.place(row, 1)?.into())
    }

    /// The heads of rows of a statement that brings records along, when they are wanted.
    fn heads(&self, rows: &[Row]) -> Result<Vec<Head>, Fault> {
        if self.want.is_none() {
            return rows.iter().map(|row| self.head(row)).collect();
        }
        let kind = Kind::new(&*self.kind.open());
        let with_record = |row: &Row| {
            let record = Box::new(stored(row, &kind)?);
            Ok(Head { place: self.place(row, COLUMNS)?, stored: Some(record) })
        };
        rows.iter().map(with_record).collect()
    }

    /// `SELECT …` of what [`Range::heads`] reads of `resource`; of the record `r`, where there are other tables.
    fn push_wanted(&self, sql: &mut Sql, of_r: bool) {
        let table = if of_r { "r." } else { "" };
        match self.want {
            Some(want) => {
                sql.push("SELECT ").push(columns(want, of_r));
                if let Some(name) = self.column.name() {
                    sql.push(", ").push(table).push(name);
                }
            }
            None => self.push_place(sql, table),
        }
    }

    /// `SELECT …` of id and sort key.
    pub(super) fn push_place(&self, sql: &mut Sql, table: &'static str) {
        sql.push("SELECT ").push(table).push("id");
        if let Some(name) = self.column.name() {
            sql.push(", ").push(table).push(name);
        }
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
    pub(super) async fn heads(&self, source: &Source, range: &Range<'_>) -> Result<Vec<Head>, Fault> {
        match source {
            Source::Nothing => Ok(Vec::new()),
            Source::All => self.heads_of_all(range).await,
            _ => self.heads_driven(source, range).await,
        }
    }

    async fn heads_of_all(&self, range: &Range<'_>) -> Result<Vec<Head>, Fault> {
        let mut heads = Vec::new();
        let mut offset = range.offset;
        let segments = range.segments();
        for (at, segment) in segments.iter().enumerate() {
            let left = range.limit - heads.len() as u64;
            // What is passed over is passed over in the index.
            let is_within = range.want.is_some() && offset > 0;
            let mut sql = Sql::default();
            if is_within {
                range.push_wanted(&mut sql, true);
                sql.push(" FROM (");
            }
            match is_within {
                true => range.push_place(&mut sql, ""),
                false => range.push_wanted(&mut sql, false),
            }
            self.segment(&mut sql, *segment, range)?;
            range.push_order(&mut sql, *segment);
            sql.push(" LIMIT ").bind(signed(left)).push(" OFFSET ").bind(signed(offset));
            if is_within {
                self.push_records_of_heads(&mut sql, range);
            }
            let rows = sql.all(self.tx).await?;
            if !rows.is_empty() {
                offset = 0;
            } else if offset > 0 && at + 1 < segments.len() {
                let mut sql = Sql::default();
                sql.push("SELECT count(*)");
                self.segment(&mut sql, *segment, range)?;
                offset = offset.saturating_sub(unsigned(sql.number(self.tx).await?));
            }
            heads.extend(range.heads(&rows)?);
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
    ) -> Result<Vec<Head>, Fault> {
        let mut sql = Sql::default();
        range.push_place(&mut sql, "r.");
        source.push_from(&mut sql, self.scope, range.kind);
        sql.push(" LIMIT ").bind(signed(most));
        sql.all(self.tx).await?.iter().map(|row| range.head(row)).collect()
    }

    /// The end of a statement `SELECT … FROM (…`: the records of the places that are selected in the parentheses, each
    /// looked for by itself, in order.
    pub(super) fn push_records_of_heads(&self, sql: &mut Sql, range: &Range<'_>) {
        sql.push(") AS h CROSS JOIN LATERAL (SELECT l.* FROM resource l WHERE l.scope = ");
        sql.bind(i64::from(self.scope.number())).push(" AND l.kind = ").bind(range.kind);
        sql.push(" AND l.id = h.id OFFSET 0) AS r");
        range.push_order_of(sql, "h.");
    }

    /// Of what an index finds, which is put in order here.
    async fn heads_driven(&self, source: &Source, range: &Range<'_>) -> Result<Vec<Head>, Fault> {
        let mut sql = Sql::default();
        if range.want.is_some() {
            range.push_wanted(&mut sql, true);
            sql.push(" FROM (");
        }
        range.push_place(&mut sql, "r.");
        source.push_from(&mut sql, self.scope, range.kind);
        if let Some(after) = range.after {
            push_after(&mut sql, range, after)?;
        }
        range.push_order_of(&mut sql, "r.");
        sql.push(" LIMIT ").bind(signed(range.limit)).push(" OFFSET ").bind(signed(range.offset));
        if range.want.is_some() {
            self.push_records_of_heads(&mut sql, range);
        }
        range.heads(&sql.all(self.tx).await?)
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
