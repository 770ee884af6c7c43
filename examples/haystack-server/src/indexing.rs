//! Indexes that were declared after people were provisioned are filled in the background: when the server starts, soon after
//! what is declared has changed, and now and then for what an older server may have written meanwhile. Left out: how
//! ([`Admin::reindex`]).

use crate::error::Error;
use scimstack_server::Admin;
use scimstack_store::{FeedQuery, FeedScope, Position, Scope, Store};
use std::time::Duration;
use tokio::sync::watch;

/// How often it is asked whether anything was declared.
const EVERY: Duration = Duration::from_secs(2);

/// Every so many times all tenants are looked at, whether anything was declared or not: about an hour.
const ANYWAY: u32 = 1_800;

/// So many looks follow a change: other servers hear of it a little later, and may have written without it.
const AFTERWARDS: u32 = 3;

/// Fills indexes until the server stops.
pub(crate) async fn keep_filled(admin: Admin, stop: watch::Receiver<bool>) {
    let mut stop = stop;
    let (mut seen, mut looks, mut round) = (None, AFTERWARDS, 0_u32);
    loop {
        match declared_since(&**admin.store(), &mut seen).await {
            Ok(true) => looks = AFTERWARDS,
            Ok(false) if round.is_multiple_of(ANYWAY) => looks = looks.max(1),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "it could not be asked whether indexes were declared"),
        }
        if looks > 0 {
            match fill(&admin).await {
                Ok(0) => looks -= 1,
                Ok(resources) => {
                    tracing::info!(resources, "resources were indexed as is declared now");
                    looks -= 1;
                }
                Err(error) => tracing::warn!(%error, "indexes could not be filled; they will be"),
            }
        }
        round = round.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            stopped = stop.wait_for(|stop| *stop) => {
                drop(stopped);
                return;
            }
        }
    }
}

/// Brings the resources of all tenants, and the server's own records, into every index; how many were not.
///
/// # Errors
/// A store that cannot be reached.
pub async fn fill(admin: &Admin) -> Result<u64, Error> {
    let mut resources = admin.reindex(None).await?;
    for tenant in admin.tenants().await? {
        resources += admin.reindex(Some(tenant.id)).await?;
    }
    Ok(resources)
}

/// Whether schemas or indexes changed since the last time; true the first time.
async fn declared_since(store: &dyn Store, seen: &mut Option<Position>) -> Result<bool, Error> {
    if !store.capabilities().feed {
        return Ok(false);
    }
    let mut query = FeedQuery::new(FeedScope::One(Scope::System), 500);
    let first = seen.is_none();
    query.newest_first = first;
    query.after = *seen;
    let mut declared = first;
    loop {
        let page = match store.changes(&query).await {
            Ok(page) => page,
            // What was pruned is long ago.
            Err(scimstack_store::StoreError::Pruned { up_to }) => {
                query.after = Some(up_to);
                declared = true;
                continue;
            }
            Err(error) => return Err(Error::new(error.to_string())),
        };
        let is_declaration = |kind: &str| kind == "Schema" || kind == "Index";
        let kinds = page.changes.iter().filter_map(|change| change.key.as_ref());
        declared |= kinds.into_iter().any(|key| is_declaration(key.kind.as_str()));
        if first {
            *seen = Some(page.changes.first().map(|change| change.position).unwrap_or_default());
            return Ok(true);
        }
        if let Some(last) = page.changes.last() {
            *seen = Some(last.position);
            query.after = *seen;
        }
        if !page.more {
            return Ok(declared);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_source::Networks;
    use crate::serve::{admin, engine};
    use bytes::Bytes;
    use scimstack_server::admin::Indexing;
    use scimstack_store::MemoryStore;
    use std::sync::Arc;

    #[tokio::test]
    async fn people_who_were_there_before_an_index_are_brought_in() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let admin = admin(store.clone());
        let acme = admin.create_tenant("acme").await.unwrap().id;
        let (_, token) = admin.create_token(acme, "default", "first", None).await.unwrap();
        let mut seen = None;
        assert!(declared_since(&*store, &mut seen).await.unwrap(), "the first time");
        assert!(!declared_since(&*store, &mut seen).await.unwrap());

        let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann","title":"Boss"}"#;
        let request = http::Request::post("/t/acme/api/scim/v2/Users")
            .header("authorization", format!("Bearer {}", token.reveal()))
            .header("content-type", "application/scim+json")
            .body(Bytes::from(body))
            .unwrap();
        assert_eq!(engine(admin.clone(), None, Networks::Public).unwrap().handle(request).await.status(), 201);
        assert_eq!(fill(&admin).await.unwrap(), 0, "she was indexed as was declared");

        admin.add_index(acme, "User", "title", Indexing::Values).await.unwrap();
        assert!(declared_since(&*store, &mut seen).await.unwrap());
        assert!(!admin.is_indexed(acme, "User").await.unwrap());
        assert_eq!(fill(&admin).await.unwrap(), 1);
        assert!(admin.is_indexed(acme, "User").await.unwrap());
        assert_eq!(fill(&admin).await.unwrap(), 0);
    }
}
