//! How many people have signed in and are active. That is the lifecycle's state, which no index has: everyone is looked at
//! once, and from then on whoever has changed, by the feed. Left out: how many people there are, and are deactivated, which
//! stores count by an index.

use super::data::state;
use scimstack_provisioning::directory::PersonState;
use scimstack_schema::ResourceType;
use scimstack_store::{
    ChangeKind, CountMode, FeedQuery, FeedScope, Key, Kind, Paging, Position, Query, ResourceId, Scope, Store,
    StoreError, Target, TenantId, Want,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// Changes that are read of the feed at once, and how often before it is less work to look at everyone again.
const CHANGES: usize = 500;
const READS: usize = 8;
/// Of so many people at most those who changed are looked at one by one; a question for each takes longer than a list.
const ONE_BY_ONE: usize = 500;
/// Workspaces that are remembered. A number takes about 16 bytes for each person.
const REMEMBERED: usize = 100;

/// People of a page, when everyone is looked at.
const PAGE: u32 = 1_000;
/// What is read of a person.
const STATE: Want = Want { document: false, private: true };

/// What is known of each workspace.
#[derive(Default)]
pub(super) struct SignedIn(Mutex<BTreeMap<TenantId, Arc<tokio::sync::Mutex<Known>>>>);

/// What is known of one.
#[derive(Default)]
struct Known {
    /// How far the feed was read; `None` before anyone was looked at.
    seen: Option<Position>,
    /// The hashes of the ids of those who have signed in and are active.
    people: HashSet<u64>,
    hasher: RandomState,
}

/// What changed since the last look.
enum Since {
    /// These people.
    Changed(Vec<Key>, Position),
    /// Too much, or nobody knows.
    Everything,
}

impl SignedIn {
    /// How many there are, and how many people had to be looked at to know it.
    pub(super) async fn count(
        &self,
        store: &dyn Store,
        tenant: TenantId,
        user: &Arc<ResourceType>,
    ) -> Result<(u64, usize), StoreError> {
        let known = self.of(tenant);
        // Who comes at the same time waits, and has less to do.
        let mut known = known.lock().await;
        let looked_at = known.catch_up(store, Scope::Tenant(tenant), user).await?;
        Ok((known.people.len() as u64, looked_at))
    }

    fn of(&self, tenant: TenantId) -> Arc<tokio::sync::Mutex<Known>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED && !all.contains_key(&tenant) {
            all.pop_first();
        }
        all.entry(tenant).or_default().clone()
    }
}

impl Known {
    async fn catch_up(
        &mut self,
        store: &dyn Store,
        scope: Scope,
        user: &Arc<ResourceType>,
    ) -> Result<usize, StoreError> {
        let since = match self.seen {
            Some(seen) => changed_since(store, scope, seen, &user.name).await?,
            None => Since::Everything,
        };
        let Since::Changed(changed, seen) = since else {
            // Where the feed ends before they are looked at: who changes meanwhile is looked at again.
            let end = end_of_feed(store, scope).await?;
            let looked_at = self.look_at_everyone(store, scope, user).await?;
            self.seen = Some(end);
            return Ok(looked_at);
        };
        for key in &changed {
            let found = store.read(scope, key, STATE).await?;
            let id = self.hasher.hash_one(&key.id);
            match found.is_some_and(|person| state(&person) == PersonState::Active) {
                true => self.people.insert(id),
                false => self.people.remove(&id),
            };
        }
        self.seen = Some(seen);
        Ok(changed.len())
    }

    async fn look_at_everyone(
        &mut self,
        store: &dyn Store,
        scope: Scope,
        user: &Arc<ResourceType>,
    ) -> Result<usize, StoreError> {
        self.seen = None;
        self.people.clear();
        let target = Target { kind: Kind::from(&*user.name), resource_type: user.clone(), filter: None };
        let mut query = Query::new(target, PAGE);
        (query.want, query.count) = (STATE, CountMode::None);
        let (mut looked_at, mut after) = (0, None);
        loop {
            query.page = Paging::Cursor { after, count: PAGE };
            let page = store.query(scope, &query).await?;
            looked_at += page.items.len();
            for person in page.items.iter().filter(|person| state(person) == PersonState::Active) {
                self.people.insert(self.hasher.hash_one(&person.key.id));
            }
            after = page.next;
            if after.is_none() {
                return Ok(looked_at);
            }
        }
    }
}

