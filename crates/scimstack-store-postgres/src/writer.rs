//! One changeset, one transaction: begun, locked, committed; done again when it lost against another.

use crate::commit;
use crate::fault::Fault;
use crate::sql::{self, Transaction};
use deadpool_postgres::Pool;
use scimstack_store::{ChangeSet, FeedScope, Receipt, Scope, StoreError};

/// How often a transaction that lost against another is begun.
const ATTEMPTS: usize = 5;

/// The first half of the advisory locks on scopes; the second is the scope's number.
const LOCK: i32 = 0x5343_4d53;

pub(crate) async fn commit(pool: &Pool, scope: Scope, changes: &ChangeSet) -> Result<Receipt, StoreError> {
    let mut attempt = 1;
    loop {
        match Box::pin(once(pool, scope, changes)).await {
            Err(fault) if fault.is_passing() && attempt < ATTEMPTS => attempt += 1,
            done => return Ok(done?),
        }
    }
}

async fn once(pool: &Pool, scope: Scope, changes: &ChangeSet) -> Result<Receipt, Fault> {
    let mut client = pool.get().await?;
    let transaction = Transaction::new(client.transaction().await?, FeedScope::One(scope));
    sql::run(&transaction, "SELECT pg_advisory_xact_lock($1, $2)", &[&LOCK, &scope.number().cast_signed()]).await?;
    // Dropped on an error, the transaction is rolled back before the connection is used again.
    let receipt = commit::apply(&transaction, scope, changes).await?;
    transaction.commit().await.map_err(Fault::Commit)?;
    Ok(receipt)
}
