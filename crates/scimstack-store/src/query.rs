//! What is asked of a store: filter, order, page, count, and how much it may cost.
//! Left out: where candidates come from ([`crate::plan`]). Paging is that of RFC 7644 §3.4.2.4 and RFC 9865, sorting that of
//! RFC 7644 §3.4.2.3.
//!
//! ```
//! use scimstack_filter::{Filter, ResolveOptions};
//! use scimstack_schema::Registry;
//! use scimstack_store::{MemoryStore, Query, Scope, Store, Target, Total};
//! use std::sync::Arc;
//!
//! # futures_executor::block_on(async {
//! let user = Registry::core().resource_type("User").unwrap().clone();
//! let filter = Filter::parse(r#"emails[type eq "work" and value eq "ann@x.test"]"#).unwrap();
//! let filter = Arc::new(filter.resolve(&user, ResolveOptions::default()).unwrap());
//! let query = Query::new(Target { kind: "User".into(), resource_type: user, filter: Some(filter) }, 10);
//! let page = MemoryStore::new().query(Scope::from_number(1), &query).await.unwrap();
//! assert_eq!(page.total, Total::Exact(0));
//! # });
//! ```

use crate::key::Kind;
use crate::plan::Plan;
use crate::record::Stored;
use bytes::Bytes;
use scimstack_filter::Resolved;
use scimstack_schema::{ResolvedPath, ResourceType};
use std::sync::Arc;

/// A query over one or several kinds in one scope.
#[derive(Clone, Debug)]
pub struct Query {
    /// What to look in.
    pub targets: Vec<Target>,
    /// The order; `None` is by id, which never changes. Resources of several kinds with the same id follow in any order
    /// that does not change.
    pub sort: Option<Sort>,
    /// Which part.
    pub page: Paging,
    /// Whether to count all matches.
    pub count: CountMode,
    /// What to bring back of each match.
    pub want: Want,
    /// How many candidates may be looked at one by one before the query is refused
    /// ([`crate::StoreError::TooExpensive`]).
    pub budget: u64,
}

impl Query {
    /// The default of [`Query::budget`].
    pub const BUDGET: u64 = 10_000;

    /// The first `count` of one kind, by id, counted.
    #[must_use]
    pub fn new(target: Target, count: u32) -> Self {
        Self {
            targets: vec![target],
            sort: None,
            page: Paging::Index { start: 1, count },
            count: CountMode::Exact,
            want: Want::ALL,
            budget: Self::BUDGET,
        }
    }
}

/// One kind to look in.
#[derive(Clone, Debug)]
pub struct Target {
    /// The kind.
    pub kind: Kind,
    /// Its resource type.
    pub resource_type: Arc<ResourceType>,
    /// Which of them.
    pub filter: Option<Arc<Resolved>>,
}

/// An order: by the key of a value ([`crate::plan::sort_key`]), those without one last, then by id. Descending is the same
/// order backwards: those without a value first.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// By the value here; of a list, the primary element's, else the first's (RFC 7644 §3.4.2.3).
    pub path: ResolvedPath,
    /// Largest first.
    pub descending: bool,
}

/// Which part of the matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// By place (RFC 7644 §3.4.2.4).
    Index {
        /// The first, from 1.
        start: u64,
        /// At most so many; 0 only counts.
        count: u32,
    },
    /// After a cursor ([`Page::next`]), or from the beginning. When nothing has to be counted ([`CountMode::Cheap`],
    /// [`CountMode::None`]), a page may be shorter than was asked for, even empty, with a cursor to go on: a filter that
    /// nothing is indexed for is then answered a budget at a time, where it would be refused otherwise.
    Cursor {
        /// Where to go on. Opaque and not authenticated: the engine seals it before a client sees it.
        after: Option<Bytes>,
        /// At most so many.
        count: u32,
    },
}

/// Whether to count all matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountMode {
    /// All of them.
    Exact,
    /// Up to this number.
    UpTo(u64),
    /// If that costs little beside the page itself: [`Total::Exact`] or [`Total::Unknown`].
    Cheap,
    /// Not at all.
    None,
}

/// What to bring back of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// [`Stored::doc`].
    pub document: bool,
    /// [`Stored::private`].
    pub private: bool,
}

impl Want {
    /// Everything.
    pub const ALL: Self = Self { document: true, private: true };
    /// The document.
    pub const DOCUMENT: Self = Self { document: true, private: false };
    /// Key, version and computed columns.
    pub const HEAD: Self = Self { document: false, private: false };
}

/// What a query found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The matches of this page.
    pub items: Vec<Stored>,
    /// How many matches there are.
    pub total: Total,
    /// Where the next page starts; `None` when this is the last, and with [`Paging::Index`].
    pub next: Option<Bytes>,
    /// How many resources were looked at one by one, because no index answers the whole query: what it cost of
    /// [`Query::budget`]. For whoever watches a server and decides what to index.
    pub looked_at: u64,
}

impl Page {
    /// For back ends; nothing was looked at one by one.
    #[must_use]
    pub fn new(items: Vec<Stored>, total: Total, next: Option<Bytes>) -> Self {
        Self { items, total, next, looked_at: 0 }
    }

    /// For back ends: so many were.
    #[must_use]
    pub fn with_looked_at(mut self, looked_at: u64) -> Self {
        self.looked_at = looked_at;
        self
    }
}

/// How a store would answer a query: for administrators, and for whoever decides what to index.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// One for each target.
    pub targets: Vec<Explained>,
}

impl Explanation {
    /// For back ends.
    #[must_use]
    pub fn new(targets: Vec<Explained>) -> Self {
        Self { targets }
    }

    /// How many resources would be looked at one by one, at least: the cost that [`Query::budget`] bounds.
    #[must_use]
    pub fn looked_at(&self) -> u64 {
        self.targets.iter().filter(|target| !target.plan.exact).map(|target| target.candidates).sum()
    }
}

/// How a store would find what matches of one kind.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explained {
    /// The kind.
    pub kind: Kind,
    /// Where candidates come from, and whether they are the matches; else the filter is evaluated on each.
    pub plan: Plan,
    /// How many candidates there are; counted no further than one more than the query's budget.
    pub candidates: u64,
    /// How many records of the kind there are.
    pub records: u64,
}

impl Explained {
    /// For back ends.
    #[must_use]
    pub fn new(kind: Kind, plan: Plan, candidates: u64, records: u64) -> Self {
        Self { kind, plan, candidates, records }
    }
}

impl std::fmt::Display for Explained {
    /// In words: `User: the one with the unique name "ann", which are the matches (1 of 1000)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} of {})", crate::plan::explain(&self.plan, &self.kind), self.candidates, self.records)
    }
}

/// How many matches there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exact(u64),
    /// So many or more.
    AtLeast(u64),
    /// Not counted.
    Unknown,
}
