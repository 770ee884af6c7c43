//! Statements: prepared once for each connection, built only from texts of our own with every value bound, and all of
//! them to the scope of their transaction.
//!
//! [`Transaction`] is the only way to the tables after the migrations; [`Writing`] begins and ends one that writes. What it
//! runs has passed [`crate::tenancy`], and binds the very scope that the transaction was begun for; anything else fails
//! before it is sent.

use crate::fault::Fault;
use crate::tenancy::{OVER_ALL_SCOPES, Reach, reach};
use crate::text::Packed;
use deadpool_postgres::Client;
use futures_util::future;
use scimstack_store::{FeedScope, Scope};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::task::Poll;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, Statement};

/// What a statement is run with.
pub(crate) type Params<'p> = &'p [&'p (dyn ToSql + Sync)];

/// A transaction of one scope, or of the feed of all.
pub(crate) struct Transaction<'t> {
    inner: Inner<'t>,
    scope: FeedScope,
}

enum Inner<'t> {
    Begun(deadpool_postgres::Transaction<'t>),
    /// None: each statement is one.
    Each(&'t Client),
}

impl Inner<'_> {
    async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        match self {
            Self::Begun(transaction) => transaction.prepare_cached(sql).await,
            Self::Each(client) => client.prepare_cached(sql).await,
        }
    }
}

/// A statement that would leave its tenant. It is a fault of this crate, and was not run.
#[derive(Debug, thiserror::Error)]
#[error("a statement was not run, because it is not held to its tenant: {reason}; the statement: {statement}")]
pub(crate) struct Strayed {
    statement: String,
    reason: String,
}

/// The statements that passed. There are some hundred texts; values never are in one.
static CHECKED: LazyLock<RwLock<HashMap<String, Arc<Reach>>>> = LazyLock::new(RwLock::default);

impl<'t> Transaction<'t> {
    pub(crate) fn new(inner: deadpool_postgres::Transaction<'t>, scope: FeedScope) -> Self {
        Self { inner: Inner::Begun(inner), scope }
    }

    /// For one statement, or several that need not see the same state.
    pub(crate) fn none(client: &'t Client, scope: FeedScope) -> Self {
        Self { inner: Inner::Each(client), scope }
    }

    /// Refuses a statement that is not held to the scope.
    fn check(&self, sql: &str, params: Params<'_>) -> Result<(), Strayed> {
        let strayed = |reason: String| Strayed { statement: sql.to_owned(), reason };
        let known = CHECKED.read().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        let reach = match known {
            Some(known) => known,
            None => {
                let reach = reach(sql).map_err(|violation| strayed(violation.to_string()))?;
                let is_free = |table: &&&str| OVER_ALL_SCOPES.iter().any(|(free, _)| *free == **table);
                if let Some(table) = reach.unbound.iter().find(|table| !is_free(table)) {
                    return Err(strayed(format!("nothing binds the scope of {table}")));
                }
                let mut checked = CHECKED.write().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(checked.entry(sql.to_owned()).or_insert_with(|| Arc::new(reach)))
            }
        };
        if let FeedScope::One(scope) = self.scope {
            if let Some(table) = reach.unbound.first() {
                return Err(strayed(format!("nothing binds the scope of {table}")));
            }
            let own = i64::from(scope.number()).to_be_bytes();
            let is_own = |at: &usize| {
                let mut bytes = BytesMut::with_capacity(own.len());
                params.get(*at).is_some_and(|value| value.to_sql_checked(&Type::INT8, &mut bytes).is_ok())
                    && *bytes == own
            };
            if let Some(at) = reach.bound.iter().find(|at| !is_own(at)) {
                return Err(strayed(format!("${} is not the scope of the transaction", at + 1)));
            }
        }
        Ok(())
    }
}

/// The first half of the advisory locks on scopes; the second is the scope's number.
const LOCK: i32 = 0x5343_4d53;

/// A transaction that writes, with the lock on its scope, once it is begun. A connection that it was not ended on is not used
/// again.
pub(crate) struct Writing {
    client: Option<Client>,
    scope: Scope,
}

impl Writing {
    pub(crate) fn new(client: Client, scope: Scope) -> Self {
        Self { client: Some(client), scope }
    }

