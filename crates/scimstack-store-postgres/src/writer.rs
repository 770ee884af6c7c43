//! One changeset, one transaction: begun, locked, committed. It is begun again when it lost against another, and when its
//! connection was lost before the commit was asked for. When the answer to the commit was lost, only an idempotency key
//! makes it safe to ask again: with one, the next transaction finds what the lost one did, or does it.

use crate::commit;
use crate::fault::Fault;
use crate::sql::{self, Transaction};
use deadpool_postgres::{Client, Pool};
use scimstack_store::{ChangeSet, FeedScope, Receipt, Scope, StoreError};
use std::time::Duration;

/// How often a transaction is begun.
const ATTEMPTS: u32 = 5;

/// How long the second attempt waits; each further one four times as long: 850 milliseconds for all.
const PAUSE: Duration = Duration::from_millis(10);

/// The first half of the advisory locks on scopes; the second is the scope's number.
const LOCK: i32 = 0x5343_4d53;

pub(crate) async fn commit(pool: &Pool, scope: Scope, changes: &ChangeSet) -> Result<Receipt, StoreError> {
    let mut doubt: Option<Fault> = None;
    let (mut attempt, mut pause) = (1, PAUSE);
    loop {
        let fault = match Box::pin(once(pool, scope, changes)).await {
            Ok(receipt) => return Ok(receipt),
            Err(fault) => fault,
        };
        let is_safe = match fault.is_in_doubt() {
            true => changes.idempotency_key.is_some(),
            // The server that was there a moment ago is given time to come back.
            false => fault.is_passing() || fault.is_of_connection() || attempt > 1 && fault.is_no_answer(),
        };
        if !is_safe || attempt == ATTEMPTS {
            return Err(match doubt {
                // That it cannot be reached now does not say what became of the commit before.
                Some(doubt) if fault.is_no_answer() => doubt.into(),
                _ => fault.into(),
            });
        }
        if fault.is_in_doubt() {
            doubt = Some(fault);
        }
        tokio::time::sleep(pause).await;
        attempt += 1;
        pause *= 4;
    }
}

async fn once(pool: &Pool, scope: Scope, changes: &ChangeSet) -> Result<Receipt, Fault> {
    let mut client = pool.get().await?;
    let done = transact(&mut client, scope, changes).await;
    if done.as_ref().is_err_and(Fault::is_of_connection) {
        discard(client);
    }
    done
}

async fn transact(client: &mut Client, scope: Scope, changes: &ChangeSet) -> Result<Receipt, Fault> {
    let transaction = Transaction::new(client.transaction().await?, FeedScope::One(scope));
    sql::run(&transaction, "SELECT pg_advisory_xact_lock($1, $2)", &[&LOCK, &scope.number().cast_signed()]).await?;
    // Dropped on an error, the transaction is rolled back before the connection is used again.
    let receipt = commit::apply(&transaction, scope, changes).await?;
    transaction.commit().await.map_err(Fault::Commit)?;
    Ok(receipt)
}

/// Takes a connection out of the pool, which makes another when it needs one.
pub(crate) fn discard(client: Client) {
    drop(Client::take(client));
}
