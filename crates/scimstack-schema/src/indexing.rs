//! What stores are to index of a resource type, in a form they can keep beside what they have indexed.
//! Left out: keeping an index, and what is in it (`scimstack_store::plan`).
//!
//! ```
//! let registry = scimstack_schema::Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let path = user.resolve("emails.value").unwrap();
//! let declared = user.index_declaration();
//! assert!(declared.lines().any(|line| *line == path.index_line()));
//! assert!(declared.lines().any(|line| *line == path.search_line()));
//! ```

use crate::registry::{ResolvedPath, ResourceType};
use std::sync::Arc;

impl ResourceType {
    /// What stores are to index of this type, as a text with a line for each path, in order. The same text means the same
    /// index entries for the same resource. Stores keep it with what they index, so that a path that was declared later is
    /// used only when every resource has been indexed under it.
    #[must_use]
    pub fn index_declaration(&self) -> &Arc<str> {
        self.declaration.get_or_init(|| {
            let indexed = self.indexed.iter().map(ResolvedPath::index_line);
            let mut lines: Vec<String> = indexed.chain(self.searched.iter().map(ResolvedPath::search_line)).collect();
            lines.extend(self.without.iter().map(|set| Self::without_line(set)));
            lines.sort();
            lines.join("\n").into()
        })
    }

    /// The line of finding what has nothing at any of these paths.
    #[must_use]
    pub fn without_line(paths: &[ResolvedPath]) -> String {
        paths.iter().map(|path| format!("!{path}")).collect::<Vec<_>>().join(" ")
    }
}

impl ResolvedPath {
    /// The line of an index on this path in a [`ResourceType::index_declaration`]: the path, and what its keys depend on.
    #[must_use]
    pub fn index_line(&self) -> String {
        let leaf = self.leaf();
        format!("{self} {}{}", leaf.r#type, if leaf.case_exact { " exact" } else { "" })
    }

    /// The line of finding values by a part of them.
    #[must_use]
    pub fn search_line(&self) -> String {
        format!("~{}", self.index_line())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Attribute, Registry, RegistryError, Schema, Type};

    fn declared(paths: &[&str], searched: &[&str], badge: Attribute) -> Result<String, RegistryError> {
        let schema = Schema::new("urn:example:badge", "Badge").with_attribute(badge);
        let mut builder = Registry::builder().resource_type("User", "/Users", "", schema);
        for path in paths {
            builder = builder.indexed("User", path)?;
        }
        for path in searched {
            builder = builder.searched("User", path)?;
        }
        Ok(builder.build()?.resource_type("User").unwrap().index_declaration().to_string())
    }

    #[test]
    fn the_same_paths_in_any_order_are_the_same_declaration() {
        let badge = || Attribute::new("badge", Type::String);
        let one = declared(&["badge", "meta.created"], &["badge"], badge()).unwrap();
        assert_eq!(one, declared(&["META.created", "badge", "badge"], &["BADGE"], badge()).unwrap());
        assert_eq!(one, "badge string\nmeta.created dateTime\n~badge string");
    }

    #[test]
    fn what_is_missing_is_declared_once_in_whatever_order() {
        let schema = Schema::new("urn:example:badge", "Badge")
            .with_attribute(Attribute::new("badge", Type::String))
            .with_attribute(Attribute::new("desk", Type::String));
        let builder = Registry::builder().resource_type("User", "/Users", "", schema);
        let builder = builder.found_without("User", &["desk", "badge"]).unwrap();
        let registry = builder.found_without("User", &["BADGE", "desk"]).unwrap().build().unwrap();
        let user = registry.resource_type("User").unwrap();
        assert_eq!(user.index_declaration().as_ref(), "!badge !desk");
        let again = registry.to_builder().build().unwrap();
        assert_eq!(again.resource_type("User").unwrap().without, user.without);
        let nowhere = registry.to_builder().found_without("User", &["hat"]).unwrap().build();
        assert!(matches!(nowhere, Err(RegistryError::UnknownPath { .. })));
    }

    #[test]
    fn an_attribute_with_other_characteristics_is_another_declaration() {
        let exact = declared(&["badge"], &[], Attribute::new("badge", Type::String).with_case_exact(true)).unwrap();
        assert_eq!(exact, "badge string exact");
        let number = declared(&["badge"], &[], Attribute::new("badge", Type::Integer)).unwrap();
        assert_eq!(number, "badge integer");
    }

    #[test]
    fn what_is_no_text_has_no_parts_to_be_searched_by() {
        let refused = declared(&[], &["badge"], Attribute::new("badge", Type::Integer)).unwrap_err();
        assert_eq!(refused.to_string(), "badge of User is no text, and so cannot be searched by parts");
    }
}
