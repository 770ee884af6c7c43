//! From a resource to what is stored of it, and from a filter to how it is answered: what every back end shares.
//!
//! Owned here: the computed columns and index keys of a record ([`record`], [`index_key`]), the choice of where candidates
//! come from ([`plan`]), what that may cost ([`Budget`]), and the document a filter is evaluated on ([`complete`], [`complete_with_edges`]). Left out: how
//! a back end finds the candidates, and the evaluation itself ([`scimstack_filter::Resolved::matches`]). The plan only has
//! to be a superset, so that back ends agree by construction (RFC 7644 §3.4.2.2).
//!
//! ```
//! use scimstack_filter::{Filter, ResolveOptions};
//! use scimstack_schema::Registry;
//! use scimstack_store::plan::{Driver, plan};
//!
//! let registry = Registry::core();
//! let user = registry.resource_type("User").unwrap();
//! let filter = Filter::parse(r#"userName eq "Ann@x.test" and active eq true"#).unwrap();
//! let filter = filter.resolve(user, ResolveOptions::default()).unwrap();
//! let plan = plan(user, Some(&filter));
//! assert_eq!(plan.driver, Driver::Unique("ann@x.test".into()));
//! assert!(!plan.exact, "whether she is active has to be looked up");
//! ```

mod budget;
mod coverage;
mod document;
mod extract;
mod look_up;
mod range;

pub use budget::{Budget, OverBudget, Pace};
pub use coverage::Coverage;
pub use document::{EdgeNeed, complete, complete_with_edges, meta, needs_edges, sort_key};
pub use extract::{index, index_key, operand_key, part_key, record, unique_attribute};
pub use look_up::{look_up, looked_up};
pub use range::Ordered;

use crate::key::Kind;
use extract::WITHOUT;
use range::Stretch;
use scimstack_filter::{Operand, Operator, Resolved, Test};
use scimstack_schema::fold::{MAX_KEY_BYTES, fold, truncate_key};
use scimstack_schema::{Attribute, ResolvedPath, ResourceType, Type};

/// How a store finds candidates. The candidates are a superset of the matches; unless [`Plan::exact`], each is evaluated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Where candidates come from.
    pub driver: Driver,
    /// Whether the driver's candidates are exactly the matches.
    pub exact: bool,
}

/// Where candidates come from. A back end that does not know one of them may take [`Driver::All`] and evaluate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Driver {
    /// Nothing can match.
    Nothing,
    /// The record with this id.
    Id(String),
    /// The record with this [`crate::Core::unique`].
    Unique(String),
    /// Records with this `externalId`.
    ExternalId(String),
    /// Records with this [`crate::Core::sort_name`].
    SortName(String),
    /// Records with an index entry of this path and exactly this value, and this element kind when it is given.
    Index {
        /// The canonical path.
        path: String,
        /// The key.
        value: String,
        /// The folded `type` of the element.
        kind: Option<String>,
    },
    /// Sources of edges of this relation that end at the record with this id, and sources of edges that are pending under
    /// this raw value: the raw value is what a pending member shows.
    EdgesTo {
        /// The relation.
        relation: String,
        /// The target's id, or the raw value of a pending edge.
        target: String,
    },
    /// Targets of resolved edges of this relation that start at the record with this id: `groups.value eq`.
    EdgesFrom {
        /// The relation.
        relation: String,
        /// The source's id; of any kind.
        source: String,
    },
    /// Records with a key from one, before another.
    Range {
        /// Whose keys.
        of: Ordered,
        /// The least key.
        from: Option<String>,
        /// What all keys are before.
        to: Option<String>,
    },
    /// Records whose [`crate::Core::active`] is false.
    Inactive,
    /// Records that have this, three characters or more, in one of their [`crate::Index::texts`].
    Containing(String),
    /// What any of these finds.
    Any(Vec<Driver>),
    /// Every record of the kind.
    All,
}

