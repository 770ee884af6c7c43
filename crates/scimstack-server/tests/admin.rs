//! The server's own records: what administrators change is what requests meet.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "support/watched.rs"]
mod watched;

use async_trait::async_trait;
use futures_executor::block_on;
use scimstack_protocol::{ConnectionPolicy, Dialect, Notify, TenantPolicy};
use scimstack_schema::{Attribute, Registry, Schema, Timestamp, Type};
use scimstack_server::admin::{AdminError, Denied};
use scimstack_server::{Admin, Environment};
use scimstack_store::{
    Actor, ChangeSet, Core, FeedQuery, FeedScope, Key, Op, Receipt, Record, ResourceId, Scope, Store, StoreError,
    TenantId, Want,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use watched::{Watch, Watched};

/// A clock that the test moves, and random bytes that are not.
struct World {
    now: AtomicI64,
    random: AtomicU64,
}

impl World {
    fn advance_millis(&self, millis: i64) {
        self.now.fetch_add(millis * 1_000, Ordering::Relaxed);
    }
}

impl Environment for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::Relaxed))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Counts what a store is asked, and loses the answer to a commit when told to.
#[derive(Default)]
struct Counting {
    asked: AtomicUsize,
    lose_one_answer: AtomicBool,
    refuse: AtomicBool,
}

#[async_trait]
impl Watch for Counting {
    fn asked(&self) -> Result<(), StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.refuse.load(Ordering::Relaxed) {
            true => Err(StoreError::Unavailable("unplugged".into())),
            false => Ok(()),
        }
    }

    async fn commit(&self, store: &dyn Store, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        let done = store.commit(scope, changes).await;
        match self.lose_one_answer.swap(false, Ordering::Relaxed) {
            true => Err(StoreError::InDoubt("the line went dead".into())),
            false => done,
        }
    }
}

struct Server {
    world: Arc<World>,
    store: Arc<Watched<Counting>>,
    admin: Admin,
}

fn server() -> Server {
    let world = Arc::new(World { now: AtomicI64::new(1_800_000_000_000_000), random: AtomicU64::new(1) });
    let store = Watched::in_memory(Counting::default());
    let admin = Admin::new(store.clone(), world.clone(), Registry::haystack());
    Server { world, store, admin }
}

impl Server {
    /// The records as another process sees them: the same store and clock, a cache of its own.
    fn other_process(&self) -> Admin {
        Admin::new(self.store.clone(), self.world.clone(), Registry::haystack())
    }

    fn tenant(&self, name: &str) -> TenantId {
        block_on(self.admin.create_tenant(name)).unwrap().id
    }

    fn token(&self, tenant: TenantId) -> (String, String) {
        let (token, secret) = block_on(self.admin.create_token(tenant, "default", "test", None)).unwrap();
        (token.id, secret.reveal().to_owned())
    }

    /// Uses the token until everything it needs is cached and the feed has been looked at.
    fn warm(&self, tenant: &str, token: &str) {
        self.world.advance_millis(250);
        assert_eq!(self.denied(tenant, token), None);
    }

    fn denied(&self, tenant: &str, token: &str) -> Option<Denied> {
        block_on(self.admin.authenticate(tenant, token)).unwrap().err()
    }
}

fn badge() -> Schema {
    Schema::new("urn:example:params:scim:schemas:extension:badge:1.0:User", "Badge")
        .with_attribute(Attribute::new("number", Type::String))
}

const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:1.0:User";

#[test]
fn a_tenant_has_a_number_a_lower_case_name_and_a_default_connection() {
    let server = server();
    let acme = block_on(server.admin.create_tenant("Acme-1")).unwrap();
    let beta = block_on(server.admin.create_tenant("beta")).unwrap();
    assert_eq!((acme.id.get(), acme.name.as_str()), (1, "acme-1"));
    assert_eq!(beta.id.get(), 2);
    assert_eq!(block_on(server.admin.tenant("ACME-1")).unwrap(), acme);
    assert_eq!(block_on(server.admin.tenants()).unwrap(), [acme.clone(), beta]);
    let connections = block_on(server.admin.connections(acme.id)).unwrap();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].policy, ConnectionPolicy::default());
}