    /// Begins, and waits for the lock: one message, so that nothing is read before, whatever is sent behind it. Statements
    /// that bring many rows are planned once, as others are: with the values at hand PostgreSQL would find that fewer rows
    /// than it expects are cheaper, and plan anew each time, which takes longer than what is planned. All of them go by an
    /// index, also those that are planned while a table is empty.
    pub(crate) async fn begin(&self) -> Result<(), Error> {
        let number = self.scope.number().cast_signed();
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL plan_cache_mode = force_generic_plan; \
             SET LOCAL enable_seqscan = off; SELECT pg_advisory_xact_lock({LOCK}, {number})"
        );
        self.simply(&begin).await
    }

    async fn simply(&self, sql: &str) -> Result<(), Error> {
        match &self.client {
            Some(client) => client.batch_execute(sql).await,
            None => Ok(()),
        }
    }

    /// What statements are run in.
    pub(crate) fn transaction(&self) -> Option<Transaction<'_>> {
        Some(Transaction::none(self.client.as_ref()?, FeedScope::One(self.scope)))
    }

    pub(crate) async fn commit(&self) -> Result<(), Error> {
        self.simply("COMMIT").await
    }

    /// Gives the connection back to the pool.
    pub(crate) fn back(mut self) {
        drop(self.client.take());
    }

    /// Sends the last statements of the transaction and the `COMMIT` behind them, without waiting in between. PostgreSQL
    /// runs them in this order, and rolls back instead of committing when one of them fails; then that is what comes back.
    pub(crate) async fn commit_behind(&self, messages: &[Message<'_>]) -> Result<(), Fault> {
        let (Some(client), Some(transaction)) = (&self.client, self.transaction()) else { return Ok(()) };
        let params: Vec<Vec<&(dyn ToSql + Sync)>> = messages.iter().map(Message::params).collect();
        // Whatever has to be waited for comes first. After that the first poll of a statement sends it.
        let mut statements = Vec::with_capacity(messages.len());
        for (message, params) in messages.iter().zip(&params) {
            transaction.check(message.sql, params)?;
            statements.push(transaction.inner.prepared(message.sql).await?);
        }
        let sent = statements.iter().zip(&params).map(|(statement, params)| client.query(statement, params));
        let mut sent = pin!(try_join_in_order(sent.collect()));
        match poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await {
            // One that cannot be sent, when nothing may be committed.
            Poll::Ready(Err(error)) => return Err(error.into()),
            Poll::Ready(Ok(())) => return self.commit().await.map_err(Fault::Commit),
            Poll::Pending => {}
        }
        match future::join(sent, self.commit()).await {
            (Ok(()), committed) => committed.map_err(Fault::Commit),
            (Err(error), _) => Err(match error.code() {
                // The answer to a statement that failed comes before that to the COMMIT, which then was none.
                Some(code) if *code == SqlState::UNIQUE_VIOLATION => Fault::Apart,
                Some(_) => Fault::Postgres(error),
                // The connection is gone, and what it did is not known.
                None => Fault::Commit(error),
            }),
        }
    }

    pub(crate) async fn roll_back(mut self) {
        if self.simply("ROLLBACK").await.is_ok() {
            drop(self.client.take());
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            discard(client);
        }
    }
}

/// Takes a connection out of the pool, which makes another when it needs one.
pub(crate) fn discard(client: Client) {
    drop(Client::take(client));
}

/// The statements that were run in this process.
#[cfg(test)]
pub(crate) fn catalogue() -> Vec<(String, Arc<Reach>)> {
    let checked = CHECKED.read().unwrap();
    checked.iter().map(|(sql, reach)| (sql.clone(), Arc::clone(reach))).collect()
}

/// Runs a statement that returns nothing; how many rows it changed.
pub(crate) async fn run(tx: &Transaction<'_>, sql: &str, params: Params<'_>) -> Result<u64, Fault> {
    tx.check(sql, params)?;
    let statement = tx.inner.prepared(sql).await?;
    Ok(match &tx.inner {
        Inner::Begun(transaction) => transaction.execute(&statement, params).await?,
        Inner::Each(client) => client.execute(&statement, params).await?,
    })
}

/// The first row.
pub(crate) async fn first(tx: &Transaction<'_>, sql: &str, params: Params<'_>) -> Result<Option<Row>, Fault> {
    Ok(all(tx, sql, params).await?.into_iter().next())
}

/// All rows.
pub(crate) async fn all(tx: &Transaction<'_>, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Fault> {
    tx.check(sql, params)?;
    let statement = tx.inner.prepared(sql).await?;
    Ok(match &tx.inner {
        Inner::Begun(transaction) => transaction.query(&statement, params).await?,
        Inner::Each(client) => client.query(&statement, params).await?,
    })
}

/// Waits for all, each polled in order; or for the first in order that fails.
async fn try_join_in_order<F: Future<Output = Result<Vec<Row>, Error>>>(all: Vec<F>) -> Result<(), Error> {
    let mut all: Vec<Option<Pin<Box<F>>>> = all.into_iter().map(|one| Some(Box::pin(one))).collect();
    poll_fn(|cx| {
        let mut is_done = true;
        for one in &mut all {
            let Some(future) = one else { continue };
            match future.as_mut().poll(cx) {
                Poll::Ready(Ok(_)) => *one = None,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => is_done = false,
            }
        }
        if is_done { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}

/// A statement with its values.
pub(crate) struct Message<'m> {
    sql: &'static str,
    values: Vec<Box<dyn ToSql + Sync + Send + 'm>>,
}

impl<'m> Message<'m> {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self { sql, values: Vec::new() }
    }

    pub(crate) fn bind(mut self, value: impl ToSql + Sync + Send + 'm) -> Self {
        self.values.push(Box::new(value));
        self
    }

    fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
    }

    /// All rows.
    pub(crate) async fn all(&self, tx: &Transaction<'_>) -> Result<Vec<Row>, Fault> {
        all(tx, self.sql, &self.params()).await
    }
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
    pub(crate) async fn all(&self, tx: &Transaction<'_>) -> Result<Vec<Row>, Fault> {
        let params: Vec<&(dyn ToSql + Sync)> = self.values.iter().map(Value::as_sql).collect();
        all(tx, &self.text, &params).await
    }

    /// The number a statement with one row of one column returns.
    pub(crate) async fn number(&self, tx: &Transaction<'_>) -> Result<i64, Fault> {
        match self.all(tx).await?.first() {
            Some(row) => Ok(row.try_get(0)?),
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
