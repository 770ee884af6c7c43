//! The proof that provider and server agree: everyone, every attribute, every manager, group and membership is read back and
//! compared with what the provider means, page by page, so that a million people need no more memory than a hundred.

use crate::company::Company;
use crate::mapping::{ManagerBy, Mapping};
use crate::simulator::with_cause;
use scimstack_client::{Client, ListQuery};
use scimstack_schema::{Object, Projection, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The members of larger groups are not read in one answer, but found on each person.
pub(crate) const LARGE: usize = 20_000;

/// So many sentences are enough; more are counted.
const MOST: usize = 1_000;

/// What was compared, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {
    /// People read back and compared.
    pub people: usize,
    /// Attributes of theirs, sub-attributes counted one by one.
    pub attributes: usize,
    /// Managers named by them.
    pub managers: usize,
    /// Groups compared.
    pub groups: usize,
    /// Memberships compared.
    pub memberships: usize,
    /// People and groups at the server of whom this provider knows nothing.
    pub others: usize,
    /// What is otherwise than it should be, a sentence each, as far as they are written down.
    pub differences: Vec<String>,
    /// How many there are in all.
    pub differing: usize,
}

impl Agreement {
    /// Whether provider and server agree.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.differing == 0
    }

    fn differs(&mut self, how: String) {
        self.differing += 1;
        if self.differences.len() < MOST {
            self.differences.push(how);
        }
    }
}

/// A group as it has to be.
pub(crate) struct WantedGroup<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// By place, in order; only who is linked counts.
    pub(crate) people: &'a [usize],
}

/// What the provider means.
pub(crate) struct Meant<'a> {
    pub(crate) company: &'a Company,
    pub(crate) mapping: Mapping,
    /// By place: the id at the server.
    pub(crate) links: &'a [Option<Box<str>>],
    pub(crate) deleted: &'a HashSet<usize>,
    pub(crate) groups: Vec<WantedGroup<'a>>,
    /// From how many people on a group is large.
    pub(crate) large: usize,
}

impl Meant<'_> {
    fn link(&self, place: usize) -> Option<&str> {
        self.links.get(place)?.as_deref()
    }

    /// Whom a group has to have, by id.
    fn members(&self, group: &WantedGroup<'_>) -> BTreeSet<&str> {
        group.people.iter().filter_map(|place| self.link(*place)).collect()
    }
}

/// Compares everything.
pub(crate) async fn agreement(client: &Client, meant: &Meant<'_>) -> Agreement {
    let mut agreement = Agreement::default();
    // A server that cannot be discovered is read page by page all the same.
    let _ = client.discover().await;
    let large: Vec<&WantedGroup<'_>> = meant.groups.iter().filter(|group| group.people.len() > meant.large).collect();
    people(client, meant, &large, &mut agreement).await;
    for group in meant.groups.iter().filter(|group| group.people.len() <= meant.large) {
        small_group(client, meant, group, &mut agreement).await;
    }
    names_of_groups(client, meant, &mut agreement).await;
    agreement
}

async fn people(client: &Client, meant: &Meant<'_>, large: &[&WantedGroup<'_>], agreement: &mut Agreement) {
    let mut seen = vec![false; meant.links.len()];
    let by_id: HashMap<&str, usize> = large.iter().enumerate().map(|(i, group)| (group.id, i)).collect();
    let mut missing = vec![0_usize; large.len()];
    let mut too_many = vec![0_usize; large.len()];
    let mut query = ListQuery::default();
    query.count = Some(200);
    let mut list = client.endpoint::<Object>("/Users").all(query);
    while let Some(shown) = list.next().await {
        let shown = match shown {
            Ok(shown) => shown,
            Err(error) => return agreement.differs(format!("the people cannot be read back: {}", with_cause(&error))),
        };
        let id = text(&shown, "id").unwrap_or_default();
        let place = text(&shown, "externalId").and_then(|external_id| meant.company.place_of(external_id));
        let Some((place, person)) = place.and_then(|place| Some((place, meant.company.person(place)?))) else {
            agreement.others += 1;
            continue;
        };
        match meant.link(place) {
            None if meant.deleted.contains(&place) => {
                agreement.differs(format!("{} was deleted, and is there", person.login));
                continue;
            }
            None => {
                agreement.differs(format!("{} is there, and the provider does not know it", person.login));
                continue;
            }
            Some(link) if link != id => {
                agreement.differs(format!("{} is there a second time, as {id}", person.login));
                continue;
            }
            Some(_) => {}
        }
        if seen.get_mut(place).is_none_or(|seen| std::mem::replace(seen, true)) {
            agreement.differs(format!("the list of people has {id} twice"));
            continue;
        }
        agreement.people += 1;
        let mut lacks = Vec::new();
        for document in documents(meant, place, &person) {
            agreement.attributes += compare(&document, &shown, "", &mut lacks);
        }
        agreement.managers += usize::from(names_manager(meant, place, &person));
        for path in lacks {
            agreement.differs(format!("{}: {path}", person.login));
        }
        let groups = shown.get("groups").and_then(Value::as_array).unwrap_or_default();
        let mut is_in = vec![false; large.len()];
        for group in groups.iter().filter_map(|group| group.get("value")?.as_str()) {
            if let Some(is_in) = by_id.get(group).and_then(|i| is_in.get_mut(*i)) {
                *is_in = true;
            }
        }
        for (i, group) in large.iter().enumerate() {
            let (should, does) = (group.people.binary_search(&place).is_ok(), is_in.get(i) == Some(&true));
            agreement.memberships += usize::from(should);
            let counter = if should { missing.get_mut(i) } else { too_many.get_mut(i) };
            if let (true, Some(counter)) = (should != does, counter) {
                *counter += 1;
            }
        }
    }
    for (place, seen) in seen.into_iter().enumerate() {
        if let (false, Some(_), Some(person)) = (seen, meant.link(place), meant.company.person(place)) {
            agreement.differs(format!("{} is not in the list of people", person.login));
        }
    }
    for ((group, missing), too_many) in large.iter().zip(missing).zip(too_many) {
        agreement.groups += 1;
        members_differ(group.name, missing, too_many, agreement);
    }
}