async fn end_of_feed(store: &dyn Store, scope: Scope) -> Result<Position, StoreError> {
    let mut query = FeedQuery::new(FeedScope::One(scope), 1);
    query.newest_first = true;
    Ok(store.changes(&query).await?.changes.first().map(|change| change.position).unwrap_or_default())
}

async fn changed_since(store: &dyn Store, scope: Scope, seen: Position, kind: &str) -> Result<Since, StoreError> {
    let mut query = FeedQuery::new(FeedScope::One(scope), CHANGES);
    let mut seen = seen;
    let mut changed: HashMap<ResourceId, Key> = HashMap::new();
    for _ in 0..READS {
        query.after = Some(seen);
        let page = match store.changes(&query).await {
            Ok(page) => page,
            Err(StoreError::Pruned { .. }) => return Ok(Since::Everything),
            Err(error) => return Err(error),
        };
        let of_records = |kind| matches!(kind, ChangeKind::Created | ChangeKind::Replaced | ChangeKind::Deleted);
        for change in page.changes {
            seen = change.position;
            if let Some(key) = change.key.filter(|key| key.kind.as_str() == kind && of_records(change.kind)) {
                changed.insert(key.id.clone(), key);
            }
        }
        if changed.len() > ONE_BY_ONE {
            return Ok(Since::Everything);
        }
        if !page.more {
            return Ok(Since::Changed(changed.into_values().collect(), seen));
        }
    }
    Ok(Since::Everything)
}

#[cfg(test)]
mod tests {
    use super::SignedIn;
    use crate::key_source::Networks;
    use crate::serve::{admin, engine};
    use bytes::Bytes;
    use http::{Method, Request};
    use scimstack_store::{MemoryStore, Store};
    use std::sync::Arc;

    #[tokio::test]
    async fn everyone_is_looked_at_once_and_then_whoever_has_changed() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let admin = admin(store.clone());
        let acme = admin.create_tenant("acme").await.unwrap().id;
        let (_, token) = admin.create_token(acme, "default", "first", None).await.unwrap();
        let engine = engine(admin.clone(), None, Networks::Public).unwrap();
        let send = async |method: Method, path: &str, body: &str| {
            let request = Request::builder().method(method).uri(format!("/t/acme/api/scim/v2/Users{path}"));
            let request = request.header("authorization", format!("Bearer {}", token.reveal()));
            let request = request.header("content-type", "application/scim+json").body(Bytes::from(body.to_owned()));
            let answer = engine.handle(request.unwrap()).await;
            assert!(answer.status().is_success(), "{}", answer.status());
            answer.headers().get("location").map(|at| at.to_str().unwrap().rsplit('/').next().unwrap().to_owned())
        };
        let create = async |name: &str| {
            let schemas = r#"["urn:ietf:params:scim:schemas:core:2.0:User"]"#;
            send(Method::POST, "", &format!(r#"{{"schemas":{schemas},"userName":"{name}"}}"#)).await.unwrap()
        };
        let user = admin.registry(acme).await.unwrap().resource_type("User").unwrap().clone();
        let known = SignedIn::default();
        let count = async || known.count(&*store, acme, &user).await.unwrap();

        let ann = create("ann").await;
        create("bob").await;
        engine.sign_in("acme", "ann").await.unwrap();
        assert_eq!(count().await, (1, 2), "everyone");
        assert_eq!(count().await, (1, 0), "nobody has changed");
        engine.sign_in("acme", "bob").await.unwrap();
        create("cid").await;
        assert_eq!(count().await, (2, 2), "one who signed in, one who came");
        let leave = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations":[{"op":"replace","path":"active","value":false}]}"#;
        send(Method::PATCH, &format!("/{ann}"), leave).await;
        assert_eq!(count().await, (1, 1), "one who left");
        send(Method::PATCH, &format!("/{ann}"), &leave.replace("false", "true")).await;
        assert_eq!(count().await, (2, 1), "and is back");
        send(Method::DELETE, &format!("/{ann}"), "").await;
        assert_eq!(count().await, (1, 1), "and is gone");
        assert_eq!(count().await, (1, 0));

        for n in 0..=super::ONE_BY_ONE {
            create(&format!("p{n}")).await;
        }
        assert_eq!(count().await, (1, super::ONE_BY_ONE + 3), "so many changes that everyone is looked at");
        assert_eq!(count().await, (1, 0));
        let zed = admin.create_tenant("zed").await.unwrap().id;
        assert_eq!(known.count(&*store, zed, &user).await.unwrap(), (0, 0), "of another workspace");
    }
}
