//! How much a request may ask for. Every limit has a name; going past one is an ordinary SCIM error.

/// Limits of an [`crate::Engine`].
///
/// ```
/// let mut limits = scimstack_server::Limits::default();
/// limits.max_page = 500;
/// assert_eq!(limits.default_page, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest request body, in bytes (413).
    pub body: usize,
    /// The longest request body for resources with memberships, in bytes (413): a PUT carries all members of a group.
    pub group_body: usize,
    /// The longest bulk request, in bytes (413); published as `maxPayloadSize`.
    pub bulk_body: usize,
    /// The most operations of a bulk request (413); published as `maxOperations`. With 0 there is no bulk (501).
    pub bulk_operations: u32,
    /// The operations of one bulk request that are under way at the same time, where they do not depend on each other.
    pub bulk_in_flight: usize,
    /// Resources on a page when the client does not say.
    pub default_page: u32,
    /// The most resources on a page; a larger `count` brings fewer.
    pub max_page: u32,
    /// Seconds for which a cursor can be used.
    pub cursor_lifetime: u32,
    /// The most members of one answer that are put together in memory; the members of larger groups are streamed.
    pub eager_edges: u64,
    /// The most memberships followed to find the groups of the resources on one page.
    pub memberships: usize,
    /// Length, depth and terms of filters and paths, operations of a PATCH.
    pub filter: scimstack_filter::Limits,
    /// Candidates a query may look at one by one (400 `tooMany`).
    pub budget: u64,
    /// Requests of one tenant that are under way at the same time; more wait their turn. With 0 there is no such limit.
    pub tenant_in_flight: u32,
    /// Requests of one tenant that wait; more are answered 429 with `Retry-After`.
    pub tenant_waiting: usize,
    /// Requests of one tenant in a second (429 with `Retry-After`); ten seconds' worth may come at once. `None`: any number.
    pub tenant_rate: Option<u32>,
    /// How often a write is tried again when others write to the same resource (then 409).
    pub attempts: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            group_body: 64 * 1024 * 1024,
            bulk_body: 64 * 1024 * 1024,
            bulk_operations: 1_000,
            bulk_in_flight: 64,
            default_page: 100,
            max_page: 1_000,
            cursor_lifetime: 3_600,
            eager_edges: 1_000,
            memberships: 100_000,
            filter: scimstack_filter::Limits::default(),
            budget: scimstack_store::Query::BUDGET,
            tenant_in_flight: 16,
            tenant_waiting: 1_000,
            tenant_rate: None,
            attempts: 5,
        }
    }
}
