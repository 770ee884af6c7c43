//! The store in PostgreSQL, 13 or later: durable, shared by as many servers as there are.
//!
//! [`PostgresStore`] implements [`scimstack_store::Store`] with everything it can promise. A commit is one transaction
//! at READ COMMITTED that begins by taking a lock on its scope (`pg_advisory_xact_lock`): the commits of one tenant come
//! one after another, those of different tenants at once. That is the choice of this version; it is what makes references
//! that are pending, edges and the feed free of races in the simplest way. What waits in this process while another commit
//! of the tenant is made is committed together, and each that cannot be is done alone. Reads take no lock: each is one
//! snapshot.
//!
//! A commit that lost against another transaction, or whose connection was lost before its end, is done again, up to five
//! times within a second. When the connection is lost while it ends, the outcome is not known: with an idempotency key the
//! commit is asked for again, and answers [`scimstack_store::Receipt::replayed`] if it had been done; without one it is
//! [`scimstack_store::StoreError::InDoubt`]. A read whose connection turns out to be gone is done on another.
//!
//! The feed of a scope is in the order of its commits. The feed of all scopes is in the order of transactions, and shows a
//! change only when every transaction that began before it has ended: a transaction left open anywhere in the server holds
//! it up (set `idle_in_transaction_session_timeout`).
//!
//! # Tenants
//! No statement leaves its tenant: each is read before it is first prepared, and refused when a table in it is not held to
//! the scope of its transaction. Every key begins with the scope, so that the tables can be distributed by it: see
//! [DISTRIBUTING.md](https://github.com/scimstack/scimstack/blob/main/crates/scimstack-store-postgres/DISTRIBUTING.md).
//! Roles other than the owner of the tables are held to one tenant by row-level security; a reporting tool gets a role of
//! its own, with `GRANT SELECT` and `ALTER ROLE … SET scimstack.scope = '7'`: see
//! [REPORTING.md](https://github.com/scimstack/scimstack/blob/main/crates/scimstack-store-postgres/REPORTING.md). The
//! servers have to connect as the owner.
//!
//! Left out: how a resource becomes a record and a filter a plan ([`scimstack_store::plan`]).
//!
//! ```no_run
//! use scimstack_schema::Timestamp;
//! use scimstack_store::{Actor, ChangeSet, Core, Key, Op, Record, ResourceId, Scope, Store, TenantId, Want};
//! use scimstack_store_postgres::PostgresStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::connect("postgres://scim@localhost/scim").await?;
//! let scope = TenantId::new(1).map_or(Scope::System, Scope::Tenant);
//! let ann = Key::new("User", ResourceId::new("u1").ok_or("an id")?);
//! let record = Record::new(Core::default(), r#"{"id":"u1","userName":"ann@x.test"}"#);
//! let changes = ChangeSet::new(Timestamp::from_seconds(0), Actor("system".into()), "request-1");
//! store.commit(scope, changes.with(Op::Create { key: ann.clone(), record })).await?;
//! assert_eq!(store.read(scope, &ann, Want::ALL).await?.map(|stored| stored.version.0), Some(1));
//! # Ok(())
//! # }
//! ```
//!
//! # Encryption
//! With the feature `tls`, which is on by default, `sslmode` and `sslrootcert` in the URL mean what they mean to libpq:
//!
//! | `sslmode` | encrypted | the server is |
//! |---|---|---|
//! | `disable` | no | anyone |
//! | `prefer`, the default | when the server offers it | anyone |
//! | `require` | yes | anyone; with `sslrootcert=FILE` as `verify-ca` |
//! | `verify-ca` | yes | one with a certificate of the authority in `sslrootcert=FILE` |
//! | `verify-full` | yes | that, or with `sslrootcert=system` or none of any authority of the system, and of the host's name |
//!
//! Across a network use `verify-full`: the others do not notice somebody who answers in the server's place. A socket in the
//! file system is never encrypted. Certificates of clients and `channel_binding=require` are not supported.
//!
//! # Parameters
//! Beside the driver's own ([`tokio_postgres::Config`]), as `?name=value` or in key-value text:
//!
//! | | default | |
//! |---|---|---|
//! | `pool_size` | 16 | connections of one process, at most |
//! | `pool_timeout` | 30 | seconds that a call waits for one of them |
//! | `long_reads` | an eighth of `pool_size` | reads that look at many records at once, of all tenants; others wait, tenants in turn |
//! | `connect_timeout` | 5 | seconds until a server that does not answer counts as not there |
//! | `tcp_user_timeout`, `keepalives_idle` | 10 seconds | until a host that has gone silent is asked, or counts as gone (both in seconds) |
//! | `target_session_attrs` | `any` | with several hosts (`host=a,b`) say `read-write`, so that a standby is passed over |
//! | `options` | | settings of the session: `-c statement_timeout=20s -c idle_in_transaction_session_timeout=60s` |
//!
//! # Limits
//! - All calls must come from within a Tokio runtime. A commit goes on in the runtime that the store was opened in, also
//!   when its future is dropped.
//! - Behind PgBouncer in transaction mode, version 1.21 or later is needed, for prepared statements.
//! - Sorting is by index for `id`, the unique attribute, `displayName`, `meta.created` and `meta.lastModified`; by anything
//!   else within [`scimstack_store::Query::budget`].
//! - Finding texts by a part of them (`co`, `ew`) needs PostgreSQL's extensions `pg_trgm` and `btree_gin`, which are made
//!   when the tables are, where the role may; and a part with three ASCII letters or digits in a row. Else the users are
//!   looked at one by one, within the budget. Who installs the extensions later makes the index by hand:
//!   `CREATE INDEX part_text ON part USING gin(scope, text gin_trgm_ops)`.
//! - Values of more than 600 bytes are ordered by their first 500 or so, then by a hash: unique values, and raw values of
//!   pending edges.

