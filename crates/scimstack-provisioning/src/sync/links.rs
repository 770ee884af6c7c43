//! Who is who: the ids at the target of the people that a source names, also of those who are made while a run goes on.

use super::check::Checked;
use super::matching::{Index, Table};
use scimstack_schema::value::Text;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link<'a> {
    /// A resource of the target.
    Known(&'a str),
    /// A row of the source whose resource is still to be made.
    Coming,
    /// A row of the source that is not made, because it is inactive.
    LeftOut,
    /// Nobody.
    Unknown,
    /// Several.
    Ambiguous,
}

/// The people of a plan, found by what they are matched by.
///
/// ```
/// use scimstack_provisioning::sync::{Checked, Link, Mapping, PlanOptions, Planner};
/// use scimstack_schema::{Registry, Value};
/// use std::sync::Arc;
///
/// # let mapping = Mapping::parse(br#"{"people": {"match": ["userName"], "rules": [{"to": "userName", "from": "mail"}]}}"#)?;
/// # let user = Registry::core().resource_type("User").unwrap().clone();
/// # let checked = Arc::new(Checked::new(&mapping.people.unwrap(), &user).unwrap());
/// let object = |text: &str| Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone();
/// let mut planner = Planner::new(checked, PlanOptions::default());
/// planner.handle_target(&object(r#"{"id": "7", "userName": "ann"}"#));
/// planner.handle_source(2, &object(r#"{"mail": "bob"}"#), None);
///
/// let plan = planner.finish();
/// let mut links = plan.links();
/// assert_eq!(links.find("ANN"), Link::Known("7"));
/// assert_eq!(links.find("bob"), Link::Coming);
/// links.handle_made(2, "8");
/// assert_eq!(links.find("bob"), Link::Known("8"));
/// assert_eq!(links.find("cy"), Link::Unknown);
/// # Ok::<(), scimstack_provisioning::sync::MappingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Links {
    pub(super) checked: Arc<Checked>,
    pub(super) table: Arc<Table>,
    pub(super) rows: Arc<Rows>,
    pub(super) made: HashMap<u32, Text>,
}

/// The rows of a source, by what they are matched by, and what becomes of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) index: Index,
    /// The resources of those who have one.
    pub(super) claims: HashMap<u32, u32>,
    /// Those who are made, in order.
    pub(super) coming: Vec<u32>,
    pub(super) left_out: HashSet<u32>,
}

impl Links {
    /// Whom a text names: by the surest attribute that somebody has it as value of.
    #[must_use]
    pub fn find(&self, name: &str) -> Link<'_> {
        for &rule in &self.checked.matched_by {
            let Some(key) = self.checked.key(rule, name) else { continue };
            let mut known = self.table.all(key);
            match (known.next(), known.next()) {
                (Some(_), Some(_)) => return Link::Ambiguous,
                (Some(at), None) => return Link::Known(self.table.id(at)),
                (None, _) => {}
            }
            let mut rows = self.rows.index.all(key);
            match (rows.next(), rows.next()) {
                (Some(_), Some(_)) => return Link::Ambiguous,
                (Some(row), None) => return self.of_row(row),
                (None, _) => {}
            }
        }
        Link::Unknown
    }

    fn of_row(&self, row: u32) -> Link<'_> {
        match (self.made.get(&row), self.rows.claims.get(&row)) {
            (Some(id), _) => Link::Known(id),
            (None, Some(at)) => Link::Known(self.table.id(*at)),
            (None, None) if self.rows.coming.binary_search(&row).is_ok() => Link::Coming,
            (None, None) if self.rows.left_out.contains(&row) => Link::LeftOut,
            (None, None) => Link::Unknown,
        }
    }

    /// The resource of a row has been made, or found.
    pub fn handle_made(&mut self, row: u32, id: &str) {
        self.made.insert(row, id.into());
    }
}