#[test]
fn a_tenants_name_is_a_dns_label() {
    let server = server();
    let longest = "a".repeat(63);
    for good in ["a", "0", "a-b", "9-9", longest.as_str()] {
        assert!(block_on(server.admin.create_tenant(good)).is_ok(), "{good}");
    }
    for bad in ["", "-a", "a-", "a.b", "a_b", "a b", "\u{e4}", "a/b", "a\0", &"a".repeat(64)] {
        let error = block_on(server.admin.create_tenant(bad)).unwrap_err();
        assert!(matches!(error, AdminError::Invalid(_)), "{bad:?}: {error}");
    }
}

#[test]
fn a_tenant_that_exists_is_said_to_exist_whatever_its_case() {
    let server = server();
    server.tenant("acme");
    let error = block_on(server.admin.create_tenant("ACME")).unwrap_err();
    assert!(matches!(error, AdminError::Exists(_)));
    assert_eq!(error.to_string(), "the tenant \"acme\" exists already");
    assert_eq!(block_on(server.admin.tenants()).unwrap().len(), 1);
}

#[test]
fn tenants_made_at_the_same_time_get_different_numbers() {
    let server = server();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let admin = server.other_process();
            scope.spawn(move || block_on(admin.create_tenant(&format!("tenant-{n}"))).unwrap());
        }
    });
    let mut numbers: Vec<u32> = block_on(server.admin.tenants()).unwrap().iter().map(|t| t.id.get()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn of_tenants_with_one_name_made_at_the_same_time_one_is_made() {
    let server = server();
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (admin, made) = (server.other_process(), &made);
            scope.spawn(move || match block_on(admin.create_tenant("acme")) {
                Ok(_) => drop(made.fetch_add(1, Ordering::Relaxed)),
                Err(error) => assert!(matches!(error, AdminError::Exists(_)), "{error}"),
            });
        }
    });
    assert_eq!(made.into_inner(), 1);
    assert_eq!(block_on(server.admin.tenants()).unwrap().len(), 1);
}

#[test]
fn what_a_commit_did_is_done_once_when_its_answer_is_lost() {
    let server = server();
    server.store.watch.lose_one_answer.store(true, Ordering::Relaxed);
    assert_eq!(server.tenant("acme").get(), 1);
    assert_eq!(block_on(server.admin.tenants()).unwrap().len(), 1);
}

#[test]
fn a_token_is_long_prefixed_and_opens_its_tenant() {
    let server = server();
    let acme = server.tenant("acme");
    let (_, secret) = server.token(acme);
    let encoded = secret.strip_prefix("hsk_").unwrap();
    assert_eq!(encoded.len(), 43, "32 bytes in base64 without padding");
    assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    let principal = block_on(server.admin.authenticate("Acme", &secret)).unwrap().unwrap();
    assert_eq!(principal.tenant.id, acme);
    assert_eq!(principal.connection.policy.name, "default");
    assert!(principal.registry.resource_type("User").is_some());
}

#[test]
fn a_token_opens_no_other_tenant() {
    let server = server();
    let (acme, _) = (server.tenant("acme"), server.tenant("beta"));
    let (_, secret) = server.token(acme);
    assert_eq!(server.denied("acme", &secret), None);
    assert_eq!(server.denied("beta", &secret), Some(Denied::Unknown));
    assert_eq!(server.denied("gamma", &secret), Some(Denied::Unknown));
    for wrong in ["", "hsk_", "Bearer x", secret.get(1..).unwrap(), &secret.to_ascii_uppercase(), &format!("{secret}A")]
    {
        assert_eq!(server.denied("acme", wrong), Some(Denied::Unknown), "{wrong}");
    }
}

