//! Who is who: the ids at the target of the people that a source names, also of those who are made while a run goes on.

use super::check::Checked;
use super::matching::{Index, Table};
use scimstack_schema::value::Text;
use std::collections::HashMap;
use std::sync::Arc;

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link<'a> {
    /// A resource of the target.
    Known(&'a str),
    /// A row of the source whose resource is still to be made.
    Coming,
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
    pub(super) rows: Arc<Index>,
    pub(super) made: HashMap<u32, Text>,
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
            let mut rows = self.rows.all(key);
            match (rows.next(), rows.next()) {
                (Some(_), Some(_)) => return Link::Ambiguous,
                (Some(row), None) => return self.made.get(&row).map_or(Link::Coming, |id| Link::Known(id)),
                (None, _) => {}
            }
        }
        Link::Unknown
    }

    /// The resource of a row has been made, or found.
    pub fn handle_made(&mut self, row: u32, id: &str) {
        self.made.insert(row, id.into());
    }
}
