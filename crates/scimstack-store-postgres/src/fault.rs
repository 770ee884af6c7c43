//! What goes wrong inside, and what the contract calls it: SQLSTATE codes and lost connections become [`StoreError`] here
//! and nowhere else.

use crate::sql::Strayed;
use deadpool_postgres::PoolError;
use scimstack_store::StoreError;
use scimstack_store::plan::OverBudget;
use tokio_postgres::error::SqlState;

/// Why an operation stopped: refused by the contract's rules, or failed by PostgreSQL.
#[derive(Debug)]
pub(crate) enum Fault {
    Refused(StoreError),
    Postgres(tokio_postgres::Error),
    /// The `COMMIT` itself failed.
    Commit(tokio_postgres::Error),
    /// One of the operations that were done together is refused, and it has to be found out which.
    Apart,
    /// More is to be looked at than a brief read may.
    TakesLong,
}

impl Fault {
    /// Whether the transaction may succeed when it is done again: it lost against another.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Postgres(error) | Self::Commit(error) => error.code().is_some_and(|code| {
                [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
            }),
            Self::Refused(_) | Self::Apart | Self::TakesLong => false,
        }
    }

    /// Whether the connection went away, or leads to a server that has become a standby, before a commit was asked for:
    /// nothing was done, and another connection may do it.
    pub(crate) fn is_of_connection(&self) -> bool {
        match self {
            Self::Postgres(error) => is_gone(error),
            Self::Commit(_) | Self::Refused(_) | Self::Apart | Self::TakesLong => false,
        }
    }

    /// Whether the server may have committed without being able to say so.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self, Self::Commit(error) if is_lost(error))
    }

    /// Whether it says nothing about what was asked: only that the server could not be asked.
    pub(crate) fn is_no_answer(&self) -> bool {
        match self {
            Self::Refused(error) => matches!(error, StoreError::Unavailable(_)),
            Self::Apart | Self::TakesLong => false,
            Self::Postgres(error) | Self::Commit(error) => is_outage(error) || is_lost(error),
        }
    }
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
            // Whoever reads briefly asks for it first.
            Fault::TakesLong => Self::Internal("a read that takes long was not begun anew".into()),
            Fault::Apart => Self::Internal("operations that could not be done together or apart".into()),
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

/// Whether another connection may do what this one could not.
fn is_gone(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        None => error.is_closed() || is_io(error),
        Some(code) => is_gone_code(code.code()),
    }
}

/// 57P01 to 57P03: the server goes down, went down, or starts. 57P05 and 25P03: it ended a connection that did nothing for
/// long. 25006: it has become a standby.
fn is_gone_code(code: &str) -> bool {
    code.starts_with("08") || ["57P01", "57P02", "57P03", "57P05", "25P03", "25006"].contains(&code)
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
    // 55P03: a lock was not to be had.
    classes.iter().any(|class| code.starts_with(class)) || code == "55P03" || is_gone_code(code)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
}

/// What statements came to that were sent together. When one fails, the server refuses those after it because of that; then
/// the error is that of the one.
pub(crate) fn all_of<A, B, C>(
    results: (Result<A, Fault>, Result<B, Fault>, Result<C, Fault>),
) -> Result<(A, B, C), Fault> {
    let is_aftermath = |fault: &Fault| matches!(fault, Fault::Postgres(error) if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
    match results {
        (Err(fault), _, _) | (_, Err(fault), _) | (_, _, Err(fault)) if !is_aftermath(&fault) => Err(fault),
        (one, other, third) => Ok((one?, other?, third?)),
    }
}

/// As [`all_of`].
pub(crate) fn both_of<A, B>((one, other): (Result<A, Fault>, Result<B, Fault>)) -> Result<(A, B), Fault> {
    let (one, other, ()) = all_of((one, other, Ok(())))?;
    Ok((one, other))
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
        for code in ["08006", "57P01", "57P05", "25P03", "25006"] {
            assert!(is_gone_code(code), "{code}");
        }
        // The connection is as good as before.
        for code in ["53100", "57014", "40001", "23505"] {
            assert!(!is_gone_code(code), "{code}");
        }
        for code in ["23505", "42P01", "22021", "XX001", "25P02"] {
            assert!(!is_outage_code(code), "{code}");
        }
    }
}