/// Plans one target: the cheapest driver among the conjuncts of the filter, as if every record had been indexed as the
/// resource type declares. A back end that has others ([`Plan::uses_indexes`]) has to [`plan_within`] what it has.
#[must_use]
pub fn plan(resource_type: &ResourceType, filter: Option<&Resolved>) -> Plan {
    plan_within(resource_type, filter, &Coverage::default())
}

/// Plans one target with those of its indexes that hold every record.
#[must_use]
pub fn plan_within(resource_type: &ResourceType, filter: Option<&Resolved>, coverage: &Coverage) -> Plan {
    let on = On { resource_type, coverage };
    let mut conjuncts = Vec::new();
    if let Some(filter) = filter {
        flatten(filter, &mut conjuncts);
    }
    if conjuncts.iter().any(|conjunct| matches!(conjunct, Resolved::Or(alternatives) if alternatives.is_empty())) {
        return Plan::nothing();
    }
    match narrowest(on, &conjuncts) {
        Some(found) => Plan { driver: found.driver, exact: found.exact },
        None => Plan { driver: Driver::All, exact: conjuncts.is_empty() },
    }
}

/// What is planned on: a resource type, and which of its indexes can be used.
#[derive(Clone, Copy)]
struct On<'a> {
    resource_type: &'a ResourceType,
    coverage: &'a Coverage,
}

impl Plan {
    /// Of what nothing can match.
    #[must_use]
    pub fn nothing() -> Self {
        Self { driver: Driver::Nothing, exact: true }
    }

    /// Whether the driver goes by an index that [`crate::Index::declaration`] is about.
    #[must_use]
    pub fn uses_indexes(&self) -> bool {
        self.driver.uses_indexes()
    }
}

impl Driver {
    fn uses_indexes(&self) -> bool {
        match self {
            Self::Index { .. } | Self::Range { of: Ordered::Index(_), .. } | Self::Containing(_) => true,
            Self::Any(drivers) => drivers.iter().any(Self::uses_indexes),
            _ => false,
        }
    }
}

/// The cheapest of the conjuncts' drivers. Bounds of one order are put together.
fn narrowest(on: On<'_>, conjuncts: &[&Resolved]) -> Option<Candidate> {
    let candidates = || conjuncts.iter().filter_map(|conjunct| candidate(on, conjunct));
    let without = of_what_is_missing(on, conjuncts).map(|(found, said)| (found, Some(said)));
    let (mut best, said_by_it) =
        candidates().map(|found| (found, None)).chain(without).min_by_key(|(found, _)| found.rank)?;
    if let Some(said) = said_by_it {
        best.exact &= said == conjuncts.len();
        return Some(best);
    }
    let mut said = 1;
    if let Driver::Range { of, from, to } = &mut best.driver
        && best.single
        && conjuncts.len() > 1
    {
        let of_the_same = candidates().filter_map(|other| match other.driver {
            Driver::Range { of: other_of, from, to } if other_of == *of => Some((Stretch { from, to }, other.exact)),
            _ => None,
        });
        let all = of_the_same.fold((Stretch::default(), true, 0), |(stretch, exact, n), (other, other_exact)| {
            (stretch.and(other), exact && other_exact, n + 1)
        });
        (Stretch { from: *from, to: *to }, best.exact, said) = all;
    }
    best.exact &= said == conjuncts.len();
    Some(best)
}

/// The fewest characters of a part that texts are found by.
const PART_CHARACTERS: usize = 3;

/// A [`Plan`] in words, for people: driver, whether it is exact.
#[must_use]
pub fn explain(plan: &Plan, kind: &Kind) -> String {
    if plan.driver == Driver::Nothing {
        return format!("{kind}: nothing can match");
    }
    let check = if plan.exact { "which are the matches" } else { "each then checked against the filter" };
    format!("{kind}: {}, {check}", words(&plan.driver))
}