#[cfg(test)]
mod catalogue;
#[cfg(test)]
#[path = "../tests/cluster/mod.rs"]
mod cluster;
mod codec;
mod commit;
mod edges;
mod fault;
mod feed;
mod lanes;
mod migrate;
mod outdated;
#[cfg(test)]
mod paces;
mod query;
mod read;
mod refs;
mod settings;
mod sql;
mod statistics;
mod tenancy;
mod text;
#[cfg(feature = "tls")]
mod tls;
mod writer;

use async_trait::async_trait;
use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use fault::Fault;
use lanes::Lanes;
use query::Pace;
use scimstack_store::{
    Capabilities, ChangePage, ChangeSet, EdgePage, EdgeQuery, Explanation, FeedQuery, FeedScope, Key, Kind, Page,
    Query, Receipt, ResourceId, Scope, Store, StoreError, Stored, Want,
};
use settings::Settings;
use sql::Transaction;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio_postgres::IsolationLevel;
#[cfg(not(feature = "tls"))]
use tokio_postgres::config::SslMode;
use writer::Writers;

/// A store in a PostgreSQL database. To be shared, put it in an `Arc`.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Pool,
    runtime: Handle,
    writers: Arc<Writers>,
    /// Who may read for long.
    lanes: Arc<Lanes>,
    /// There is an index of parts of texts.
    parts: bool,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL, or key-value text, says nothing PostgreSQL understands.
    #[error("the database URL is not understood")]
    Url(#[source] tokio_postgres::Error),
    /// The server cannot be reached, or refuses.
    #[error("the PostgreSQL server cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What the URL says about encryption cannot be done, or is less than it seems.
    #[error("the connection cannot be encrypted as the database URL says: {0}")]
    Tls(String),
    /// A parameter of the URL has a value it cannot have.
    #[error("the parameter {name} of the database URL has to be {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The server's certificate is not one that the URL trusts.
    #[error("the certificate of the PostgreSQL server is not trusted: {0}")]
    Untrusted(String),
    /// The database is of a newer version of this library.
    #[error("the database has version {found}; this version knows {known} at most")]
    Newer {
        /// The version it has.
        found: i64,
        /// The newest version that is known.
        known: i64,
    },
    /// The role is not the owner of the tables, so that row-level security would hide every record from it.
    #[error("the role {role:?} does not own the tables and would see none of their rows: connect as their owner")]
    NotOwner {
        /// The role that was connected as.
        role: String,
    },
    /// The tables could not be made or brought to the newest version.
    #[error("the database could not be prepared")]
    Migration(#[from] tokio_postgres::Error),
    /// There is no Tokio runtime here.
    #[error("the store has to be opened within a Tokio runtime")]
    NoRuntime(#[source] tokio::runtime::TryCurrentError),
}

impl PostgresStore {
    /// Opens the database that `url` names (`postgres://user:password@host/database`), and makes its tables or brings them
    /// to the newest version. Several servers may do so at once. To be called, and the store used, within a Tokio runtime.
    ///
    /// # Errors
    /// When the server cannot be reached, or the database is of a newer version of this library.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let runtime = Handle::try_current().map_err(OpenError::NoRuntime)?;
        let Settings { config, trust, pool_size, pool_timeout, long_reads } = settings::parse(url)?;
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        #[cfg(feature = "tls")]
        let manager = Manager::from_config(config, tls::Tls::new(&trust)?, manager);
        #[cfg(not(feature = "tls"))]
        let manager = match (config.get_ssl_mode(), trust) {
            (SslMode::Require, _) => {
                return Err(OpenError::Tls("this build has no TLS: enable the feature `tls`".into()));
            }
            _ => Manager::from_config(config, tokio_postgres::NoTls, manager),
        };
        let pool = Pool::builder(manager)
            .max_size(pool_size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(pool_timeout))
            .build()
            .map_err(|error| OpenError::Unavailable(Box::new(error)))?;
        let mut client = pool.get().await.map_err(refused)?;
        migrate::migrate(&mut client).await?;
        let parts = client.query_one("SELECT to_regclass('part_text') IS NOT NULL", &[]).await?.try_get(0)?;
        drop(client);
        let writers = Arc::new(Writers::new(pool.clone()));
        let lanes = Arc::new(Lanes::new(long_reads));
        Ok(Self { pool, runtime, writers, lanes, parts })
    }

    async fn client(&self) -> Result<Client, Fault> {
        Ok(self.pool.get().await?)
    }
}

/// Why the first connection was not made.
fn refused(error: PoolError) -> OpenError {
    #[cfg(feature = "tls")]
    if let Some(objection) = tls::objection(&error) {
        return OpenError::Untrusted(objection);
    }
    OpenError::Unavailable(Box::new(error))
}

/// Reads, in a `snapshot` or by one statement `alone`. A connection that turns out to be gone (the server was started
/// anew, or another has taken its place) is replaced, and the reading done again on another.
macro_rules! reading {
    ($store:expr, $scope:expr, $how:ident, |$transaction:ident| $read:expr) => {{
        let mut attempt = 1;
        loop {
            let mut client = $store.client().await?;
            let answer = async {
                let $transaction = &$how(&mut client, $scope).await?;
                $read.await
            }
            .await;
            match answer {
                Err(fault) if fault.is_of_connection() => {
                    sql::discard(client);
                    // As many as the pool may have kept, and found to be gone.
                    if attempt > $store.pool.status().max_size {
                        break Err(fault.into());
                    }
                    attempt += 1;
                }
                answer => break Ok(answer?),
            }
        }
    }};
}

/// No transaction: for one statement.
async fn alone(client: &mut Client, scope: FeedScope) -> Result<Transaction<'_>, Fault> {
    Ok(Transaction::none(client, scope))
}

