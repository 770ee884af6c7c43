//! The connections that read. A read runs on its caller's thread, because handing it to another takes longer than most
//! reads do.

use crate::fault::Fault;
use crate::open::Location;
use crate::sql;
use rusqlite::Connection;
use scimstack_store::StoreError;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Connections that read.
pub(crate) enum Readers {
    /// Of a file: several at once.
    File(Pool),
    /// In memory: the one connection there is, which also writes.
    Memory(Arc<Mutex<Connection>>),
}

/// At most so many connections, opened when they are first needed.
pub(crate) struct Pool {
    location: Location,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Connection>,
    open: usize,
}

impl Readers {
    pub(crate) fn of_file(location: Location) -> Self {
        Self::File(Pool { location, state: Mutex::default(), returned: Condvar::new() })
    }

    /// Lends a connection.
    pub(crate) fn borrow<T, E: From<rusqlite::Error>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::File(pool) => pool.borrow(read),
            Self::Memory(connection) => {
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                // What a reader that panicked left open.
                if !connection.is_autocommit() {
                    sql::run(&connection, "ROLLBACK", [])?;
                }
                read(&connection)
            }
        }
    }

    /// Runs one statement, or several that need not see the same state.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        self.borrow(read).map_err(StoreError::from)
    }

    /// Runs several statements that see the same state.
    pub(crate) fn snapshot<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        self.with(|connection| snapshot(connection, read))
    }
}

/// Runs several statements that see the same state.
pub(crate) fn snapshot<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    sql::run(connection, "BEGIN", [])?;
    let result = read(connection);
    // Some errors end the transaction by themselves; nothing was written that could be lost.
    if !connection.is_autocommit() {
        sql::run(connection, "COMMIT", [])?;
    }
    result
}

impl Pool {
    fn borrow<T, E: From<rusqlite::Error>>(&self, read: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let mut place = self.take();
        let connection = match place.idle.take() {
            Some(connection) => connection,
            None => self.location.reader()?,
        };
        let result = read(&connection);
        // After a panic it does not get here: the connection is closed then, whatever state it was in.
        place.idle = Some(connection);
        result
    }

    /// Waits for one of the places.
    fn take(&self) -> Place<'_> {
        let mut state = self.state();
        while state.idle.is_empty() && state.open >= self.location.readers() {
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let idle = state.idle.pop();
        state.open += usize::from(idle.is_none());
        Place { pool: self, idle }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one connection, given back when dropped.
struct Place<'p> {
    pool: &'p Pool,
    idle: Option<Connection>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        match self.idle.take() {
            Some(connection) => state.idle.push(connection),
            None => state.open = state.open.saturating_sub(1),
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