fn words(driver: &Driver) -> String {
    match driver {
        Driver::Nothing => "nobody".to_owned(),
        Driver::Id(id) => format!("the one with id \"{id}\""),
        Driver::Unique(value) => format!("the one with the unique name \"{value}\""),
        Driver::ExternalId(value) => format!("those with externalId \"{value}\""),
        Driver::SortName(value) => format!("those with displayName \"{value}\""),
        Driver::Index { path, value, kind: None } if value == WITHOUT && path.starts_with('!') => {
            format!(
                "those without {}",
                path.split(' ').map(|path| path.trim_start_matches('!')).collect::<Vec<_>>().join(" and ")
            )
        }
        Driver::Index { path, value, kind: None } => format!("those in the index of {path} under \"{value}\""),
        Driver::Index { path, value, kind: Some(element) } => {
            format!("those in the index of {path} under \"{value}\", type \"{element}\"")
        }
        Driver::EdgesTo { relation, target } => format!("those with \"{target}\" among their {relation}"),
        Driver::EdgesFrom { relation, source } => format!("the {relation} of \"{source}\""),
        Driver::All => "every one".to_owned(),
        Driver::Inactive => "those that are not active".to_owned(),
        Driver::Containing(text) => format!("those with {text:?} in a text that is searched"),
        Driver::Range { of, from, to } => {
            let of = match of {
                Ordered::Unique => "the unique name",
                Ordered::ExternalId => "externalId",
                Ordered::SortName => "displayName",
                Ordered::Created => "meta.created",
                Ordered::Modified => "meta.lastModified",
                Ordered::Index(path) => path,
            };
            let bound = |word: &str, key: &Option<String>| {
                key.as_ref().map(|key| format!(" {word} {key:?}")).unwrap_or_default()
            };
            format!("those in the order of {of}{}{}", bound("from", from), bound("before", to))
        }
        Driver::Any(drivers) => {
            let found: Vec<String> = drivers.iter().map(words).collect();
            found.join(", or ")
        }
    }
}

struct Candidate {
    rank: u8,
    driver: Driver,
    /// Whether the driver says all that the conjunct says.
    exact: bool,
    /// Whether a record has one value at most there, so that several conditions are conditions on that one.
    single: bool,
}

impl Candidate {
    fn new(rank: u8, driver: Driver, exact: bool) -> Self {
        Self { rank, driver, exact, single: false }
    }
}

/// The conjuncts of a filter; lists of one stand for what is in them.
fn flatten<'a>(filter: &'a Resolved, into: &mut Vec<&'a Resolved>) {
    match filter {
        Resolved::And(all) => all.iter().for_each(|inner| flatten(inner, into)),
        Resolved::Or(any) => match any.as_slice() {
            [only] => flatten(only, into),
            _ => into.push(filter),
        },
        _ => into.push(filter),
    }
}

fn candidate(on: On<'_>, conjunct: &Resolved) -> Option<Candidate> {
    match conjunct {
        Resolved::Test(test) => of_test(on, test),
        Resolved::Element(path, inner) => of_element(on, path, inner),
        Resolved::Or(alternatives) => of_alternatives(on, alternatives),
        _ => None,
    }
}