#[test]
fn neither_the_feed_nor_the_records_hold_a_secret() {
    let server = server();
    let acme = server.tenant("acme");
    let (id, secret) = server.token(acme);
    block_on(server.admin.set_administrator("admin", "$argon2id$first")).unwrap();
    block_on(server.admin.set_administrator("admin", "$argon2id$second")).unwrap();
    block_on(server.admin.revoke_token(&id)).unwrap();
    let query = FeedQuery::new(FeedScope::All, 100);
    let feed = block_on(server.store.changes(&query)).unwrap();
    let text = format!("{:?}", feed.changes);
    assert!(feed.changes.len() >= 5 && !feed.more);
    assert!(!text.contains(&secret) && !text.contains("argon2id"), "{text}");
    let key = Key::new("Token", ResourceId::new(&id).unwrap());
    let stored = block_on(server.store.read(Scope::System, &key, Want::ALL)).unwrap().unwrap();
    assert!(!format!("{stored:?}").contains(&secret));
}

#[test]
fn a_revoked_token_opens_nothing_at_once() {
    let server = server();
    let acme = server.tenant("acme");
    let (id, secret) = server.token(acme);
    assert_eq!(server.denied("acme", &secret), None);
    block_on(server.admin.revoke_token(&id)).unwrap();
    assert_eq!(server.denied("acme", &secret), Some(Denied::Revoked));
    let revoked = block_on(server.admin.tokens(Some(acme))).unwrap()[0].revoked.unwrap();
    server.world.advance_millis(5_000);
    block_on(server.admin.revoke_token(&id)).unwrap();
    assert_eq!(block_on(server.admin.tokens(None)).unwrap()[0].revoked, Some(revoked), "the first time counts");
    let error = block_on(server.admin.revoke_token("nonsense")).unwrap_err();
    assert_eq!(error.to_string(), "there is no token with the id \"nonsense\"");
}

#[test]
fn a_token_ends_when_it_expires_though_it_is_cached() {
    let server = server();
    let acme = server.tenant("acme");
    let end = server.world.now().plus_seconds(60);
    let (token, secret) = block_on(server.admin.create_token(acme, "default", "", Some(end))).unwrap();
    assert_eq!(token.expires, Some(end));
    assert_eq!(server.denied("acme", secret.reveal()), None);
    server.world.advance_millis(59_999);
    assert_eq!(server.denied("acme", secret.reveal()), None);
    server.world.advance_millis(1);
    assert_eq!(server.denied("acme", secret.reveal()), Some(Denied::Expired));
    let late = block_on(server.admin.create_token(acme, "default", "", Some(end))).unwrap_err();
    assert!(matches!(late, AdminError::Invalid(_)));
}

#[test]
fn a_token_is_listed_by_its_first_characters_and_belongs_to_a_connection_that_exists() {
    let server = server();
    let (acme, beta) = (server.tenant("acme"), server.tenant("beta"));
    let (id, secret) = server.token(acme);
    server.token(beta);
    let tokens = block_on(server.admin.tokens(Some(acme))).unwrap();
    assert_eq!(tokens.len(), 1);
    assert_eq!(
        (tokens[0].id.as_str(), tokens[0].label.as_str(), tokens[0].connection.as_str()),
        (id.as_str(), "test", "default")
    );
    assert_eq!(tokens[0].hint, format!("{}…", secret.get(..8).unwrap()));
    assert_eq!(block_on(server.admin.tokens(None)).unwrap().len(), 2);
    let error = block_on(server.admin.create_token(acme, "hr", "", None)).unwrap_err();
    assert!(matches!(error, AdminError::NotFound(_)), "{error}");
}

