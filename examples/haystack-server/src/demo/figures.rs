//! What the directory holds after the demo, counted in the store itself: not what the provider believes.

use crate::error::Error;
use crate::serve::Running;
use scimstack_provisioning::directory::{Person, PersonState};
use scimstack_schema::Value;
use scimstack_server::engine::LOG_TOPIC;
use scimstack_store::{
    Anchor, CountMode, Edge, EdgeQuery, Key, Kind, Paging, Query, Scope, Store, StoreExt as _, Target, TenantId, Want,
};
use std::collections::{HashMap, HashSet};

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) active: usize,
    pub(super) unclaimed: usize,
    pub(super) deactivated: usize,
    /// People whose state cannot be read.
    pub(super) unreadable: usize,
    pub(super) managers_resolved: usize,
    pub(super) managers_pending: usize,
    /// Levels of the org chart.
    pub(super) levels: usize,
    /// People below no top of the org chart: they are their own manager in the end, or report to such a one.
    pub(super) in_circles: usize,
    pub(super) groups: usize,
    pub(super) memberships: usize,
    /// Refusals in the provisioning log.
    pub(super) errors: usize,
}

impl Figures {
    /// Counts what a tenant has.
    pub(super) async fn read(running: &Running, tenant: TenantId) -> Result<Self, Error> {
        let registry = running.state.admin.registry(tenant).await?;
        let (store, scope) = (&*running.state.store, Scope::Tenant(tenant));
        let mut figures = Self::default();
        for resource_type in registry.resource_types() {
            let kind = Kind::new(&*resource_type.name);
            let target = Target { kind, resource_type: resource_type.clone(), filter: None };
            let mut query = Query::new(target, 1_000);
            query.want = Want { document: false, private: true };
            query.count = CountMode::None;
            query.page = Paging::Cursor { after: None, count: 1_000 };
            loop {
                let page = store.query(scope, &query).await?;
                match &*resource_type.name {
                    "User" => page.items.iter().for_each(|person| figures.count(&person.private)),
                    "Group" => figures.groups += page.items.len(),
                    _ => {}
                }
                let Some(next) = page.next else { break };
                query.page = Paging::Cursor { after: Some(next), count: 1_000 };
            }
        }
        let mut managers = edges(store, scope, "manager").await?;
        managers.extend(edges(store, scope, "managerExternalId").await?);
        figures.managers_resolved = managers.iter().filter(|edge| edge.target.is_some()).count();
        figures.managers_pending = managers.len() - figures.managers_resolved;
        let above: Vec<(Key, Key)> =
            managers.into_iter().filter_map(|edge| Some((edge.source, edge.target?))).collect();
        (figures.levels, figures.in_circles) = levels(&above);
        figures.memberships = edges(store, scope, "members").await?.len();
        figures.errors = errors(running, tenant).await?;
        Ok(figures)
    }

    /// Everyone.
    pub(super) fn people(&self) -> usize {
        self.active + self.unclaimed + self.deactivated + self.unreadable
    }

    /// What should not be, a sentence each.
    pub(super) fn failures(&self) -> Vec<String> {
        [
            (self.managers_pending, "people name a manager who was not found"),
            (self.in_circles, "people hang from no top of the org chart: their managers report to each other"),
            (self.unreadable, "people have a state that cannot be read"),
            (self.errors, "requests were refused; the provisioning log in the Admin Console says why"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect()
    }

    fn count(&mut self, private: &[u8]) {
        let counter = match Person::decode(private).map(|person| person.state()) {
            Ok(PersonState::Active) => &mut self.active,
            Ok(PersonState::Unclaimed) => &mut self.unclaimed,
            Ok(PersonState::Deactivated { .. }) => &mut self.deactivated,
            Ok(PersonState::Deleted) | Err(_) => &mut self.unreadable,
        };
        *counter += 1;
    }
}

async fn edges(store: &dyn Store, scope: Scope, relation: &str) -> Result<Vec<Edge>, Error> {
    let query = EdgeQuery {
        relation: relation.to_owned(),
        anchor: Anchor::All,
        pending: true,
        peer: false,
        values: true,
        after: None,
        limit: 1_000,
    };
    Ok(store.all_edges(scope, query).await?)
}

/// How many refusals the provisioning log has.
async fn errors(running: &Running, tenant: TenantId) -> Result<usize, Error> {
    const PAGE: usize = 1_000;
    let (mut after, mut errors) = (None, 0);
    loop {
        let page = running.state.admin.events(tenant, LOG_TOPIC, after, PAGE).await?;
        let is_error = |payload: &[u8]| {
            let entry = Value::parse(payload).unwrap_or_default();
            matches!(entry.get("status"), Some(Value::Number(status)) if status.as_i64() >= Some(400))
        };
        errors += page.iter().filter(|change| is_error(&change.payload)).count();
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.position),
            _ => return Ok(errors),
        }
    }
}

/// The levels of the trees that "reports to" makes, tops included; and how many people hang from no top, because they
/// report to themselves in the end.
fn levels(above: &[(Key, Key)]) -> (usize, usize) {
    let mut below: HashMap<&Key, Vec<&Key>> = HashMap::new();
    for (person, manager) in above {
        below.entry(manager).or_default().push(person);
    }
    let reporting: HashSet<&Key> = above.iter().map(|(person, _)| person).collect();
    let mut level: Vec<&Key> = below.keys().copied().filter(|manager| !reporting.contains(manager)).collect();
    let (mut levels, mut reached) = (0, 0);
    while !level.is_empty() {
        levels += 1;
        level = level.iter().filter_map(|manager| below.get(manager)).flatten().copied().collect();
        reached += level.len();
    }
    (levels, reporting.len() - reached)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scimstack_store::ResourceId;

    fn chart(pairs: &[(&str, &str)]) -> (usize, usize) {
        let key = |id: &str| Key::new("User", ResourceId::new(id).unwrap());
        levels(&pairs.iter().map(|(person, manager)| (key(person), key(manager))).collect::<Vec<_>>())
    }

    #[test]
    fn levels_are_counted_from_the_top() {
        assert_eq!(chart(&[]), (0, 0));
        assert_eq!(chart(&[("b", "a")]), (2, 0));
        assert_eq!(chart(&[("d", "c"), ("b", "a"), ("c", "b"), ("x", "a")]), (4, 0));
        assert_eq!(chart(&[("b", "a"), ("d", "c"), ("e", "d")]), (3, 0));
    }

    #[test]
    fn circles_are_counted_and_do_not_go_on_for_ever() {
        assert_eq!(chart(&[("a", "a")]), (0, 1));
        assert_eq!(chart(&[("a", "b"), ("b", "a"), ("c", "b"), ("y", "x")]), (2, 3));
    }

    #[test]
    fn what_should_not_be_is_said() {
        let good = Figures { active: 1, managers_resolved: 1, levels: 2, ..Figures::default() };
        assert_eq!(good.failures(), [""; 0]);
        let bad = Figures { managers_pending: 2, errors: 1, ..good };
        assert_eq!(bad.failures().len(), 2);
        assert_eq!(bad.failures()[0], "2 people name a manager who was not found");
    }
}
