//! What goes wrong inside, and what the contract calls it: SQLSTATE codes and lost connections become [`StoreError`] here
//! and nowhere else.

use crate::sql::Strayed;
use deadpool_postgres::PoolError;
use scimstack_store::StoreError;
use tokio_postgres::error::SqlState;

/// Why an operation stopped: refused by the contract's rules, or failed by PostgreSQL.
#[derive(Debug)]
pub(crate) enum Fault {
    Refused(StoreError),
    Postgres(tokio_postgres::Error),
    /// The `COMMIT` itself failed.
    Commit(tokio_postgres::Error),
}

impl Fault {
    /// Whether the transaction may succeed when it is done again: it lost against another.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Postgres(error) | Self::Commit(error) => error.code().is_some_and(|code| {
                [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
            }),
            Self::Refused(_) => false,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            // The server refused or is not there: before anything was done, all the same to who asks.
            PoolError::Backend(error) => Self::Refused(StoreError::Unavailable(Box::new(error))),
            other => Self::Refused(StoreError::Unavailable(Box::new(other))),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(error) => error,
            Fault::Postgres(error) if is_outage(&error) => Self::Unavailable(Box::new(error)),
            Fault::Commit(error) if is_lost(&error) => Self::InDoubt(Box::new(error)),
            Fault::Commit(error) if is_outage(&error) => Self::Unavailable(Box::new(error)),
            Fault::Postgres(error) | Fault::Commit(error) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<Strayed> for Fault {
    fn from(strayed: Strayed) -> Self {
        Self::Refused(StoreError::Internal(Box::new(strayed)))
    }
}

/// The database holds what this store never writes.
#[derive(Debug, thiserror::Error)]
#[error("the database holds {0}")]
pub(crate) struct Damaged(pub(crate) &'static str);

impl From<Damaged> for Fault {
    fn from(damaged: Damaged) -> Self {
        Self::Refused(StoreError::Internal(Box::new(damaged)))
    }
}

/// Whether the server may not have been able to say how it ended. A server that shuts down says so to who waits for a
/// `COMMIT`, too.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        None => true,
        Some(code) => code.code().starts_with("08") || code.code().starts_with("57P"),
    }
}

/// Whether it may be better later: the connection is gone, resources are short, the server goes down or only reads.
fn is_outage(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        None => error.is_closed() || is_io(error),
        Some(code) => is_outage_code(code.code()),
    }
}

fn is_outage_code(code: &str) -> bool {
    let classes = ["08", "40", "53", "57", "58"];
    // 25006: the server has become a standby. 55P03: a lock was not to be had.
    classes.iter().any(|class| code.starts_with(class)) || ["25006", "55P03"].contains(&code)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
}

/// Whether a statement was refused because a value is taken.
pub(crate) fn is_taken(fault: &Fault) -> bool {
    matches!(fault, Fault::Postgres(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_an_outage_and_what_is_broken_is_not() {
        for code in ["08006", "40001", "40P01", "53100", "53300", "57P01", "57P03", "25006"] {
            assert!(is_outage_code(code), "{code}");
        }
        for code in ["23505", "42P01", "22021", "XX001", "25P02"] {
            assert!(!is_outage_code(code), "{code}");
        }
    }
}