#[test]
fn a_hot_request_reads_nothing_from_the_store() {
    let server = server();
    let acme = server.tenant("acme");
    let (_, secret) = server.token(acme);
    server.warm("acme", &secret);
    let before = server.store.watch.asked.load(Ordering::Relaxed);
    for _ in 0..1_000 {
        assert_eq!(server.denied("acme", &secret), None);
    }
    assert_eq!(server.store.watch.asked.load(Ordering::Relaxed), before);
    server.world.advance_millis(250);
    for _ in 0..1_000 {
        assert_eq!(server.denied("acme", &secret), None);
    }
    assert_eq!(
        server.store.watch.asked.load(Ordering::Relaxed),
        before + 1,
        "one look at the feed, nothing read again"
    );
}

#[test]
fn what_another_process_changes_is_seen_within_a_second() {
    let server = server();
    let acme = server.tenant("acme");
    let (id, secret) = server.token(acme);
    assert_eq!(server.denied("acme", &secret), None);
    let other = server.other_process();
    block_on(other.revoke_token(&id)).unwrap();
    block_on(other.add_schemas(acme, "User", vec![badge()])).unwrap();
    server.world.advance_millis(250);
    assert_eq!(server.denied("acme", &secret), Some(Denied::Revoked));
    let registry = block_on(server.admin.registry(acme)).unwrap();
    assert!(registry.schema(BADGE).is_some());
}

#[test]
fn a_token_that_is_known_follows_the_settings_of_its_connection_and_the_schemas_of_its_tenant() {
    let server = server();
    let acme = server.tenant("acme");
    let (_, secret) = server.token(acme);
    for (admin, wait) in [(server.admin.clone(), 0), (server.other_process(), 250)] {
        server.warm("acme", &secret);
        let before = block_on(server.admin.authenticate("acme", &secret)).unwrap().unwrap();
        let mut policy = before.connection.policy.clone();
        policy.enabled = !policy.enabled;
        block_on(admin.set_connection(acme, policy.clone())).unwrap();
        let uri = format!("{BADGE}:{wait}");
        let schema = Schema::new(&*uri, "Badge").with_attribute(Attribute::new("number", Type::String));
        block_on(admin.add_schemas(acme, "User", vec![schema])).unwrap();
        server.world.advance_millis(wait);
        let after = block_on(server.admin.authenticate("acme", &secret)).unwrap().unwrap();
        assert_eq!(after.connection.policy, policy);
        assert!(before.registry.schema(&uri).is_none() && after.registry.schema(&uri).is_some());
    }
}

