//! Statements: prepared once for each connection, built only from texts of our own with every value bound.

use crate::text::Packed;
use deadpool_postgres::Transaction;
use std::fmt::Write as _;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

/// What a statement is run with.
pub(crate) type Params<'p> = &'p [&'p (dyn ToSql + Sync)];

/// Runs a statement that returns nothing; how many rows it changed.
pub(crate) async fn run(tx: &Transaction<'_>, sql: &str, params: Params<'_>) -> Result<u64, Error> {
    let statement = tx.prepare_cached(sql).await?;
    tx.execute(&statement, params).await
}

/// The first row.
pub(crate) async fn first(tx: &Transaction<'_>, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
    Ok(all(tx, sql, params).await?.into_iter().next())
}

/// All rows.
pub(crate) async fn all(tx: &Transaction<'_>, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
    let statement = tx.prepare_cached(sql).await?;
    tx.query(&statement, params).await
}

/// A value to bind.
#[derive(Debug)]
pub(crate) enum Value {
    Number(i64),
    Flag(bool),
    Text(Packed),
    Texts(Vec<Packed>),
    /// A transaction's number, in digits.
    Digits(String),
}

impl Value {
    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Number(number) => number,
            Self::Flag(flag) => flag,
            Self::Text(text) => text,
            Self::Texts(texts) => texts,
            Self::Digits(digits) => digits,
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Packed> for Value {
    fn from(text: Packed) -> Self {
        Self::Text(text)
    }
}

impl From<&Packed> for Value {
    fn from(text: &Packed) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&[Packed]> for Value {
    fn from(texts: &[Packed]) -> Self {
        Self::Texts(texts.to_vec())
    }
}

/// A statement that is put together. Texts are `'static`, so no value can become part of one.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    /// Appends a text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a placeholder for a value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        // Writing to a string does not fail.
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// All rows.
    pub(crate) async fn all(&self, tx: &Transaction<'_>) -> Result<Vec<Row>, Error> {
        let params: Vec<&(dyn ToSql + Sync)> = self.values.iter().map(Value::as_sql).collect();
        all(tx, &self.text, &params).await
    }

    /// The number a statement with one row of one column returns.
    pub(crate) async fn number(&self, tx: &Transaction<'_>) -> Result<i64, Error> {
        match self.all(tx).await?.first() {
            Some(row) => row.try_get(0),
            None => Ok(0),
        }
    }
}

/// A count as PostgreSQL keeps it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as PostgreSQL kept it.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
