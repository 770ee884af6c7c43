//! What is too old is removed: changes, which are the provisioning log, the history and delivered notifications, after a
//! number of days, and idempotency keys after one. While the server runs, once an hour, a little at a time.

use crate::clock::System;
use crate::error::Error;
use scimstack_schema::Timestamp;
use scimstack_server::{Admin, Environment as _};
use scimstack_store::{Actor, ChangeSet, Op, Prune, Scope, Store};
use std::time::Duration;
use tokio::sync::watch;

/// Changes are kept for so many days when nothing else is said.
pub const DAYS: u32 = 365;

/// How long a request may be sent again under its idempotency key.
const KEY_SECONDS: i64 = 24 * 60 * 60;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// So much is removed by one commit, so that others do not wait long.
const AT_ONCE: u32 = 1_000;

/// Prunes now and then until the server stops. With 0 `days` every change is kept.
pub(crate) async fn keep_pruned(
    admin: Admin,
    store: std::sync::Arc<dyn Store>,
    days: u32,
    stop: watch::Receiver<bool>,
) {
    let mut stop = stop;
    loop {
        match prune(&admin, &*store, days, System.now()).await {
            Ok(0) => {}
            Ok(commits) => tracing::info!(commits, "old changes and idempotency keys were removed"),
            Err(error) => tracing::warn!(%error, "old changes could not be removed; they will be in an hour"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            stopped = stop.wait_for(|stop| *stop) => {
                drop(stopped);
                return;
            }
        }
    }
}

/// Removes from every tenant, and from the server's own records, what is older than `days` at `now`. Returns how many
/// commits that took; 0 when nothing was old enough.
///
/// # Errors
/// A store that cannot be reached; what was removed until then stays removed.
pub async fn prune(admin: &Admin, store: &dyn Store, days: u32, now: Timestamp) -> Result<u64, Error> {
    if !store.capabilities().feed {
        return Ok(0);
    }
    let tenants = admin.tenants().await.map_err(|error| Error::new(error.to_string()))?;
    let scopes = tenants.iter().map(|tenant| Scope::Tenant(tenant.id)).chain([Scope::System]);
    let mut prune = Prune::new(AT_ONCE).keys_before(now.plus_seconds(-KEY_SECONDS));
    if days > 0 {
        prune = prune.changes_before(now.plus_seconds(-i64::from(days) * 24 * 60 * 60));
    }
    let mut commits = 0;
    for scope in scopes {
        loop {
            let changes = ChangeSet::new(now, Actor("system".to_owned()), "retention");
            let receipt = store.commit(scope, changes.with(Op::Prune(prune.clone()))).await;
            let receipt = receipt.map_err(|error| Error::new(error.to_string()))?;
            if !receipt.ops.iter().any(|op| op.changed) {
                break;
            }
            commits += 1;
        }
    }
    Ok(commits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::admin;
    use scimstack_store::{FeedQuery, FeedScope, MemoryStore};
    use std::sync::Arc;

    #[tokio::test]
    async fn what_is_older_than_the_days_goes_and_the_rest_stays() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let admin = admin(store.clone());
        let tenant = Scope::Tenant(admin.create_tenant("acme").await.unwrap().id);
        let now = System.now();
        let day = 24 * 60 * 60;
        for (id, age) in [("old", 31 * day), ("new", 29 * day)] {
            let mut changes = ChangeSet::new(now.plus_seconds(-age), Actor("system".to_owned()), "request");
            changes.idempotency_key = Some(id.to_owned());
            let emit = Op::Emit { topic: "log".into(), id: id.into(), key: None, payload: "{}".into() };
            store.commit(tenant, changes.with(emit)).await.unwrap();
        }
        let left = async |scope| {
            let page = store.changes(&FeedQuery::new(FeedScope::One(scope), 100)).await.unwrap();
            page.changes.into_iter().map(|change| change.request_id).collect::<Vec<_>>()
        };
        assert_eq!(prune(&admin, &*store, 0, now).await.unwrap(), 1, "the idempotency keys");
        assert_eq!(left(tenant).await.len(), 2);
        assert_eq!(prune(&admin, &*store, 30, now).await.unwrap(), 1);
        assert_eq!(left(tenant).await.len(), 1);
        assert!(!left(Scope::System).await.is_empty(), "the tenant was made today");
        assert_eq!(prune(&admin, &*store, 30, now).await.unwrap(), 0);
        assert_eq!(admin.tenants().await.unwrap().len(), 1, "records are no changes");
    }
}