#[test]
fn changes_in_a_tenant_make_nobody_forget_anything() {
    let server = server();
    let acme = server.tenant("acme");
    let (_, secret) = server.token(acme);
    server.warm("acme", &secret);
    let key = Key::new("User", ResourceId::new("u1").unwrap());
    let op = Op::Create { key, record: Record::new(Core::default(), r#"{"id":"u1"}"#) };
    let changes = ChangeSet::new(server.world.now(), Actor("test".into()), "r").with(op);
    block_on(server.store.commit(Scope::Tenant(acme), changes)).unwrap();
    server.world.advance_millis(250);
    let before = server.store.watch.asked.load(Ordering::Relaxed);
    assert_eq!(server.denied("acme", &secret), None);
    assert_eq!(server.store.watch.asked.load(Ordering::Relaxed), before + 1);
}

#[test]
fn a_store_that_cannot_be_asked_opens_nothing() {
    let server = server();
    let acme = server.tenant("acme");
    let (_, secret) = server.token(acme);
    assert_eq!(server.denied("acme", &secret), None);
    server.store.watch.refuse.store(true, Ordering::Relaxed);
    server.world.advance_millis(250);
    for _ in 0..2 {
        let error = block_on(server.admin.authenticate("acme", &secret)).unwrap_err();
        assert!(matches!(error, AdminError::Store(StoreError::Unavailable(_))), "{error}");
    }
    server.store.watch.refuse.store(false, Ordering::Relaxed);
    assert_eq!(server.denied("acme", &secret), None);
}

#[test]
fn a_clock_that_is_put_back_does_not_keep_old_answers() {
    let server = server();
    let acme = server.tenant("acme");
    let (id, secret) = server.token(acme);
    assert_eq!(server.denied("acme", &secret), None);
    block_on(server.other_process().revoke_token(&id)).unwrap();
    server.world.advance_millis(-3_600_000);
    assert_eq!(server.denied("acme", &secret), Some(Denied::Revoked));
}

#[test]
fn settings_are_kept() {
    let server = server();
    let acme = server.tenant("acme");
    let mut policy = TenantPolicy::default();
    policy.notify = Notify::Everyone;
    block_on(server.admin.set_tenant_policy(acme, policy.clone())).unwrap();
    assert_eq!(block_on(server.admin.tenant("acme")).unwrap().policy, policy);

    let mut connection = ConnectionPolicy::default();
    connection.create_users = false;
    connection.dialect = Dialect::EntraCompliant;
    block_on(server.admin.set_connection(acme, connection.clone())).unwrap();
    assert_eq!(block_on(server.admin.connection(acme, "default")).unwrap().policy, connection);
    assert_eq!(block_on(server.other_process().connection(acme, "Default")).unwrap().policy, connection);
    assert_eq!(block_on(server.admin.connections(acme)).unwrap().len(), 1);

    let nobody = TenantId::new(99).unwrap();
    let error = block_on(server.admin.set_connection(nobody, ConnectionPolicy::default())).unwrap_err();
    assert!(matches!(error, AdminError::NotFound(_)), "{error}");
    let error = block_on(server.admin.set_tenant_policy(nobody, TenantPolicy::default())).unwrap_err();
    assert!(matches!(error, AdminError::NotFound(_)), "{error}");
}

#[test]
fn a_connection_that_exists_is_not_made_again_and_stays_as_it_is() {
    let server = server();
    let acme = block_on(server.admin.create_tenant("acme")).unwrap();
    let mut entra = ConnectionPolicy::default();
    (entra.name, entra.dialect) = ("Entra".to_owned(), Dialect::Entra);
    block_on(server.admin.create_connection(acme.id, entra.clone())).unwrap();
    for again in ["entra", "ENTRA", "default"] {
        let mut other = ConnectionPolicy::default();
        other.name = again.to_owned();
        let refused = block_on(server.admin.create_connection(acme.id, other)).unwrap_err();
        assert!(matches!(&refused, AdminError::Exists(what) if what.contains(&again.to_lowercase())), "{refused}");
    }
    assert_eq!(block_on(server.admin.connection(acme.id, "entra")).unwrap().policy.dialect, Dialect::Entra);
    entra.name = "not a label".to_owned();
    assert!(matches!(block_on(server.admin.create_connection(acme.id, entra)), Err(AdminError::Invalid(_))));
    assert_eq!(block_on(server.admin.connections(acme.id)).unwrap().len(), 2);
}

#[test]
fn a_tenant_can_have_several_connections_of_its_own() {
    let server = server();
    let (acme, beta) = (server.tenant("acme"), server.tenant("beta"));
    let mut policy = ConnectionPolicy::default();
    policy.name = "HR".to_owned();
    block_on(server.admin.set_connection(acme, policy)).unwrap();
    let names = |tenant| -> Vec<String> {
        block_on(server.admin.connections(tenant)).unwrap().into_iter().map(|c| c.policy.name).collect()
    };
    assert_eq!(names(acme), ["default", "hr"]);
    assert_eq!(names(beta), ["default"]);
    let error = block_on(server.admin.connection(beta, "hr")).unwrap_err();
    assert_eq!(error.to_string(), "there is no connection \"hr\" in this tenant");
}

#[test]
fn a_setting_that_stays_as_it_is_writes_nothing() {
    let server = server();
    let acme = server.tenant("acme");
    let end = |server: &Server| {
        let mut query = FeedQuery::new(FeedScope::One(Scope::System), 1);
        query.newest_first = true;
        block_on(server.store.changes(&query)).unwrap().changes[0].position
    };
    let before = end(&server);
    block_on(server.admin.set_connection(acme, ConnectionPolicy::default())).unwrap();
    block_on(server.admin.set_tenant_policy(acme, TenantPolicy::default())).unwrap();
    assert_eq!(end(&server), before);
}

#[test]
fn a_schema_is_an_extension_of_its_tenant_only_and_can_be_replaced_and_removed() {
    let server = server();
    let (acme, beta) = (server.tenant("acme"), server.tenant("beta"));
    let has = |tenant, path: &str| {
        let registry = block_on(server.admin.registry(tenant)).unwrap();
        registry.resource_type("User").unwrap().resolve(&format!("{BADGE}:{path}")).is_some()
    };
    block_on(server.admin.add_schemas(acme, "User", vec![badge()])).unwrap();
    assert!(has(acme, "number") && !has(beta, "number"));

    let wider = badge().with_attribute(Attribute::new("colour", Type::String));
    block_on(server.admin.add_schemas(acme, "User", vec![wider.clone()])).unwrap();
    assert!(has(acme, "number") && has(acme, "colour"));
    let listed = block_on(server.admin.schemas(Some(acme))).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].resource_type.as_str(), &listed[0].schema), ("User", &wider));

    block_on(server.admin.remove_schema(Some(acme), &BADGE.to_ascii_uppercase())).unwrap();
    assert!(!has(acme, "number"));
    let error = block_on(server.admin.remove_schema(Some(acme), BADGE)).unwrap_err();
    assert!(matches!(error, AdminError::NotFound(_)), "{error}");
}

