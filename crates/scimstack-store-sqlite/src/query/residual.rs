//! What no index answers: the filter evaluated on the complete documents of candidates, with the edges it asks about.

use super::Reading;
use crate::dict::{Class, Num};
use crate::edges::Edges;
use crate::fault::Fault;
use crate::read::peer;
use scimstack_filter::{Operand, Operator, Resolved, Test};
use scimstack_schema::{Object, ResolvedPath};
use scimstack_store::plan::{EdgeNeed, complete_with_edges, needs_edges};
use scimstack_store::{Edge, StoreError, Stored, Target};
use std::collections::BTreeSet;

/// What to read besides the document before the filter of one target can be evaluated.
pub(super) struct Residual {
    needs: Vec<Need>,
}

struct Need {
    need: EdgeNeed,
    relation: Option<Num>,
    /// The only values it makes a difference whether they are there; `None` when every edge may count.
    values: Option<BTreeSet<String>>,
}

impl Reading<'_> {
    pub(super) fn residual(&self, target: &Target) -> Result<Residual, Fault> {
        let filter = target.filter.as_deref();
        let mut needs = Vec::new();
        for need in needs_edges(&target.resource_type, filter) {
            let relation = self.dict.number(self.connection, Class::Relation, &need.relation)?;
            let mut values = BTreeSet::new();
            let is_it =
                |path: &ResolvedPath| path.extension == need.extension && *path.attribute.name == *need.attribute;
            let narrow = filter.is_none_or(|filter| named_values(filter, &is_it, &mut values));
            needs.push(Need { need, relation, values: narrow.then_some(values) });
        }
        Ok(Residual { needs })
    }

    /// The complete document of a candidate.
    pub(super) fn document(&self, target: &Target, residual: &Residual, stored: &Stored) -> Result<Object, Fault> {
        let mut edges = Vec::with_capacity(residual.needs.len());
        for need in &residual.needs {
            let found = match need.relation {
                Some(relation) => self.needed(target, need, relation, stored)?,
                None => Vec::new(),
            };
            edges.push((need.need.clone(), found));
        }
        let document = complete_with_edges(stored, &target.resource_type, &edges);
        Ok(document.map_err(|error| StoreError::Internal(Box::new(error)))?)
    }

    fn needed(&self, target: &Target, need: &Need, relation: Num, stored: &Stored) -> Result<Vec<Edge>, Fault> {
        let edges = Edges { connection: self.connection, dict: self.dict, scope: self.scope, relation };
        let key = std::slice::from_ref(&stored.key);
        let enough = self.budget.edges_left().saturating_add(1);
        let found = match (&need.values, need.need.backward) {
            (Some(values), false) => edges.starting_at_source_named(&stored.key, values)?,
            (Some(values), true) => edges.to_target_from(&stored.key, values)?,
            (None, false) => edges.starting_at_sources(key, true, None, enough)?,
            (None, true) => edges.to_targets(key, true, None, enough)?,
        };
        self.budget.spend_edges(found.len(), target)?;
        let mut found: Vec<Edge> = found.into_iter().map(|(_, edge)| edge).collect();
        if need.need.backward {
            for edge in &mut found {
                edge.peer = peer(self.connection, self.dict, self.scope, &edge.source)?;
            }
        }
        Ok(found)
    }
}

/// Collects the values that tests of one attribute compare its elements' `value` with. False when a test asks for
/// anything else, so that other elements may count too.
fn named_values(filter: &Resolved, is_it: &dyn Fn(&ResolvedPath) -> bool, values: &mut BTreeSet<String>) -> bool {
    match filter {
        Resolved::And(inner) | Resolved::Or(inner) => inner.iter().all(|inner| named_values(inner, is_it, values)),
        Resolved::Not(inner) => named_values(inner, is_it, values),
        Resolved::Test(test) if is_it(&test.path) => value_of(test).is_some_and(|value| {
            values.insert(value.to_owned());
            true
        }),
        Resolved::Element(path, inner) if is_it(path) => {
            // Elements with another value fail it whatever else it says.
            let value = match &**inner {
                Resolved::Test(test) => value_of(test),
                Resolved::And(all) => all.iter().find_map(|one| match one {
                    Resolved::Test(test) => value_of(test),
                    _ => None,
                }),
                _ => None,
            };
            values.extend(value.map(str::to_owned));
            value.is_some()
        }
        Resolved::Test(_) | Resolved::Element(..) => true,
    }
}

/// The right side of `….value eq "…"`, when ids and raw values are compared with it byte for byte.
fn value_of(test: &Test) -> Option<&str> {
    let sub = test.path.sub_attribute.as_ref()?;
    match &test.operand {
        Operand::Text(text) if test.operator == Some(Operator::Eq) && &*sub.name == "value" => {
            (sub.case_exact && text.is_ascii()).then_some(text)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_filter::{Filter, ResolveOptions};
    use scimstack_schema::Registry;

    fn values(filter: &str) -> Option<Vec<String>> {
        let registry = Registry::core();
        let group = registry.resource_type("Group").unwrap();
        let filter = Filter::parse(filter).unwrap().resolve(group, ResolveOptions::default()).unwrap();
        let mut values = BTreeSet::new();
        let narrow = named_values(&filter, &|path| &*path.attribute.name == "members", &mut values);
        narrow.then(|| values.into_iter().collect())
    }

    #[test]
    fn only_the_members_a_filter_names_are_read() {
        let cases: &[(&str, Option<&[&str]>)] = &[
            (r#"members.value eq "u1""#, Some(&["u1"])),
            (r#"members eq "u1" and displayName sw "a""#, Some(&["u1"])),
            (r#"not (members.value eq "u1") or members[value eq "u2" and type eq "User"]"#, Some(&["u1", "u2"])),
            (r#"displayName pr"#, Some(&[])),
            (r#"members.value ne "u1""#, None),
            (r#"members.value sw "u""#, None),
            (r#"members pr"#, None),
            (r#"members[type eq "User"]"#, None),
            (r#"members.type eq "User""#, None),
            (r#"members[not (value eq "u1")]"#, None),
            (r#"members[value eq "u1" or type eq "User"]"#, None),
            ("members.value eq \"\u{e4}\"", None),
        ];
        for (filter, expected) in cases {
            let expected = expected.map(|values| values.iter().map(|&v| v.to_owned()).collect());
            assert_eq!(values(filter), expected, "{filter}");
        }
    }
}