/// What was sent of someone, whole.
fn documents(meant: &Meant<'_>, place: usize, person: &crate::company::Person) -> Vec<Object> {
    let mut out = vec![meant.mapping.document(meant.company, person)];
    if meant.mapping.manager() == ManagerBy::Id
        && let Some(manager) = meant.company.manager(place).and_then(|manager| meant.link(manager))
    {
        out.push(meant.mapping.reference(manager));
    }
    out
}

fn names_manager(meant: &Meant<'_>, place: usize, person: &crate::company::Person) -> bool {
    match meant.mapping.manager() {
        ManagerBy::Nobody => false,
        ManagerBy::Login => person.manager_login.is_some(),
        ManagerBy::ExternalId => person.manager.is_some(),
        ManagerBy::Id => meant.company.manager(place).is_some_and(|manager| meant.link(manager).is_some()),
    }
}

async fn small_group(client: &Client, meant: &Meant<'_>, group: &WantedGroup<'_>, agreement: &mut Agreement) {
    let shown = match client.endpoint::<Object>("/Groups").get(group.id).await {
        Ok(shown) => shown,
        Err(error) => {
            return agreement.differs(format!("group {} cannot be read back: {}", group.name, with_cause(&error)));
        }
    };
    let members = shown.get("members").and_then(Value::as_array).unwrap_or_default();
    let found: BTreeSet<&str> = members.iter().filter_map(|member| member.get("value")?.as_str()).collect();
    let wanted = meant.members(group);
    agreement.groups += 1;
    agreement.memberships += wanted.len();
    let (missing, too_many) = (wanted.difference(&found).count(), found.difference(&wanted).count());
    members_differ(group.name, missing, too_many, agreement);
}

fn members_differ(name: &str, missing: usize, too_many: usize, agreement: &mut Agreement) {
    if missing + too_many > 0 {
        agreement.differs(format!("group {name}: {missing} members are missing, {too_many} too many"));
    }
}

/// Every group is there once and under its name.
async fn names_of_groups(client: &Client, meant: &Meant<'_>, agreement: &mut Agreement) {
    if meant.groups.is_empty() {
        return;
    }
    let mut query = ListQuery::default();
    query.count = Some(100);
    query.projection = Projection { attributes: Vec::new(), excluded: vec!["members".to_owned()] };
    let mut list = client.endpoint::<Object>("/Groups").all(query);
    let mut found = HashSet::new();
    while let Some(shown) = list.next().await {
        let shown = match shown {
            Ok(shown) => shown,
            Err(error) => return agreement.differs(format!("the groups cannot be read back: {}", with_cause(&error))),
        };
        let (id, name) = (text(&shown, "id").unwrap_or_default(), text(&shown, "displayName").unwrap_or_default());
        match meant.groups.iter().find(|group| group.id == id) {
            Some(group) => {
                found.insert(group.id);
                if group.name != name {
                    agreement.differs(format!("group {} is called {name:?}", group.name));
                }
            }
            None if meant.groups.iter().any(|group| group.name == name) => {
                agreement.differs(format!("group {name} is there a second time, as {id}"));
            }
            None => agreement.others += 1,
        }
    }
    for group in &meant.groups {
        if !found.contains(group.id) {
            agreement.differs(format!("group {} is not in the list of groups", group.name));
        }
    }
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// Where `shown` lacks what `sent` has; how much was compared comes back.
fn compare(sent: &Object, shown: &Object, prefix: &str, out: &mut Vec<String>) -> usize {
    let mut compared = 0;
    for (name, value) in sent.iter() {
        let path = format!("{prefix}{name}");
        match (value, shown.get(name)) {
            (Value::Object(sent), Some(Value::Object(shown))) => {
                compared += compare(sent, shown, &format!("{path}."), out);
                continue;
            }
            (Value::Array(sent), Some(Value::Array(shown))) => {
                let matched = |element: &Value| shown.iter().any(|shown| contains(shown, element));
                if sent.len() != shown.len() || !sent.iter().all(matched) {
                    out.push(format!("{path} is not what was sent"));
                }
            }
            (value, Some(shown)) if value == shown => {}
            (_, Some(_)) => out.push(format!("{path} is not what was sent")),
            (_, None) => out.push(format!("{path} is missing")),
        }
        compared += 1;
    }
    compared
}

/// Whether an element has at least what was sent.
fn contains(shown: &Value, sent: &Value) -> bool {
    match (shown, sent) {
        (Value::Object(shown), Value::Object(sent)) => {
            let mut lacks = Vec::new();
            compare(sent, shown, "", &mut lacks);
            lacks.is_empty()
        }
        (shown, sent) => shown == sent,
    }
}
