//! Statements: prepared once for each connection, built only from texts of our own with every value bound.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, Params, Row};

/// A statement from the connection's cache.
pub(crate) fn prepare<'c>(connection: &'c Connection, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
    #[cfg(test)]
    seen::note(sql);
    connection.prepare_cached(sql)
}

/// Runs a statement that returns nothing; how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    prepare(connection, sql)?.execute(params)
}

/// The first row.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let mut statement = prepare(connection, sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// All rows.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    prepare(connection, sql)?.query_map(params, read)?.collect()
}

/// A statement that is put together. Texts are `'static`, so no value can become part of one.
#[derive(Default)]
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
        self.text.push('?');
        self
    }

    /// The text so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// All rows.
    pub(crate) fn all<T>(
        &self,
        connection: &Connection,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        all(connection, &self.text, rusqlite::params_from_iter(&self.values), read)
    }

    /// Shows each row to `read`.
    pub(crate) fn each<E: From<rusqlite::Error>>(
        &self,
        connection: &Connection,
        mut read: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = prepare(connection, &self.text)?;
        let mut rows = statement.query(rusqlite::params_from_iter(&self.values))?;
        while let Some(row) = rows.next()? {
            read(row)?;
        }
        Ok(())
    }

    /// Runs a statement that returns nothing.
    pub(crate) fn run(&self, connection: &Connection) -> rusqlite::Result<usize> {
        run(connection, &self.text, rusqlite::params_from_iter(&self.values))
    }

    /// The number a statement with one row of one column returns.
    pub(crate) fn number(&self, connection: &Connection) -> rusqlite::Result<i64> {
        prepare(connection, &self.text)?.query_row(rusqlite::params_from_iter(&self.values), |row| row.get(0))
    }
}

/// A count as SQLite keeps it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count as SQLite kept it.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Which statements ran: so that tests can look at the plan of each, and count.
#[cfg(test)]
pub(crate) mod seen {
    use std::cell::Cell;
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    static TEXTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    thread_local! {
        static RUN: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn note(sql: &str) {
        RUN.set(RUN.get() + 1);
        let mut texts = TEXTS.lock().unwrap();
        if !texts.contains(sql) {
            texts.insert(sql.to_owned());
        }
    }

    /// Every text that any test has run so far.
    pub(crate) fn texts() -> Vec<String> {
        TEXTS.lock().unwrap().iter().cloned().collect()
    }

    /// How many statements this thread has run.
    pub(crate) fn run_here() -> u64 {
        RUN.get()
    }
}