#[test]
fn an_index_is_its_tenants_only_and_outlives_what_it_is_on() {
    use scimstack_server::admin::Indexing;
    let server = server();
    let (acme, beta) = (server.tenant("acme"), server.tenant("beta"));
    let indexed = |tenant| {
        let registry = block_on(server.admin.registry(tenant)).unwrap();
        let user = registry.resource_type("User").unwrap();
        let paths = user.indexed.iter().chain(&user.searched).map(ToString::to_string);
        paths.filter(|path| path.starts_with(BADGE)).count()
    };
    block_on(server.admin.add_schemas(acme, "User", vec![badge()])).unwrap();
    let number = format!("{BADGE}:number");
    let index = block_on(server.admin.add_index(acme, "User", &number.to_ascii_uppercase(), Indexing::Values)).unwrap();
    assert_eq!(index.path, number);
    assert_eq!((indexed(acme), indexed(beta)), (1, 0));
    let again = block_on(server.admin.add_index(acme, "User", &number, Indexing::Values)).unwrap_err();
    assert!(again.to_string().ends_with("is indexed already"), "{again}");
    block_on(server.admin.add_index(acme, "User", &number, Indexing::Parts)).unwrap();
    assert_eq!(indexed(acme), 2);
    assert_eq!(block_on(server.admin.indexes(Some(acme))).unwrap().len(), 2);
    assert_eq!(block_on(server.admin.indexes(Some(beta))).unwrap(), []);

    // Without its attribute it waits.
    block_on(server.admin.remove_schema(Some(acme), BADGE)).unwrap();
    assert_eq!(indexed(acme), 0);
    block_on(server.admin.add_schemas(acme, "User", vec![badge()])).unwrap();
    assert_eq!(indexed(acme), 2);
    for of in [Indexing::Values, Indexing::Parts] {
        block_on(server.admin.remove_index(acme, "User", &number, of)).unwrap();
    }
    assert_eq!(indexed(acme), 0);
    let error = block_on(server.admin.remove_index(acme, "User", &number, Indexing::Parts)).unwrap_err();
    assert!(matches!(error, AdminError::NotFound(_)), "{error}");
}

