//! Who reports to whom, and who is in what, for an application's own pages: a person's line upward, direct reports, everyone
//! below, what is wrong with managers; a group's people through nested groups, and a person's groups.
//!
//! Everything is read from edges, a page or a level at a time. What a call costs depends on what it answers, never on how
//! large the company is:
//!
//! | call | reads |
//! |---|---|
//! | [`Org::managers`] | 2 for up to 500 people |
//! | [`Org::line`] | 2 for each step upward |
//! | [`Org::reports`] | 1 or 2 for a page |
//! | [`Org::below`] | 3 for up to 500 managers of a level, and those of further pages |
//! | [`Org::troubles`] | 2 for a page of edges |
//! | [`Org::top`] | 1 for a page of people without a manager; 3, and a look-up for each, where it is not known |
//! | [`Org::report_counts`] | 2 or 3 for up to 500 people and 1,000 reports |
//! | [`Org::waiting`] | 3 for up to 1,000 who wait, for each attribute |
//! | [`Org::members`] | 1 for up to 1,000 members of each level |
//! | [`Org::groups`] | 1 for each level upward |
//!
//! Of the two attributes that name a manager, `manager` counts where it names someone who is here, else `managerExternalId`.
//! Who names themself has no manager. A circle is followed once round. Nobody is left out for being deactivated: reports of
//! such a manager are still shown below them, and marked.
//!
//! ```
//! use scimstack_schema::Registry;
//! # use scimstack_schema::Timestamp;
//! use scimstack_server::org::LineEnd;
//! use scimstack_server::{Admin, Environment};
//! use scimstack_store::{Key, MemoryStore, ResourceId};
//! # struct Still;
//! # impl Environment for Still {
//! #     fn now(&self) -> Timestamp {
//! #         Timestamp::from_seconds(1_800_000_000)
//! #     }
//! #     fn fill_random(&self, _: &mut [u8]) {}
//! # }
//! # futures_executor::block_on(async {
//! let admin = Admin::new(std::sync::Arc::new(MemoryStore::new()), std::sync::Arc::new(Still), Registry::haystack());
//! let acme = admin.create_tenant("acme").await?;
//! let org = admin.org(acme.id);
//! let ann = Key::new("User", ResourceId::new("019c0a3e").unwrap());
//! let line = org.line(&ann, 50).await?;
//! assert!(line.people.is_empty() && line.end == LineEnd::Top);
//! # Ok::<(), scimstack_server::admin::AdminError>(())
//! # }).unwrap();
//! ```

mod groups;
mod people;
mod top;
mod troubles;

pub use groups::{GroupMember, Membership};
pub use people::{Below, Line, LineEnd, Manager, Person, Reports};
pub use top::{Head, ReportCounts, Top};
pub use troubles::{Trouble, Troubled, Troubles};

use crate::admin::Admin;
use bytes::Bytes;
use scimstack_store::{Anchor, Edge, EdgePage, EdgeQuery, Key, Scope, Store, StoreError, TenantId};
use std::sync::Arc;

/// The relations a manager comes by, the stronger first.
const MANAGERS: [&str; 2] = ["manager", "managerExternalId"];
/// Keys asked for at once.
const KEYS: usize = 500;
/// Edges read at once.
const EDGES: usize = 1_000;

/// The people and groups of one tenant.
#[derive(Clone)]
pub struct Org {
    admin: Admin,
    tenant: TenantId,
}

impl Admin {
    /// The people and groups of a tenant.
    #[must_use]
    pub fn org(&self, tenant: TenantId) -> Org {
        Org { admin: self.clone(), tenant }
    }
}

impl Org {
    fn store(&self) -> &Arc<dyn Store> {
        self.admin.store()
    }

    async fn page(
        &self,
        relation: &str,
        anchor: Anchor,
        after: Option<Bytes>,
        limit: usize,
    ) -> Result<EdgePage, StoreError> {
        let pending = !matches!(anchor, Anchor::Targets(_));
        let query =
            EdgeQuery { relation: relation.to_owned(), anchor, pending, peer: true, values: pending, after, limit };
        self.store().edges(Scope::Tenant(self.tenant), &query).await
    }

    /// All edges around these keys, at most so many, and whether there are more.
    async fn around(
        &self,
        relation: &str,
        keys: &[Key],
        anchor: fn(Vec<Key>) -> Anchor,
        most: usize,
    ) -> Result<(Vec<Edge>, bool), StoreError> {
        let mut edges = Vec::new();
        for keys in keys.chunks(KEYS) {
            let mut after = None;
            loop {
                if edges.len() >= most {
                    return Ok((edges, true));
                }
                let page = self.page(relation, anchor(keys.to_vec()), after, EDGES.min(most - edges.len())).await?;
                edges.extend(page.edges);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok((edges, false))
    }
}
