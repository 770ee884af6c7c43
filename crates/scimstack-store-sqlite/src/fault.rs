//! What goes wrong inside, and what the contract calls it: SQLite's result codes become [`StoreError`] here and nowhere
//! else.

use rusqlite::ErrorCode;
use scimstack_store::StoreError;
use scimstack_store::plan::OverBudget;
use std::sync::Arc;

/// Why an operation stopped: refused by the contract's rules, or failed by SQLite.
#[derive(Debug)]
pub(crate) enum Fault {
    Refused(StoreError),
    Sqlite(rusqlite::Error),
    /// More is to be looked at than on the caller's thread.
    TakesLong,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<OverBudget> for Fault {
    fn from(over: OverBudget) -> Self {
        match over {
            OverBudget::Refused(error) => Self::Refused(error),
            OverBudget::TakesLong => Self::TakesLong,
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(error) => error,
            Fault::Sqlite(error) => Cause::new(error).into_error(),
            // Whoever reads briefly asks for it first.
            Fault::TakesLong => Stopped("a read that takes long was not handed on").into(),
        }
    }
}

/// The file holds what this store never writes.
#[derive(Debug, thiserror::Error)]
#[error("the database holds {0}")]
pub(crate) struct Damaged(pub(crate) &'static str);

impl From<Damaged> for Fault {
    fn from(damaged: Damaged) -> Self {
        Self::Refused(StoreError::Internal(Box::new(damaged)))
    }
}

/// The writer is gone, or stumbled.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Stopped(pub(crate) &'static str);

impl From<Stopped> for StoreError {
    fn from(stopped: Stopped) -> Self {
        Self::Unavailable(Box::new(stopped))
    }
}

/// An error of SQLite that several callers are told.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Cause(Arc<rusqlite::Error>);

impl Cause {
    pub(crate) fn new(error: rusqlite::Error) -> Self {
        Self(Arc::new(error))
    }

    /// As an error of a call that changed nothing.
    pub(crate) fn into_error(self) -> StoreError {
        match self.0.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted,
            ) => StoreError::Unavailable(Box::new(self)),
            _ => StoreError::Internal(Box::new(self)),
        }
    }

    /// As the error of a `COMMIT`: one that failed while writing may yet turn out to be done, when the log is read again.
    pub(crate) fn into_commit_error(self) -> StoreError {
        match self.0.sqlite_error_code() {
            Some(ErrorCode::SystemIoFailure) => StoreError::InDoubt(Box::new(self)),
            _ => self.into_error(),
        }
    }
}

/// Whether a statement was refused because a value is taken.
pub(crate) fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        matches!(
            error.extended_code,
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> Cause {
        Cause::new(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
    }

    #[test]
    fn what_may_pass_is_unavailable_and_what_is_broken_is_internal() {
        use rusqlite::ffi;
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_FULL, ffi::SQLITE_READONLY, ffi::SQLITE_IOERR, ffi::SQLITE_CANTOPEN]
        {
            assert!(matches!(failure(code).into_error(), StoreError::Unavailable(_)), "{code}");
        }
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_MISUSE, ffi::SQLITE_CONSTRAINT] {
            assert!(matches!(failure(code).into_error(), StoreError::Internal(_)), "{code}");
        }
    }

    #[test]
    fn only_a_failed_write_of_the_commit_itself_is_in_doubt() {
        use rusqlite::ffi;
        assert!(matches!(failure(ffi::SQLITE_IOERR_FSYNC).into_commit_error(), StoreError::InDoubt(_)));
        assert!(matches!(failure(ffi::SQLITE_FULL).into_commit_error(), StoreError::Unavailable(_)));
        assert!(matches!(failure(ffi::SQLITE_CORRUPT).into_commit_error(), StoreError::Internal(_)));
    }
}