/// What has nothing at any path of a set that is declared, when the conjuncts ask for that; and how many of them say so.
fn of_what_is_missing(on: On<'_>, conjuncts: &[&Resolved]) -> Option<(Candidate, usize)> {
    let missing = || {
        conjuncts.iter().filter_map(|conjunct| match conjunct {
            Resolved::Not(inner) => match &**inner {
                Resolved::Test(test) if test.operator.is_none() => Some(&test.path),
                _ => None,
            },
            _ => None,
        })
    };
    let is_asked = |set: &&Vec<ResolvedPath>| set.iter().all(|path| missing().any(|asked| asked == path));
    let sets = on.resource_type.without.iter().filter(|set| on.coverage.has_without(set));
    let set = sets.filter(is_asked).max_by_key(|set| set.len())?;
    let said = missing().filter(|asked| set.contains(asked)).count();
    // Attributes of extensions are in the document as they are; of the base schema some are made up when it is shown.
    let exact = set.iter().all(|path| path.extension.is_some() && path.leaf().r#type != Type::Complex);
    let (path, value) = (ResourceType::without_line(set), WITHOUT.to_owned());
    Some((Candidate::new(4, Driver::Index { path, value, kind: None }, exact), said))
}

/// All that any alternative finds, when each has a driver.
fn of_alternatives(on: On<'_>, alternatives: &[Resolved]) -> Option<Candidate> {
    let of_one = |alternative| {
        let mut conjuncts = Vec::new();
        flatten(alternative, &mut conjuncts);
        narrowest(on, &conjuncts)
    };
    let found: Vec<Candidate> = alternatives.iter().map(of_one).collect::<Option<_>>()?;
    let rank = found.iter().map(|found| found.rank).max()?;
    let exact = found.iter().all(|found| found.exact);
    Some(Candidate::new(rank, Driver::Any(found.into_iter().map(|found| found.driver).collect()), exact))
}

fn of_test(on: On<'_>, test: &Test) -> Option<Candidate> {
    let path = &test.path;
    if let Some((of, Stretch { from, to }, exact)) = range::of_test(on, test) {
        // Beginnings narrow more than bounds do.
        let rank = if test.operator == Some(Operator::Sw) { 6 } else { 9 };
        let driver = Driver::Range { of, from, to };
        return Some(Candidate { single: !path.attribute.multi_valued, ..Candidate::new(rank, driver, exact) });
    }
    if test.operator != Some(Operator::Eq) {
        return of_part(on, test);
    }
    if is_activity(path) && test.operand == Operand::Bool(false) {
        return Some(Candidate::new(7, Driver::Inactive, true));
    }
    if let Operand::Text(text) = &test.operand {
        let top = path.extension.is_none() && path.sub_attribute.is_none();
        let name = if top { &*path.attribute.name } else { "" };
        // Ids are compared byte for byte, filters after normalisation; for ASCII that is the same.
        if name == "id" && path.attribute.case_exact && text.is_ascii() {
            return Some(Candidate::new(0, Driver::Id(text.clone()), true));
        }
        if top && unique_attribute(on.resource_type).is_some_and(|unique| unique.name == path.attribute.name) {
            return Some(Candidate::new(1, Driver::Unique(text.clone()), true));
        }
        if name == "externalId" && path.attribute.case_exact {
            return Some(Candidate::new(2, Driver::ExternalId(text.clone()), true));
        }
        if let Some(found) = of_edges(on, path, text) {
            return Some(found);
        }
        if name == "displayName" && is_sort_name(&path.attribute) && !is_indexed(on, path) {
            let driver = Driver::SortName(truncate_key(text).to_owned());
            return Some(Candidate::new(5, driver, is_whole(text)));
        }
    }
    // What does not say `primary` is not primary, and is in no index.
    let value = operand_key(path, &test.operand).filter(|_| test.operand != Operand::Bool(false))?;
    if !is_indexed(on, path) {
        return None;
    }
    let exact = matches!(&test.operand, Operand::Text(text) if is_whole(text));
    Some(Candidate::new(4, Driver::Index { path: path.to_string(), value, kind: None }, exact))
}

/// Of a test for a part of a text, where texts are found by their parts.
fn of_part(on: On<'_>, test: &Test) -> Option<Candidate> {
    let Operand::Text(text) = &test.operand else { return None };
    let for_a_part = matches!(test.operator, Some(Operator::Co | Operator::Ew | Operator::Sw));
    let is_searched = || {
        on.resource_type.searched.contains(&test.path)
            && !is_apart(on.resource_type, &test.path)
            && on.coverage.has_search(&test.path)
    };
    if !for_a_part || text.chars().nth(PART_CHARACTERS - 1).is_none() || !is_searched() {
        return None;
    }
    Some(Candidate::new(8, Driver::Containing(part_key(text).into_owned()), false))
}

/// The test inside `path[…]` that narrows most, with the element's `type` where that is tested beside it.
fn of_element(on: On<'_>, path: &ResolvedPath, inner: &Resolved) -> Option<Candidate> {
    let mut conjuncts = Vec::new();
    flatten(inner, &mut conjuncts);
    if conjuncts.iter().any(|conjunct| matches!(conjunct, Resolved::Or(alternatives) if alternatives.is_empty())) {
        return Some(Candidate::new(0, Driver::Nothing, true));
    }
    let tests =
        || conjuncts.iter().filter_map(|conjunct| if let Resolved::Test(test) = conjunct { Some(test) } else { None });
    let (test, mut found) =
        tests().filter_map(|test| of_test(on, test).map(|found| (test, found))).min_by_key(|(_, found)| found.rank)?;
    let mut said = 1;
    if let Driver::Index { kind, .. } = &mut found.driver
        && path.attribute.multi_valued
        && let Some((attribute, text)) = tests().filter(|other| *other != test).find_map(element_kind)
    {
        *kind = Some(fold(text).into_owned());
        said += usize::from(!attribute.case_exact);
    }
    found.exact &= said == conjuncts.len();
    Some(found)
}

/// `type eq "…"`, of an element.
fn element_kind(test: &Test) -> Option<(&Attribute, &str)> {
    let sub = test.path.sub_attribute.as_ref()?;
    match &test.operand {
        Operand::Text(text) if test.operator == Some(Operator::Eq) && &*sub.name == "type" => Some((sub, text)),
        _ => None,
    }
}

fn of_edges(on: On<'_>, path: &ResolvedPath, text: &str) -> Option<Candidate> {
    // Ids and raw values are compared byte for byte, as above.
    if !path.leaf().case_exact || !text.is_ascii() {
        return None;
    }
    if let Some(relation) = on.resource_type.relations.iter().find(|r| r.edges_only && r.path == *path) {
        let driver = Driver::EdgesTo { relation: relation.name.clone(), target: text.to_owned() };
        return Some(Candidate::new(3, driver, false));
    }
    let is_value = path.sub_attribute.as_ref().is_some_and(|sub| &*sub.name == "value");
    if is_value && path.extension.is_none() && document::derives_groups(on.resource_type, &path.attribute) {
        let driver = Driver::EdgesFrom { relation: document::GROUPS_FROM.to_owned(), source: text.to_owned() };
        return Some(Candidate::new(3, driver, false));
    }
    None
}

/// Whether a path is what [`crate::Core::active`] is made of.
fn is_activity(path: &ResolvedPath) -> bool {
    path.extension.is_none()
        && path.sub_attribute.is_none()
        && &*path.attribute.name == "active"
        && path.attribute.r#type == Type::Boolean
        && !path.attribute.multi_valued
}

fn is_indexed(on: On<'_>, path: &ResolvedPath) -> bool {
    !is_apart(on.resource_type, path) && on.resource_type.indexed.contains(path) && on.coverage.has_index(path)
}

/// Whether what is here lives as edges, and so in no index.
fn is_apart(resource_type: &ResourceType, path: &ResolvedPath) -> bool {
    resource_type.relations.iter().any(|relation| relation.edges_only && relation.path == *path)
}

pub(crate) fn is_sort_name(attribute: &Attribute) -> bool {
    attribute.r#type == Type::String && !attribute.multi_valued && !attribute.case_exact
}

/// Whether no longer text has the same key. Cutting goes back to a character's start, at most three bytes.
fn is_whole(text: &str) -> bool {
    text.len() < MAX_KEY_BYTES - 3
}