#[test]
fn a_schema_can_be_taken_out_of_every_tenant_at_once() {
    let server = server();
    for name in ["acme", "beta"] {
        let tenant = server.tenant(name);
        block_on(server.admin.add_schemas(tenant, "User", vec![badge()])).unwrap();
    }
    assert_eq!(block_on(server.admin.schemas(None)).unwrap().len(), 2);
    block_on(server.admin.remove_schema(None, BADGE)).unwrap();
    assert_eq!(block_on(server.admin.schemas(None)).unwrap(), []);
}

#[test]
fn schemas_that_cannot_be_are_refused_whole() {
    let server = server();
    let acme = server.tenant("acme");
    let core = Schema::new(scimstack_schema::uri::USER, "User").with_attribute(Attribute::new("x", Type::String));
    let enterprise = Schema::new(scimstack_schema::uri::ENTERPRISE_USER, "E");
    let discovery = Schema::new("URN:ietf:params:scim:schemas:core:2.0:Schema", "S");
    let twice = badge().with_attribute(Attribute::new("NUMBER", Type::String));
    let nameless = Schema::new("no uri", "N").with_attribute(Attribute::new("x", Type::String));
    for bad in [core, enterprise, discovery, twice, nameless] {
        let error = block_on(server.admin.add_schemas(acme, "User", vec![badge(), bad.clone()])).unwrap_err();
        assert!(matches!(error, AdminError::Invalid(_)), "{}: {error}", bad.id);
    }
    let error = block_on(server.admin.add_schemas(acme, "Robot", vec![badge()])).unwrap_err();
    assert_eq!(error.to_string(), "there is no resource type \"Robot\"");
    let error = block_on(server.admin.add_schemas(acme, "User", vec![badge(), badge()])).unwrap_err();
    assert!(matches!(error, AdminError::Invalid(_)), "{error}");
    assert_eq!(block_on(server.admin.schemas(None)).unwrap(), []);
}

#[test]
fn a_connection_is_on_hold_once_until_it_is_released() {
    let server = server();
    let (acme, beta) = (server.tenant("acme"), server.tenant("beta"));
    let on_hold = || block_on(server.admin.hold_on(acme, "default")).unwrap().map(|hold| hold.reason);
    assert_eq!(on_hold(), None);
    block_on(server.admin.hold(acme, "default", "90 of 100 people would go")).unwrap();
    block_on(server.admin.hold(acme, "default", "and more")).unwrap();
    assert_eq!(on_hold().as_deref(), Some("90 of 100 people would go"));
    assert_eq!(block_on(server.admin.hold_on(beta, "default")).unwrap(), None);
    let holds = block_on(server.admin.holds(None)).unwrap();
    assert_eq!(holds.len(), 1);
    assert_eq!((holds[0].tenant, holds[0].since), (acme, server.world.now()));
    assert_eq!(block_on(server.admin.holds(Some(beta))).unwrap(), []);
    block_on(server.admin.release_hold(&holds[0].id)).unwrap();
    assert_eq!(on_hold(), None);
    let error = block_on(server.admin.release_hold(&holds[0].id)).unwrap_err();
    assert!(matches!(error, AdminError::NotFound(_)), "{error}");
}

#[test]
fn an_administrator_has_the_last_password_that_was_set() {
    let server = server();
    assert_eq!(block_on(server.admin.administrator("admin")).unwrap(), None);
    block_on(server.admin.create_administrator("admin", "one")).unwrap();
    let error = block_on(server.admin.create_administrator("Admin", "two")).unwrap_err();
    assert!(matches!(error, AdminError::Exists(_)), "{error}");
    assert_eq!(block_on(server.admin.administrator("admin")).unwrap().as_deref(), Some("one"));
    block_on(server.admin.set_administrator("admin", "three")).unwrap();
    block_on(server.admin.set_administrator("second", "four")).unwrap();
    assert_eq!(block_on(server.admin.administrator("ADMIN")).unwrap().as_deref(), Some("three"));
    assert_eq!(block_on(server.admin.administrator("second")).unwrap().as_deref(), Some("four"));
    for bad in ["", " admin", "a\nb", &"x".repeat(101)] {
        assert!(matches!(block_on(server.admin.set_administrator(bad, "x")), Err(AdminError::Invalid(_))), "{bad:?}");
    }
}

