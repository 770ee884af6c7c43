//! Which indexes hold every record: what is declared for a kind changes while its records stay as they were indexed.
//!
//! ```
//! use scimstack_schema::Registry;
//! use scimstack_store::plan::Coverage;
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let later = registry.to_builder().indexed("User", "title").unwrap().build().unwrap();
//! let later = later.resource_type("User").unwrap();
//!
//! // Some users were indexed before `title` was declared.
//! let coverage = Coverage::of(later, [user.index_declaration().clone()]);
//! assert!(!coverage.has_index(&later.resolve("title").unwrap()));
//! assert!(coverage.has_index(&later.resolve("emails.value").unwrap()));
//! ```

use scimstack_schema::{ResolvedPath, ResourceType};
use std::sync::Arc;

/// Which of a resource type's indexes hold every record of the kind. By default all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Under which declarations some records were indexed, besides the type's own.
    others: Vec<Arc<str>>,
}

impl Coverage {
    /// Of records that were indexed under these declarations ([`crate::Index::declaration`]).
    #[must_use]
    pub fn of(resource_type: &ResourceType, found: impl IntoIterator<Item = Arc<str>>) -> Self {
        let own = resource_type.index_declaration();
        Self { others: found.into_iter().filter(|declaration| declaration != own).collect() }
    }

    /// Whether every index holds every record.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.others.is_empty()
    }

    /// Whether the index of a path that the resource type declares holds every record.
    #[must_use]
    pub fn has_index(&self, path: &ResolvedPath) -> bool {
        self.is_whole() || self.has_line(&path.index_line())
    }

    /// Whether every record is found by parts of what is at this path, which the resource type declares.
    #[must_use]
    pub fn has_search(&self, path: &ResolvedPath) -> bool {
        self.is_whole() || self.has_line(&path.search_line())
    }

    /// Whether every record that has nothing at any of these paths is found, which the resource type declares.
    #[must_use]
    pub fn has_without(&self, paths: &[ResolvedPath]) -> bool {
        self.is_whole() || self.has_line(&ResourceType::without_line(paths))
    }

    fn has_line(&self, line: &str) -> bool {
        self.others.iter().all(|other| other.lines().any(|of_other| of_other == line))
    }
}
