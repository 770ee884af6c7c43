//! A SCIM server in memory, as a product might be: it filters by `eq`, keeps names apart, counts versions, applies PATCH and
//! PUT. Members lie beside the document.

use scimstack_filter::{Filter, Literal, Operator, Patch, PatchOptions};
use scimstack_provisioning::sync::{Request, Verb};
use scimstack_schema::{Object, Registry, Resource, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A resource as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) document: Object,
    pub(crate) members: BTreeSet<String>,
    version: u64,
}

/// The server.
#[derive(Debug, Default)]
pub(crate) struct Target {
    pub(crate) users: BTreeMap<String, Kept>,
    pub(crate) groups: BTreeMap<String, Kept>,
    next: u64,
    /// How often somebody of that name was made.
    pub(crate) made: BTreeMap<String, u32>,
    /// Requests that changed something, as they were sent.
    pub(crate) writes: Vec<Request>,
    pub(crate) reads: u32,
    /// The most members that one PATCH may move.
    pub(crate) most_members: usize,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) etag: Option<String>,
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, body: body.as_bytes().to_vec(), etag: None }
}

fn refuse(status: u16, detail: &str) -> Answer {
    answer(status, &format!(r#"{{"status":"{status}","detail":"{detail}"}}"#))
}

pub(crate) fn object(text: &str) -> Object {
    Value::parse(text.as_bytes()).unwrap().as_object().unwrap().clone()
}

fn text<'a>(of: &'a Object, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn members(of: &Value) -> Vec<String> {
    let list = of.as_array().unwrap_or_default();
    list.iter().map(|one| one.get("value").and_then(Value::as_str).unwrap().to_owned()).collect()
}

impl Target {
    pub(crate) fn new() -> Self {
        Self { most_members: 1_000, ..Self::default() }
    }

    fn kind(&mut self, path: &str) -> &mut BTreeMap<String, Kept> {
        if path.starts_with("/Groups") { &mut self.groups } else { &mut self.users }
    }

    /// Puts somebody there, past the protocol.
    pub(crate) fn put(&mut self, endpoint: &str, document: Object) -> String {
        self.next += 1;
        let id = format!("id-{}", self.next);
        let mut document = document;
        document.insert("id", id.as_str());
        let kept = Kept { document, members: BTreeSet::new(), version: 1 };
        self.kind(endpoint).insert(id.clone(), kept);
        id
    }

    /// Somebody else changes a resource.
    pub(crate) fn meddle(&mut self, path: &str) {
        let id = path.rsplit('/').next().unwrap().to_owned();
        if let Some(kept) = self.kind(path).get_mut(&id) {
            kept.document.insert("nickName", format!("changed {}", kept.version));
            kept.version += 1;
        }
    }

    pub(crate) fn documents(&self, endpoint: &str) -> Vec<Object> {
        let all = if endpoint == "/Groups" { &self.groups } else { &self.users };
        all.values().map(Kept::shown).collect()
    }

    pub(crate) fn handle(&mut self, request: &Request) -> Answer {
        if request.verb.writes() {
            self.writes.push(request.clone());
        } else {
            self.reads += 1;
        }
        let path = request.path.clone();
        let id = path.trim_start_matches('/').split_once('/').map(|(_, id)| id.to_owned());
        match (request.verb, id) {
            (Verb::Get, None) => self.list(&path, &request.query[0].1),
            (Verb::Get, Some(id)) => match self.kind(&path).get(&id) {
                Some(kept) => kept.answer(200),
                None => refuse(404, "there is nobody"),
            },
            (Verb::Post, _) => self.create(&path, request.body.clone().unwrap()),
            (Verb::Delete, Some(id)) => match self.kind(&path).remove(&id) {
                Some(_) => answer(204, ""),
                None => refuse(404, "there is nobody"),
            },
            (_, Some(id)) => self.change(&path, &id, request),
            (_, None) => refuse(405, "not here"),
        }
    }

    fn list(&mut self, path: &str, filter: &str) -> Answer {
        let Filter::Compare(of, Operator::Eq, Literal::String(wanted)) = Filter::parse(filter).unwrap() else {
            return refuse(400, "no filter");
        };
        let fits = |kept: &&Kept| match &*of.text {
            "externalId" => text(&kept.document, "externalId") == &*wanted,
            other => text(&kept.document, other).eq_ignore_ascii_case(&wanted),
        };
        let found: Vec<Value> = self.kind(path).values().filter(fits).map(|kept| kept.shown().into()).collect();
        let mut list = Object::from_iter([("totalResults", i64::try_from(found.len()).unwrap())]);
        list.insert("Resources", Value::Array(found));
        answer(200, &Value::from(list).to_string())
    }

    /// The name that has to be somebody's own.
    fn name(path: &str, document: &Object) -> String {
        text(document, if path.starts_with("/Groups") { "displayName" } else { "userName" }).to_lowercase()
    }

    fn create(&mut self, path: &str, body: Value) -> Answer {
        let mut document = body.as_object().unwrap().clone();
        let name = Self::name(path, &document);
        if name.is_empty() {
            return refuse(400, "a name is required");
        }
        if self.kind(path).values().any(|kept| Self::name(path, &kept.document) == name) {
            return refuse(409, "the name is taken");
        }
        *self.made.entry(name).or_default() += 1;
        let list = document.remove("members").map(|list| members(&list)).unwrap_or_default();
        let id = self.put(path, document);
        let kept = self.kind(path).get_mut(&id).unwrap();
        kept.members.extend(list);
        kept.answer(201)
    }

    fn change(&mut self, path: &str, id: &str, request: &Request) -> Answer {
        let most = self.most_members;
        let Some(kept) = self.kind(path).get(id).cloned() else { return refuse(404, "there is nobody") };
        if request.if_match.as_ref().is_some_and(|version| *version != kept.etag()) {
            return refuse(412, "it has changed");
        }
        let body = request.body.clone().unwrap();
        let mut after = kept;
        if request.verb == Verb::Put {
            let mut document = body.as_object().unwrap().clone();
            after.members =
                document.remove("members").map(|list| members(&list)).unwrap_or_default().into_iter().collect();
            document.insert("id", id);
            after.document = document;
        } else if let Err(why) = after.patch(path, body, most) {
            return refuse(400, &why.replace('"', "'"));
        }
        after.version += 1;
        let name = Self::name(path, &after.document);
        let taken = |(other, kept): (&String, &Kept)| other != id && Self::name(path, &kept.document) == name;
        if self.kind(path).iter().any(taken) {
            return refuse(409, "the name is taken");
        }
        let shown = after.answer(200);
        self.kind(path).insert(id.to_owned(), after);
        shown
    }
}

impl Kept {
    fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    fn shown(&self) -> Object {
        let mut shown = self.document.clone();
        if !self.members.is_empty() {
            let members = self.members.iter().map(|id| Object::from_iter([("value", id.as_str())]).into());
            shown.insert("members", Value::Array(members.collect()));
        }
        shown.insert("meta", Object::from_iter([("version", self.etag())]));
        shown
    }

    fn answer(&self, status: u16) -> Answer {
        let body = Value::from(self.shown()).to_bytes();
        Answer { status, body, etag: Some(self.etag()) }
    }

    fn patch(&mut self, path: &str, body: Value, most: usize) -> Result<(), String> {
        let registry = Registry::core();
        let kind = if path.starts_with("/Groups") { "Group" } else { "User" };
        let resource_type = registry.resource_type(kind).unwrap().clone();
        let options = PatchOptions::strict();
        let options = options.with_remove_listed(true);
        let patch = Patch::from_value(body, &options).map_err(|error| error.to_string())?;
        let mut root = self.document.clone();
        root.remove("meta");
        let mut resource = Resource::from_canonical(resource_type, root);
        let outcome = patch.apply(&mut resource, &options).map_err(|error| error.to_string())?;
        let mut moved = 0;
        for (_, delta) in outcome.relations {
            if delta.replace.is_some() {
                return Err("not all at once".to_owned());
            }
            for step in delta.steps {
                moved += 1;
                match step {
                    scimstack_filter::patch::MemberStep::Add(one) => {
                        self.members.insert(one.get("value").and_then(Value::as_str).unwrap().to_owned());
                    }
                    scimstack_filter::patch::MemberStep::Remove(id) => {
                        self.members.remove(&id);
                    }
                }
            }
        }
        if moved > most {
            return Err(format!("{moved} members at once"));
        }
        self.document = resource.root().clone();
        Ok(())
    }
}