/// A transaction that only reads, all of it in one state of the database.
async fn snapshot(client: &mut Client, scope: FeedScope) -> Result<Transaction<'_>, Fault> {
    let builder = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    Ok(Transaction::new(builder.start().await?, scope))
}

#[async_trait]
impl Store for PostgresStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::FULL
    }

    async fn read(&self, scope: Scope, key: &Key, want: Want) -> Result<Option<Stored>, StoreError> {
        reading!(self, FeedScope::One(scope), alone, |alone| read::read(alone, scope, key, want))
    }

    async fn query(&self, scope: Scope, query: &Query) -> Result<Page, StoreError> {
        let answer: Result<_, StoreError> =
            reading!(self, FeedScope::One(scope), alone, |alone| query::direct(alone, scope, query));
        if let Some(page) = answer? {
            return Ok(page);
        }
        let parts = self.parts;
        let brief: Result<_, StoreError> = reading!(self, FeedScope::One(scope), snapshot, |snapshot| async {
            match query::query(snapshot, scope, query, parts, Pace::Brief).await {
                Ok(page) => Ok(Some(page)),
                Err(Fault::TakesLong) => Ok(None),
                Err(fault) => Err(fault),
            }
        });
        if let Some(page) = brief? {
            return Ok(page);
        }
        let _turn = self.lanes.enter(scope).await;
        reading!(self, FeedScope::One(scope), snapshot, |snapshot| {
            query::query(snapshot, scope, query, parts, Pace::Long)
        })
    }

    async fn edges(&self, scope: Scope, query: &EdgeQuery) -> Result<EdgePage, StoreError> {
        let answer: Result<_, StoreError> =
            reading!(self, FeedScope::One(scope), alone, |alone| edges::direct(alone, scope, query));
        match answer? {
            Some(page) => Ok(page),
            None => reading!(self, FeedScope::One(scope), snapshot, |snapshot| edges::edges(snapshot, scope, query)),
        }
    }

    async fn commit(&self, scope: Scope, changes: ChangeSet) -> Result<Receipt, StoreError> {
        self.writers.commit(&self.runtime, scope, changes).await
    }

    async fn explain(&self, scope: Scope, query: &Query) -> Result<Explanation, StoreError> {
        let parts = self.parts;
        reading!(self, FeedScope::One(scope), snapshot, |snapshot| query::explain(snapshot, scope, query, parts))
    }

    async fn outdated(
        &self,
        scope: Scope,
        kind: &Kind,
        declaration: &str,
        after: Option<&ResourceId>,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        reading!(self, FeedScope::One(scope), snapshot, |snapshot| {
            outdated::outdated(snapshot, scope, kind, declaration, after, limit)
        })
    }

    async fn changes(&self, query: &FeedQuery) -> Result<ChangePage, StoreError> {
        reading!(self, query.scope, snapshot, |snapshot| feed::changes(snapshot, query))
    }
}
