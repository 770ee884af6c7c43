//! POST of a resource (RFC 7644 §3.3): 201 with the whole resource. The id is always the server's.

use super::call::{Call, Loaded};
use super::commit::{self, Committed};
use super::document::Content;
use super::failure::{Failure, Outcome, busy, in_use, internal};
use super::judge::Verdict;
use super::log::Entry;
use super::project::{self, View};
use super::relations::{self, RelationChange};
use super::respond::Reply;
use super::{document, judge, manual, read};
use scimstack_filter::{AttrPath, Filter, Literal, Operator};
use scimstack_protocol::{Change, ScimError};
use scimstack_schema::{Resource, ResourceType, Type};
use scimstack_store::{CountMode, Expect, Kind, Op, Paging, Query, Receipt, Record, ResourceId, Stored, Target, Want};
use std::sync::Arc;

/// Makes a resource, under `id` where that is known already.
pub(crate) async fn create(
    call: &Call<'_>,
    resource_type: &Arc<ResourceType>,
    id: Option<&str>,
    body: Content,
    entry: &mut Entry,
) -> Outcome<Reply> {
    let projection = call.projection()?;
    let mut sent = document::ingest(call, resource_type, body, entry)?;
    switch_on(&mut sent.resource);
    if call.profile.unique_group_names {
        refuse_known_group(call, resource_type, &sent.resource).await?;
    }
    let mut conflict: Option<Loaded> = None;
    for _ in 0..call.limits().attempts {
        let change = Change::Create { after: &sent.resource };
        let accept = judge::judge(call, &change, resource_type, None, conflict.as_ref()).await?;
        let relations = relations::replacements(call, resource_type, &sent.relations)?;
        let draft = match (&conflict, accept.adopt_conflict) {
            (None, _) => Draft::new(call, id, &sent.resource, accept),
            (Some(holder), true) => Draft::of(call, holder, &sent.resource, accept, entry)?,
            (Some(_), false) => return Err(in_use("a unique attribute").into()),
        };
        entry.changed.clear();
        entry.difference(conflict.as_ref().map(|holder| &holder.resource), &draft.resource);
        match draft.commit(call, relations, entry).await? {
            Committed::Done(receipt) => {
                let stored = draft.after(call, resource_type, &receipt).await?;
                let view = View::after_write(projection, project::paths(&sent.resource));
                let shown = read::show(call, resource_type, &stored, &view).await?;
                let location = call.location(resource_type, stored.key.id.as_str());
                return Ok(Reply { status: 201, location: Some(location), ..shown });
            }
            Committed::Stale => conflict = None,
            Committed::Conflict { path, holder } if conflict.is_some() || holder.is_none() => {
                return Err(in_use(&path).into());
            }
            Committed::Conflict { holder, .. } => {
                // It may be gone again; then the value is free.
                conflict = commit::holder(call, resource_type, holder).await?;
            }
        }
    }
    Err(busy().into())
}

/// A resource whose type knows `active` is active unless the client says otherwise.
fn switch_on(resource: &mut Resource) {
    let active = resource.resource_type().schema.attribute("active");
    if active.is_some_and(|active| active.r#type == Type::Boolean) && resource.root().get("active").is_none() {
        resource.root_mut().insert("active", true);
    }
}

/// A resource that is about to be stored.
struct Draft {
    resource: Resource,
    record: Record,
    accept: Verdict,
    /// The resource whose identity it takes over; `None` for a new one.
    adopted: Option<Stored>,
}

impl Draft {
    /// A new resource.
    fn new(call: &Call<'_>, id: Option<&str>, sent: &Resource, accept: Verdict) -> Self {
        let mut resource = accept.resource.clone().unwrap_or_else(|| sent.clone());
        match id {
            Some(id) => resource.set_id(id),
            None => resource.set_id(&call.engine.admin.environment().new_id()),
        }
        let record = judge::record(&resource, &accept, &accept.manager_by, call.now, call.now);
        Self { resource, record, accept, adopted: None }
    }

    /// The same resource again, brought back by a create.
    fn of(call: &Call<'_>, holder: &Loaded, sent: &Resource, accept: Verdict, entry: &mut Entry) -> Outcome<Self> {
        let mut resource = accept.resource.clone().unwrap_or_else(|| sent.clone());
        let resource_type = resource.resource_type().clone();
        resource_type.carry_over(&holder.resource, &mut resource).map_err(|violations| Failure::from(&violations))?;
        resource.set_id(holder.stored.key.id.as_str());
        manual::keep(call, &holder.resource, &mut resource, entry);
        let record = judge::record(&resource, &accept, &accept.manager_by, holder.stored.core.created, call.now);
        Ok(Self { resource, record, accept, adopted: Some(holder.stored.clone()) })
    }

    fn key(&self) -> Outcome<scimstack_store::Key> {
        let id = self.resource.id().and_then(ResourceId::new);
        let id = id.ok_or_else(|| Failure::from(internal()))?;
        Ok(scimstack_store::Key::new(&*self.resource.resource_type().name, id))
    }

    async fn commit(&self, call: &Call<'_>, relations: Vec<RelationChange>, entry: &mut Entry) -> Outcome<Committed> {
        let key = self.key()?;
        entry.resource_id = Some(key.id.as_str().to_owned());
        for relation in &relations {
            entry.changed(&relation.relation);
        }
        let record = self.record.clone();
        let mut ops = vec![match &self.adopted {
            None => Op::Create { key: key.clone(), record },
            Some(stored) => Op::Replace { key: key.clone(), expect: Expect::Version(stored.version), record },
        }];
        ops.extend(commit::relate(&key, Expect::Any, relations));
        ops.extend(judge::effects(call, &self.accept, &key, judge::name(&self.resource)).await?);
        commit::commit(call, ops, entry, 201).await
    }

    async fn after(self, call: &Call<'_>, resource_type: &Arc<ResourceType>, receipt: &Receipt) -> Outcome<Stored> {
        let key = self.key()?;
        let version = commit::version(receipt).ok_or_else(commit::no_version)?;
        commit::after(call, resource_type, &key, Some((self.record, version))).await
    }
}

/// Refuses a second group of the same name: a client that matches groups by name could not tell them apart.
async fn refuse_known_group(call: &Call<'_>, resource_type: &Arc<ResourceType>, sent: &Resource) -> Outcome<()> {
    let name = sent.root().get("displayName").and_then(|name| name.as_str());
    let (true, Some(name)) = (commit::has_edges(resource_type), name) else {
        return Ok(());
    };
    let filter = Filter::Compare(AttrPath::new("displayName"), Operator::Eq, Literal::String(name.into()));
    let Ok(filter) = filter.resolve(resource_type, call.profile.resolve) else {
        return Ok(());
    };
    let target = Target {
        kind: Kind::from(&*resource_type.name),
        resource_type: resource_type.clone(),
        filter: Some(Arc::new(filter)),
    };
    let mut query = Query::new(target, 1);
    query.page = Paging::Index { start: 1, count: 1 };
    query.count = CountMode::None;
    query.want = Want::HEAD;
    query.budget = call.limits().budget;
    match call.store().query(call.scope(), &query).await?.items.first() {
        None => Ok(()),
        Some(known) => Err(ScimError::uniqueness(format!(
            "displayName \"{name}\" is already the name of the {} with the id {}; update that one, or choose another name.",
            resource_type.name, known.key.id
        ))
        .into()),
    }
}
