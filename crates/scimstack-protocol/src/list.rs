//! List queries and answers (RFC 7644 §3.4.2, RFC 9865).

/// The parameters of a list request, from a URL or a SearchRequest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListQuery {
    /// `filter`
    pub filter: Option<String>,
    /// `sortBy`
    pub sort_by: Option<String>,
    /// `sortOrder=descending`
    pub descending: bool,
    /// `startIndex`, at least 1.
    pub start_index: Option<u64>,
    /// `count`, at least 0.
    pub count: Option<u32>,
    /// `cursor`; an empty string starts.
    pub cursor: Option<String>,
    /// `attributes` and `excludedAttributes`.
    pub projection: scimstack_schema::Projection,
}

/// The envelope of a list answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListResponse {
    /// `totalResults`
    pub total_results: u64,
    /// `startIndex`
    pub start_index: u64,
    /// `itemsPerPage`
    pub items_per_page: u64,
}