#[test]
fn a_key_is_made_once_and_is_the_same_for_everyone() {
    let server = server();
    let key = block_on(server.admin.secret("console")).unwrap();
    assert_ne!(key, [0; 32]);
    assert_eq!(block_on(server.admin.secret("console")).unwrap(), key);
    assert_eq!(block_on(server.other_process().secret("console")).unwrap(), key);
    assert_ne!(block_on(server.admin.secret("cursors")).unwrap(), key);
    let before = server.store.watch.asked.load(Ordering::Relaxed);
    block_on(server.admin.secret("console")).unwrap();
    let _ = block_on(server.admin.secret("console")).unwrap();
    assert!(server.store.watch.asked.load(Ordering::Relaxed) <= before + 1);
}

#[test]
fn a_person_is_found_by_user_name_in_their_own_tenant() {
    let server = server();
    let (acme, beta) = (server.tenant("acme"), server.tenant("beta"));
    let name = "O\"Hara@x.test";
    let core = Core { unique: Some("o\"hara@x.test".to_owned()), ..Core::default() };
    let key = Key::new("User", ResourceId::new("u1").unwrap());
    let doc = r#"{"id":"u1","userName":"O\"Hara@x.test"}"#;
    let changes = ChangeSet::new(server.world.now(), Actor("test".into()), "r");
    let op = Op::Create { key: key.clone(), record: Record::new(core, doc) };
    block_on(server.store.commit(Scope::Tenant(acme), changes.with(op))).unwrap();
    let found = block_on(server.admin.person(acme, &name.to_ascii_uppercase())).unwrap().unwrap();
    assert_eq!(found.key, key);
    assert!(block_on(server.admin.person(beta, name)).unwrap().is_none());
    assert!(block_on(server.admin.person(acme, "somebody@x.test")).unwrap().is_none());
}

#[test]
fn events_are_read_by_topic_and_place() {
    let server = server();
    let acme = server.tenant("acme");
    for n in 0..4 {
        let topic = if n % 2 == 0 { "outbox" } else { "log" };
        let payload = format!("{n}").into();
        let op = Op::Emit { topic: topic.to_owned(), id: format!("e{n}"), key: None, payload };
        let changes = ChangeSet::new(server.world.now(), Actor("test".into()), "r").with(op);
        block_on(server.store.commit(Scope::Tenant(acme), changes)).unwrap();
    }
    let first = block_on(server.admin.events(acme, "outbox", None, 1)).unwrap();
    assert_eq!(first[0].payload, "0");
    let rest = block_on(server.admin.events(acme, "outbox", Some(first[0].position), 10)).unwrap();
    assert_eq!(rest.iter().map(|event| event.payload.clone()).collect::<Vec<_>>(), ["2"]);
}

#[test]
fn the_feed_says_who_made_a_change() {
    let server = server();
    server.tenant("acme");
    block_on(server.admin.acting_as("administrator:ann").create_tenant("beta")).unwrap();
    let feed = block_on(server.store.changes(&FeedQuery::new(FeedScope::One(Scope::System), 10))).unwrap();
    let actors: Vec<&str> = feed.changes.iter().map(|change| change.actor.as_str()).collect();
    assert_eq!(actors, ["system", "system", "administrator:ann", "administrator:ann"]);
    assert!(block_on(server.admin.tenant("beta")).is_ok());
}
